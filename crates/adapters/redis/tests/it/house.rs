//! What the tests build with.

use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use keelway_access::ports::RateLimiter;
use keelway_access::{RateClass, RateDecision, RateLimit, RateLimits};
use keelway_builds::ports::{Signals, Topic, Watch};
use keelway_contract::SeededEntropy;
use keelway_redis::{Redis, RedisLimiter, RedisSettings};
use tokio::sync::broadcast;

/// Fails a test that would hang; nothing waits for the time to pass.
pub(crate) async fn soon<T>(task: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_mins(1), task).await.expect("it never came")
}

pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(0)
}

pub(crate) fn namespace() -> String {
    format!("test-{:016x}", random())
}

/// So patient that a busy machine does not look like a lost server.
pub(crate) fn patient(url: &str, namespace: &str) -> RedisSettings {
    RedisSettings::parse(url).unwrap().within(namespace).unwrap().patient(Duration::from_secs(30))
}

pub(crate) async fn connect(settings: &RedisSettings) -> Redis {
    soon(Redis::connect(settings, Arc::new(SeededEntropy::new(random())))).await.unwrap()
}

/// Connected, and all is well.
pub(crate) async fn connected(settings: &RedisSettings) -> Redis {
    let redis = connect(settings).await;
    well(&redis).await;
    redis
}

pub(crate) async fn well(redis: &Redis) {
    soon(redis.health().until(<[_]>::is_empty)).await;
}

/// Counts nothing, lets everything through, and says that it was asked.
#[derive(Default)]
pub(crate) struct Alone(AtomicU32);

pub(crate) const ALONE: RateLimit =
    RateLimit { limit: NonZeroU32::new(4_242).unwrap(), window_s: NonZeroU32::MIN };

impl Alone {
    pub(crate) fn asked(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl RateLimiter for Alone {
    async fn hit(&self, _: RateClass, _: &str) -> RateDecision {
        self.0.fetch_add(1, Ordering::Relaxed);
        RateDecision { limit: ALONE, remaining: 1, reset_after_s: 1, retry_after_s: None }
    }

    async fn peek(&self, class: RateClass, key: &str) -> RateDecision {
        self.hit(class, key).await
    }
}

pub(crate) fn limits(limit: u32, window_s: u32) -> RateLimits {
    let number = |n| NonZeroU32::new(n).unwrap();
    let limit = RateLimit { limit: number(limit), window_s: number(window_s) };
    RateLimits { read: limit, write: limit, ..RateLimits::default() }
}

pub(crate) fn limiter(redis: &Redis, limit: u32) -> (RedisLimiter, Arc<Alone>) {
    let alone = Arc::new(Alone::default());
    (redis.limiter(limits(limit, 3_600), alone.clone()), alone)
}

/// Signals within one process.
pub(crate) struct Here(broadcast::Sender<Topic>);

impl Default for Here {
    fn default() -> Self {
        Self(broadcast::Sender::new(1_024))
    }
}

impl Signals for Here {
    fn notify(&self, topic: Topic) {
        let _ = self.0.send(topic);
    }

    fn watch(&self, topic: Topic) -> Box<dyn Watch> {
        Box::new(HereWatch(self.0.subscribe(), topic))
    }
}

struct HereWatch(broadcast::Receiver<Topic>, Topic);

#[async_trait]
impl Watch for HereWatch {
    async fn changed(&mut self) {
        while self.0.recv().await.unwrap() != self.1 {}
    }
}
