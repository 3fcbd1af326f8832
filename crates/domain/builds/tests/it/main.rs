//! The laws of builds, and a model of leases and fences.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod changes;
mod fixture;
mod laws;
mod model;
mod submitting;
