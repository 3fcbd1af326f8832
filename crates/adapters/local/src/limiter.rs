//! Rate limits counted in this process.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use keelway_access::ports::RateLimiter;
use keelway_access::{RateClass, RateDecision, RateLimit, RateLimits};
use keelway_kernel::{Clock, Timestamp};

use crate::lock;

/// Locks per class, so that keys seldom wait for one another.
const SHARDS: usize = 16;

/// Keys of a shard below which looking for idle ones is not worth while.
const FEW: usize = 64;

/// Counts by the domain's own rule, in memory.
///
/// A key costs memory only until everything it took has come back. Past the most keys
/// allowed, those that owe least are forgotten first, so a flood of new keys never frees one
/// that is held back while others owe less.
pub struct LocalLimiter {
    limits: RateLimits,
    clock: Arc<dyn Clock>,
    hasher: RandomState,
    shards: Vec<Mutex<Shard>>,
    most_per_shard: usize,
}

impl LocalLimiter {
    /// A limiter that remembers at most about `most_keys` of each class.
    pub fn new(limits: RateLimits, clock: Arc<dyn Clock>, most_keys: usize) -> Self {
        let shards = RateClass::ALL.len() * SHARDS;
        Self {
            limits,
            clock,
            hasher: RandomState::new(),
            shards: (0..shards).map(|_| Mutex::default()).collect(),
            most_per_shard: (most_keys / SHARDS).max(FEW),
        }
    }

    /// How many keys are remembered now.
    pub fn keys(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).full_at.len()).sum()
    }

    fn shard(&self, class: RateClass, key: &str) -> &Mutex<Shard> {
        let place = RateClass::ALL.iter().position(|known| *known == class).unwrap_or(0);
        let spread = self.hasher.hash_one(key) % SHARDS as u64;
        &self.shards[place * SHARDS + usize::try_from(spread).unwrap_or(0)]
    }
}

#[async_trait]
impl RateLimiter for LocalLimiter {
    async fn hit(&self, class: RateClass, key: &str) -> RateDecision {
        let now = self.clock.now();
        let mut shard = lock(self.shard(class, key));
        let decision = shard.hit(self.limits.of(class), key, now);
        shard.make_room(self.most_per_shard, now);
        decision
    }

    async fn peek(&self, class: RateClass, key: &str) -> RateDecision {
        let full_at = lock(self.shard(class, key)).full_at.get(key).copied();
        self.limits.of(class).peek(full_at, self.clock.now())
    }
}

#[derive(Default)]
struct Shard {
    /// When everything a key took will have come back.
    full_at: HashMap<Box<str>, Timestamp>,
    /// How many keys the last search for idle ones left.
    left: usize,
}

impl Shard {
    fn hit(&mut self, limit: RateLimit, key: &str, now: Timestamp) -> RateDecision {
        if let Some(known) = self.full_at.get_mut(key) {
            let (decision, full_at) = limit.hit(Some(*known), now);
            *known = full_at;
            return decision;
        }
        let (decision, full_at) = limit.hit(None, now);
        self.full_at.insert(key.into(), full_at);
        decision
    }

    /// Forgets idle keys each time the keys have doubled, which costs each hit a constant.
    fn make_room(&mut self, most: usize, now: Timestamp) {
        let len = self.full_at.len();
        if len <= most && len < (self.left * 2).max(FEW) {
            return;
        }
        self.full_at.retain(|_, full_at| *full_at > now);
        if self.full_at.len() > most {
            let mut owed: Vec<Timestamp> = self.full_at.values().copied().collect();
            let middle = owed.len() / 2;
            let (_, least_kept, _) = owed.select_nth_unstable(middle);
            let least_kept = *least_kept;
            self.full_at.retain(|_, full_at| *full_at > least_kept);
        }
        self.left = self.full_at.len();
        self.full_at.shrink_to(self.left * 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use std::num::NonZeroU32;
    use std::sync::atomic::{AtomicI64, Ordering};

    #[derive(Default)]
    struct Hand(AtomicI64);

    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(self.0.load(Ordering::Relaxed))
        }
    }

    impl Hand {
        fn forward_s(&self, seconds: i64) {
            self.0.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
        }
    }

    fn limiter(most_keys: usize) -> (Arc<Hand>, LocalLimiter) {
        let two_a_minute = RateLimit {
            limit: NonZeroU32::new(2).unwrap(),
            window_s: NonZeroU32::new(60).unwrap(),
        };
        let limits =
            RateLimits { auth: two_a_minute, guest: two_a_minute, ..RateLimits::default() };
        let clock = Arc::new(Hand::default());
        (Arc::clone(&clock), LocalLimiter::new(limits, clock, most_keys))
    }

    fn hit(limiter: &LocalLimiter, class: RateClass, key: &str) -> RateDecision {
        limiter.hit(class, key).now_or_never().unwrap()
    }

    #[test]
    fn a_key_is_held_back_until_its_time_comes() {
        let (clock, limiter) = limiter(1_000);
        let remaining = |()| hit(&limiter, RateClass::Auth, "a").remaining;
        assert_eq!([(), ()].map(remaining), [1, 0]);
        let refused = hit(&limiter, RateClass::Auth, "a");
        assert_eq!((refused.retry_after_s, refused.reset_after_s), (Some(30), 60));
        clock.forward_s(29);
        assert!(!hit(&limiter, RateClass::Auth, "a").is_allowed());
        clock.forward_s(1);
        assert!(hit(&limiter, RateClass::Auth, "a").is_allowed());
    }

    #[test]
    fn keys_and_classes_share_no_count() {
        let (_, limiter) = limiter(1_000);
        for (class, key) in
            [(RateClass::Auth, "a"), (RateClass::Auth, "b"), (RateClass::Guest, "a")]
        {
            assert_eq!(hit(&limiter, class, key).remaining, 1, "{class:?} {key}");
        }
    }

    #[test]
    fn idle_keys_are_forgotten() {
        let (clock, limiter) = limiter(1_000_000);
        for round in 0..20 {
            for key in 0..10_000 {
                hit(&limiter, RateClass::Auth, &format!("{round}-{key}"));
            }
            clock.forward_s(61);
        }
        assert!(limiter.keys() <= 25_000, "{}", limiter.keys());
    }

    #[test]
    fn a_flood_of_keys_is_bounded_and_frees_nobody_who_owes_more() {
        let (_, limiter) = limiter(1_600);
        hit(&limiter, RateClass::Auth, "held back");
        hit(&limiter, RateClass::Auth, "held back");
        for key in 0..50_000 {
            hit(&limiter, RateClass::Auth, &key.to_string());
        }
        assert!(limiter.keys() <= 1_600 + SHARDS, "{}", limiter.keys());
        assert!(!hit(&limiter, RateClass::Auth, "held back").is_allowed());
    }
}
