//! What an operator may set, from defaults, file, environment and flags.
//!
//! **Invariant:** every key stands in one table, which the reader, the environment's names,
//! `config print` and the documentation are made from; a key that is not in it is an error.

mod address;
mod check;
mod environment;
mod layers;
mod print;
mod table;
#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;

use keelway_credits::{DEFAULT_PACKAGES, Package};
use keelway_estimate::EstimateTable;
use keelway_kernel::{Credits, MicroUsd, Tier};
use keelway_tiers::{Feature, FlagSet, LimitTable, Rollout};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

pub(crate) use address::Address;
pub(crate) use check::{Checked, Database, reachable};
pub(crate) use environment::Environment;
pub(crate) use layers::{Flag, Loaded, SettingsError, Sources, load};
pub(crate) use print::reference;
use table::sections;

sections! {
    /// Everything that can be set.
    Settings {
        /// `production`, or `development`, in which requests may script failures and `.env`
        /// is read.
        mode: RunMode = RunMode::Production,
        /// Where the database and all files are kept.
        data_dir: PathBuf = PathBuf::new(),
        /// Where the API listens.
        listen: SocketAddr = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
        /// Where previews and deployed sites are served: another origin than the API's.
        preview_listen: SocketAddr = SocketAddr::from((Ipv4Addr::LOCALHOST, 8081)),
        /// Where people reach the API, if that is not `http://{listen}`, such as
        /// `https://keelway.example`. A server that listens on loopback without it answers to
        /// names of its own machine alone, such as `localhost`.
        public_url: Option<String> = None,
        /// Where people reach a site; `{label}` is a whole part of the path or the first name
        /// of the host.
        sites_url: String = "http://{preview_listen}/{label}/".to_owned(),
        /// Proxies whose `X-Forwarded-For` is believed: addresses, or blocks such as `10.0.0.0/8`.
        trusted_proxies: Vec<String> = Vec::new(),
        /// HTTP.
        http: HttpSection = HttpSection::default(),
        /// The database.
        database: DatabaseSettings = DatabaseSettings::default(),
        /// What processes share that may be lost.
        redis: RedisSettings = RedisSettings::default(),
        /// The builds' runner.
        worker: WorkerSettings = WorkerSettings::default(),
        /// The rules of builds.
        builds: BuildSettings = BuildSettings::default(),
        /// The offline engine.
        engine: EngineSettings = EngineSettings::default(),
        /// Prices.
        credits: CreditSettings = CreditSettings::default(),
        /// New tenants.
        tenants: TenantSettings = TenantSettings::default(),
        /// How much a tenant of the tier may use: a number, `unlimited` or, for credits,
        /// `by_contract`.
        tiers: LimitTable = LimitTable::default(),
        /// Who has it: `true`, `false`, or a share of the tenants in percent (a variable says
        /// `on`, `off` or `25%`).
        features: FlagSet = default_flags(),
        /// How often somebody may ask.
        rate_limits: RateSettings = RateSettings::default(),
        /// Sign-ins.
        sessions: SessionSettings = SessionSettings::default(),
        /// What estimates are made of.
        estimate: EstimateTable = EstimateTable::default(),
        /// Tokens for following builds.
        viewer: ViewerSettings = ViewerSettings::default(),
        /// The log.
        log: LogSettings = LogSettings::default(),
    }

    /// HTTP.
    HttpSection {
        /// Threads that answer; as many as there are cores unless set.
        threads: Option<NonZeroU32> = None,
        /// The most bytes of a JSON body.
        body_limit_bytes: u32 = 1_048_576,
        /// Seconds that an idle connection is kept.
        keep_alive_s: u32 = 15,
        /// Connections that a thread holds at most.
        connections_per_thread: NonZeroU32 = at_least_one(2_048),
        /// Connections that one address holds at most with the API, and as many with the
        /// sites; trusted proxies have no limit.
        connections_per_address: NonZeroU32 = at_least_one(256),
        /// Who may read `/metrics`: `loopback`, the machine itself, or `anyone`.
        metrics: MetricsReaders = MetricsReaders::Loopback,
    }

    /// The database.
    DatabaseSettings {
        /// `sqlite:PATH`, where `{data_dir}` stands for the data directory, or
        /// `postgres://USER:PASSWORD@HOST:PORT/NAME`, with `?statement-cache-capacity=0` behind
        /// `PgBouncer`. A password is never shown.
        url: Address = Address::from("sqlite:{data_dir}/keelway.db"),
        /// The same PostgreSQL database as its owner, for `keelway migrate` alone;
        /// `database.url` unless set. A password is never shown.
        migrations_url: Option<Address> = None,
        /// Connections with PostgreSQL that a process holds at most.
        connections: NonZeroU32 = at_least_one(16),
        /// Whether a role that can get around row-level security is taken, such as a superuser or
        /// the owner. For development.
        allow_unsafe_role: bool = false,
    }

    /// What processes share that may be lost.
    RedisSettings {
        /// Where processes wake one another and count requests together, which each does by
        /// itself unless set: `redis://:PASSWORD@HOST:PORT`, `redis+sentinel://HOST:PORT/MASTER`
        /// or `redis+cluster://HOST:PORT,HOST:PORT`, with `rediss` for TLS. A password is never
        /// shown.
        url: Option<Address> = None,
    }

    /// The builds' runner.
    WorkerSettings {
        /// Whether `serve` runs builds too.
        enabled: bool = true,
        /// Where `keelway worker` answers `/healthz`, `/readyz` and `/metrics`; nowhere unless
        /// set.
        listen: Option<SocketAddr> = None,
        /// Builds run side by side.
        slots: NonZeroU32 = at_least_one(2),
        /// Agents of one build that work side by side.
        side_by_side: NonZeroU32 = at_least_one(4),
        /// After how long without a sign of life another worker takes a build over; a sign is
        /// given three times as often.
        lease_ttl_ms: u32 = 30_000,
        /// How often the queue is looked at without being told of work.
        poll_every_ms: NonZeroU32 = at_least_one(1_000),
        /// How long running builds have at shutdown before they are handed back.
        grace_ms: u32 = 20_000,
        /// How long one agent or one deployment may take.
        call_limit_ms: NonZeroU32 = at_least_one(600_000),
    }

    /// The rules of builds.
    BuildSettings {
        /// Failed attempts that end a build.
        max_attempts: NonZeroU32 = at_least_one(3),
        /// The longest delay before another attempt.
        retry_cap_ms: u32 = 300_000,
    }

    /// The offline engine.
    EngineSettings {
        /// How long each agent waits before it works, so that people can watch a build.
        step_delay_ms: u32 = 0,
        /// The price of a million tokens, in millionths of a dollar.
        micro_usd_per_million_tokens: u32 = 3_000_000,
    }

    /// Prices.
    CreditSettings {
        /// What one credit pays for, in millionths of a dollar.
        micro_usd_per_credit: NonZeroU32 = at_least_one(10_000),
        /// What can be bought: `{ key, credits, price_cents }` each.
        packages: Vec<PackageRow> = DEFAULT_PACKAGES.iter().map(PackageRow::of).collect(),
    }

    /// New tenants.
    TenantSettings {
        /// The tier of a new tenant.
        tier: Tier = Tier::Free,
    }

    /// How often somebody may ask.
    RateSettings {
        /// builds that guests ask for from one address
        guest: RateRow = RateRow::of(10, 3_600),
        /// sign-ups and sign-ins from one address
        auth: RateRow = RateRow::of(20, 600),
        /// builds that one tenant asks for
        build_submit: RateRow = RateRow::of(100, 3_600),
        /// changes besides builds and sign-ins that one person makes
        write: RateRow = RateRow::of(300, 60),
        /// reads by one person, or by guests from one address
        read: RateRow = RateRow::of(1_200, 60),
        /// sessions and tickets from one address that are looked up in vain
        unknown_token: RateRow = RateRow::of(300, 60),
    }

    /// Sign-ins.
    #[expect(clippy::struct_field_names, reason = "all are in seconds")]
    SessionSettings {
        /// Seconds without use after which a session ends.
        idle_s: u32 = 30 * 86_400,
        /// Seconds after which it ends however much it is used.
        absolute_s: u32 = 90 * 86_400,
        /// Seconds between two writes of its last use.
        renew_every_s: u32 = 3_600,
    }

    /// Tokens for following builds.
    ViewerSettings {
        /// Signs tokens for following builds; at least 32 bytes. Without it a key is made at the
        /// first start and kept in the file `viewer.key` of the data directory.
        key: Option<SecretString> = None,
        /// Is still accepted while a new key is taken into use.
        previous_key: Option<SecretString> = None,
    }

    /// The log, on standard error.
    LogSettings {
        /// `json`, `pretty`, or `auto`: pretty on a terminal.
        format: LogFormat = LogFormat::Auto,
        /// `error`, `warn`, `info`, `debug`, `trace`, or a filter such as
        /// `info,keelway_worker=debug`.
        level: String = "info,actix_server=warn".to_owned(),
    }
}

