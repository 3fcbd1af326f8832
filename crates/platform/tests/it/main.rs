//! Use cases on a real store.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod following;
mod house;
mod passes;
mod people;
mod reads;
mod sign_in;
