//! Who belongs where, in memory, in front of a store.

use std::sync::Arc;

use async_trait::async_trait;
use keelway_access::ports::{
    Accept, Accounts, ChangeRole, CreateTenant, CreateTenantError, Credentials, Invitations,
    Invite, Members, RemoveMember, RenameTenant, SignUp, SignUpError, SignedUp, Withdraw,
};
use keelway_access::{
    AcceptError, Accepted, Email, Invitation, InviteError, LeaveError, MemberError, MemberProfile,
    Membership, Offer, Tenant, TokenHash, TooManyAttempts, User, WithdrawError,
};
use keelway_kernel::{Clock, Failure, Once, StoreError, TenantScope, UserId};

use crate::memory::{Finally, Keep, Memory, Tell};

/// A store of accounts that is asked for a person's memberships at most once per time to live.
///
/// A membership made, changed or ended through it is seen at once, and so is a tenant's new
/// name, which other processes see when the time to live is over. Everything else is asked for each time, and so are the memberships of a person who
/// has none.
pub struct CachedAccounts<A> {
    store: A,
    memberships: Memory<UserId, Vec<Membership>>,
    tell: Tell,
}

impl<A> CachedAccounts<A> {
    /// Puts a memory in front of `store`.
    pub fn new(store: A, clock: Arc<dyn Clock>, keep: Keep) -> Self {
        Self { store, memberships: Memory::new(clock, keep), tell: Box::new(|_| ()) }
    }

    /// Calls `tell` with the person whenever a membership is made, changed or ended through
    /// this value, after it was: for other processes to [`forget`](Self::forget) it too.
    pub fn telling(self, tell: impl Fn(UserId) + Send + Sync + 'static) -> Self {
        Self { tell: Box::new(tell), ..self }
    }

    /// Forgets what is remembered of a person, and what is being read of anybody just now.
    pub fn forget(&self, person: UserId) {
        self.memberships.forget(&person);
    }

    /// Forgets all that is remembered.
    pub fn forget_everything(&self) {
        self.memberships.forget_everything();
    }

    fn changed(&self, person: UserId) {
        self.forget(person);
        (self.tell)(person);
    }
}

#[async_trait]
impl<A: Accounts> Accounts for CachedAccounts<A> {
    async fn sign_up(&self, cmd: SignUp) -> Result<SignedUp, Failure<SignUpError>> {
        self.store.sign_up(cmd).await
    }

    async fn create_tenant(
        &self,
        cmd: CreateTenant,
    ) -> Result<Once<Tenant>, Failure<CreateTenantError>> {
        let owner = cmd.owner;
        let _forget = Finally(|| self.changed(owner));
        self.store.create_tenant(cmd).await
    }

    async fn begin_sign_in(
        &self,
        email: &Email,
    ) -> Result<Option<Credentials>, Failure<TooManyAttempts>> {
        self.store.begin_sign_in(email).await
    }

    async fn find_user(&self, user: UserId) -> Result<Option<User>, StoreError> {
        self.store.find_user(user).await
    }

    async fn memberships(&self, user: UserId) -> Result<Vec<Membership>, StoreError> {
        if let Some(known) = self.memberships.recall(&user) {
            return Ok(known.value);
        }
        let asked = self.memberships.ask();
        let found = self.store.memberships(user).await?;
        if !found.is_empty() {
            self.memberships.keep(user, found.clone(), asked);
        }
        Ok(found)
    }

    async fn sweep_attempts(&self) -> Result<u64, StoreError> {
        self.store.sweep_attempts().await
    }
}

#[async_trait]
impl<A: Members> Members for CachedAccounts<A> {
    async fn members(&self, scope: TenantScope) -> Result<Vec<MemberProfile>, StoreError> {
        self.store.members(scope).await
    }

    async fn change_role(
        &self,
        scope: TenantScope,
        cmd: ChangeRole,
    ) -> Result<(), Failure<MemberError>> {
        let member = cmd.member;
        let _forget = Finally(|| self.changed(member));
        self.store.change_role(scope, cmd).await
    }

    async fn remove(
        &self,
        scope: TenantScope,
        cmd: RemoveMember,
    ) -> Result<(), Failure<MemberError>> {
        let member = cmd.member;
        let _forget = Finally(|| self.changed(member));
        self.store.remove(scope, cmd).await
    }

    async fn leave(
        &self,
        scope: TenantScope,
        user: UserId,
        request_id: &str,
    ) -> Result<(), Failure<LeaveError>> {
        let _forget = Finally(|| self.changed(user));
        self.store.leave(scope, user, request_id).await
    }

    async fn rename_tenant(
        &self,
        scope: TenantScope,
        cmd: RenameTenant,
    ) -> Result<Tenant, StoreError> {
        let renamed = |of: &Vec<Membership>| of.iter().any(|one| one.tenant.id == scope.tenant());
        let _forget = Finally(|| self.memberships.forget_where(renamed));
        self.store.rename_tenant(scope, cmd).await
    }
}

#[async_trait]
impl<A: Invitations> Invitations for CachedAccounts<A> {
    async fn invite(
        &self,
        scope: TenantScope,
        cmd: Invite,
    ) -> Result<Invitation, Failure<InviteError>> {
        self.store.invite(scope, cmd).await
    }

    async fn open_invitations(&self, scope: TenantScope) -> Result<Vec<Offer>, StoreError> {
        self.store.open_invitations(scope).await
    }

    async fn withdraw(
        &self,
        scope: TenantScope,
        cmd: Withdraw,
    ) -> Result<(), Failure<WithdrawError>> {
        self.store.withdraw(scope, cmd).await
    }

    async fn find_invitation(&self, token: &TokenHash) -> Result<Option<Offer>, StoreError> {
        self.store.find_invitation(token).await
    }

    async fn accept(&self, cmd: Accept) -> Result<Accepted, Failure<AcceptError>> {
        let user = cmd.user;
        let _forget = Finally(|| self.changed(user));
        self.store.accept(cmd).await
    }
}
