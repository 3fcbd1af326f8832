//! A store whose database a test can also reach into.

use std::sync::Arc;

use keelway_contract::{Fixture, ManualClock, SeededEntropy};
use keelway_postgres::PostgresStore;
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use crate::database::Database;

/// A fresh store, and what cases work with.
pub(crate) struct Opened {
    pub(crate) store: Arc<PostgresStore>,
    pub(crate) fx: Fixture,
    pub(crate) database: Arc<Database>,
}

impl Opened {
    pub(crate) async fn new() -> Self {
        let clock = Arc::new(ManualClock::default());
        let entropy = Arc::new(SeededEntropy::new(7));
        let database = Arc::new(Database::fresh().await);
        let store = Arc::new(database.store(clock.clone(), entropy.clone()));
        let ports = crate::ports(store.clone(), database.clone());
        Self { store, fx: Fixture { clock, entropy, store: ports }, database }
    }

    /// A connection past the store: the owner's.
    pub(crate) async fn raw(&self) -> PgConnection {
        PgConnection::connect_with(&self.database.owner).await.unwrap()
    }

    /// Runs statements past the store, and past what guards references.
    pub(crate) async fn tamper(&self, sql: &'static str) {
        let mut raw = self.raw().await;
        let past = "SET session_replication_role = replica";
        sqlx::raw_sql(past).execute(&mut raw).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut raw).await.unwrap();
        raw.close().await.unwrap();
    }
}
