//! A store whose file a test can also reach into.

use std::sync::Arc;

use keelway_contract::{Fixture, ManualClock, SeededEntropy};
use keelway_sqlite::SqliteStore;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use tempfile::TempDir;

/// A fresh store, what cases work with, and a connection past it.
pub(crate) struct Opened {
    pub(crate) store: SqliteStore,
    pub(crate) fx: Fixture,
    /// One connection with foreign keys off, as somebody with a shell has.
    pub(crate) raw: SqlitePool,
    pub(crate) folder: Arc<TempDir>,
}

impl Opened {
    pub(crate) async fn new() -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        Self::again(folder).await
    }

    /// The same file, as another process would open it.
    pub(crate) async fn again(folder: Arc<TempDir>) -> Self {
        let clock = Arc::new(ManualClock::default());
        let entropy = Arc::new(SeededEntropy::new(u64::from(std::process::id())));
        let path = folder.path().join("keelway.db");
        let (clock_port, entropy_port) = (clock.clone(), entropy.clone());
        let (store, ports) = crate::open_at(&path, clock_port, entropy_port, folder.clone()).await;
        let options = SqliteConnectOptions::new().filename(&path).foreign_keys(false);
        let raw = SqlitePoolOptions::new().max_connections(1).connect_lazy_with(options);
        Self { store, fx: Fixture { clock, entropy, store: ports }, raw, folder }
    }

    /// Runs statements past the store.
    pub(crate) async fn tamper(&self, sql: &'static str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(sql).execute(&self.raw).await.map(|_| ())
    }
}
