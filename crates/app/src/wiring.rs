//! Which adapter stands behind which port: the one place that names both a store and http.

mod place;
mod schema;
mod shared;
mod stores;

use std::net::{SocketAddr, TcpListener};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use keelway_access::SessionPolicy;
use keelway_blobs::LocalBlobs;
use keelway_builds::ports::Blobs;
use keelway_builds::{AgentRunner, Rules};
use keelway_deploy::LocalHost;
use keelway_http::settings::MetricsAccess;
use keelway_http::{Drain, Http, HttpSettings, http};
use keelway_kernel::{Clock, Entropy, MicroUsd, Timestamp};
use keelway_models::{OfflineEngine, OfflineSettings, Scripted};
use keelway_platform::{Mode, Platform, Ports};
use keelway_postgres::PostgresStore;
use keelway_signing::KeyRing;
use keelway_tiers::Gate;
use keelway_worker::{Worker, WorkerSettings};
use metrics_exporter_prometheus::PrometheusHandle;

pub(crate) use keelway_sqlite::MigrationStatus;
pub(crate) use place::Place;
pub(crate) use schema::{Schema, migrate, migration_status, open_existing, require_known};

use crate::exit::cannot_begin;
use crate::files::{make_data_dir, viewer_keys};
use crate::settings::{Checked, MetricsReaders, PackageRow, RunMode, Settings};
use crate::system::{OsEntropy, SystemClock};
use shared::Shared;
use stores::{Store, Stores};

/// How long answers may take once builds have ended at shutdown.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// What whoever runs the process watches it by.
#[derive(Clone)]
pub(crate) struct Ops {
    pub(crate) drain: Drain,
    pub(crate) metrics: PrometheusHandle,
}

/// Every adapter, in its place.
pub(crate) struct House {
    pub(crate) platform: Platform,
    settings: Settings,
    store: Arc<dyn Store>,
    server: Option<PostgresStore>,
    shared: Shared,
    workshop: keelway_worker::Ports,
}

impl House {
    /// Opens the data directory and the database, and puts everything together.
    pub(crate) async fn open(checked: &Checked, schema: Schema) -> anyhow::Result<Self> {
        let settings = &checked.settings;
        make_data_dir(&settings.data_dir)?;
        let keys = viewer_keys(&settings.viewer, &settings.data_dir, &OsEntropy)?;
        let blobs: Arc<dyn Blobs> = Arc::new(
            LocalBlobs::open(blobs_of(settings))
                .map_err(|error| cannot_begin(error.to_string()))?,
        );
        let shared = Shared::connect(checked).await?;
        let stores = Stores::open(checked, shared.redis.as_ref()).await?;
        let Stores { whole: store, belonging, presence, server } = stores;
        schema::bring_up(&*store, checked, schema).await?;
        let workshop = keelway_worker::Ports {
            queue: store.clone(),
            agents: agents(settings),
            blobs: blobs.clone(),
            deploy: Arc::new(LocalHost::new(blobs.clone(), checked.sites.clone())),
            signals: shared.signals.clone(),
            clock: clock(),
            entropy: entropy(),
        };
        let ports = Ports {
            accounts: belonging.clone(),
            sessions: presence.clone(),
            people: presence.clone(),
            members: belonging.clone(),
            invitations: belonging,
            staff: presence,
            tickets: store.clone(),
            limiter: shared.limiter.clone(),
            submissions: store.clone(),
            builds: store.clone(),
            projects: store.clone(),
            overviews: store.clone(),
            operations: store.clone(),
            flag_overrides: store.clone(),
            sites: store.clone(),
            blobs,
            ledger: store.clone(),
            books: store.clone(),
            inspector: store.clone(),
            signals: shared.signals.clone(),
            clock: clock(),
            entropy: entropy(),
        };
        let platform = Platform::new(ports, use_cases(checked, keys));
        Ok(Self { platform, settings: settings.clone(), store, server, shared, workshop })
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

    /// The database server, if there is one.
    pub(crate) const fn server(&self) -> Option<&PostgresStore> {
        self.server.as_ref()
    }

    /// The API with the console, and the sites, as `checked` says they are reached.
    pub(crate) fn http(&self, checked: &Checked, ops: Ops) -> Http {
        let settings = self.http_settings(checked, ops);
        http(self.platform.clone(), settings).with_pages(keelway_console::pages())
    }

    /// The probes of a process that serves nothing else: one thread is enough for them.
    pub(crate) fn probes(&self, checked: &Checked, ops: Ops) -> Http {
        let settings = self.http_settings(checked, ops);
        http(self.platform.clone(), HttpSettings { workers: Some(NonZeroU32::MIN), ..settings })
    }

    fn http_settings(&self, checked: &Checked, ops: Ops) -> HttpSettings {
        let set = &self.settings.http;
        let sites = checked.sites.clone();
        HttpSettings {
            trusted_proxies: checked.trusted_proxies.clone(),
            body_limit_bytes: usize::try_from(set.body_limit_bytes).unwrap_or(usize::MAX),
            keep_alive: Duration::from_secs(set.keep_alive_s.into()),
            workers: set.threads,
            connections_per_worker: size(set.connections_per_thread).get(),
            connections_per_address: size(set.connections_per_address).get(),
            // Answers on their way; builds had their grace before.
            shutdown_grace: SHUTDOWN_GRACE,
            drain: ops.drain,
            metrics: Some(ops.metrics),
            metrics_access: match set.metrics {
                MetricsReaders::Loopback => MetricsAccess::LoopbackOnly,
                MetricsReaders::Anyone => MetricsAccess::Anyone,
            },
            helpers: self.shared.helpers(),
            ..HttpSettings::new(&checked.public_url, Arc::new(move |label| sites.address(label)))
        }
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

    /// Waits for running commands and closes every connection.
    pub(crate) async fn close(self) {
        self.store.close().await;
        if let Some(redis) = self.shared.redis {
            redis.close().await;
        }
    }
}

fn blobs_of(settings: &Settings) -> PathBuf {
    settings.data_dir.join("blobs")
}

/// Where files are, and the files, for whoever only looks.
pub(crate) fn blobs_as_they_are(settings: &Settings) -> (PathBuf, LocalBlobs) {
    let folder = blobs_of(settings);
    (folder.clone(), LocalBlobs::as_they_are(folder))
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
