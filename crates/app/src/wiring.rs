//! Which adapter stands behind which port: the one place that names both a store and http.

use std::net::{SocketAddr, TcpListener};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use keelway_access::{RateLimit, RateLimits, SessionPolicy};
use keelway_blobs::LocalBlobs;
use keelway_builds::ports::{Blobs, Signals};
use keelway_builds::{AgentRunner, Rules};
use keelway_deploy::LocalHost;
use keelway_http::settings::MetricsAccess;
use keelway_http::{Drain, Http, HttpSettings, http};
use keelway_kernel::{Clock, Entropy, MicroUsd, StoreError, Timestamp};
use keelway_local::{CachedAccounts, CachedSessions, Keep, LocalLimiter, LocalSignals};
use keelway_models::{OfflineEngine, OfflineSettings, Scripted};
use keelway_platform::{Mode, Platform, Ports};
use keelway_signing::KeyRing;
use keelway_sqlite::SqliteSettings;
use keelway_tiers::Gate;
use keelway_worker::{Worker, WorkerSettings};
use metrics_exporter_prometheus::PrometheusHandle;

pub(crate) use keelway_sqlite::{MigrationStatus, SqliteStore};

use crate::exit::cannot_begin;
use crate::files::{make_data_dir, make_private, viewer_keys};
use crate::settings::{Checked, MetricsReaders, PackageRow, RateRow, RunMode, Settings};
use crate::system::{OsEntropy, SystemClock};

/// Keys that the limiter remembers for each class of requests.
const LIMITED_KEYS: usize = 100_000;

/// How long answers may take once builds have ended at shutdown.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// What is done about a schema that is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schema {
    /// Bring it to this version.
    Migrate,
    /// Make a new one, but leave an old one to `keelway migrate up`.
    Keep,
}

/// Every adapter, in its place.
pub(crate) struct House {
    pub(crate) platform: Platform,
    settings: Settings,
    store: SqliteStore,
    workshop: keelway_worker::Ports,
}

impl House {
    /// Opens the data directory and the database, and puts everything together.
    pub(crate) async fn open(checked: &Checked, schema: Schema) -> anyhow::Result<Self> {
        let settings = &checked.settings;
        make_data_dir(&settings.data_dir)?;
        let keys = viewer_keys(&settings.viewer, &settings.data_dir, &OsEntropy)?;
        let blobs = settings.data_dir.join("blobs");
        let blobs: Arc<dyn Blobs> =
            Arc::new(LocalBlobs::open(blobs).map_err(|error| cannot_begin(error.to_string()))?);
        let store = open_store(checked).await?;
        bring_up(&store, checked, schema).await?;
        let signals: Arc<dyn Signals> = Arc::new(LocalSignals::default());
        let workshop = keelway_worker::Ports {
            queue: Arc::new(store.clone()),
            agents: agents(settings),
            blobs: blobs.clone(),
            deploy: Arc::new(LocalHost::new(blobs.clone(), checked.sites.clone())),
            signals: signals.clone(),
            clock: clock(),
            entropy: entropy(),
        };
        let accounts = Arc::new(CachedAccounts::new(store.clone(), clock(), Keep::default()));
        let sessions = Arc::new(CachedSessions::new(store.clone(), clock(), Keep::default()));
        let ports = Ports {
            accounts: accounts.clone(),
            sessions: sessions.clone(),
            people: sessions.clone(),
            members: accounts.clone(),
            invitations: accounts,
            staff: sessions,
            tickets: Arc::new(store.clone()),
            limiter: Arc::new(LocalLimiter::new(rates(settings), clock(), LIMITED_KEYS)),
            submissions: Arc::new(store.clone()),
            builds: Arc::new(store.clone()),
            projects: Arc::new(store.clone()),
            overviews: Arc::new(store.clone()),
            operations: Arc::new(store.clone()),
            flag_overrides: Arc::new(store.clone()),
            sites: Arc::new(store.clone()),
            blobs,
            ledger: Arc::new(store.clone()),
            books: Arc::new(store.clone()),
            inspector: Arc::new(store.clone()),
            signals,
            clock: clock(),
            entropy: entropy(),
        };
        let platform = Platform::new(ports, use_cases(checked, keys));
        Ok(Self { platform, settings: settings.clone(), store, workshop })
    }

