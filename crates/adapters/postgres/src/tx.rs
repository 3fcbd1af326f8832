//! The one place that begins transactions.
//!
//! A transaction runs in a task of its own: whoever awaits it may vanish, and it still ends
//! whole. A connection whose transaction did not end cleanly is closed, and with it its
//! transaction. (A dropped `sqlx::Pool::begin` may leave one open in the pool; nothing here
//! uses it.)
//!
//! Each says in its first statement whom it acts for, how long it may last, and takes its
//! tenants' locks: from then on nobody else changes anything of theirs, so the facts of a
//! decision stay true until it is saved. Locks are taken in one order (tenants by key, then
//! what belongs to no tenant), so nobody waits for each other in a circle.

mod kept;
mod opening;
mod turns;

use std::convert::Infallible;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use keelway_builds::Rules;
use keelway_kernel::{Entropy, Failure, StoreError, TenantId, TenantScope, Timestamp};
use keelway_rows::aside::Aside;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions, PgRow};
use sqlx::{AssertSqlSafe, Row as _};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::error::{Broken, Sql, Stop, is_lost};
use crate::events::Asks;
use crate::share::Sharing;
use crate::{PostgresSettings, PostgresStore, Time};
use kept::{Kept, Lent};
pub use opening::GO_BY_INDEXES;
pub(crate) use opening::Reach;
use opening::{Mode, Opening, key, opening, opening_as_itself};
use turns::Turns;

/// What a transaction does; boxed, because it borrows the transaction.
pub(crate) type Work<'tx, T, E> = Pin<Box<dyn Future<Output = Result<T, Stop<E>>> + Send + 'tx>>;

/// How often a command that met another is carried out, within the wait.
pub(crate) const TRIES: u32 = 6;

/// As long as the server lets one statement run.
const LONGEST: Duration = Duration::from_secs(30);

/// What belongs to no tenant, such as their common audit chain, has this lock.
const OUTSIDE: i64 = 0;

/// What decisions need beside facts.
pub(crate) struct Ambient {
    pub(crate) time: Time,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) rules: Arc<Rules>,
}

/// The connections to one database.
pub(crate) struct Connections {
    kept: Arc<Kept>,
    most: u32,
    is_pooled: bool,
    /// Turns at reading, and at working for the platform: with what `sharing` may use, they make
    /// up all connections, so that none of the three ever keeps another from its own.
    reading: Turns,
    platform: Turns,
    pub(crate) wait: Duration,
    pub(crate) ambient: Ambient,
    pub(crate) sharing: Sharing,
    pub(crate) asks: Asks,
    /// What this process cannot read, by what it cannot do with it for that.
    pub(crate) not_taken: Arc<Aside>,
    pub(crate) not_swept: Arc<Aside>,
}

/// An open transaction and its moment.
pub(crate) struct Tx {
    connection: Lent,
    within: Duration,
    time: Time,
    /// Whether it began with the locks of the tenants that it acts for.
    pub(crate) is_locked: bool,
    /// When it had its locks: the time of everything in it.
    pub(crate) now: Timestamp,
    /// The settings that decisions rest on.
    pub(crate) rules: Arc<Rules>,
}

impl Deref for Tx {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Tx {
    /// Keeps others away from what belongs to no tenant, until the transaction ends.
    pub(crate) async fn lock_outside(&mut self) -> Sql<()> {
        let lock = sqlx::query("SELECT pg_advisory_xact_lock($1)");
        lock.bind(OUTSIDE).execute(&mut **self).await?;
        Ok(())
    }

    /// Keeps others away from a tenant that the transaction did not begin with; its moment is
    /// when it has the lock. A transaction that holds one tenant's lock never asks for another's.
    pub(crate) async fn lock(&mut self, tenant: TenantId) -> Sql<()> {
        let micros: i64 = sqlx::query_scalar(
            "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
             FROM pg_advisory_xact_lock($1)",
        )
        .bind(key(tenant))
        .fetch_one(&mut **self)
        .await?;
        self.found(Timestamp::from_micros(micros));
        Ok(())
    }

