//! Sessions in memory, in front of a store.

use std::sync::Arc;

use async_trait::async_trait;
use keelway_access::ports::{
    ChangePassword, ChangePasswordError, Credentials, EndSession, IssueOwnerLink, NewOwner, People,
    Redeem, RenamePerson, Sessions, SignIn, SignedUp, Staff, StaleCredentials,
};
use keelway_access::{
    OwnerLink, RedeemError, Session, SessionPolicy, TokenHash, TooManyAttempts, User,
};
use keelway_kernel::{Actor, Clock, Failure, StoreError, Timestamp, UserId};
use moka::sync::Cache;

use crate::memory::{Finally, Keep, Memory, Tell};

/// A store of sessions that is asked at most once per session and time to live.
///
/// What is ended or changed through it is gone from memory before the call answers, even if a read of
/// the same session was on its way. Sessions that were not found are never kept.
///
/// Those that were found, or met, stay known beyond that: whatever is changed about a person makes
/// their other sessions no stranger's, and one that ended is known until it is looked for in vain.
pub struct CachedSessions<S> {
    store: S,
    memory: Memory<TokenHash, (Session, User)>,
    /// Until when each can last that is known.
    known: Cache<TokenHash, Timestamp>,
    tell: Tell,
}

impl<S> CachedSessions<S> {
    /// Puts a memory in front of `store`.
    pub fn new(store: S, clock: Arc<dyn Clock>, keep: Keep) -> Self {
        let (memory, known) = (Memory::new(clock, keep), Cache::new(keep.most));
        Self { store, memory, known, tell: Box::new(|_| ()) }
    }

    /// Calls `tell` with the person whenever something is ended or changed through this value,
    /// after it was: for other processes to [`forget`](Self::forget) them too.
    pub fn telling(self, tell: impl Fn(UserId) + Send + Sync + 'static) -> Self {
        Self { tell: Box::new(tell), ..self }
    }

    /// Forgets what is remembered of a person, and what is being read of anybody just now.
    pub fn forget(&self, person: UserId) {
        self.memory.forget_where(|(session, _)| session.user == person);
    }

    /// Forgets all that is remembered.
    pub fn forget_everything(&self) {
        self.memory.forget_everything();
    }

    fn owner(&self, token: &TokenHash) -> Option<UserId> {
        self.memory.recall(token).map(|known| known.value.0.user)
    }

    fn ended(&self, token: &TokenHash) {
        self.known.invalidate(token);
        self.memory.forget(token);
    }

    fn changed(&self, person: UserId) {
        self.forget(person);
        (self.tell)(person);
    }
}

#[async_trait]
impl<S: Sessions> Sessions for CachedSessions<S> {
    async fn sign_in(&self, cmd: SignIn) -> Result<Session, Failure<StaleCredentials>> {
        // The session replaced need not be of the person who signs in.
        let replaced = cmd.replaces.map(|token| (token, self.owner(&token).unwrap_or(cmd.user)));
        let _forget = Finally(|| {
            if let Some((token, owner)) = &replaced {
                self.ended(token);
                (self.tell)(*owner);
            }
        });
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
        match &found {
            Some(known) => {
                self.meet(&known.0);
                self.memory.keep(*token, known.clone(), asked);
            }
            None => self.known.invalidate(token),
        }
        Ok(found)
    }

    fn knows(&self, token: &TokenHash) -> bool {
        self.known.get(token).is_some_and(|expires_at| self.memory.now() < expires_at)
    }

    fn meet(&self, session: &Session) {
        self.known.insert(session.hash, session.expires_at);
    }

    async fn touch(
        &self,
        token: &TokenHash,
        policy: &SessionPolicy,
    ) -> Result<Option<Session>, StoreError> {
        let mut asked = self.memory.ask();
        let touched = self.store.touch(token, policy).await?;
        if let Some(session) = &touched {
            self.meet(session);
        }
        match (&touched, self.memory.recall(token)) {
            (Some(session), Some(known)) => {
                // The person was not read again, so the answer ages as before.
                asked.at = known.asked_at;
                self.memory.keep(*token, (session.clone(), known.value.1), asked);
            }
            (Some(_), None) => {}
            (None, _) => self.ended(token),
        }
        Ok(touched)
    }

    async fn sign_out(&self, token: &TokenHash, actor: &Actor) -> Result<(), StoreError> {
        let owner = self.owner(token).or(actor.user);
        let _forget = Finally(|| {
            self.ended(token);
            if let Some(owner) = owner {
                (self.tell)(owner);
            }
        });
        self.store.sign_out(token, actor).await
    }

    async fn revoke_all(&self, user: UserId, actor: &Actor) -> Result<u64, StoreError> {
        let _forget = Finally(|| self.changed(user));
        self.store.revoke_all(user, actor).await
    }

    async fn sweep_expired(&self) -> Result<u64, StoreError> {
        self.store.sweep_expired().await
    }
}

/// Whatever changes about a person, all that is remembered of them goes: who they are is kept
/// with every one of their sessions.
#[async_trait]
impl<S: People> People for CachedSessions<S> {
    async fn sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        self.store.sessions(user).await
    }

    async fn end_session(&self, cmd: EndSession) -> Result<Option<Session>, StoreError> {
        let user = cmd.user;
        let _forget = Finally(|| self.changed(user));
        self.store.end_session(cmd).await
    }

    async fn end_others(
        &self,
        user: UserId,
        kept: &TokenHash,
        actor: &Actor,
    ) -> Result<u64, StoreError> {
        let _forget = Finally(|| self.changed(user));
        self.store.end_others(user, kept, actor).await
    }

    async fn begin_password_change(
        &self,
        user: UserId,
    ) -> Result<Option<Credentials>, Failure<TooManyAttempts>> {
        self.store.begin_password_change(user).await
    }

    async fn change_password(
        &self,
        cmd: ChangePassword,
    ) -> Result<Session, Failure<ChangePasswordError>> {
        let user = cmd.user;
        let _forget = Finally(|| self.changed(user));
        self.store.change_password(cmd).await
    }

    async fn rename_person(&self, cmd: RenamePerson) -> Result<User, StoreError> {
        let user = cmd.user;
        let _forget = Finally(|| self.changed(user));
        self.store.rename_person(cmd).await
    }
}

#[async_trait]
impl<S: Staff> Staff for CachedSessions<S> {
    async fn issue_owner_link(&self, cmd: IssueOwnerLink) -> Result<Option<OwnerLink>, StoreError> {
        self.store.issue_owner_link(cmd).await
    }

    async fn find_owner_link(&self, token: &TokenHash) -> Result<Option<OwnerLink>, StoreError> {
        self.store.find_owner_link(token).await
    }

    async fn redeem(&self, cmd: Redeem) -> Result<SignedUp, Failure<RedeemError>> {
        let user = match &cmd.by {
            NewOwner::Newcomer(account) => account.user,
            NewOwner::Person { user, .. } => *user,
        };
        let _forget = Finally(|| self.changed(user));
        self.store.redeem(cmd).await
    }
}
