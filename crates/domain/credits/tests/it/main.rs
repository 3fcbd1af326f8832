//! The ledger as its callers see it.

mod books;
mod laws;
mod model;
mod rules;
mod table;