/// Whether what only development needs is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RunMode {
    Production,
    Development,
}

/// Who may read `/metrics`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MetricsReaders {
    Loopback,
    Anyone,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    Auto,
    Json,
    Pretty,
}

/// So many requests in so many seconds.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RateRow {
    pub(crate) limit: NonZeroU32,
    pub(crate) window_s: NonZeroU32,
}

/// Credits at a price, as settings say it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PackageRow {
    key: String,
    credits: u32,
    price_cents: u32,
}

impl PackageRow {
    fn of(package: &Package) -> Self {
        let units = |amount: i64| u32::try_from(amount).unwrap_or(u32::MAX);
        Self {
            key: package.key.clone().into_owned(),
            credits: units(package.credits.get()),
            price_cents: units(package.price.get() / 10_000),
        }
    }

    pub(crate) fn package(&self) -> Package {
        Package {
            key: self.key.clone().into(),
            credits: Credits::new(self.credits.into()),
            price: MicroUsd::new(i64::from(self.price_cents) * 10_000),
        }
    }
}

impl RateRow {
    const fn of(limit: u32, window_s: u32) -> Self {
        Self { limit: at_least_one(limit), window_s: at_least_one(window_s) }
    }
}

const fn at_least_one(number: u32) -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(number.saturating_sub(1))
}

/// Every flag, as it stands unless somebody says otherwise.
fn default_flags() -> FlagSet {
    let mut flags = FlagSet::default();
    flags.set(Feature::AutoTenant, Rollout::OFF);
    flags
}
