//! What stands between callers and a store.

#![cfg(test)]

mod accounts;
mod limiter;
mod sessions;