    /// What was waited for was there at `told`, by the server's clock: its moment is now.
    pub(crate) fn found(&mut self, told: Timestamp) {
        self.now = self.time.at(told);
    }

    /// Moves on to the next command that shares the transaction: its time is its own.
    pub(crate) fn next_moment(&mut self, connections: &Connections) {
        if let Time::Given(clock) = &connections.ambient.time {
            self.now = clock.now();
        }
    }

    /// By a message that needs no preparing, as all that has no values.
    pub(crate) async fn commit(mut self) -> Sql<()> {
        heard(self.within, sqlx::raw_sql("COMMIT").execute(&mut *self)).await??;
        self.connection.give_back();
        Ok(())
    }

    /// Where it fails the connection is closed, which ends the transaction as well.
    pub(crate) async fn roll_back(mut self) {
        let undone = heard(self.within, sqlx::raw_sql("ROLLBACK").execute(&mut *self)).await;
        if matches!(undone, Ok(Ok(_))) {
            self.connection.give_back();
        }
    }
}

impl Connections {
    pub(crate) fn new(
        options: PgConnectOptions,
        settings: &PostgresSettings,
        ambient: Ambient,
    ) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(settings.connections)
            .acquire_timeout(settings.wait)
            // A connection that died while it was idle is noticed by its first statement.
            .test_before_acquire(false)
            .connect_lazy_with(options);
        Self {
            kept: Arc::new(Kept::new(pool, settings.connections, settings.wait)),
            most: settings.connections,
            is_pooled: settings.is_pooled(),
            reading: Turns::new(settings.connections / 2),
            platform: Turns::new(settings.connections / 4),
            wait: settings.wait,
            ambient,
            sharing: Sharing::new(settings.connections),
            asks: Asks::default(),
            not_taken: Arc::new(Aside::new("take")),
            not_swept: Arc::new(Aside::new("sweep")),
        }
    }

    pub(crate) async fn close(&self) {
        self.sharing.close().await;
        self.kept.close().await;
    }

    /// A connection outside any transaction, for what cannot be in one. Nobody has it after.
    pub(crate) async fn connection(&self) -> Sql<Lent> {
        Ok(self.kept.lend().await?)
    }

    /// Begins a transaction that changes things, with the locks of its tenants.
    pub(crate) async fn begin(&self, reach: &Reach) -> Sql<Tx> {
        self.open(reach, Mode::Write).await
    }

    /// Begins a transaction that finds things by their keys.
    pub(crate) async fn begin_lookup(&self, reach: &Reach) -> Sql<Tx> {
        self.open(reach, Mode::Lookup).await
    }

    /// Whoever reads has one until its transaction is over.
    pub(crate) async fn turn_to_read(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        self.reading.take(self.wait).await
    }

    /// Begins a transaction of the role that the process logged in as, which takes on no other.
    pub(crate) async fn begin_as_itself(&self) -> Sql<Tx> {
        self.open_with(&opening_as_itself(self)).await
    }

    async fn open(&self, reach: &Reach, mode: Mode) -> Sql<Tx> {
        let mut tx = self.open_with(&opening(self, reach, mode)).await?;
        tx.is_locked = mode == Mode::Write && matches!(reach, Reach::Tenants(_));
        Ok(tx)
    }

    async fn open_with(&self, opening: &Opening) -> Sql<Tx> {
        let mut left = self.most;
        loop {
            let mut tx = Tx {
                connection: self.kept.lend().await?,
                within: self.within(),
                time: self.ambient.time.clone(),
                is_locked: false,
                now: Timestamp::from_micros(0),
                rules: Arc::clone(&self.ambient.rules),
            };
            let opened = sqlx::raw_sql(AssertSqlSafe(&*opening.sql)).fetch_all(&mut *tx);
            match heard(opening.within, opened).await? {
                Ok(rows) => {
                    tx.now = self.now(&rows)?;
                    return Ok(tx);
                }
                // The server was restarted since it was used: so were all others of its age.
                Err(error) if is_lost(&error) && left > 0 => left -= 1,
                Err(error) => {
                    tx.roll_back().await;
                    return Err(error.into());
                }
            }
        }
    }

