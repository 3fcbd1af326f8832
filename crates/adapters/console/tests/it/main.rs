//! The console as browsers meet it: over a real socket, on a real store.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod account;
mod admin;
mod app;
mod credits;
mod describe;
mod pages;
mod people;
mod projects;
mod settings;
mod statements;
mod table;
mod usage;
mod works;