    /// A worker that has not begun.
    pub(crate) fn worker(&self) -> Worker {
        let set = &self.settings.worker;
        let millis = |millis: u32| Duration::from_millis(millis.into());
        let name = format!("keelway-{}-{:04x}", std::process::id(), OsEntropy.next_u64() >> 48);
        let settings = WorkerSettings {
            slots: size(set.slots),
            side_by_side: size(set.side_by_side),
            lease_ttl: millis(set.lease_ttl_ms),
            poll_every: millis(set.poll_every_ms.get()),
            grace: millis(set.grace_ms),
            call_limit: millis(set.call_limit_ms.get()),
            micro_usd_per_credit: self.settings.credits.micro_usd_per_credit,
            ..WorkerSettings::new(name)
        };
        Worker::new(self.workshop.clone(), settings)
    }

    /// The API with the console, and the sites, as `checked` says they are reached.
    pub(crate) fn http(
        &self,
        checked: &Checked,
        drain: Drain,
        metrics: Option<PrometheusHandle>,
    ) -> Http {
        let set = &self.settings.http;
        let sites = checked.sites.clone();
        let settings = HttpSettings {
            trusted_proxies: checked.trusted_proxies.clone(),
            body_limit_bytes: usize::try_from(set.body_limit_bytes).unwrap_or(usize::MAX),
            keep_alive: Duration::from_secs(set.keep_alive_s.into()),
            workers: set.threads,
            connections_per_worker: size(set.connections_per_thread).get(),
            connections_per_address: size(set.connections_per_address).get(),
            // Answers on their way; builds had their grace before.
            shutdown_grace: SHUTDOWN_GRACE,
            drain,
            metrics,
            metrics_access: match set.metrics {
                MetricsReaders::Loopback => MetricsAccess::LoopbackOnly,
                MetricsReaders::Anyone => MetricsAccess::Anyone,
            },
            ..HttpSettings::new(&checked.public_url, Arc::new(move |label| sites.address(label)))
        };
        http(self.platform.clone(), settings).with_pages(keelway_console::pages())
    }

    pub(crate) fn data_dir(&self) -> &Path {
        &self.settings.data_dir
    }

    pub(crate) const fn micro_usd_per_credit(&self) -> NonZeroU32 {
        self.settings.credits.micro_usd_per_credit
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.platform.ports().clock.now()
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        &*self.platform.ports().entropy
    }

    /// Waits for running commands and closes the database.
    pub(crate) async fn close(self) {
        self.store.close().await;
    }
}

/// The API's document.
pub(crate) fn openapi() -> String {
    keelway_http::openapi::openapi_json()
}

/// A listener at `address`; `flag` is what to say to choose another one.
pub(crate) fn listen(address: SocketAddr, flag: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).map_err(|error| {
        let why = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                format!("{address} is in use: stop what listens there, or choose another address")
            }
            _ => format!("cannot listen on {address} ({error}): choose another address"),
        };
        cannot_begin(format!("{why} with {flag}"))
    })
}

/// Brings the schema to this version and says how far it was.
pub(crate) async fn migrate(checked: &Checked) -> anyhow::Result<MigrationStatus> {
    make_data_dir(&checked.settings.data_dir)?;
    let store = open_store(checked).await?;
    let before = store.migration_status().await.map_err(|error| unusable(checked, &error))?;
    bring_up(&store, checked, Schema::Migrate).await?;
    store.close().await;
    Ok(before)
}

/// How far the schema of a database that is there is.
pub(crate) async fn migration_status(checked: &Checked) -> anyhow::Result<MigrationStatus> {
    let store = open_store(checked).await?;
    let status = store.migration_status().await.map_err(|error| unusable(checked, &error))?;
    store.close().await;
    Ok(status)
}

/// Opens a database that is there and of this version; changes nothing.
pub(crate) async fn open_existing(checked: &Checked) -> anyhow::Result<SqliteStore> {
    if !checked.database.exists() {
        return Err(cannot_begin(format!(
            "there is no database at {}: say where the data is with --data-dir",
            checked.database.display()
        )));
    }
    let store = open_store(checked).await?;
    let status = store.migration_status().await.map_err(|error| unusable(checked, &error))?;
    require_current(status, checked)?;
    Ok(store)
}

async fn open_store(checked: &Checked) -> anyhow::Result<SqliteStore> {
    make_private(&checked.database).map_err(|error| {
        cannot_begin(format!("cannot make the database {}: {error}", checked.database.display()))
    })?;
    let settings = SqliteSettings::new(&checked.database);
    let rules = Arc::new(rules(&checked.settings));
    SqliteStore::open(settings, clock(), entropy(), rules)
        .await
        .map_err(|error| unusable(checked, &error))
}