    /// How long the statements of a transaction may take.
    pub(crate) fn within(&self) -> Duration {
        self.wait + LONGEST
    }

    fn now(&self, opened: &[PgRow]) -> Sql<Timestamp> {
        let told = opened.last().ok_or(sqlx::Error::RowNotFound)?;
        Ok(self.ambient.time.at(Timestamp::from_micros(told.try_get(0)?)))
    }

    /// Carries a command out in a transaction of its own; again, if it met another.
    pub(crate) async fn write<C, T, E, F>(
        &self,
        reach: &Reach,
        cmd: &C,
        work: &F,
    ) -> Result<T, Stop<E>>
    where
        C: Clone,
        F: for<'tx> Fn(&'tx mut Tx, C) -> Work<'tx, T, E>,
    {
        let until = Instant::now() + self.wait;
        let mut attempt = 1;
        loop {
            match self.attempt(reach, cmd.clone(), work).await {
                Err(Stop::Broken(StoreError::Contended))
                    if attempt < TRIES && Instant::now() < until =>
                {
                    self.pause(attempt).await;
                    attempt += 1;
                }
                done => return done,
            }
        }
    }

    async fn attempt<C, T, E, F>(&self, reach: &Reach, cmd: C, work: &F) -> Result<T, Stop<E>>
    where
        F: for<'tx> Fn(&'tx mut Tx, C) -> Work<'tx, T, E>,
    {
        let mut tx = self.begin(reach).await?;
        match heard(self.within(), work(&mut tx, cmd)).await? {
            Ok(done) => {
                tx.commit().await?;
                Ok(done)
            }
            Err(stop) => {
                tx.roll_back().await;
                Err(stop)
            }
        }
    }

    /// A short while, different for everybody, after meeting somebody.
    pub(crate) async fn pause(&self, attempt: u32) {
        let jitter_ms = self.ambient.entropy.next_u64() % (4 << attempt.min(8));
        tokio::time::sleep(Duration::from_millis(jitter_ms)).await;
    }
}

