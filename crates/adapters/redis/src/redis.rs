//! The connections and the tasks that keep them.

use std::sync::{Arc, Mutex};

use keelway_access::RateLimits;
use keelway_access::ports::RateLimiter;
use keelway_builds::ports::Signals;
use keelway_kernel::{Entropy, StoreError, UserId};
use tokio::task::JoinSet;

use crate::health::RedisHealth;
use crate::hints::{Heard, Hint, Hints, Stale};
use crate::limiter::RedisLimiter;
use crate::link::Link;
use crate::settings::RedisSettings;
use crate::signals::RedisSignals;
use crate::wire::Ear;
use crate::{breaker, hints, limiter, lock};

/// Redis, there or not.
///
/// Clones, and everything made from them, share the connections and three tasks, which end
/// with the last of them or with [`Redis::close`].
#[derive(Clone)]
pub struct Redis {
    shared: Arc<Shared>,
}

struct Shared {
    link: Arc<Link>,
    hints: Arc<Hints>,
    tasks: Mutex<JoinSet<()>>,
}

impl Redis {
    /// Tries the servers for at most a second and begins to keep in touch with them; that they
    /// are away is no error.
    ///
    /// An error means that no client can be made of the settings at all, such as for want of
    /// TLS roots. Must be called within a Tokio runtime.
    pub async fn connect(
        settings: &RedisSettings,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, StoreError> {
        breaker::describe();
        hints::describe();
        limiter::describe();
        let unusable = |error: deadpool_redis::redis::RedisError| {
            StoreError::Unavailable(format!("redis: {error}"))
        };
        let hints = Arc::new(Hints::new(entropy.next_u64()));
        let ear = Ear::new(&settings.servers).map_err(unusable)?;
        let link = Arc::new(Link::new(settings, entropy).map_err(unusable)?);
        link.probe().await;

        let mut tasks = JoinSet::new();
        let kept = link.clone();
        tasks.spawn(async move { kept.keep().await });
        let (speaking, said) = (link.clone(), hints.clone());
        tasks.spawn(async move { said.speak(&speaking).await });
        let (hearing, heard) = (link.clone(), hints.clone());
        tasks.spawn(async move { heard.hear(&hearing, ear).await });
        Ok(Self { shared: Arc::new(Shared { link, hints, tasks: Mutex::new(tasks) }) })
    }

    /// Hints to other processes and from them, in front of `local`, which serves this one.
    pub fn signals(&self, local: Arc<dyn Signals>) -> RedisSignals {
        RedisSignals::new(self.clone(), local)
    }

    /// One count for all processes; `local` counts while Redis is away.
    pub fn limiter(&self, limits: RateLimits, local: Arc<dyn RateLimiter>) -> RedisLimiter {
        RedisLimiter::new(self.clone(), limits, local)
    }

    /// What tells the other processes that what they remember of a person is no longer so.
    ///
    /// It never waits, and keeps neither tasks nor connections: a cache that
    /// [`Redis::on_stale`] holds may hold it in turn.
    pub fn outdating(&self) -> impl Fn(UserId) + Send + Sync + 'static {
        let hints = Arc::downgrade(&self.shared.hints);
        move |person| {
            if let Some(hints) = hints.upgrade() {
                hints.tell(Hint::Person(person));
            }
        }
    }

    /// Calls `forget` with whatever another process outdated, for as long as this one listens.
    /// It runs on the listening task, so it must not block.
    pub fn on_stale(&self, forget: impl Fn(Stale) + Send + Sync + 'static) {
        self.hints().listen(move |heard| match heard {
            Heard::Hint(Hint::Person(person)) => forget(Stale::Person(person)),
            Heard::Hint(Hint::Topic(_)) => {}
            Heard::Gap => forget(Stale::Everything),
        });
    }

    /// How Redis is, to be read at any time.
    pub fn health(&self) -> RedisHealth {
        RedisHealth::new(self.link().breaker().watch(), self.hints().hears())
    }

    /// Ends the tasks and connections. What was made from this value goes on by itself.
    pub async fn close(&self) {
        let mut tasks = std::mem::take(&mut *lock(&self.shared.tasks));
        tasks.shutdown().await;
        self.link().close();
        self.hints().deaf();
    }

    pub(crate) fn link(&self) -> &Link {
        &self.shared.link
    }

    pub(crate) fn hints(&self) -> &Hints {
        &self.shared.hints
    }
}
