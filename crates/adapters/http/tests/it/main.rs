//! The API as its callers meet it: over a real socket, on a real store.

mod app;
mod auth;
mod broken;
mod csrf;
mod docs;
mod edge;
mod examples;
mod isolation;
mod limits;
mod logs;
mod probes;
mod provoked;
mod table;
mod tenants;
