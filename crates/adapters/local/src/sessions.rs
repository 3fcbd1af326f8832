//! Sessions in memory, in front of a store.

use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use keelway_access::ports::{Sessions, SignIn};
use keelway_access::{Session, SessionPolicy, TokenHash, User};
use keelway_kernel::{Actor, Clock, Millis, StoreError, Timestamp, UserId};
use moka::sync::Cache;

/// How much is kept, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// How long a session is believed without asking the store: also how long one that was
    /// ended by another process lives on in this one.
    pub ttl_ms: Millis,
    /// Most sessions kept; those used least go first.
    pub most: u64,
}

impl Default for Keep {
    /// A second, within which a right taken away elsewhere has to be gone, and 10,000 sessions.
    fn default() -> Self {
        Self {
            ttl_ms: 1_000,
            most: 10_000,
        }
    }
}

/// A store of sessions that is asked at most once per session and time to live.
///
/// What is ended through it is gone from memory before the call answers, even if a read of
/// the same session was on its way. Sessions that were not found are never kept.
pub struct CachedSessions<S> {
    store: S,
    clock: Arc<dyn Clock>,
    ttl_ms: Millis,
    kept: Cache<TokenHash, Kept>,
    /// How often something was ended. Whoever keeps an answer holds this for reading and
    /// compares it with what it was before the store was asked.
    endings: RwLock<u64>,
}

#[derive(Clone)]
struct Kept {
    session: Session,
    user: User,
    read_at: Timestamp,
}

impl<S: Sessions> CachedSessions<S> {
    /// Puts a memory in front of `store`.
    pub fn new(store: S, clock: Arc<dyn Clock>, keep: Keep) -> Self {
        let kept = Cache::new(keep.most);
        Self {
            store,
            clock,
            ttl_ms: keep.ttl_ms,
            kept,
            endings: RwLock::new(0),
        }
    }

    fn recall(&self, token: &TokenHash) -> Option<(Session, User)> {
        let kept = self.kept.get(token)?;
        let now = self.clock.now();
        let age_ms = now.millis_since(kept.read_at);
        // A clock that was set back makes the age negative; such an entry is not believed.
        let fresh = (0..self.ttl_ms).contains(&age_ms) && now < kept.session.expires_at;
        fresh.then_some((kept.session, kept.user))
    }

    fn endings(&self) -> u64 {
        *self.endings.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an answer, unless something was ended since the store was asked.
    fn keep(&self, since: u64, kept: Kept) {
        let endings = self.endings.read().unwrap_or_else(PoisonError::into_inner);
        if *endings == since {
            self.kept.insert(kept.session.hash, kept);
        }
    }

    fn forget(&self, what: Ended) {
        let mut endings = self.endings.write().unwrap_or_else(PoisonError::into_inner);
        *endings += 1;
        match what {
            Ended::One(token) => self.kept.invalidate(&token),
            Ended::AllOf(user) => {
                for (token, _) in self
                    .kept
                    .iter()
                    .filter(|(_, kept)| kept.session.user == user)
                {
                    self.kept.invalidate(&*token);
                }
            }
        }
    }

    /// Forgets `what` when dropped: also if the store fails or the caller goes away, for the
    /// store may have done it all the same.
    fn forget_after(&self, what: Ended) -> impl Drop + use<'_, S> {
        Forget {
            sessions: self,
            what,
        }
    }
}

#[derive(Clone, Copy)]
enum Ended {
    One(TokenHash),
    AllOf(UserId),
}

struct Forget<'a, S: Sessions> {
    sessions: &'a CachedSessions<S>,
    what: Ended,
}

impl<S: Sessions> Drop for Forget<'_, S> {
    fn drop(&mut self) {
        self.sessions.forget(self.what);
    }
}

#[async_trait]
impl<S: Sessions> Sessions for CachedSessions<S> {
    async fn sign_in(&self, cmd: SignIn) -> Result<Session, StoreError> {
        let _replaced = cmd
            .replaces
            .map(|token| self.forget_after(Ended::One(token)));
        self.store.sign_in(cmd).await
    }

    async fn find(&self, token: &TokenHash) -> Result<Option<(Session, User)>, StoreError> {
        if let Some(known) = self.recall(token) {
            return Ok(Some(known));
        }
        // The time is taken before the store is asked, so the answer is at least that fresh.
        let (since, read_at) = (self.endings(), self.clock.now());
        let found = self.store.find(token).await?;
        match &found {
            Some((session, user)) => {
                self.keep(
                    since,
                    Kept {
                        session: session.clone(),
                        user: user.clone(),
                        read_at,
                    },
                );
            }
            None => self.kept.invalidate(token),
        }
        Ok(found)
    }

    async fn touch(
        &self,
        token: &TokenHash,
        policy: &SessionPolicy,
    ) -> Result<Option<Session>, StoreError> {
        let since = self.endings();
        let touched = self.store.touch(token, policy).await?;
        match (&touched, self.kept.get(token)) {
            // The person was not read again, so the entry ages as before.
            (Some(session), Some(kept)) => self.keep(
                since,
                Kept {
                    session: session.clone(),
                    ..kept
                },
            ),
            (Some(_), None) => {}
            (None, _) => self.kept.invalidate(token),
        }
        Ok(touched)
    }

    async fn sign_out(&self, token: &TokenHash, actor: &Actor) -> Result<(), StoreError> {
        let _ended = self.forget_after(Ended::One(*token));
        self.store.sign_out(token, actor).await
    }

    async fn revoke_all(&self, user: UserId, actor: &Actor) -> Result<u64, StoreError> {
        let _ended = self.forget_after(Ended::AllOf(user));
        self.store.revoke_all(user, actor).await
    }

    async fn sweep_expired(&self) -> Result<u64, StoreError> {
        self.store.sweep_expired().await
    }
}
