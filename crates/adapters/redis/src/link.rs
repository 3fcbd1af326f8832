//! Asking Redis, and not waiting for it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use deadpool::Runtime;
use deadpool_redis::redis::{self, RedisError, RedisResult, Script};
use keelway_kernel::Entropy;
use tokio::time::{Instant, timeout_at};

use crate::backoff::pause;
use crate::breaker::{Breaker, BreakerState};
use crate::settings::RedisSettings;
use crate::wire::{Manager, Pool, Wire};

/// How long a probe may take, which also opens the first connection.
const PROBE_WITHIN: Duration = Duration::from_secs(1);

/// What the limiter needs: writing, which fails when memory is full, by a script, which a server
/// may not let everybody run.
const WRITE: &str = "return redis.call('SET', KEYS[1], 1, 'PX', 1000)";

/// Connections at most. Each carries any number of calls at once, so a few serve any load.
const WIRES: usize = 4;

/// Redis did not answer, or was not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Away;

/// What went wrong with a call.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// Redis did not answer, or as it would have for any key.
    #[error("{0}")]
    Away(String),
    /// Redis is there, and what this one key holds is not what was expected.
    #[error("{0}")]
    Refused(String),
}

pub(crate) struct Link {
    pool: Pool,
    breaker: Breaker,
    namespace: String,
    patience: Duration,
    entropy: Arc<dyn Entropy>,
    write: Script,
}

impl Link {
    pub(crate) fn new(settings: &RedisSettings, entropy: Arc<dyn Entropy>) -> RedisResult<Self> {
        let pool = Pool::builder(Manager::new(&settings.servers)?)
            .max_size(WIRES)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| (redis::ErrorKind::InvalidClientConfig, "pool", error.to_string()))?;
        let RedisSettings { namespace, patience, .. } = settings.clone();
        let write = Script::new(WRITE);
        Ok(Self { pool, breaker: Breaker::new(), namespace, patience, entropy, write })
    }

    /// `name` within the namespace, in the slot of `tag` on a Cluster.
    pub(crate) fn key(&self, name: &str, tag: &str) -> String {
        format!("{}:{name}:{{{tag}}}", self.namespace)
    }

    pub(crate) fn channel(&self) -> String {
        format!("{}:hints", self.namespace)
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        &*self.entropy
    }

    pub(crate) fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }

    /// Asks, unless Redis is known to be away, and waits for as long as the settings say.
    pub(crate) async fn ask<T, F>(&self, call: impl FnOnce(Wire) -> F) -> Result<T, Away>
    where
        F: Future<Output = RedisResult<T>>,
    {
        if !self.breaker.is_closed() {
            return Err(Away);
        }
        match self.attempt(self.patience, call).await {
            Ok(answer) => {
                self.breaker.succeeded();
                Ok(answer)
            }
            Err(Trouble::Away(why)) => {
                self.breaker.failed(&why);
                Err(Away)
            }
            // Whoever can spoil one key does not take Redis from all others.
            Err(Trouble::Refused(why)) => {
                tracing::debug!(why, "redis refused a call");
                Err(Away)
            }
        }
    }

    /// Asks whatever is known of Redis, and says what went wrong.
    pub(crate) async fn attempt<T, F>(
        &self,
        within: Duration,
        call: impl FnOnce(Wire) -> F,
    ) -> Result<T, Trouble>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let deadline = Instant::now() + within;
        // Given back at once: others may use the wire at the same time.
        let wire = match timeout_at(deadline, self.pool.get()).await {
            Ok(Ok(pooled)) => (*pooled).clone(),
            Ok(Err(error)) => return Err(Trouble::Away(error.to_string())),
            Err(_) => return Err(Trouble::Away("no connection in time".to_owned())),
        };
        let spoiled = match timeout_at(deadline, call(wire.clone())).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) if is_of_the_key(&error) => {
                return Err(Trouble::Refused(error.to_string()));
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        wire.spoil();
        Err(Trouble::Away(spoiled))
    }

    /// Tries what the limiter needs, and closes the breaker if it works.
    pub(crate) async fn probe(&self) {
        let Some(probe) = self.breaker.probe() else { return };
        let key = self.key("probe", "probe");
        let write =
            |mut wire: Wire| async move { self.write.key(key).invoke_async::<()>(&mut wire).await };
        match self.attempt(PROBE_WITHIN, write).await {
            Ok(()) => probe.succeeded(),
            Err(why) => self.breaker.is_still_away(&why),
        }
    }

    /// Probes for as long as the breaker is open, for ever.
    pub(crate) async fn keep(&self) {
        let mut state = self.breaker.watch();
        while state.wait_for(|state| *state == BreakerState::Open).await.is_ok() {
            let mut failures = 0;
            while !self.breaker.is_closed() {
                pause(self.entropy(), failures).await;
                self.probe().await;
                failures += 1;
            }
        }
    }
}

/// Whether another key might have been answered. A server that is full, loading, a replica or
/// without its cluster says so by a code of its own, but for one that lacks the command.
fn is_of_the_key(error: &RedisError) -> bool {
    match error.code() {
        Some("WRONGTYPE") => true,
        Some("ERR") => !error.detail().is_some_and(|why| why.starts_with("unknown command")),
        _ => false,
    }
}
