//! A platform over one SQLite file, and people to use it.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use keelway_access::ports::{NewTenant, SignUp};
use keelway_access::{
    Email, NewSession, Principal, RateLimits, Role, SessionPolicy, SessionToken, Slug, User,
    WorkspaceName,
};
use keelway_blobs::LocalBlobs;
use keelway_builds::ports::{BuildFilter, Builds};
use keelway_builds::{
    AgentWork, Build, BuildRequest, BuildTier, Description, Event, Position, Rules,
};
use keelway_contract::{ManualClock, SeededEntropy, password, scope};
use keelway_credits::DEFAULT_PACKAGES;
use keelway_estimate::{EstimateTable, Estimator, FinishedBuild};
use keelway_kernel::{
    BuildId, Clock, Credits, GrantId, Page, PageRequest, StoreError, TenantId, TenantScope, Tier,
    TimeZoneName, UserId,
};
use keelway_local::{LocalLimiter, LocalSignals};
use keelway_platform::auth::{Profile, Recognised};
use keelway_platform::{Mode, Operator, Permit, Platform, Ports, Right, Settings};
use keelway_signing::{KeyId, KeyRing, SharedKey};
use keelway_sqlite::{SqliteSettings, SqliteStore};
use keelway_tiers::{Gate, LimitTable};

pub(crate) struct House {
    pub(crate) platform: Platform,
    /// Another process on the same store.
    pub(crate) elsewhere: Platform,
    pub(crate) store: SqliteStore,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) entropy: Arc<SeededEntropy>,
    /// How often finished builds were read.
    pub(crate) histories: Arc<AtomicU32>,
    /// How often events were.
    pub(crate) reads: Arc<AtomicU32>,
    _folder: tempfile::TempDir,
}

/// What somebody wants built.
pub(crate) fn request() -> BuildRequest {
    BuildRequest {
        description: Description::parse("A landing page for a bakery").unwrap(),
        tier: BuildTier::Starter,
        target_users: None,
        tech_constraints: None,
        use_conductor: true,
        max_credits: None,
        script: None,
    }
}

/// Somebody who owns a workspace.
#[derive(Clone)]
pub(crate) struct Owner {
    pub(crate) scope: TenantScope,
    pub(crate) user: User,
    principal: Principal,
}

impl Owner {
    pub(crate) fn permit<R: Right>(&self) -> Permit<R> {
        Permit::of(&self.principal, "req_read").unwrap()
    }

    /// The same person as one of the platform's own.
    pub(crate) fn operator(&self, house: &House) -> Operator {
        let user = User { staff_since: Some(house.clock.now()), ..self.user.clone() };
        let Principal::Member { session, .. } = self.principal else { unreachable!("a member") };
        let profile = Profile { user, memberships: Vec::new() };
        Recognised { session, profile }.operator("req_operate").unwrap()
    }
}

