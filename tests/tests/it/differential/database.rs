//! Migrated PostgreSQL databases, copied from one that was migrated once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use keelway_builds::Rules;
use keelway_contract::SeededEntropy;
use keelway_postgres::{PostgresSettings, PostgresStore, Time, schema_fingerprint};
use keelway_tiers::LimitTable;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::harness::postgres::{execute, shared_server};

/// Whoever makes the template has this lock of the server.
const MAKING_THE_TEMPLATE: i64 = 0x006b_6564_6966_6672;

/// The role that the store works as: it owns nothing.
const WORKING_ROLE: &str = "keelway_differential";

/// A migrated, empty database, dropped with this.
pub(super) struct Database {
    name: String,
}

impl Database {
    pub(super) async fn fresh() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("keelway_differential_{}_{number}", std::process::id());
        let template = template().await;
        let server = shared_server();
        execute(&server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        execute(&server, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        Self { name }
    }

    /// Makes it as it was: much faster than another one.
    pub(super) async fn empty(&self) {
        let (superuser, all) = (
            url(options().get_username(), &self.name),
            "SET session_replication_role = replica;
             DO $$ DECLARE name text; BEGIN
                 FOR name IN SELECT tablename FROM pg_tables
                     WHERE schemaname = 'public' AND tablename <> '_sqlx_migrations'
                 LOOP EXECUTE format('DELETE FROM %I', name); END LOOP;
             END $$",
        );
        execute(&superuser, all).await;
    }

    /// As the store is to log in.
    pub(super) fn working(&self) -> String {
        url(WORKING_ROLE, &self.name)
    }

    /// As whoever may see everything.
    pub(super) fn superuser(&self) -> PgConnectOptions {
        options().database(&self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let name = std::mem::take(&mut self.name);
        // The runtime of the test may be on its way out: this one is its own.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let drop = format!("DROP DATABASE {name} WITH (FORCE)");
            runtime.unwrap().block_on(execute(&shared_server(), &drop));
        });
        let _ = dropped.join();
    }
}

fn options() -> PgConnectOptions {
    shared_server().parse().unwrap()
}

fn url(role: &str, database: &str) -> String {
    let options = options();
    format!("postgres://{role}@{}:{}/{database}", options.get_host(), options.get_port())
}

/// The name of the migrated database that all are copied from: another one for each schema.
async fn template() -> String {
    let name = format!("keelway_differential_{}", schema_fingerprint());
    let mut server = options().connect().await.unwrap();
    let lock = sqlx::query("SELECT pg_advisory_lock($1)").bind(MAKING_THE_TEMPLATE);
    lock.execute(&mut server).await.unwrap();
    let known = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1").bind(&name);
    if known.fetch_optional(&mut server).await.unwrap().is_none() {
        let (shared, draft) = (shared_server(), format!("{name}_draft"));
        execute(&shared, &format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)")).await;
        execute(&shared, &format!("CREATE DATABASE {draft}")).await;
        migrate(&draft).await;
        let role = format!(
            "DO $$ BEGIN
                 CREATE ROLE {WORKING_ROLE} LOGIN NOINHERIT;
             EXCEPTION WHEN duplicate_object THEN NULL; END $$;
             GRANT keelway_app, keelway_jobs TO {WORKING_ROLE}"
        );
        execute(&shared, &role).await;
        execute(&shared, &format!("ALTER DATABASE {draft} RENAME TO {name}")).await;
    }
    server.close().await.unwrap();
    name
}

async fn migrate(database: &str) {
    let settings = PostgresSettings::new(url(options().get_username(), database));
    let (entropy, rules) = (SeededEntropy::new(1), Rules::new(LimitTable::default()));
    let store = PostgresStore::new(&settings, Time::Server, Arc::new(entropy), Arc::new(rules));
    let store = store.unwrap();
    store.migrate().await.unwrap();
    store.close().await;
}
