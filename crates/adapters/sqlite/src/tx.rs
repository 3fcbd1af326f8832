//! The one place that begins transactions.
//!
//! A command waits in line. Who finds nobody waiting brings a leader, on a thread of its own, that
//! waits for the only writing connection, takes a batch out of the line and owns the connection
//! from `BEGIN IMMEDIATE` to `COMMIT`. Whoever awaits a command may vanish, it still ends whole.
//! So a lone command goes directly, and those that come while others are at work share the next
//! commit. Nobody is answered before it.
//!
//! A connection whose transaction did not end cleanly is closed, and with it its transaction.

mod batch;
mod command;
mod line;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use keelway_builds::Rules;
use keelway_kernel::{Clock, Entropy, Failure, StoreError, Timestamp};
use keelway_rows::aside::Aside;
use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePool, SqlitePoolOptions};
use sqlx::{ConnectOptions, Connection, Sqlite};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::JoinHandle;
use tracing::Instrument as _;

use crate::error::{Broken, Sql, Stop, translate};
use crate::trip::Trip;
use crate::{SqliteSettings, SqliteStore};
use line::Line;

/// What a transaction does; boxed, because it borrows the transaction.
pub(crate) type Work<'tx, T, E> = Pin<Box<dyn Future<Output = Result<T, Stop<E>>> + Send + 'tx>>;

/// How often a transaction that another process keeps out is begun; the tries share the wait.
pub(crate) const BEGIN_TRIES: u32 = 4;

/// How often a file that another process is just making is opened.
const OPEN_TRIES: u32 = 8;

/// What decisions need beside facts.
#[derive(Clone)]
pub(crate) struct Ambient {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) rules: Arc<Rules>,
}

impl Ambient {
    /// Lets others go first, for longer the more often that was tried.
    async fn pause(&self, attempt: u32) {
        let jitter_ms = self.entropy.next_u64() % (10 << attempt);
        tokio::time::sleep(Duration::from_millis(jitter_ms)).await;
    }
}

/// The connections to one file.
pub(crate) struct Connections {
    options: SqliteConnectOptions,
    line: std::sync::Mutex<Line>,
    /// Whose turn it is has it locked, in the order of asking.
    writer: Arc<Mutex<Writer>>,
    readers: SqlitePool,
    pub(crate) wait: Duration,
    ambient: Ambient,
    /// What this process cannot read, by what it cannot do with it for that.
    pub(crate) not_taken: Arc<Aside>,
    pub(crate) not_swept: Arc<Aside>,
}

enum Writer {
    Idle(SqliteConnection),
    /// In use, or lost with a transaction that did not end cleanly.
    Absent,
    /// For good, with the store.
    Closed,
}

/// An open transaction and the moment of the command at work.
pub(crate) struct Tx {
    connection: SqliteConnection,
    /// When the command began, and never before the one ahead of it: the time of everything it
    /// does.
    pub(crate) now: Timestamp,
    /// The settings that decisions rest on.
    pub(crate) rules: Arc<Rules>,
    savepoint: Savepoint,
}

/// Where a command that fails goes back to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Savepoint {
    /// Ahead of all that the command at work writes.
    Here,
    /// Behind something that is kept: nothing may be written before it is moved up.
    Behind,
}

impl Deref for Tx {
    type Target = SqliteConnection;
    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

impl Connections {
    pub(crate) async fn open(
        options: SqliteConnectOptions,
        settings: &SqliteSettings,
        ambient: Ambient,
    ) -> Result<Self, StoreError> {
        // The writer comes first: it makes the file and turns the write-ahead log on.
        let mut attempt = 1;
        let writer = loop {
            match options.connect().await.map_err(|error| translate(&error)) {
                // Another process turns it on: SQLite does not wait for that by itself.
                Err(StoreError::Contended) if attempt < OPEN_TRIES => {
                    ambient.pause(attempt).await;
                    attempt += 1;
                }
                opened => break opened?,
            }
        };
        let readers = SqlitePoolOptions::new()
            .max_connections(settings.readers.max(1))
            .acquire_timeout(settings.wait)
            .connect_lazy_with(options.clone().pragma("query_only", "ON"));
        Ok(Self {
            options,
            line: std::sync::Mutex::default(),
            writer: Arc::new(Mutex::new(Writer::Idle(writer))),
            readers,
            wait: settings.wait,
            ambient,
            not_taken: Arc::new(Aside::new("take")),
            not_swept: Arc::new(Aside::new("sweep")),
        })
    }

