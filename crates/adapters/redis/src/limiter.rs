//! Rate limits counted for all processes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use deadpool_redis::redis::{ErrorKind, RedisError, RedisResult, Script};
use keelway_access::ports::RateLimiter;
use keelway_access::{RateClass, RateDecision, RateLimit, RateLimits};
use keelway_kernel::Timestamp;
use moka::sync::Cache;
use tokio::time::Instant;

use crate::redis::Redis;
use crate::wire::Wire;

/// Keys remembered as over, at most.
const MOST_OVER: u64 = 100_000;

/// Counts by the domain's own rule, in one round trip, by the clock of Redis.
///
/// A key that was refused, or seen to be over, is not asked about again until its time: no
/// request of another process can bring that forward. While Redis is away, slow or full, the
/// limiter handed in decides; it counts for this process alone and from then on, so n processes
/// admit up to n times as much beside what was counted before.
pub struct RedisLimiter {
    redis: Redis,
    limits: RateLimits,
    local: Arc<dyn RateLimiter>,
    rule: Script,
    calls: AtomicU64,
    over: Cache<String, Over>,
}

/// A refused key, by the clock of this process.
#[derive(Clone, Copy)]
struct Over {
    limit: RateLimit,
    until: Instant,
    full_at: Instant,
}

/// What the script says.
struct Reply {
    now: Timestamp,
    before: Option<Timestamp>,
    after: Timestamp,
}

impl RedisLimiter {
    pub(crate) fn new(redis: Redis, limits: RateLimits, local: Arc<dyn RateLimiter>) -> Self {
        Self {
            redis,
            limits,
            local,
            rule: Script::new(include_str!("rate.lua")),
            calls: AtomicU64::new(0),
            over: Cache::new(MOST_OVER),
        }
    }

    fn recall(&self, key: &str) -> Option<RateDecision> {
        let known = self.over.get(key)?;
        let decision = known.decision(Instant::now());
        if decision.is_none() {
            self.over.invalidate(key);
        }
        decision
    }

    /// What is remembered of the key, else what Redis says, else what this process knows alone.
    async fn decide(&self, class: RateClass, key: &str, call: Call) -> RateDecision {
        let place = self.redis.link().key(class.as_str(), key);
        if let Some(decision) = self.recall(&place) {
            return decision;
        }
        let limit = self.limits.of(class);
        let asked = self.redis.link().ask(|wire| self.ask(wire, &place, limit, call)).await;
        if let Ok(decision) = asked {
            return decision;
        }
        match call {
            Call::Hit => {
                metrics::counter!("keelway_limiter_local_decisions_total").increment(1);
                self.local.hit(class, key).await
            }
            Call::Peek => self.local.peek(class, key).await,
        }
    }

    async fn ask(
        &self,
        mut wire: Wire,
        key: &str,
        limit: RateLimit,
        call: Call,
    ) -> RedisResult<RateDecision> {
        let debts = Debts::of(limit);
        let number = self.calls.fetch_add(1, Ordering::Relaxed).to_string();
        let (answered, now, before, after): (String, i64, i64, i64) = self
            .rule
            .key(key)
            .arg(debts.taken_us(call))
            .arg(debts.capacity_us)
            .arg(&number)
            .invoke_async(&mut wire)
            .await?;
        let reply = Reply {
            now: Timestamp::from_micros(now),
            before: (before >= 0).then(|| Timestamp::from_micros(before)),
            after: Timestamp::from_micros(after),
        };
        let (decision, expected) = debts.decide(limit, &reply, call);
        // Another call's answer, or the answer of another rule, is no answer.
        if answered != number || expected != reply.after {
            return Err(strange());
        }
        if !decision.is_allowed() {
            self.over.insert(key.to_owned(), debts.over(limit, &reply));
        }
        Ok(decision)
    }
}

#[async_trait]
impl RateLimiter for RedisLimiter {
    async fn hit(&self, class: RateClass, key: &str) -> RateDecision {
        self.decide(class, key, Call::Hit).await
    }

