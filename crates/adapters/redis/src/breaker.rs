//! Whether Redis is asked at all.

use std::fmt::Display;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tokio::sync::watch;

/// Failures in a row after which Redis is left alone.
const MOST_FAILURES: u32 = 3;

/// Whether Redis is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Every call goes to Redis.
    Closed,
    /// No call does.
    Open,
    /// No call does but one probe, whose outcome decides.
    HalfOpen,
}

impl BreakerState {
    /// The word for logs and pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// Closed until some calls in a row failed, then open until a probe succeeds.
///
/// Probes are made by a task of ours, so that nobody's request pays for one. A call that began
/// before the breaker opened changes nothing when it ends after.
pub(crate) struct Breaker {
    state: watch::Sender<BreakerState>,
    failures: AtomicU32,
    /// Whether the log says that Redis is away.
    is_told: AtomicBool,
}

impl Breaker {
    pub(crate) fn new() -> Self {
        let breaker = Self {
            state: watch::Sender::new(BreakerState::Open),
            failures: AtomicU32::new(0),
            is_told: AtomicBool::new(false),
        };
        export(BreakerState::Open);
        breaker
    }

    pub(crate) fn is_closed(&self) -> bool {
        *self.state.borrow() == BreakerState::Closed
    }

    pub(crate) fn watch(&self) -> watch::Receiver<BreakerState> {
        self.state.subscribe()
    }

    pub(crate) fn succeeded(&self) {
        self.failures.store(0, Ordering::Relaxed);
    }

    pub(crate) fn failed(&self, why: &str) {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
        if failures >= MOST_FAILURES && self.turn(BreakerState::Closed, BreakerState::Open) {
            self.tell(&why);
        }
    }

    /// A probe has failed. What was never there has not been told either: a wrong password, say.
    pub(crate) fn is_still_away(&self, why: &impl Display) {
        self.tell(why);
    }

    /// Once for each time that Redis goes away.
    fn tell(&self, why: &impl Display) {
        if self.is_told.swap(true, Ordering::Relaxed) {
            tracing::debug!(%why, "redis is still away");
        } else {
            tracing::warn!(
                %why,
                "redis is away, or `redis.url` is wrong: this process goes on by itself"
            );
        }
    }

    /// Begins the one probe; refused unless open.
    pub(crate) fn probe(&self) -> Option<Probe<'_>> {
        self.turn(BreakerState::Open, BreakerState::HalfOpen).then_some(Probe(self))
    }

    fn turn(&self, from: BreakerState, to: BreakerState) -> bool {
        let turned = self.state.send_if_modified(|state| {
            let turns = *state == from;
            if turns {
                *state = to;
            }
            turns
        });
        if turned {
            export(to);
        }
        turned
    }
}

/// The one call while the breaker is half open; one that is dropped has failed.
pub(crate) struct Probe<'a>(&'a Breaker);

impl Probe<'_> {
    pub(crate) fn succeeded(self) {
        self.0.failures.store(0, Ordering::Relaxed);
        if self.0.turn(BreakerState::HalfOpen, BreakerState::Closed) {
            self.0.is_told.store(false, Ordering::Relaxed);
            tracing::info!("redis is there");
        }
    }
}

impl Drop for Probe<'_> {
    fn drop(&mut self) {
        self.0.turn(BreakerState::HalfOpen, BreakerState::Open);
    }
}

fn export(state: BreakerState) {
    let (number, degraded) = match state {
        BreakerState::Closed => (0, 0),
        BreakerState::HalfOpen => (1, 1),
        BreakerState::Open => (2, 1),
    };
    metrics::gauge!("keelway_redis_breaker_state").set(number);
    metrics::gauge!("keelway_limiter_degraded").set(degraded);
}

/// Says what the figures mean.
pub(crate) fn describe() {
    metrics::describe_gauge!(
        "keelway_redis_breaker_state",
        "Whether Redis is asked: 0 closed (it is), 1 half open (one probe is), 2 open (it is not)."
    );
    metrics::describe_gauge!(
        "keelway_limiter_degraded",
        "1 while rate limits are counted by each process for itself, else 0."
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed() -> Breaker {
        let breaker = Breaker::new();
        breaker.probe().unwrap().succeeded();
        breaker
    }

    fn state(breaker: &Breaker) -> BreakerState {
        *breaker.watch().borrow()
    }

    #[test]
    fn opens_after_failures_in_a_row_only() {
        let breaker = closed();
        for _ in 0..10 {
            breaker.failed("");
            breaker.failed("");
            breaker.succeeded();
        }
        assert!(breaker.is_closed());
        for _ in 0..MOST_FAILURES {
            breaker.failed("");
        }
        assert_eq!(state(&breaker), BreakerState::Open);
    }

    #[test]
    fn one_probe_at_a_time_decides() {
        let breaker = Breaker::new();
        let probe = breaker.probe().unwrap();
        assert_eq!(state(&breaker), BreakerState::HalfOpen);
        assert!(breaker.probe().is_none());
        drop(probe);
        assert_eq!(state(&breaker), BreakerState::Open);
        breaker.probe().unwrap().succeeded();
        assert!(breaker.is_closed());
        assert!(breaker.probe().is_none(), "nothing to find out");
    }

    #[test]
    fn calls_from_before_it_opened_change_nothing() {
        let breaker = Breaker::new();
        breaker.succeeded();
        assert_eq!(state(&breaker), BreakerState::Open);
        let probe = breaker.probe().unwrap();
        for _ in 0..MOST_FAILURES {
            breaker.failed("");
        }
        assert_eq!(state(&breaker), BreakerState::HalfOpen);
        probe.succeeded();
        breaker.failed("");
        assert!(breaker.is_closed(), "what failed before the probe no longer counts");
    }
}
