//! What processes share through Redis, and what each does by itself where there is none.

use std::sync::Arc;

use keelway_access::ports::RateLimiter;
use keelway_access::{RateLimit, RateLimits};
use keelway_builds::ports::Signals;
use keelway_http::Helper;
use keelway_local::{LocalLimiter, LocalSignals};
use keelway_redis::{Degraded, Redis};

use super::{clock, entropy};
use crate::exit::cannot_begin;
use crate::settings::{Checked, RateRow, Settings};

/// Keys that the limiter remembers for each class of requests.
const LIMITED_KEYS: usize = 100_000;

/// What may be lost at any moment.
pub(super) struct Shared {
    pub(super) signals: Arc<dyn Signals>,
    pub(super) limiter: Arc<dyn RateLimiter>,
    pub(super) redis: Option<Redis>,
}

impl Shared {
    /// A Redis that is away is waited for a moment, and found when it comes.
    pub(super) async fn connect(checked: &Checked) -> anyhow::Result<Self> {
        let limits = rates(&checked.settings);
        let signals = Arc::new(LocalSignals::default());
        let limiter = Arc::new(LocalLimiter::new(limits, clock(), LIMITED_KEYS));
        let Some(settings) = &checked.redis else {
            return Ok(Self { signals, limiter, redis: None });
        };
        let redis = Redis::connect(settings, entropy())
            .await
            .map_err(|error| cannot_begin(format!("`redis.url` cannot be used: {error}")))?;
        Ok(Self {
            signals: Arc::new(redis.signals(signals)),
            limiter: Arc::new(redis.limiter(limits, limiter)),
            redis: Some(redis),
        })
    }

    /// What `/readyz` names while Redis is away.
    pub(super) fn helpers(&self) -> Vec<Helper> {
        let Some(redis) = &self.redis else { return Vec::new() };
        let helper = |name, part| {
            let health = redis.health();
            Helper { name, is_well: Arc::new(move || !health.degraded().contains(&part)) }
        };
        vec![helper("redis.limits", Degraded::Limits), helper("redis.hints", Degraded::Hints)]
    }
}

fn rates(settings: &Settings) -> RateLimits {
    let rate = |row: &RateRow| RateLimit { limit: row.limit, window_s: row.window_s };
    let rows = &settings.rate_limits;
    RateLimits {
        guest: rate(&rows.guest),
        auth: rate(&rows.auth),
        build_submit: rate(&rows.build_submit),
        write: rate(&rows.write),
        read: rate(&rows.read),
        unknown_token: rate(&rows.unknown_token),
    }
}
