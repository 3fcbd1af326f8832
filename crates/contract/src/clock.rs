//! Time that moves only when told to.

use keelway_kernel::{Clock, Timestamp};
use std::sync::atomic::{AtomicI64, Ordering};

/// A clock that stands still until somebody moves it.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows `now`.
    pub const fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.as_micros()))
    }

    /// Jumps to `now`, backwards too.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_micros(), Ordering::SeqCst);
    }

    /// Moves on by `seconds`.
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

/// Noon of a day in the middle of a month and of a year: no boundary is near.
impl Default for ManualClock {
    fn default() -> Self {
        Self::at(Timestamp::from_micros(1_781_524_800_000_000))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_only_when_told_to() {
        let clock = ManualClock::default();
        assert_eq!(clock.now().to_string(), "2026-06-15T12:00:00.000000Z");
        clock.advance(90);
        assert_eq!(clock.now().to_string(), "2026-06-15T12:01:30.000000Z");
        clock.set(Timestamp::from_micros(0));
        assert_eq!(clock.now(), Timestamp::from_micros(0));
    }
}
