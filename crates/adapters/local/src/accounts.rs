//! Who belongs where, in memory, in front of a store.

use std::sync::Arc;

use async_trait::async_trait;
use keelway_access::ports::{
    Accounts, CreateTenant, CreateTenantError, Credentials, SignUp, SignUpError, SignedUp,
};
use keelway_access::{Email, Membership, Tenant, TooManyAttempts, User};
use keelway_kernel::{Clock, Failure, Once, StoreError, UserId};

use crate::memory::{Finally, Keep, Memory};

/// A store of accounts that is asked for a person's memberships at most once per time to live.
///
/// A membership made through it is seen at once. Everything else is asked for each time, and
/// so are the memberships of a person who has none.
pub struct CachedAccounts<A> {
    store: A,
    memberships: Memory<UserId, Vec<Membership>>,
}

impl<A: Accounts> CachedAccounts<A> {
    /// Puts a memory in front of `store`.
    pub fn new(store: A, clock: Arc<dyn Clock>, keep: Keep) -> Self {
        Self { store, memberships: Memory::new(clock, keep) }
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
        let _forget = Finally(|| self.memberships.forget(&owner));
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