async fn bring_up(store: &SqliteStore, checked: &Checked, schema: Schema) -> anyhow::Result<()> {
    let status = store.migration_status().await.map_err(|error| unusable(checked, &error))?;
    require_known(status, checked)?;
    if status.newest.is_none() || schema == Schema::Migrate {
        return store.migrate().await.map_err(|error| match error {
            StoreError::Corrupt { .. } => unusable(checked, &error),
            error => anyhow::anyhow!(error).context("the database could not be migrated"),
        });
    }
    require_current(status, checked)
}

fn require_current(status: MigrationStatus, checked: &Checked) -> anyhow::Result<()> {
    require_known(status, checked)?;
    if status.pending > 0 {
        return Err(cannot_begin(format!(
            "the database {} is of an older version: run `keelway migrate up` first",
            checked.database.display()
        )));
    }
    Ok(())
}

/// Refuses a schema that no migration of this version leads to.
pub(crate) fn require_known(status: MigrationStatus, checked: &Checked) -> anyhow::Result<()> {
    let path = checked.database.display();
    if status.unknown > 0 {
        return Err(cannot_begin(format!(
            "the database {path} was made by a newer version of keelway: update it, or choose \
             another place with --data-dir"
        )));
    }
    if status.modified > 0 {
        return Err(cannot_begin(format!(
            "the database {path} was made by another build of keelway, whose migrations differ \
             from this one's: use that build, or choose another place with --data-dir"
        )));
    }
    Ok(())
}

fn unusable(checked: &Checked, error: &StoreError) -> anyhow::Error {
    let path = checked.database.display();
    cannot_begin(match error {
        StoreError::Corrupt { id, .. } => format!(
            "the database {path} is not a Keelway database, or damaged ({id}): restore a copy, \
             or choose another place with --data-dir"
        ),
        error => format!("cannot use the database {path}: {error}"),
    })
}

fn agents(settings: &Settings) -> Arc<dyn AgentRunner> {
    let engine = OfflineEngine::new(OfflineSettings {
        price_per_million_tokens: MicroUsd::new(
            settings.engine.micro_usd_per_million_tokens.into(),
        ),
        step_delay: Duration::from_millis(settings.engine.step_delay_ms.into()),
    });
    match settings.mode {
        RunMode::Production => Arc::new(engine),
        RunMode::Development => Arc::new(Scripted::new(engine)),
    }
}

fn rules(settings: &Settings) -> Rules {
    Rules {
        micro_usd_per_credit: settings.credits.micro_usd_per_credit,
        max_attempts: settings.builds.max_attempts.get(),
        retry_cap_ms: settings.builds.retry_cap_ms.into(),
        ..Rules::new(settings.tiers)
    }
}

fn use_cases(checked: &Checked, viewer_keys: KeyRing) -> keelway_platform::Settings {
    let settings = &checked.settings;
    keelway_platform::Settings {
        gate: Gate { flags: settings.features.clone(), ..Gate::default() },
        limits: settings.tiers,
        estimator: checked.estimator.clone(),
        packages: settings.credits.packages.iter().map(PackageRow::package).collect(),
        micro_usd_per_credit: settings.credits.micro_usd_per_credit,
        sessions: SessionPolicy {
            idle_s: settings.sessions.idle_s.into(),
            absolute_s: settings.sessions.absolute_s.into(),
            renew_every_s: settings.sessions.renew_every_s.into(),
        },
        new_tenant_tier: settings.tenants.tier,
        viewer_keys,
        mode: match settings.mode {
            RunMode::Production => Mode::Production,
            RunMode::Development => Mode::Development,
        },
    }
}

fn rates(settings: &Settings) -> RateLimits {
    let rate = |row: &RateRow| RateLimit { limit: row.limit, window_s: row.window_s };
    let rows = &settings.rate_limits;
    RateLimits {
        guest: rate(&rows.guest),
        auth: rate(&rows.auth),
        build_submit: rate(&rows.build_submit),
        write: rate(&rows.write),
        read: rate(&rows.read),
    }
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

fn entropy() -> Arc<dyn Entropy> {
    Arc::new(OsEntropy)
}

/// 32 bits always fit.
fn size(number: NonZeroU32) -> NonZeroUsize {
    NonZeroUsize::try_from(number).unwrap_or(NonZeroUsize::MIN)
}
