//! One case's store, clock and randomness, and the things cases keep making.

use crate::{ManualClock, SeededEntropy, Store};
use keelway_access::{
    DisplayName, Email, NewSession, NewTenant, PasswordHash, SessionPolicy, SessionToken, SignIn,
    SignUp, SignedUp, Slug, TokenHash, UserAgent, WorkspaceName,
};
use keelway_credits::{
    AddGrant, Amount, Commit, Finality, GrantSource, Lifetime, Purpose, Refund, Release, Renew,
    Reserve, Reserved, Terms,
};
use keelway_kernel::{
    Actor, Clock, Credits, Failure, GrantId, HoldId, IdempotencyKey, TenantId, TenantScope, Tier,
    TimeZoneName, Timestamp, UserId,
};
use std::fmt::Debug;
use std::sync::Arc;

/// What a case works with; clones share everything.
#[derive(Clone)]
pub struct Fixture {
    /// The store's clock.
    pub clock: Arc<ManualClock>,
    /// The store's randomness, and the case's.
    pub entropy: Arc<SeededEntropy>,
    /// The store under test.
    pub store: Store,
}

/// A tenant and the person who owns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owned {
    /// The tenant, vouched for.
    pub scope: TenantScope,
    /// The owner.
    pub user: UserId,
}

/// Vouches for a tenant without asking anybody.
#[expect(clippy::disallowed_methods, reason = "tests may vouch for a tenant")]
pub const fn scope(tenant: TenantId) -> TenantScope {
    TenantScope::assume(tenant)
}

/// An amount that is known to be positive.
///
/// # Panics
///
/// If it is not.
pub fn amount(credits: i64) -> Amount {
    Amount::try_from(credits).unwrap()
}

/// What the ledger's commands in these cases are signed with.
pub fn actor() -> Actor {
    Actor { user: None, request_id: "req_contract".into() }
}

/// The refusal that a command must have met with.
///
/// # Panics
///
/// If it succeeded or the store broke.
#[track_caller]
pub fn rejected<T: Debug, E: Debug>(answer: Result<T, Failure<E>>) -> E {
    match answer {
        Err(Failure::Rejected(refusal)) => refusal,
        other => panic!("expected a refusal, not {other:?}"),
    }
}

/// Splits the answers of a race into successes and refusals: nothing may break by racing.
///
/// # Panics
///
/// If the store broke.
#[track_caller]
pub fn sorted<T, E: Debug>(answers: Vec<Result<T, Failure<E>>>) -> (Vec<T>, Vec<E>) {
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for answer in answers {
        match answer {
            Ok(answer) => taken.push(answer),
            Err(Failure::Rejected(refusal)) => refused.push(refusal),
            Err(Failure::Store(error)) => panic!("failed merely because it raced: {error}"),
        }
    }
    (taken, refused)
}

/// A stored password that nobody needs to type.
///
/// # Panics
///
/// Never: the text is a hash.
pub fn password() -> PasswordHash {
    let hash =
        "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";
    PasswordHash::parse(hash).unwrap()
}

impl Fixture {
    /// The time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A new session and the hash it is found by.
    pub fn new_session(&self) -> NewSession {
        NewSession {
            hash: self.token(),
            user_agent: UserAgent::trimmed("Contract/1.0"),
            policy: SessionPolicy::default(),
        }
    }

    /// The hash of a token nobody has.
    pub fn token(&self) -> TokenHash {
        SessionToken::generate(&*self.entropy).hash()
    }

    /// A tenant of the free tier, without credits.
    ///
    /// # Panics
    ///
    /// If `name` is none.
    pub fn new_tenant(&self, name: &str) -> NewTenant {
        let name = WorkspaceName::parse(name).unwrap();
        NewTenant {
            id: TenantId::generate(self.now(), &*self.entropy),
            slug: Slug::from_name(&name),
            name,
            tier: Tier::Free,
            time_zone: TimeZoneName::UTC,
            grant: self.grant_id(),
            monthly_credits: Credits::ZERO,
        }
    }

    /// A sign-up with this address and no workspace.
    ///
    /// # Panics
    ///
    /// If `email` is no address.
    pub fn sign_up(&self, email: &str) -> SignUp {
        SignUp {
            user: UserId::generate(self.now(), &*self.entropy),
            email: Email::parse(email).unwrap(),
            password: password(),
            name: DisplayName::parse("Ada").ok(),
            workspace: None,
            session: self.new_session(),
            request_id: "req_sign_up".into(),
        }
    }