    pub(crate) async fn close(&self) {
        self.line(Line::close);
        let mut writer = self.writer.lock().await;
        self.finish(&mut writer).await;
        if let Writer::Idle(connection) = std::mem::replace(&mut *writer, Writer::Closed) {
            // What a failed close could lose was committed before.
            let _ = connection.close().await;
        }
        self.readers.close().await;
    }

    /// The connection of whoever has the turn; its place stays empty until it is put back.
    async fn take(&self, slot: &mut Writer) -> Sql<SqliteConnection> {
        match std::mem::replace(slot, Writer::Absent) {
            Writer::Idle(connection) => Ok(connection),
            Writer::Absent => Ok(self.options.connect().await?),
            Writer::Closed => {
                *slot = Writer::Closed;
                Err(closed())
            }
        }
    }

    async fn read<T, E, F>(self: Arc<Self>, work: F) -> Result<T, Stop<E>>
    where
        F: for<'tx> FnOnce(&'tx mut SqliteConnection) -> Work<'tx, T, E>,
    {
        let mut reading = Reading { connection: self.readers.acquire().await?, ended: false };
        sqlx::query("BEGIN").execute(&mut *reading.connection).await?;
        let done = work(&mut reading.connection).await;
        sqlx::query("ROLLBACK").execute(&mut *reading.connection).await?;
        reading.ended = true;
        done
    }
}

fn closed() -> Broken {
    Broken(StoreError::Unavailable("the store is closed".to_owned()))
}

/// A reader inside a transaction: closed unless the transaction ended.
struct Reading {
    connection: PoolConnection<Sqlite>,
    ended: bool,
}

impl Drop for Reading {
    fn drop(&mut self) {
        if !self.ended {
            self.connection.close_on_drop();
        }
    }
}

