//! Ports that do what real ones seldom do.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use keelway_access::ports::{
    Accounts, CreateTenant, CreateTenantError, Credentials, Sessions, SignIn, SignUp, SignUpError,
    SignedUp, StaleCredentials,
};
use keelway_access::{
    Email, Membership, Role, Session, SessionPolicy, Tenant, TokenHash, TooManyAttempts, User,
};
use keelway_kernel::{Actor, Failure, Once, StoreError, UserId};
use tokio::sync::Semaphore;

use crate::app::{Setup, TestApp};

/// Sessions whose look-up goes wrong in one way.
struct BrokenSessions {
    find: fn() -> StoreError,
}

#[async_trait]
impl Sessions for BrokenSessions {
    async fn sign_in(&self, _: SignIn) -> Result<Session, Failure<StaleCredentials>> {
        Err((self.find)().into())
    }

    async fn find(&self, _: &TokenHash) -> Result<Option<(Session, User)>, StoreError> {
        Err((self.find)())
    }

    async fn touch(&self, _: &TokenHash, _: &SessionPolicy) -> Result<Option<Session>, StoreError> {
        Err((self.find)())
    }

    async fn sign_out(&self, _: &TokenHash, _: &Actor) -> Result<(), StoreError> {
        Err((self.find)())
    }

    async fn revoke_all(&self, _: UserId, _: &Actor) -> Result<u64, StoreError> {
        Err((self.find)())
    }

    async fn sweep_expired(&self) -> Result<u64, StoreError> {
        Err((self.find)())
    }
}

/// Looking a session up fails with this.
pub(crate) fn sessions(setup: &mut Setup, find: fn() -> StoreError) {
    setup.ports.sessions = Arc::new(BrokenSessions { find });
}

/// Looking a session up panics.
pub(crate) fn panicking_sessions(setup: &mut Setup) {
    sessions(setup, || panic!("a secret that no caller may see"));
}

/// Lets a test stand between a handler and the store.
#[derive(Clone)]
pub(crate) struct Gate {
    reached: Arc<Semaphore>,
    opened: Arc<Semaphore>,
    left: Arc<Semaphore>,
}

impl Gate {
    /// Waits until a command has come to the gate.
    pub(crate) async fn reached(&self) {
        self.reached.acquire().await.unwrap().forget();
    }

    /// Lets every command through from now on.
    pub(crate) fn open(&self) {
        self.opened.add_permits(1_000);
    }

    /// Waits until a command has been through.
    pub(crate) async fn left(&self) {
        self.left.acquire().await.unwrap().forget();
    }
}

/// An app whose commands to make a tenant wait at a gate.
pub(crate) async fn gated() -> (TestApp, Gate) {
    let none = || Arc::new(Semaphore::new(0));
    let gate = Gate { reached: none(), opened: none(), left: none() };
    let standing = gate.clone();
    let app = TestApp::spawn_with(move |setup| {
        let inner = Arc::clone(&setup.ports.accounts);
        let asked = Arc::default();
        setup.ports.accounts = Arc::new(Changed { inner, gate: Some(standing), role: None, asked });
    })
    .await;
    (app, gate)
}

/// Everybody has this role in their workspace: there are no invitations yet to get it by.
pub(crate) fn everybody_is(setup: &mut Setup, role: Role) {
    let inner = Arc::clone(&setup.ports.accounts);
    let asked = Arc::default();
    setup.ports.accounts = Arc::new(Changed { inner, gate: None, role: Some(role), asked });
}

/// Looking a person up is counted.
pub(crate) fn counted(setup: &mut Setup, asked: Arc<AtomicUsize>) {
    let inner = Arc::clone(&setup.ports.accounts);
    setup.ports.accounts = Arc::new(Changed { inner, gate: None, role: None, asked });
}

struct Changed {
    inner: Arc<dyn Accounts>,
    gate: Option<Gate>,
    role: Option<Role>,
    asked: Arc<AtomicUsize>,
}

#[async_trait]
impl Accounts for Changed {
    async fn sign_up(&self, cmd: SignUp) -> Result<SignedUp, Failure<SignUpError>> {
        self.inner.sign_up(cmd).await
    }

    async fn create_tenant(
        &self,
        cmd: CreateTenant,
    ) -> Result<Once<Tenant>, Failure<CreateTenantError>> {
        let Some(gate) = &self.gate else { return self.inner.create_tenant(cmd).await };
        gate.reached.add_permits(1);
        gate.opened.acquire().await.unwrap().forget();
        let answer = self.inner.create_tenant(cmd).await;
        gate.left.add_permits(1);
        answer
    }

    async fn begin_sign_in(
        &self,
        email: &Email,
    ) -> Result<Option<Credentials>, Failure<TooManyAttempts>> {
        self.inner.begin_sign_in(email).await
    }

    async fn find_user(&self, user: UserId) -> Result<Option<User>, StoreError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.inner.find_user(user).await
    }

    async fn memberships(&self, user: UserId) -> Result<Vec<Membership>, StoreError> {
        let memberships = self.inner.memberships(user).await?;
        let seen =
            |member: Membership| Membership { role: self.role.unwrap_or(member.role), ..member };
        Ok(memberships.into_iter().map(seen).collect())
    }

    async fn sweep_attempts(&self) -> Result<u64, StoreError> {
        self.inner.sweep_attempts().await
    }
}
