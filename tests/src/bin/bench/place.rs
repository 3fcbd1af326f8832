//! A store to put under load, and the inspection that follows.

use std::sync::Arc;

use anyhow::{Context as _, ensure};
use async_trait::async_trait;
use keelway_access::{
    Accounts, AuditEntry, Invitations, Members, People, Sessions, Staff, Tickets,
};
use keelway_builds::ports::{
    BuildQueue, Builds, Inspector, Operations, Overviews, Projects, Sites, Submissions,
};
use keelway_builds::submit::{ProjectChoice, Submit};
use keelway_builds::{NewProject, ProjectName, Rules, SiteLabel};
use keelway_contract::{AuditTrail, Fixture, ManualClock, Owned, SeededEntropy, Store};
use keelway_credits::{CreditBooks, CreditLedger};
use keelway_kernel::{BuildId, Clock, ProjectId, TenantId, Tier, Timestamp};
use keelway_postgres::{PostgresSettings, PostgresStore, Time};
use keelway_signing::ReplayGuard;
use keelway_sqlite::{SqliteSettings, SqliteStore};
use keelway_tests::House;
use keelway_tests::books::{Books, Moment};
use keelway_tests::postgres::Urls;
use keelway_tiers::{FlagOverrides, LimitTable};

/// Which store it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    pub const BOTH: [Self; 2] = [Self::Sqlite, Self::Postgres];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }

    /// What is measured through the whole product: on PostgreSQL, Redis belongs to it.
    pub const fn with_redis(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL and Redis",
        }
    }

    /// A migrated, empty home for processes, in which nobody is limited.
    pub async fn house(self, name: &str) -> anyhow::Result<House> {
        let house = House::new()
            .set("LOG_LEVEL", "warn")
            // Whoever works has to be woken: looking now and then would not help it.
            .set("WORKER_POLL_EVERY_MS", 5_000)
            .set("HTTP_CONNECTIONS_PER_ADDRESS", 10_000)
            .set("RATE_LIMITS_BUILD_SUBMIT_LIMIT", 100_000_000)
            .set("RATE_LIMITS_WRITE_LIMIT", 100_000_000)
            .set("RATE_LIMITS_READ_LIMIT", 100_000_000);
        match self {
            Self::Sqlite => Ok(house),
            Self::Postgres => {
                let house = house.on_server(&postgres()?, &database(name)).await;
                Ok(house.set("REDIS_URL", redis()?))
            }
        }
    }
}

/// The server's superuser.
pub fn postgres() -> anyhow::Result<String> {
    server("KEELWAY_TEST_POSTGRES_URL")
}

pub fn redis() -> anyhow::Result<String> {
    server("KEELWAY_TEST_REDIS_URL")
}

fn server(variable: &str) -> anyhow::Result<String> {
    std::env::var(variable).with_context(|| format!("{variable} is not set by `cargo xtask bench`"))
}

fn database(name: &str) -> String {
    format!("bench_{name}_{}", std::process::id())
}

/// The machine's own time.
pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// A store without the product around it.
pub struct Place {
    pub kind: Kind,
    pub house: House,
    name: String,
    fx: Fixture,
}

impl Place {
    pub async fn open(kind: Kind, name: &str) -> anyhow::Result<Self> {
        let house = kind.house(name).await?;
        let clock = Arc::new(ManualClock::at(WallClock.now()));
        let entropy = Arc::new(SeededEntropy::new(1));
        let rules = Arc::new(Rules::new(LimitTable::default()));
        let store = match kind {
            Kind::Sqlite => {
                let settings = SqliteSettings::new(house.database());
                let clock = Arc::new(WallClock);
                let store = SqliteStore::open(settings, clock, entropy.clone(), rules).await?;
                store.migrate().await?;
                ports(store)
            }
            Kind::Postgres => {
                let urls = Urls::of(&postgres()?, &database(name));
                let settings = PostgresSettings::new(urls.app);
                ports(PostgresStore::new(&settings, Time::Server, entropy.clone(), rules)?)
            }
        };
        Ok(Self { kind, house, name: name.to_owned(), fx: Fixture { clock, entropy, store } })
    }

    /// The way into its database, past row security.
    pub fn superuser(&self) -> anyhow::Result<String> {
        Ok(Urls::of(&postgres()?, &database(&self.name)).superuser)
    }

    /// What makes commands, whose ids are of this moment.
    pub fn fx(&self) -> Fixture {
        self.fx.clock.set(WallClock.now());
        self.fx.clone()
    }

    /// Tenants that may do what they like; with each the build that it asks for again and again.
    pub async fn customers(&self, count: usize) -> anyhow::Result<Customers> {
        let fx = self.fx();
        let mut wishes = Vec::with_capacity(count);
        for _ in 0..count {
            let owned: Owned = fx.tenant_of(Tier::Enterprise).await;
            fx.store.ledger.grant(owned.scope, fx.grant(1_000_000_000)).await?;
            wishes.push(fx.submit(owned));
        }
        Ok(Customers(wishes.into()))
    }

    /// Refuses figures that were made by breaking a promise.
    pub async fn check_books(&self) -> anyhow::Result<()> {
        check_books(&self.house).await
    }
}

/// Refuses figures that were made by breaking a promise.
pub async fn check_books(house: &House) -> anyhow::Result<()> {
    let books = Books::of(house).await;
    let findings = books.inspect(Moment::Live).await;
    books.close().await;
    ensure!(findings.violations.is_empty(), "after the load: {findings}");
    Ok(())
}

/// Tenants with a wish each.
#[derive(Clone)]
pub struct Customers(Arc<[Submit]>);

impl Customers {
    /// The wish of one of them, as another build in another project.
    pub fn wish(&self, number: usize, fx: &Fixture) -> anyhow::Result<Submit> {
        let now = WallClock.now();
        Ok(Submit {
            build: BuildId::generate(now, &*fx.entropy),
            hold: fx.hold_id(),
            project: ProjectChoice::New(NewProject {
                id: ProjectId::generate(now, &*fx.entropy),
                name: ProjectName::parse("Bakery")?,
                site: SiteLabel::random(&*fx.entropy),
            }),
            ..self.0[number % self.0.len()].clone()
        })
    }
}

/// Every port of a store.
trait Whole:
    Accounts
    + BuildQueue
    + Builds
    + CreditBooks
    + CreditLedger
    + FlagOverrides
    + Inspector
    + Invitations
    + Members
    + Operations
    + Overviews
    + People
    + Projects
    + ReplayGuard
    + Sessions
    + Sites
    + Staff
    + Submissions
    + Tickets
    + 'static
{
}

impl Whole for SqliteStore {}
impl Whole for PostgresStore {}

fn ports(store: impl Whole) -> Store {
    let store = Arc::new(store);
    Store {
        ledger: store.clone(),
        books: store.clone(),
        accounts: store.clone(),
        sessions: store.clone(),
        people: store.clone(),
        members: store.clone(),
        invitations: store.clone(),
        staff: store.clone(),
        tickets: store.clone(),
        replay_guard: store.clone(),
        submissions: store.clone(),
        queue: store.clone(),
        builds: store.clone(),
        projects: store.clone(),
        sites: store.clone(),
        overviews: store.clone(),
        operations: store.clone(),
        flag_overrides: store.clone(),
        inspector: store,
        audit_trail: Arc::new(Unread),
        keep: Arc::new(()),
    }
}

/// The fixture has a place for it; no figure is about it.
struct Unread;

#[async_trait]
impl AuditTrail for Unread {
    async fn entries(&self, _: Option<TenantId>) -> Vec<AuditEntry> {
        Vec::new()
    }
}
