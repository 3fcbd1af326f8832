//! What stands between callers and a store of sessions.

#![cfg(test)]

mod sessions;
