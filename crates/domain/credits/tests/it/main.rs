//! The ledger as its callers see it.

#![expect(clippy::unwrap_used, reason = "a set-up that fails should fail its test")]

mod books;
mod laws;
mod model;
mod prices;
mod rules;
mod table;