    /// A sign-in of somebody who has the password of [`Fixture::sign_up`].
    pub fn sign_in(&self, user: UserId) -> SignIn {
        SignIn {
            user,
            checked: password(),
            session: self.new_session(),
            replaces: None,
            rehashed: None,
            request_id: "req_sign_in".into(),
        }
    }

    /// An address nobody has.
    pub fn email(&self) -> String {
        format!("{}@example.com", self.grant_id())
    }

    /// Signs somebody new up, without a workspace.
    ///
    /// # Panics
    ///
    /// If the store refuses.
    pub async fn person(&self) -> SignedUp {
        let cmd = self.sign_up(&self.email());
        self.store.accounts.sign_up(cmd).await.unwrap()
    }

    /// Makes a tenant of the free tier that was never granted anything.
    pub async fn tenant(&self) -> Owned {
        self.tenant_of(Tier::Free).await
    }

    /// Makes a tenant of `tier` that was never granted anything.
    ///
    /// # Panics
    ///
    /// If the store refuses.
    pub async fn tenant_of(&self, tier: Tier) -> Owned {
        let mut workspace = self.new_tenant("Contract");
        workspace.tier = tier;
        let tenant = workspace.id;
        let cmd = SignUp { workspace: Some(workspace), ..self.sign_up(&self.email()) };
        let user = cmd.user;
        self.store.accounts.sign_up(cmd).await.unwrap();
        Owned { scope: scope(tenant), user }
    }

    /// Makes a tenant that bought `credits`, which never expire.
    ///
    /// # Panics
    ///
    /// If the store refuses.
    pub async fn funded(&self, credits: i64) -> Owned {
        let owned = self.tenant().await;
        let cmd = self.grant(credits);
        self.store.ledger.grant(owned.scope, cmd).await.unwrap();
        owned
    }

    /// Sets `credits` aside.
    ///
    /// # Panics
    ///
    /// If the store refuses.
    pub async fn held(&self, scope: TenantScope, credits: i64) -> Reserved {
        let cmd = self.reserve(credits);
        self.store.ledger.reserve(scope, cmd).await.unwrap()
    }

    /// A grant id nobody used.
    pub fn grant_id(&self) -> GrantId {
        GrantId::generate(self.now(), &*self.entropy)
    }

    /// A hold id nobody used.
    pub fn hold_id(&self) -> HoldId {
        HoldId::generate(self.now(), &*self.entropy)
    }

    /// A key nobody used.
    ///
    /// # Panics
    ///
    /// Never: an id makes a key.
    pub fn key(&self) -> IdempotencyKey {
        IdempotencyKey::parse(&self.hold_id().to_string()).unwrap()
    }

    /// Gives bought credits that never expire.
    pub fn grant(&self, credits: i64) -> AddGrant {
        AddGrant {
            grant: self.grant_id(),
            amount: amount(credits),
            terms: Terms::unlimited(GrantSource::Purchase),
            actor: actor(),
        }
    }

    /// Sets credits aside for another service, for the usual time.
    pub fn reserve(&self, credits: i64) -> Reserve {
        Reserve {
            hold: self.hold_id(),
            amount: amount(credits),
            purpose: Purpose::External { reference: "job 7".into(), lifetime: Lifetime::default() },
            user: None,
            project: None,
            caps: None,
            actor: actor(),
        }
    }

    /// Charges `used` of a hold.
    pub fn commit(&self, hold: HoldId, used: i64, finality: Finality) -> Commit {
        Commit { key: self.key(), hold, used: Credits::new(used), finality, actor: actor() }
    }

    /// Lets a hold go.
    pub fn release(&self, hold: HoldId) -> Release {
        Release { key: self.key(), hold, actor: actor() }
    }

    /// Keeps a hold for another lifetime.
    pub fn renew(&self, hold: HoldId) -> Renew {
        Renew { hold, actor: actor() }
    }

    /// Gives charged credits back.
    pub fn refund(&self, hold: HoldId, credits: i64) -> Refund {
        Refund { grant: self.grant_id(), hold, amount: amount(credits), actor: actor() }
    }
}
