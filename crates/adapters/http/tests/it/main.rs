//! The API as its callers meet it: over a real socket, on a real store.

mod app;
mod auth;
mod tenants;