impl PostgresStore {
    /// Runs a command of one tenant: all of it, or nothing, whatever becomes of the caller.
    ///
    /// Commands of one process that arrive while others are under way share a transaction:
    /// `work` may be run more than once, and must have no effect but through its transaction.
    pub(crate) async fn write<C, T, E, F>(
        &self,
        scope: TenantScope,
        cmd: C,
        work: F,
    ) -> Result<T, Failure<E>>
    where
        C: Clone + Send + Sync + 'static,
        T: Send + 'static,
        E: Send + 'static,
        F: for<'tx> Fn(&'tx mut Tx, C) -> Work<'tx, T, E> + Send + Sync + 'static,
    {
        let done = crate::share::share(&self.0, scope.tenant(), cmd, work).await;
        done.map_err(Failure::from)
    }

    /// Runs a command of the platform, or of somebody who acts for no tenant.
    ///
    /// Nothing is locked for it: what it decides on it locks itself, or guards when it saves.
    pub(crate) async fn write_platform<C, T, E, F>(&self, cmd: C, work: F) -> Result<T, Failure<E>>
    where
        C: Clone + Send + Sync + 'static,
        T: Send + 'static,
        E: Send + 'static,
        F: for<'tx> Fn(&'tx mut Tx, C) -> Work<'tx, T, E> + Send + Sync + 'static,
    {
        self.write_as(Reach::Platform, cmd, work).await.map_err(Failure::from)
    }

    /// The same, as far as `reach` goes.
    pub(crate) async fn write_as<C, T, E, F>(
        &self,
        reach: Reach,
        cmd: C,
        work: F,
    ) -> Result<T, Stop<E>>
    where
        C: Clone + Send + Sync + 'static,
        T: Send + 'static,
        E: Send + 'static,
        F: for<'tx> Fn(&'tx mut Tx, C) -> Work<'tx, T, E> + Send + Sync + 'static,
    {
        let connections = Arc::clone(&self.0);
        let turn = connections.platform.take(connections.wait).await?;
        let run = async move {
            let _turn = turn;
            connections.write(&reach, &cmd, &work).await
        };
        detached(run).await
    }

    /// [`Self::write`] for a command that the rules never refuse.
    pub(crate) async fn write_always<C, T, F>(
        &self,
        scope: TenantScope,
        cmd: C,
        work: F,
    ) -> Result<T, StoreError>
    where
        C: Clone + Send + Sync + 'static,
        T: Send + 'static,
        F: for<'tx> Fn(&'tx mut Tx, C) -> Work<'tx, T, Infallible> + Send + Sync + 'static,
    {
        let done = crate::share::share(&self.0, scope.tenant(), cmd, work).await;
        done.map_err(only_broken)
    }

    /// [`Self::write_platform`] for a command that the rules never refuse.
    pub(crate) async fn write_platform_always<C, T, F>(
        &self,
        cmd: C,
        work: F,
    ) -> Result<T, StoreError>
    where
        C: Clone + Send + Sync + 'static,
        T: Send + 'static,
        F: for<'tx> Fn(&'tx mut Tx, C) -> Work<'tx, T, Infallible> + Send + Sync + 'static,
    {
        self.write_as(Reach::Platform, cmd, work).await.map_err(only_broken)
    }

    /// Runs reads that agree with one another: on one committed state, with one time.
    pub(crate) async fn read<T, F>(&self, reach: Reach, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'tx> FnOnce(&'tx mut Tx) -> Work<'tx, T, Infallible> + Send + 'static,
    {
        self.read_within(self.0.within(), reach, work).await
    }

    /// The same, where they may take so long.
    pub(crate) async fn read_within<T, F>(
        &self,
        within: Duration,
        reach: Reach,
        work: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'tx> FnOnce(&'tx mut Tx) -> Work<'tx, T, Infallible> + Send + 'static,
    {
        let connections = Arc::clone(&self.0);
        // In the caller's own time: whoever goes away before their turn leaves nothing to do.
        let turn = connections.turn_to_read().await?;
        let (reply, answer) = oneshot::channel();
        spawn(async move {
            let _turn = turn;
            let mut tx = match connections.open(&reach, Mode::Read).await {
                Ok(tx) => tx,
                Err(Broken(error)) => {
                    let _ = reply.send(Err(error));
                    return;
                }
            };
            let done = match heard(within, work(&mut tx)).await {
                Ok(done) => done.map_err(only_broken),
                Err(silent) => {
                    let _ = reply.send(Err(silent));
                    return;
                }
            };
            // Nothing hangs on how a read ends, so nobody waits for it.
            let _ = reply.send(done);
            tx.roll_back().await;
        });
        answer.await.unwrap_or_else(|_| Err(unended()))
    }
}

/// Lets `work` go on to its end even if the caller stops waiting; its log stays the caller's.
pub(crate) async fn detached<T: Send + 'static, E: Send + 'static>(
    work: impl Future<Output = Result<T, Stop<E>>> + Send + 'static,
) -> Result<T, Stop<E>> {
    let (reply, answer) = oneshot::channel();
    spawn(async move {
        let _ = reply.send(work.await);
    });
    answer.await.unwrap_or_else(|_| Err(Stop::Broken(unended())))
}

pub(crate) fn spawn(work: impl Future<Output = ()> + Send + 'static) {
    #[expect(
        clippy::disallowed_methods,
        reason = "a command outlives its caller by design, for no longer than its transaction"
    )]
    tokio::spawn(work.in_current_span());
}

/// What `asked` comes to. The server bounds it too, but a network may swallow its answer: who
/// waited on would have a connection and a turn for ever. The connection is to be dropped then.
pub(crate) async fn heard<T>(
    within: Duration,
    asked: impl Future<Output = T>,
) -> Result<T, StoreError> {
    let silent = |_| StoreError::Unavailable("the server does not answer".to_owned());
    tokio::time::timeout(within, asked).await.map_err(silent)
}

/// The task of a command fell over.
pub(crate) fn unended() -> StoreError {
    StoreError::Unavailable("a command did not end".to_owned())
}

pub(crate) fn only_broken(stop: Stop<Infallible>) -> StoreError {
    match stop {
        Stop::Refused(never) => match never {},
        Stop::Broken(error) => error,
    }
}
