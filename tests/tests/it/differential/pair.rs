//! Two servers that differ in their store and in nothing else.
//!
//! They share the clock, and each has its own stream of randomness, which begins anew with every
//! step from one and the same seed: ids, tokens and times are equal without being normalised.
//! Whatever gives up on a real clock is far more patient than the test: how busy a machine is
//! must not look like a difference.

use std::net::TcpListener;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::dev::ServerHandle;
use keelway_access::{
    Accounts, Invitations, Members, People, RateLimit, RateLimits, SessionPolicy, Sessions, Staff,
    Tickets,
};
use keelway_blobs::LocalBlobs;
use keelway_builds::Rules;
use keelway_builds::ports::{
    BuildQueue, Builds, Inspector, Operations, Overviews, Projects, Sites, Submissions,
};
use keelway_contract::{ManualClock, SeededEntropy};
use keelway_credits::{CreditBooks, CreditLedger, DEFAULT_PACKAGES};
use keelway_estimate::{EstimateTable, Estimator};
use keelway_http::http;
use keelway_http::settings::HttpSettings;
use keelway_kernel::{BuildId, Entropy, Tier};
use keelway_local::{LocalLimiter, LocalSignals};
use keelway_platform::{Mode, Platform, Ports, Settings};
use keelway_postgres::{PostgresSettings, PostgresStore, Time};
use keelway_signing::{KeyId, KeyRing, ReplayGuard, SharedKey};
use keelway_sqlite::{SqliteSettings, SqliteStore};
use keelway_tiers::{FlagOverrides, Gate, LimitTable};

use super::ask::{Ask, Reply};
use super::database::Database;
use super::rows::Rows;
use crate::harness::{LIMIT, within};

/// Randomness that can be begun anew.
pub(super) struct Stream(Mutex<SeededEntropy>);

impl Stream {
    fn begin(&self, seed: u64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = SeededEntropy::new(seed);
    }
}

impl Entropy for Stream {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill(bytes);
    }
}

/// One server, and the ports behind it that no request reaches.
pub(super) struct Side {
    pub(super) platform: Platform,
    pub(super) queue: Arc<dyn BuildQueue>,
    pub(super) nonces: Arc<dyn ReplayGuard>,
    pub(super) entropy: Arc<Stream>,
    url: String,
    client: reqwest::Client,
    server: ServerHandle,
}

/// Both servers, on databases that were empty when they began.
pub(super) struct Pair {
    pub(super) clock: Arc<ManualClock>,
    pub(super) sqlite: Side,
    pub(super) postgres: Side,
    pub(super) rows: Rows,
    closing: (SqliteStore, PostgresStore),
    _folder: tempfile::TempDir,
}

impl Pair {
    /// On `database`, which nobody else uses meanwhile.
    pub(super) async fn on(database: &Database) -> Self {
        let folder = tempfile::tempdir().unwrap();
        database.empty().await;
        let clock = Arc::new(ManualClock::default());
        let rules = || Arc::new(Rules::new(LimitTable::default()));
        // For the delays between the attempts of a store, which differ: not the servers'.
        let jitter = || Arc::new(SeededEntropy::new(1));

        let file = folder.path().join("keelway.db");
        let mut settings = SqliteSettings::new(&file);
        settings.wait = LIMIT;
        let sqlite = SqliteStore::open(settings, clock.clone(), jitter(), rules()).await.unwrap();
        sqlite.migrate().await.unwrap();
        let mut settings = PostgresSettings::new(database.working());
        settings.wait = LIMIT;
        let time = Time::Given(clock.clone());
        let postgres = PostgresStore::new(&settings, time, jitter(), rules()).unwrap();

        let blobs = LocalBlobs::open(folder.path().join("blobs")).unwrap();
        let rows = Rows::open(&file, database.superuser()).await;
        Self {
            sqlite: Side::new(sqlite.clone(), &clock, &blobs),
            postgres: Side::new(postgres.clone(), &clock, &blobs),
            clock,
            rows,
            closing: (sqlite, postgres),
            _folder: folder,
        }
    }

    /// Makes both servers draw the same numbers from now on.
    pub(super) fn begin(&self, seed: u64) {
        self.sqlite.entropy.begin(seed);
        self.postgres.entropy.begin(seed);
    }

    /// Asks both at the same time.
    pub(super) async fn ask(&self, ask: &Ask) -> (Reply, Reply) {
        tokio::join!(self.sqlite.ask(ask), self.postgres.ask(ask))
    }

