//! What several processes share through Redis: rate limits and wake-up hints.
//!
//! **Invariant:** nothing here is the truth. Redis may be flushed, killed, paused or full at
//! any moment: no call fails for it, none waits for it longer than 50 ms, and
//! nothing that the database would refuse is let through.
//!
//! | type | stands for |
//! |---|---|
//! | [`RedisSettings`] | one server, a group under Sentinel, or a Cluster, read from a URL |
//! | [`Redis`] | the connections, and the tasks that keep them |
//! | [`RedisSignals`] | `Signals` among processes, in front of those within this one |
//! | [`RedisLimiter`] | `RateLimiter` with one count for all processes |
//! | [`RedisHealth`] | what is degraded, for `/readyz` |
//!
//! What is said on the channel is ids and nothing else; what is heard there is checked, and
//! can at most wake somebody for nothing or cost a read of the store.
//!
//! Not here: anything whose loss would matter, such as nonces, which the database remembers;
//! and what a process does while Redis is away
//! (the `Signals` and `RateLimiter` handed in).

mod backoff;
mod breaker;
mod health;
mod hints;
mod limiter;
mod link;
mod redis;
mod settings;
mod signals;
mod wire;

pub use breaker::BreakerState;
pub use health::{Degraded, RedisHealth};
pub use hints::Stale;
pub use limiter::RedisLimiter;
pub use redis::Redis;
pub use settings::{RedisSettings, SettingsError};
pub use signals::RedisSignals;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks state that is whole between any two statements, so that a panic elsewhere does not
/// spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