    async fn peek(&self, class: RateClass, key: &str) -> RateDecision {
        self.decide(class, key, Call::Peek).await
    }
}

/// What is asked of the script.
#[derive(Clone, Copy)]
enum Call {
    Hit,
    Peek,
}

/// A limit in the terms of [`RateLimit::hit`]; that the two agree is checked on every reply.
struct Debts {
    interval_us: i64,
    capacity_us: i64,
}

impl Debts {
    fn of(limit: RateLimit) -> Self {
        let window_us = i64::from(limit.window_s.get()) * 1_000_000;
        let requests = i64::from(limit.limit.get());
        let interval_us = (window_us / requests).max(1);
        Self { interval_us, capacity_us: interval_us * requests }
    }

    const fn taken_us(&self, call: Call) -> i64 {
        match call {
            Call::Hit => self.interval_us,
            Call::Peek => 0,
        }
    }

    /// What the domain makes of the reply, and what it should have said for that.
    fn decide(&self, limit: RateLimit, reply: &Reply, call: Call) -> (RateDecision, Timestamp) {
        match call {
            Call::Hit => limit.hit(reply.before, reply.now),
            Call::Peek => {
                let most = reply.now.as_micros().saturating_add(self.capacity_us);
                let full_at = reply.before.unwrap_or(reply.now).as_micros();
                let full_at = full_at.clamp(reply.now.as_micros(), most);
                (limit.peek(reply.before, reply.now), Timestamp::from_micros(full_at))
            }
        }
    }

    fn over(&self, limit: RateLimit, reply: &Reply) -> Over {
        let owed_us = reply.after.as_micros().saturating_sub(reply.now.as_micros());
        let micros = |micros: i64| Duration::from_micros(u64::try_from(micros).unwrap_or(0));
        let now = Instant::now();
        Over {
            limit,
            until: now + micros(owed_us + self.interval_us - self.capacity_us),
            full_at: now + micros(owed_us),
        }
    }
}

impl Over {
    /// The refusal as it is now, until the time has come.
    fn decision(&self, now: Instant) -> Option<RateDecision> {
        let left = self.until.checked_duration_since(now).filter(|left| !left.is_zero())?;
        Some(RateDecision {
            limit: self.limit,
            remaining: 0,
            reset_after_s: whole_seconds(self.full_at.saturating_duration_since(now)),
            retry_after_s: Some(whole_seconds(left).max(1)),
        })
    }
}

fn whole_seconds(time: Duration) -> u32 {
    u32::try_from(time.as_micros().div_ceil(1_000_000)).unwrap_or(u32::MAX)
}

fn strange() -> RedisError {
    (ErrorKind::UnexpectedReturnType, "the reply is not of this call and rule").into()
}

/// Says what the figures mean.
pub(crate) fn describe() {
    // There from the start, so that its first increase is seen as one.
    metrics::counter!("keelway_limiter_local_decisions_total").increment(0);
    metrics::describe_counter!(
        "keelway_limiter_local_decisions_total",
        "Requests counted by this process alone because Redis did not answer."
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    #[test]
    fn a_refusal_is_remembered_until_its_time_and_counts_down() {
        let number = |n| NonZeroU32::new(n).unwrap();
        let limit = RateLimit { limit: number(2), window_s: number(60) };
        let [now, full] = [1, 61].map(|second| Timestamp::from_micros(second * 1_000_000));
        let (refused, after) = limit.hit(Some(full), now);
        let over = Debts::of(limit).over(limit, &Reply { now, before: Some(full), after });
        let start = over.full_at.checked_sub(Duration::from_mins(1)).unwrap();
        let at = |millis| over.decision(start + Duration::from_millis(millis));
        assert_eq!(at(0), Some(refused));
        let wait = |millis| at(millis).map(|known| (known.retry_after_s, known.reset_after_s));
        assert_eq!(wait(1), Some((Some(30), 60)));
        assert_eq!(wait(29_999), Some((Some(1), 31)));
        assert_eq!(wait(30_000), None);
    }
}