impl House {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::default());
        let entropy = Arc::new(SeededEntropy::new(7));
        let limits = LimitTable::default();
        let settings = SqliteSettings::new(folder.path().join("keelway.db"));
        let rules = Arc::new(Rules::new(limits));
        let store =
            SqliteStore::open(settings, clock.clone(), entropy.clone(), rules).await.unwrap();
        store.migrate().await.unwrap();
        let port = Arc::new(store.clone());
        let histories = Arc::new(AtomicU32::new(0));
        let reads = Arc::new(AtomicU32::new(0));
        let builds =
            Counting { builds: store.clone(), histories: histories.clone(), reads: reads.clone() };
        let ports = Ports {
            accounts: port.clone(),
            sessions: port.clone(),
            people: port.clone(),
            members: port.clone(),
            invitations: port.clone(),
            staff: port.clone(),
            tickets: port.clone(),
            limiter: Arc::new(LocalLimiter::new(RateLimits::default(), clock.clone(), 1_000)),
            submissions: port.clone(),
            builds: Arc::new(builds),
            projects: port.clone(),
            overviews: port.clone(),
            operations: port.clone(),
            flag_overrides: port.clone(),
            sites: port.clone(),
            blobs: Arc::new(LocalBlobs::open(folder.path().join("blobs")).unwrap()),
            ledger: port.clone(),
            books: port.clone(),
            inspector: port,
            signals: Arc::new(LocalSignals::default()),
            clock: clock.clone(),
            entropy: entropy.clone(),
        };
        let key = SharedKey::new(KeyId::parse("test").unwrap(), &[7; 32]).unwrap();
        let settings = Settings {
            gate: Gate::default(),
            limits,
            estimator: Estimator::new(EstimateTable::default()).unwrap(),
            packages: DEFAULT_PACKAGES.to_vec(),
            micro_usd_per_credit: NonZeroU32::new(10_000).unwrap(),
            sessions: SessionPolicy::default(),
            new_tenant_tier: Tier::Free,
            viewer_keys: KeyRing::of(key),
            mode: Mode::Production,
        };
        let platform = Platform::new(ports.clone(), settings.clone());
        let elsewhere = Platform::new(ports, settings);
        Self { platform, elsewhere, store, clock, entropy, histories, reads, _folder: folder }
    }

    /// Signs somebody up who owns a workspace with many credits.
    pub(crate) async fn owner(&self, email: &str) -> Owner {
        let (now, entropy) = (self.clock.now(), &*self.entropy);
        let name = WorkspaceName::parse("Bakery").unwrap();
        let tenant = TenantId::generate(now, entropy);
        let session = SessionToken::generate(entropy).hash();
        let cmd = SignUp {
            user: UserId::generate(now, entropy),
            email: Email::parse(email).unwrap(),
            password: password(),
            name: None,
            workspace: Some(NewTenant {
                id: tenant,
                slug: Slug::from_name(&name),
                name,
                tier: Tier::Enterprise,
                time_zone: TimeZoneName::UTC,
                grant: GrantId::generate(now, entropy),
                monthly_credits: Credits::new(100_000),
            }),
            session: NewSession {
                hash: session,
                user_agent: None,
                policy: SessionPolicy::default(),
            },
            request_id: "req_sign_up".to_owned(),
        };
        let signed_up = self.platform.ports().accounts.sign_up(cmd).await.unwrap();
        let principal = Principal::Member {
            user: signed_up.user.id,
            session,
            tenant,
            role: Role::Owner,
            tier: Tier::Enterprise,
        };
        Owner { scope: scope(tenant), user: signed_up.user, principal }
    }
}

/// Counts how often finished builds and events are read.
struct Counting {
    builds: SqliteStore,
    histories: Arc<AtomicU32>,
    reads: Arc<AtomicU32>,
}

#[async_trait]
impl Builds for Counting {
    async fn find(&self, scope: TenantScope, id: BuildId) -> Result<Option<Build>, StoreError> {
        self.builds.find(scope, id).await
    }

    async fn list(
        &self,
        scope: TenantScope,
        filter: BuildFilter,
        page: PageRequest,
    ) -> Result<Page<Build>, StoreError> {
        self.builds.list(scope, filter, page).await
    }

    async fn events(
        &self,
        scope: TenantScope,
        id: BuildId,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        // Never there at once, so that a case can give it up.
        tokio::task::yield_now().await;
        self.builds.events(scope, id, after, limit).await
    }

    async fn work(&self, scope: TenantScope, id: BuildId) -> Result<Vec<AgentWork>, StoreError> {
        self.builds.work(scope, id).await
    }

    async fn history(
        &self,
        scope: Option<TenantScope>,
        limit: u32,
    ) -> Result<Vec<FinishedBuild>, StoreError> {
        self.histories.fetch_add(1, Ordering::SeqCst);
        self.builds.history(scope, limit).await
    }

    async fn position(
        &self,
        scope: TenantScope,
        id: BuildId,
    ) -> Result<Option<Position>, StoreError> {
        self.builds.position(scope, id).await
    }
}
