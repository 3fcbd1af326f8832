//! Sessions in memory, in front of a store.

use std::sync::Arc;

use async_trait::async_trait;
use keelway_access::ports::{Sessions, SignIn};
use keelway_access::{Session, SessionPolicy, TokenHash, User};
use keelway_kernel::{Actor, Clock, StoreError, UserId};

use crate::memory::{Finally, Keep, Memory};

/// A store of sessions that is asked at most once per session and time to live.
///
/// What is ended through it is gone from memory before the call answers, even if a read of
/// the same session was on its way. Sessions that were not found are never kept.
pub struct CachedSessions<S> {
    store: S,
    memory: Memory<TokenHash, (Session, User)>,
}

impl<S: Sessions> CachedSessions<S> {
    /// Puts a memory in front of `store`.
    pub fn new(store: S, clock: Arc<dyn Clock>, keep: Keep) -> Self {
        Self { store, memory: Memory::new(clock, keep) }
    }
}

#[async_trait]
impl<S: Sessions> Sessions for CachedSessions<S> {
    async fn sign_in(&self, cmd: SignIn) -> Result<Session, StoreError> {
        let replaced = cmd.replaces;
        let _forget = Finally(|| replaced.iter().for_each(|token| self.memory.forget(token)));
        self.store.sign_in(cmd).await
    }

    async fn find(&self, token: &TokenHash) -> Result<Option<(Session, User)>, StoreError> {
        if let Some(known) = self.memory.recall(token)
            && self.memory.now() < known.value.0.expires_at
        {
            return Ok(Some(known.value));
        }
        let asked = self.memory.ask();
        let found = self.store.find(token).await?;
        if let Some(known) = &found {
            self.memory.keep(*token, known.clone(), asked);
        }
        Ok(found)
    }

    async fn touch(
        &self,
        token: &TokenHash,
        policy: &SessionPolicy,
    ) -> Result<Option<Session>, StoreError> {
        let mut asked = self.memory.ask();
        let touched = self.store.touch(token, policy).await?;
        match (&touched, self.memory.recall(token)) {
            (Some(session), Some(known)) => {
                // The person was not read again, so the answer ages as before.
                asked.at = known.asked_at;
                self.memory.keep(*token, (session.clone(), known.value.1), asked);
            }
            (Some(_), None) => {}
            (None, _) => self.memory.forget(token),
        }
        Ok(touched)
    }

    async fn sign_out(&self, token: &TokenHash, actor: &Actor) -> Result<(), StoreError> {
        let _forget = Finally(|| self.memory.forget(token));
        self.store.sign_out(token, actor).await
    }

    async fn revoke_all(&self, user: UserId, actor: &Actor) -> Result<u64, StoreError> {
        let _forget = Finally(|| self.memory.forget_where(|(session, _)| session.user == user));
        self.store.revoke_all(user, actor).await
    }

    async fn sweep_expired(&self) -> Result<u64, StoreError> {
        self.store.sweep_expired().await
    }
}
