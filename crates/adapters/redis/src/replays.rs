//! Refusing replays early.

use async_trait::async_trait;
use deadpool_redis::redis::{self, FromRedisValue};
use keelway_kernel::{Failure, StoreError};
use keelway_signing::{KeyId, Nonce, ReplayGuard, Replayed};

use crate::link::Away;
use crate::redis::Redis;
use crate::wire::Wire;

/// A guard in front of the guard that knows: what Redis has seen is refused without asking it,
/// and what Redis has not seen is for it to decide.
///
/// Redis only ever hears of nonces that the guard behind has taken or refused. So losing it
/// lets nothing through, and a request that the guard could not decide on may be sent again.
pub struct EarlyReplays<G> {
    redis: Redis,
    guard: G,
}

impl<G> EarlyReplays<G> {
    pub(crate) fn new(redis: Redis, guard: G) -> Self {
        Self { redis, guard }
    }

    async fn run<T: FromRedisValue>(&self, command: redis::Cmd) -> Result<T, Away> {
        let send = |mut wire: Wire| async move { command.query_async(&mut wire).await };
        self.redis.link().ask(send).await
    }
}

#[async_trait]
impl<G: ReplayGuard> ReplayGuard for EarlyReplays<G> {
    async fn remember(&self, key: &KeyId, nonce: &Nonce) -> Result<(), Failure<Replayed>> {
        let place = format!("{}:{}", self.redis.link().key("nonce", key.as_str()), nonce.as_str());
        let seen: Result<Option<String>, Away> = self.run(redis::Cmd::get(&place)).await;
        // The value repeats the nonce: a value under the wrong key refuses nobody.
        if seen.is_ok_and(|seen| seen.as_deref() == Some(nonce.as_str())) {
            return Err(Failure::Rejected(Replayed));
        }
        let decided = self.guard.remember(key, nonce).await;
        if !matches!(decided, Err(Failure::Store(_))) {
            let seconds = u64::try_from(Nonce::REMEMBERED_S).unwrap_or(0).max(1);
            // A nonce that does not get there is refused by the guard as well.
            let _: Result<(), Away> =
                self.run(redis::Cmd::set_ex(&place, nonce.as_str(), seconds)).await;
        }
        decided
    }

    async fn sweep(&self) -> Result<u64, StoreError> {
        self.guard.sweep().await
    }
}
