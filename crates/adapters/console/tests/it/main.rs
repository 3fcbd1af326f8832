//! The console as browsers meet it: over a real socket, on a real store.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod account;
mod app;
mod pages;
mod statements;
mod table;