impl SqliteStore {
    /// Runs a command: all of it, or nothing, whatever becomes of the caller.
    pub(crate) async fn write<T, E, F>(&self, work: F) -> Result<T, Failure<E>>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: for<'tx> FnOnce(&'tx mut Tx) -> Work<'tx, T, E> + Send + 'static,
    {
        self.write_late(move |tx| {
            Box::pin(async move {
                tx.move_up().await?;
                work(tx).await
            })
        })
        .await
    }

    /// Runs a command whose `work` writes by nothing but [`Tx::save`]: going to the connection
    /// less often lets more commands share it.
    pub(crate) async fn write_late<T, E, F>(&self, work: F) -> Result<T, Failure<E>>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: for<'tx> FnOnce(&'tx mut Tx) -> Work<'tx, T, E> + Send + 'static,
    {
        Ok(Arc::clone(&self.0).write(work).await?)
    }

    /// Runs a command whose `work` only reads, and gives what is to be saved in one go.
    pub(crate) async fn save<T, E, F>(&self, work: F) -> Result<T, Failure<E>>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: for<'tx> FnOnce(&'tx mut Tx) -> Work<'tx, (T, Trip), E> + Send + 'static,
    {
        self.write_late(move |tx| {
            Box::pin(async move {
                let (given, change) = work(tx).await?;
                tx.save(change).await?;
                Ok(given)
            })
        })
        .await
    }

    /// The same for a command that the domain cannot refuse.
    pub(crate) async fn save_always<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'tx> FnOnce(&'tx mut Tx) -> Work<'tx, (T, Trip), Infallible> + Send + 'static,
    {
        self.save(work).await.map_err(never_refused)
    }

    /// Runs a command that the domain cannot refuse.
    pub(crate) async fn write_always<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'tx> FnOnce(&'tx mut Tx) -> Work<'tx, T, Infallible> + Send + 'static,
    {
        self.write(work).await.map_err(never_refused)
    }

    /// Runs several reads on one committed state.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'tx> FnOnce(&'tx mut SqliteConnection) -> Work<'tx, T, Infallible> + Send + 'static,
    {
        detached(Arc::clone(&self.0).read(work)).await.map_err(only_broken)
    }

    /// A connection for reads that need not agree with one another.
    pub(crate) async fn reader(&self) -> Sql<PoolConnection<Sqlite>> {
        Ok(self.0.readers.acquire().await?)
    }

    /// Where a single statement reads.
    pub(crate) fn readers(&self) -> &SqlitePool {
        &self.0.readers
    }

    /// The time outside any transaction, for reads.
    pub(crate) fn now(&self) -> Timestamp {
        self.0.ambient.clock.now()
    }

    /// The settings that decisions rest on, for those outside any transaction.
    pub(crate) fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.0.ambient.rules)
    }

    pub(crate) async fn migrate_with(
        &self,
        migrations: &'static Migrator,
    ) -> Result<(), StoreError> {
        let connections = Arc::clone(&self.0);
        let migrate = async move {
            let turn = Arc::clone(&connections.writer).lock_owned();
            let turn = tokio::time::timeout(connections.wait, turn).await;
            let mut slot: OwnedMutexGuard<Writer> = turn.map_err(|_| StoreError::Contended)?;
            let mut connection = connections.take(&mut slot).await?;
            let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
            let done = migrations.run_direct(None, &mut *tx, false).await;
            done.map_err(|error| StoreError::Unavailable(error.to_string()))?;
            tx.commit().await?;
            *slot = Writer::Idle(connection);
            Ok(())
        };
        detached(migrate).await.map_err(only_broken)
    }

    /// Versions and checksums, oldest first.
    pub(crate) async fn applied_migrations(&self) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
        self.read(|connection| {
            Box::pin(async move {
                let (tables, ours): (i64, bool) = sqlx::query_as(
                    "SELECT count(*), count(CASE name WHEN '_sqlx_migrations' THEN 1 END) > 0
                     FROM sqlite_schema",
                )
                .fetch_one(&mut *connection)
                .await?;
                match (tables, ours) {
                    (0, _) => return Ok(Vec::new()),
                    // Migrating would mix our tables with somebody else's.
                    (_, false) => {
                        return Err(StoreError::corrupt("database", "has other tables").into());
                    }
                    (_, true) => {}
                }
                let applied = "SELECT version, checksum FROM _sqlx_migrations ORDER BY version";
                Ok(sqlx::query_as(applied).fetch_all(connection).await?)
            })
        })
        .await
    }
}

/// Lets `work` go on to its end even if the caller stops waiting; its log stays the caller's.
async fn detached<T, E>(
    work: impl Future<Output = Result<T, Stop<E>>> + Send + 'static,
) -> Result<T, Stop<E>>
where
    T: Send + 'static,
    E: Send + 'static,
{
    spawn(work).await.unwrap_or_else(|error| {
        Err(Stop::Broken(StoreError::Unavailable(format!("a command did not end: {error}"))))
    })
}

fn spawn<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a command outlives its caller by design, for no longer than its transaction"
    )]
    tokio::spawn(work.in_current_span())
}

fn never_refused(failure: Failure<Infallible>) -> StoreError {
    match failure {
        Failure::Rejected(never) => match never {},
        Failure::Store(error) => error,
    }
}

fn only_broken(stop: Stop<Infallible>) -> StoreError {
    match stop {
        Stop::Refused(never) => match never {},
        Stop::Broken(error) => error,
    }
}
