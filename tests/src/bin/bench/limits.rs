//! Rate limits on Redis, beside Redis running the same script.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use keelway_access::ports::RateLimiter as _;
use keelway_access::{RateClass, RateLimit, RateLimits};
use keelway_contract::SeededEntropy;
use keelway_local::LocalLimiter;
use keelway_redis::{Redis, RedisSettings};

use crate::ROUNDS;
use crate::bare::redis_script;
use crate::load::repeat;
use crate::place::{self, WallClock};
use crate::report::{Row, median};

const SCRIPT: &str = include_str!("../../../../crates/adapters/redis/src/rate.lua");
const IN_FLIGHT: u32 = 64;
const CALLS: u32 = 60_000;
const LENGTH: Duration = Duration::from_secs(2);
/// Keys, as many as redis-benchmark is told to use.
const KEYS: u64 = 10_000;

pub async fn rows() -> anyhow::Result<Vec<Row>> {
    // So patient that it never counts by itself.
    let settings = RedisSettings::parse(&place::redis()?)?.within("bench")?;
    let settings = settings.patient(Duration::from_mins(1));
    let entropy = Arc::new(SeededEntropy::new(1));
    let redis = Redis::connect(&settings, entropy.clone()).await?;
    redis.health().until(<[_]>::is_empty).await;
    let read = RateLimit { limit: NonZeroU32::MAX, window_s: NonZeroU32::MAX };
    let limits = RateLimits { read, ..RateLimits::default() };
    let alone = Arc::new(LocalLimiter::new(limits, Arc::new(WallClock), 1));
    let limiter = Arc::new(redis.limiter(limits, alone.clone()));

    // A microsecond or so for each of as many.
    let (interval, capacity) = ("1000000", "4294967295000000");
    let arguments = ["1", "bench:read:{__rand_int__}", interval, capacity, "17"];
    let (mut bare, mut ours, mut lone) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        bare.push(redis_script(SCRIPT, &arguments, IN_FLIGHT, CALLS).await?);
        for (in_flight, rates) in [(IN_FLIGHT as usize, &mut ours), (1, &mut lone)] {
            let (limiter, entropy) = (Arc::clone(&limiter), Arc::clone(&entropy));
            let hit = move |_| {
                let (limiter, key) = (Arc::clone(&limiter), entropy.below(KEYS).to_string());
                async move {
                    anyhow::ensure!(limiter.hit(RateClass::Read, &key).await.is_allowed());
                    Ok(())
                }
            };
            rates.push(repeat(in_flight, LENGTH / 2, hit).await?);
        }
    }
    anyhow::ensure!(alone.keys() == 0, "Redis was away meanwhile");
    let lone = median(lone.iter().map(|done| done.quantile_ms(50)));
    let ours = median(ours.iter().map(|done| done.per_second));
    Ok(vec![
        Row::against("rate limit on Redis, 64 in flight", "/s", median(bare), ours)
            .noted("through the port, beside redis-benchmark with the same script, 64 clients"),
        Row::alone("a lone rate limit on Redis, p50", " ms", lone),
    ])
}
