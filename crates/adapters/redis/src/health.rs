//! What is degraded.

use tokio::sync::watch;

use crate::breaker::BreakerState;

/// What a process does by itself for want of Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Degraded {
    /// Rate limits are counted in this process.
    Limits,
    /// Hints of other processes are not heard: what they did is seen when the store is next read.
    Hints,
}

impl Degraded {
    /// The word in `/readyz`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Limits => "limits",
            Self::Hints => "hints",
        }
    }
}

/// Tells how Redis is without asking it.
#[derive(Debug, Clone)]
pub struct RedisHealth {
    breaker: watch::Receiver<BreakerState>,
    hears: watch::Receiver<bool>,
}

impl RedisHealth {
    pub(crate) fn new(
        breaker: watch::Receiver<BreakerState>,
        hears: watch::Receiver<bool>,
    ) -> Self {
        Self { breaker, hears }
    }

    /// Whether Redis is asked now.
    pub fn state(&self) -> BreakerState {
        *self.breaker.borrow()
    }

    /// What goes on without Redis now; empty when all is well.
    pub fn degraded(&self) -> Vec<Degraded> {
        let limits = (self.state() != BreakerState::Closed).then_some(Degraded::Limits);
        let hints = (!*self.hears.borrow()).then_some(Degraded::Hints);
        limits.into_iter().chain(hints).collect()
    }

    /// Waits until what [`RedisHealth::degraded`] says is so for `wanted`.
    ///
    /// Returns all the same once everything made of the [`Redis`](crate::Redis) is gone, since
    /// nothing changes any more.
    pub async fn until(&mut self, wanted: impl Fn(&[Degraded]) -> bool) {
        while !wanted(&self.degraded()) {
            let ended = tokio::select! {
                changed = self.breaker.changed() => changed.is_err(),
                changed = self.hears.changed() => changed.is_err(),
            };
            if ended {
                return;
            }
        }
    }
}
