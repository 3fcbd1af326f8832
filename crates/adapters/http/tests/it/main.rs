//! The API as its callers meet it: over a real socket, on a real store.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod app;
mod auth;
mod broken;
mod builds;
mod connections;
mod credits;
mod csrf;
mod docs;
mod download;
mod edge;
mod estimates;
mod events;
mod examples;
mod guessing;
mod guests;
mod idempotency;
mod isolation;
mod legacy;
mod limits;
mod logs;
mod probes;
mod projects;
mod provoked;
mod sites;
mod snapshots;
mod stream;
mod table;
mod tenants;
mod works;
