//! Every store port on one SQLite file: the embedded default.
//!
//! **Invariant:** a port method is one command, and all of it or nothing is stored. Its facts are
//! read after `BEGIN IMMEDIATE`, a domain crate decides, exactly what it returned is saved, and
//! only after `COMMIT` is it answered. Commands that wait share a transaction; a refusal, an error
//! or a panic leaves nothing behind of its own command, and everything of the others.
//!
//! | module | holds |
//! |---|---|
//! | `tx` | the one place that begins transactions, and the line of those who share them |
//! | `error` | what a database error means to a caller |
//! | `trip` | several statements in one go |
//! | `audit`, `idempotency` | what every command that changes something also writes |
//! | `end` | what all endings of a build share |
//! | `doctor` | proof of the invariants on the stored rows |
//! | one file per port family | SQL and nothing else: facts in, change out |
//! | `credits` | and for commands that span contexts: `facts`, `Trip::put_change` |
//!
//! Not here: rules (the domain crates decide), codecs (`keelway_rows`), ids and randomness
//! (commands carry them). Several processes may open one file.

mod accounts;
mod audit;
mod builds;
mod credits;
mod doctor;
mod end;
mod error;
mod flags;
mod idempotency;
mod invitations;
mod leases;
mod members;
mod nonces;
mod operations;
mod overviews;
mod people;
#[cfg(test)]
mod plans;
mod projects;
mod queue;
mod sessions;
mod sites;
mod staff;
mod submissions;
mod tenant;
mod tickets;
mod trip;
mod tx;
mod usage;
mod work;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use keelway_builds::Rules;
use keelway_kernel::{Clock, Entropy, StoreError};
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

static MIGRATIONS: Migrator = sqlx::migrate!("../../../migrations/sqlite");

/// Where the file is, and how long to wait for it.
#[derive(Debug, Clone)]
pub struct SqliteSettings {
    /// The database file; made if it is not there.
    pub path: PathBuf,
    /// Connections that only read.
    pub readers: u32,
    /// How long a command waits for its turn before it gives up as contended.
    pub wait: Duration,
}

impl SqliteSettings {
    /// The file at `path`, four readers, five seconds.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), readers: 4, wait: Duration::from_secs(5) }
    }
}

/// Every store port on one SQLite file. Clones share its connections.
#[derive(Clone)]
pub struct SqliteStore(Arc<tx::Connections>);

impl SqliteStore {
    /// Opens the file, and makes an empty one if there is none; migrates nothing.
    pub async fn open(
        settings: SqliteSettings,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        rules: Arc<Rules>,
    ) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(&settings.path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            // What a savepoint may have to bring back: a batch's worth, never a file of its own.
            .pragma("temp_store", "MEMORY")
            // More than there are statements: each is prepared once.
            .statement_cache_capacity(256)
            .busy_timeout(settings.wait / tx::BEGIN_TRIES);
        let ambient = tx::Ambient { clock, entropy, rules };
        Ok(Self(Arc::new(tx::Connections::open(options, &settings, ambient).await?)))
    }

    /// Brings the schema to this version, all of it or nothing; two processes may do so at once.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.migrate_with(&MIGRATIONS).await
    }

    /// How far the schema is; a file with somebody else's tables is corrupt.
    pub async fn migration_status(&self) -> Result<MigrationStatus, StoreError> {
        let applied = self.applied_migrations().await?;
        let known = |version| MIGRATIONS.iter().find(|known| known.version == version);
        let is_applied = |known: i64| applied.iter().any(|(version, _)| *version == known);
        let differs = |(version, sum): &&(i64, Vec<u8>)| {
            known(*version).is_some_and(|known| *known.checksum != **sum)
        };
        Ok(MigrationStatus {
            pending: MIGRATIONS.iter().filter(|known| !is_applied(known.version)).count(),
            unknown: applied.iter().filter(|(version, _)| known(*version).is_none()).count(),
            modified: applied.iter().filter(differs).count(),
            newest: applied.last().map(|(version, _)| *version),
        })
    }

    /// Waits for running commands and closes every connection; later commands are refused.
    pub async fn close(&self) {
        self.0.close().await;
    }
}

/// How far a file's schema is from what this version knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Migrations still to be applied.
    pub pending: usize,
    /// Migrations applied by a newer version.
    pub unknown: usize,
    /// Migrations applied under a known number but with other statements.
    pub modified: usize,
    /// The newest one applied.
    pub newest: Option<i64>,
}

impl MigrationStatus {
    /// Whether this version can work on the file.
    pub const fn is_current(&self) -> bool {
        self.pending == 0 && self.unknown == 0 && self.modified == 0
    }
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
