//! What one process does for itself: wake-up hints, rate limits, sessions in memory.
//!
//! **Invariant:** nothing here is the truth. All of it may be lost at any moment and costs no
//! correctness, and all of it is bounded in memory whatever is asked of it.
//!
//! | type | stands for |
//! |---|---|
//! | [`LocalSignals`] | `Signals` among the tasks of this process |
//! | [`LocalLimiter`] | `RateLimiter` with counts of its own |
//! | [`CachedSessions`], [`CachedAccounts`] | another store, spared the reads of every request |
//!
//! Not here: anything that two processes must agree on.

mod accounts;
mod limiter;
mod memory;
mod sessions;
mod signals;

pub use accounts::CachedAccounts;
pub use limiter::LocalLimiter;
pub use memory::Keep;
pub use sessions::CachedSessions;
pub use signals::LocalSignals;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks state that is whole between any two statements, so that a panic elsewhere does not
/// spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
