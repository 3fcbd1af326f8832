//! A database of its own for each case, copied from one that was migrated once.

use keelway_builds::Rules;
use keelway_contract::SeededEntropy;
use keelway_kernel::{Clock, Entropy};
use keelway_postgres::{PostgresSettings, PostgresStore, Time};
use keelway_tiers::LimitTable;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};
use std::str::FromStr as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Whoever makes the template has this lock of the server.
const MAKING_THE_TEMPLATE: i64 = 0x006b_6565_6c77_6179;

/// The role that stores under test log in as: it owns nothing.
const WORKING_ROLE: &str = "keelway_test";

/// A migrated, empty database, dropped with this.
pub(crate) struct Database {
    name: String,
    /// As its owner, who is a superuser.
    pub(crate) owner: PgConnectOptions,
}

impl Database {
    pub(crate) async fn fresh() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("keelway_case_{}_{number}", std::process::id());
        let template = template().await;
        let mut server = server().connect().await.unwrap();
        run(&mut server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        run(&mut server, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        let owner = server_options().database(&name);
        Self { name, owner }
    }

    /// What a store says to log in as the working role.
    pub(crate) fn url(&self) -> String {
        self.url_of(WORKING_ROLE)
    }

    pub(crate) fn url_of(&self, role: &str) -> String {
        let (host, port) = (self.owner.get_host(), self.owner.get_port());
        format!("postgres://{role}@{host}:{port}/{}", self.name)
    }

    /// A store on it, as the working role.
    pub(crate) fn store(&self, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> PostgresStore {
        Self::store_of(&PostgresSettings::new(self.url()), Time::Given(clock), entropy)
    }

    pub(crate) fn store_of(
        settings: &PostgresSettings,
        time: Time,
        entropy: Arc<dyn Entropy>,
    ) -> PostgresStore {
        let rules = Arc::new(Rules::new(LimitTable::default()));
        PostgresStore::new(settings, time, entropy, rules).unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let name = std::mem::take(&mut self.name);
        // The runtime of the case may be on its way out: this one is its own.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let mut server = server().connect().await.unwrap();
                run(&mut server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
            });
        });
        let _ = dropped.join();
    }
}

fn server_options() -> PgConnectOptions {
    let url = std::env::var("KEELWAY_TEST_POSTGRES_URL").expect(
        "KEELWAY_TEST_POSTGRES_URL names a PostgreSQL to test on: `cargo xtask test` starts one, \
         and so does `cargo xtask servers`",
    );
    PgConnectOptions::from_str(&url).unwrap()
}

fn server() -> PgConnectOptions {
    server_options()
}

async fn run(connection: &mut PgConnection, sql: &str) {
    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
}

/// The name of the migrated database that all are copied from: another one for each schema.
async fn template() -> String {
    let mut server = server().connect().await.unwrap();
    let lock = sqlx::query("SELECT pg_advisory_lock($1)").bind(MAKING_THE_TEMPLATE);
    lock.execute(&mut server).await.unwrap();
    let name = format!("keelway_template_{}", keelway_postgres::schema_fingerprint());
    let known: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)")
            .bind(&name)
            .fetch_one(&mut server)
            .await
            .unwrap();
    if !known {
        let draft = format!("{name}_draft");
        run(&mut server, &format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)")).await;
        run(&mut server, &format!("CREATE DATABASE {draft}")).await;
        migrate(&draft).await;
        run(
            &mut server,
            &format!(
                "DO $$ BEGIN
                     CREATE ROLE {WORKING_ROLE} LOGIN NOINHERIT;
                 EXCEPTION WHEN duplicate_object THEN NULL; END $$;
                 GRANT keelway_app, keelway_jobs TO {WORKING_ROLE}"
            ),
        )
        .await;
        run(&mut server, &format!("ALTER DATABASE {draft} RENAME TO {name}")).await;
    }
    server.close().await.unwrap();
    name
}

async fn migrate(database: &str) {
    let options = server_options();
    let url = format!(
        "postgres://{}@{}:{}/{database}",
        options.get_username(),
        options.get_host(),
        options.get_port()
    );
    let rules = Arc::new(Rules::new(LimitTable::default()));
    let entropy = Arc::new(SeededEntropy::new(1));
    let settings = PostgresSettings::new(url);
    let store = PostgresStore::new(&settings, Time::Server, entropy, rules).unwrap();
    store.migrate().await.unwrap();
    assert!(store.migration_status().await.unwrap().is_current());
    store.close().await;
}
