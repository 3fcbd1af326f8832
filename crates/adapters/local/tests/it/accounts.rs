//! Memberships in memory, in front of a store that counts what it is asked.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::FutureExt;
use keelway_access::ports::{
    Accounts, CreateTenant, CreateTenantError, Credentials, NewTenant, SignUp, SignUpError,
    SignedUp,
};
use keelway_access::{Email, Membership, Role, Slug, Tenant, TooManyAttempts, User, WorkspaceName};
use keelway_kernel::{
    Clock, Credits, Failure, GrantId, Once, StoreError, TenantId, Tier, TimeZoneName, Timestamp,
    UserId,
};
use keelway_local::{CachedAccounts, Keep};

use crate::sessions::{Fixed, Hand, actor};

#[derive(Clone, Default)]
struct Store {
    memberships: Arc<Mutex<Vec<Membership>>>,
    reads: Arc<AtomicU64>,
}

#[async_trait]
impl Accounts for Store {
    async fn sign_up(&self, _: SignUp) -> Result<SignedUp, Failure<SignUpError>> {
        unreachable!("nobody signs up here")
    }

    async fn create_tenant(
        &self,
        cmd: CreateTenant,
    ) -> Result<Once<Tenant>, Failure<CreateTenantError>> {
        let NewTenant { id, slug, name, tier, time_zone, .. } = cmd.tenant;
        let created_at = Timestamp::from_micros(0);
        let tenant = Tenant { id, slug, name, tier, time_zone, created_at };
        self.memberships.lock().unwrap().push(Membership { tenant, role: Role::Owner });
        // Done, but the reply is lost.
        Err(StoreError::Contended.into())
    }

    async fn begin_sign_in(
        &self,
        _: &Email,
    ) -> Result<Option<Credentials>, Failure<TooManyAttempts>> {
        unreachable!("nobody signs in here")
    }

    async fn find_user(&self, _: UserId) -> Result<Option<User>, StoreError> {
        unreachable!("nobody is looked for here")
    }

    async fn memberships(&self, _: UserId) -> Result<Vec<Membership>, StoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        Ok(self.memberships.lock().unwrap().clone())
    }

    async fn sweep_attempts(&self) -> Result<u64, StoreError> {
        Ok(0)
    }
}

#[test]
fn memberships_are_read_once_and_again_when_one_was_made() {
    let (store, clock) = (Store::default(), Hand::default());
    let told = Arc::new(AtomicU64::new(0));
    let tell = told.clone();
    let accounts = CachedAccounts::new(store.clone(), Arc::new(clock.clone()), Keep::default())
        .telling(move |_| {
            tell.fetch_add(1, Ordering::Relaxed);
        });
    let owner = UserId::generate(clock.now(), &Fixed(1));
    let count = || accounts.memberships(owner).now_or_never().unwrap().unwrap().len();
    let make = |seed| {
        let name = WorkspaceName::parse("Bakery").unwrap();
        let cmd = CreateTenant {
            tenant: NewTenant {
                id: TenantId::generate(clock.now(), &Fixed(seed)),
                slug: Slug::from_name(&name),
                name,
                tier: Tier::Free,
                time_zone: TimeZoneName::UTC,
                grant: GrantId::generate(clock.now(), &Fixed(seed)),
                monthly_credits: Credits::ZERO,
            },
            owner,
            actor: actor(),
            keyed: None,
        };
        accounts.create_tenant(cmd).now_or_never().unwrap().unwrap_err();
    };
    let reads = || store.reads.load(Ordering::Relaxed);

    assert_eq!((count(), count(), reads()), (0, 0, 2), "nothing is not kept");
    make(2);
    assert_eq!((count(), count(), reads()), (1, 1, 3));
    make(3);
    assert_eq!((count(), count(), reads()), (2, 2, 4), "though the reply was lost");
    assert_eq!(told.load(Ordering::Relaxed), 2, "others hear of each");
    clock.forward_ms(Keep::default().ttl_ms);
    assert_eq!((count(), reads()), (2, 5));
    accounts.forget(owner);
    assert_eq!((count(), reads()), (2, 6), "another process said that it changed");
    accounts.forget_everything();
    assert_eq!((count(), reads()), (2, 7));
}
