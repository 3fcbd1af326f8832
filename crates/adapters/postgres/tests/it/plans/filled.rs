//! A store whose tables are large.

use keelway_builds::SiteLabel;
use keelway_contract::{Fixture, Owned, scope};
use keelway_kernel::{BuildId, HoldId, ProjectId, SnapshotId, TenantId, Timestamp, UserId};
use keelway_patch::FilePath;
use keelway_postgres::{PostgresSettings, Time};
use sqlx::postgres::PgConnection;
use sqlx::types::Uuid;
use sqlx::{AssertSqlSafe, Connection as _};
use std::sync::Arc;
use tracing::subscriber::DefaultGuard;

use super::listener::Listener;
use crate::database::Database;
use crate::opened::Opened;

/// What the server is told of a database whose plans are to be heard. Plans that several
/// processes carry out, or that are compiled, depend on what else the server has to do.
const HEARD: [&str; 9] = [
    "session_preload_libraries = 'auto_explain'",
    "auto_explain.log_min_duration = 0",
    "auto_explain.log_level = 'notice'",
    "client_min_messages = 'notice'",
    "log_min_messages = 'panic'",
    "max_parallel_workers_per_gather = 0",
    "jit = off",
    "random_page_cost = 4",
    "effective_cache_size = '4GB'",
];

/// The store, and rows in the midst of it.
pub(crate) struct Filled {
    pub(crate) fx: Fixture,
    pub(crate) listener: Listener,
    /// One of 200 tenants.
    pub(crate) owned: Owned,
    /// One of its projects.
    pub(crate) project: ProjectId,
    /// What serves it.
    pub(crate) site: SiteLabel,
    /// A file of it.
    pub(crate) page: FilePath,
    /// A deployed build of it.
    pub(crate) build: BuildId,
    /// What was held for that.
    pub(crate) hold: HoldId,
    /// What it made.
    pub(crate) snapshot: SnapshotId,
    /// A build of the tenant that waits.
    pub(crate) waiting: BuildId,
    /// When half of all builds were made.
    pub(crate) middle: Timestamp,
    /// How many builds there are.
    pub(crate) builds: u64,
    _opened: Opened,
    _heard: DefaultGuard,
}

/// The id that `fill.sql` gives to a row.
pub(crate) fn id(kind: u16, number: u64) -> Uuid {
    Uuid::from_u64_pair(0x018f_0000_0000_7000 | u64::from(kind) << 32, 0x8000 << 48 | number)
}

impl Filled {
    pub(crate) async fn new() -> Self {
        let builds: u64 =
            std::env::var("KEELWAY_TEST_BUILDS").map_or(200_000, |text| text.parse().unwrap());
        let opened = Opened::new().await;
        let (_, taken) = opened.fx.running().await;
        opened.fx.deployed(&taken.lease, 10_000).await;
        opened.store.close().await;
        fill(&opened, builds, 200).await;

        let (listener, heard) = Listener::begin();
        let fx = on_one_connection(&opened);

        // The tenant's last deployed build before the active ones.
        let number = builds - builds / 20 - 200 + 1;
        let project = ProjectId::from_uuid(id(5, number % (builds / 20)));
        let owned = Owned {
            scope: scope(TenantId::from_uuid(id(1, 1))),
            user: UserId::from_uuid(id(2, 1)),
        };
        let found = fx.store.projects.find_project(owned.scope, project).await.unwrap();
        Self {
            owned,
            project,
            site: found.expect("a project").site,
            page: FilePath::parse("page-1.html").unwrap(),
            build: BuildId::from_uuid(id(6, number)),
            hold: HoldId::from_uuid(id(4, number)),
            snapshot: SnapshotId::from_uuid(id(9, number)),
            waiting: BuildId::from_uuid(id(6, builds - 200 + 1)),
            middle: fx.now().plus_seconds(-60 - 20 * (builds / 2).cast_signed()),
            builds,
            listener,
            fx,
            _opened: opened,
            _heard: heard,
        }
    }

    /// Another build of the tenant that waits, from the last on.
    pub(crate) fn waiting_number(&self, number: u64) -> Uuid {
        id(6, self.builds - 200 * (number + 1) + 1)
    }
}

/// The owner's connection to a database whose sessions tell their plans from the next one on.
pub(crate) async fn heard_from_now_on(opened: &Opened) -> PgConnection {
    let mut raw = opened.raw().await;
    let name = opened.database.owner.get_database().unwrap();
    for setting in HEARD {
        let sql = format!("ALTER DATABASE {name} SET {setting}");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut raw).await.unwrap();
    }
    raw
}

/// Another store on the database: statements are prepared for a connection, and it has one.
pub(crate) fn on_one_connection(opened: &Opened) -> Fixture {
    let mut settings = PostgresSettings::new(opened.database.url());
    settings.connections = 1;
    let (clock, entropy) = (opened.fx.clock.clone(), opened.fx.entropy.clone());
    let store = Database::store_of(&settings, Time::Given(clock.clone()), entropy.clone());
    let store = crate::ports(Arc::new(store), opened.database.clone());
    Fixture { clock, entropy, store }
}

/// Pours so many builds of so many tenants into a database where one was deployed.
pub(crate) async fn fill(opened: &Opened, builds: u64, builders: u64) {
    let mut raw = heard_from_now_on(opened).await;
    sqlx::query(
        "SELECT set_config('fill.builds', $1, false), set_config('fill.builders', $2, false),
                set_config('fill.now', $3, false)",
    )
    .bind(builds.to_string())
    .bind(builders.to_string())
    .bind(opened.fx.now().to_string())
    .execute(&mut raw)
    .await
    .unwrap();
    sqlx::raw_sql(include_str!("fill.sql")).execute(&mut raw).await.unwrap();
    // Every row is looked at, so that each time the same is found.
    let statistics = "SET default_statistics_target = 2500";
    sqlx::raw_sql(statistics).execute(&mut raw).await.unwrap();
    sqlx::raw_sql("VACUUM (ANALYZE)").execute(&mut raw).await.unwrap();
    raw.close().await.unwrap();
}