    /// Whether a stream of the build's events behind `after` stays open.
    pub(super) async fn goes_on(&self, build: &str, after: i64) -> bool {
        let Ok(id) = build.parse::<BuildId>() else { return false };
        match self.rows.last_seq(id).await {
            Some((last, is_over)) => !is_over || after >= last,
            None => false,
        }
    }

    pub(super) async fn close(self) {
        self.sqlite.server.stop(false).await;
        self.postgres.server.stop(false).await;
        self.closing.0.close().await;
        self.closing.1.close().await;
        self.rows.close().await;
    }
}

impl Side {
    fn new<S>(store: S, clock: &Arc<ManualClock>, blobs: &LocalBlobs) -> Self
    where
        S: Accounts + Sessions + People + Members + Invitations + Staff + Tickets,
        S: Submissions + Builds + BuildQueue + Projects + Overviews + Operations + Sites,
        S: FlagOverrides + CreditLedger + CreditBooks + Inspector + ReplayGuard + 'static,
    {
        let store = Arc::new(store);
        let entropy = Arc::new(Stream(Mutex::new(SeededEntropy::new(0))));
        let ports = Ports {
            accounts: store.clone(),
            sessions: store.clone(),
            people: store.clone(),
            members: store.clone(),
            invitations: store.clone(),
            staff: store.clone(),
            tickets: store.clone(),
            limiter: Arc::new(LocalLimiter::new(generous(), clock.clone(), 1_000)),
            submissions: store.clone(),
            builds: store.clone(),
            projects: store.clone(),
            overviews: store.clone(),
            operations: store.clone(),
            flag_overrides: store.clone(),
            sites: store.clone(),
            blobs: Arc::new(blobs.clone()),
            ledger: store.clone(),
            books: store.clone(),
            inspector: store.clone(),
            signals: Arc::new(LocalSignals::default()),
            clock: clock.clone(),
            entropy: entropy.clone(),
        };
        let key = SharedKey::new(KeyId::parse("test").unwrap(), &[7; 32]).unwrap();
        let settings = Settings {
            gate: Gate::default(),
            limits: LimitTable::default(),
            estimator: Estimator::new(EstimateTable::default()).unwrap(),
            packages: DEFAULT_PACKAGES.to_vec(),
            micro_usd_per_credit: NonZeroU32::new(10_000).unwrap(),
            sessions: SessionPolicy::default(),
            new_tenant_tier: Tier::Free,
            viewer_keys: KeyRing::of(key),
            mode: Mode::Development,
        };
        let platform = Platform::new(ports, settings);
        let mut settings = HttpSettings::new(
            "http://127.0.0.1",
            Arc::new(|label| format!("http://{}.sites.test/", label.as_str())),
        );
        settings.workers = NonZeroU32::new(1);
        (settings.head_timeout, settings.body_timeout, settings.keep_alive) = (LIMIT, LIMIT, LIMIT);
        let site = http(platform.clone(), settings).with_pages(keelway_console::pages());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = site.serve(listener).unwrap();
        let handle = server.handle();
        #[expect(clippy::disallowed_methods, reason = "the pair stops it")]
        tokio::spawn(server);
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self { platform, queue: store.clone(), nonces: store, entropy, url, client, server: handle }
    }

    async fn ask(&self, ask: &Ask) -> Reply {
        let method = ask.method.parse().unwrap();
        let mut request = self.client.request(method, format!("{}{}", self.url, ask.path));
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        // The two listen on different ports.
        request = request.header("host", "127.0.0.1");
        if let Some(body) = &ask.body {
            request = request.body(body.clone());
        }
        let what = format!("{} {}", ask.method, ask.path);
        within(&what, async {
            let answer = request.send().await.unwrap_or_else(|error| panic!("{what}: {error}"));
            let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
            let body = answer.bytes().await.unwrap().to_vec();
            Reply::new(status, &headers, body)
        })
        .await
    }
}

/// No script meets a limit: they are counted in the process and not in the store.
fn generous() -> RateLimits {
    let many = RateLimit { limit: NonZeroU32::new(1_000_000).unwrap(), window_s: NonZeroU32::MIN };
    RateLimits {
        guest: many,
        auth: many,
        build_submit: many,
        write: many,
        read: many,
        unknown_token: many,
    }
}
