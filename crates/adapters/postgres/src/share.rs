//! Commands that share a commit.
//!
//! Tenants are dealt out to lanes; each lane has one transaction under way at most. Commands
//! that arrive meanwhile wait and share the lane's next one, in the order they came: each is
//! decided after those before it, and undone alone if it is refused or breaks. A lane that is
//! idle waits for nobody: a lone command goes at once.
//!
//! So a tenant whose commands pile up takes one connection, and not all of them.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures::FutureExt as _;
use keelway_kernel::{StoreError, TenantId};
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use crate::error::{Broken, Sql, Stop};
use crate::tx::{Connections, Reach, Tx, Work, spawn, unended};

/// Most commands of one transaction. A savepoint each: more than 64 would make every reader
/// look them up on disk.
const MOST: usize = 32;

/// The lanes of one store.
pub(crate) struct Lanes(Vec<Lane>);

#[derive(Default)]
struct Lane {
    state: Mutex<State>,
    /// Told when the lane falls idle.
    idle: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Box<dyn Job>>,
    is_running: bool,
    is_closed: bool,
}

impl Lanes {
    /// Half of the connections, so that reads and the platform always find one.
    pub(crate) fn new(connections: u32) -> Self {
        let lanes = usize::try_from(connections / 2).unwrap_or(usize::MAX).max(1);
        Self((0..lanes).map(|_| Lane::default()).collect())
    }

    fn of(&self, tenant: TenantId) -> usize {
        let lanes = u64::try_from(self.0.len()).unwrap_or(1);
        let (high, low) = tenant.as_uuid().as_u64_pair();
        usize::try_from((high ^ low) % lanes).unwrap_or(0)
    }

    /// Refuses later commands, and waits for those that came before.
    pub(crate) async fn close(&self) {
        for lane in &self.0 {
            let idle = lane.idle.notified();
            tokio::pin!(idle);
            idle.as_mut().enable();
            let is_running = {
                let mut state = lane.lock();
                state.is_closed = true;
                state.is_running
            };
            if is_running {
                idle.await;
            }
        }
    }
}

impl Lane {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Whole between any two statements, so that a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What goes next, or none: then the lane is idle.
    fn next(&self) -> Vec<Box<dyn Job>> {
        let mut state = self.lock();
        let count = state.waiting.len().min(MOST);
        let batch: Vec<_> = state.waiting.drain(..count).collect();
        if batch.is_empty() {
            state.is_running = false;
            self.idle.notify_waiters();
        }
        batch
    }
}

/// What became of a command within its transaction.
enum Ran {
    /// Its changes are to stay.
    Done,
    /// It changed nothing, or what it changed is to be undone.
    Undone,
}

/// One command that waits for its lane.
#[async_trait]
trait Job: Send {
    fn tenant(&self) -> TenantId;
    /// Carries it out, and keeps its answer for later.
    async fn run(&mut self, tx: &mut Tx) -> Ran;
    /// Carries it out in a transaction of its own.
    async fn run_alone(&mut self, connections: &Connections);
    /// Replaces its answer.
    fn fail(&mut self, error: StoreError);
    /// Whether nobody could know yet that it met another command.
    fn met_another(&self) -> bool;
    /// Tells its caller.
    fn answer(self: Box<Self>);
}

struct Shared<C, T, E, F> {
    tenant: TenantId,
    since: Instant,
    cmd: C,
    work: F,
    done: Option<Result<T, Stop<E>>>,
    reply: oneshot::Sender<Result<T, Stop<E>>>,
}

#[async_trait]
impl<C, T, E, F> Job for Shared<C, T, E, F>
where
    C: Clone + Send + Sync,
    T: Send,
    E: Send,
    F: for<'tx> Fn(&'tx mut Tx, C) -> Work<'tx, T, E> + Send + Sync,
{
    fn tenant(&self) -> TenantId {
        self.tenant
    }

    async fn run(&mut self, tx: &mut Tx) -> Ran {
        let done = (self.work)(tx, self.cmd.clone()).await;
        let ran = if done.is_ok() { Ran::Done } else { Ran::Undone };
        self.done = Some(done);
        ran
    }

    async fn run_alone(&mut self, connections: &Connections) {
        let reach = Reach::Tenants(vec![self.tenant]);
        self.done = Some(connections.write(&reach, &self.cmd, &self.work).await);
    }

    fn fail(&mut self, error: StoreError) {
        self.done = Some(Err(Stop::Broken(error)));
    }

    fn met_another(&self) -> bool {
        matches!(self.done, Some(Err(Stop::Broken(StoreError::Contended))))
    }

    fn answer(self: Box<Self>) {
        let waited_ms = self.since.elapsed().as_secs_f64() * 1_000.0;
        tracing::trace!(waited_ms, "a command ended");
        // Whoever asked may be gone.
        let _ = self.reply.send(self.done.unwrap_or_else(|| Err(Stop::Broken(unended()))));
    }
}

/// Carries a tenant's command out with whatever else its lane has to do.
pub(crate) async fn share<C, T, E, F>(
    connections: &Arc<Connections>,
    tenant: TenantId,
    cmd: C,
    work: F,
) -> Result<T, Stop<E>>
where
    C: Clone + Send + Sync + 'static,
    T: Send + 'static,
    E: Send + 'static,
    F: for<'tx> Fn(&'tx mut Tx, C) -> Work<'tx, T, E> + Send + Sync + 'static,
{
    let (reply, answer) = oneshot::channel();
    let job = Shared { tenant, since: Instant::now(), cmd, work, done: None, reply };
    let number = connections.lanes.of(tenant);
    let starts = {
        let mut state = connections.lanes.0[number].lock();
        if state.is_closed {
            let closed = StoreError::Unavailable("the store is closed".to_owned());
            return Err(Stop::Broken(closed));
        }
        state.waiting.push_back(Box::new(job));
        !std::mem::replace(&mut state.is_running, true)
    };
    if starts {
        let connections = Arc::clone(connections);
        spawn(async move { drive(&connections, number).await });
    }
    answer.await.unwrap_or_else(|_| Err(Stop::Broken(unended())))
}

/// Runs a lane until it is idle.
async fn drive(connections: &Connections, number: usize) {
    loop {
        let mut batch = connections.lanes.0[number].next();
        if batch.is_empty() {
            return;
        }
        // What panics has an answer of its own; nothing here may stop the lane.
        let ran = AssertUnwindSafe(together(connections, &mut batch)).catch_unwind().await;
        if ran.is_err() {
            for job in &mut batch {
                job.fail(unended());
            }
        }
        for job in batch {
            job.answer();
        }
    }
}

/// Carries a batch out in one transaction. What stops all of it before the commit (a lost
/// connection, a lock that one tenant's command waits for in vain, a panic) must not be shared
/// by all: then each goes alone.
async fn together(connections: &Connections, batch: &mut [Box<dyn Job>]) {
    if let [job] = batch {
        return alone(connections, job).await;
    }
    match one_transaction(connections, batch).await {
        Ok(()) => {
            for job in batch.iter_mut().filter(|job| job.met_another()) {
                alone(connections, job).await;
            }
        }
        Err(Torn::BeforeCommit) => {
            for job in batch {
                alone(connections, job).await;
            }
        }
        // Whether it took effect is not known, so it is not tried again: who asks again with
        // the same ids learns what became of it.
        Err(Torn::InCommit(error)) => {
            for job in batch {
                job.fail(error.clone());
            }
        }
    }
}

async fn alone(connections: &Connections, job: &mut Box<dyn Job>) {
    let ran: Result<(), Box<dyn Any + Send>> =
        AssertUnwindSafe(job.run_alone(connections)).catch_unwind().await;
    if ran.is_err() {
        job.fail(unended());
    }
}

/// How a shared transaction fails as a whole.
enum Torn {
    BeforeCommit,
    InCommit(StoreError),
}

async fn one_transaction(
    connections: &Connections,
    batch: &mut [Box<dyn Job>],
) -> Result<(), Torn> {
    let torn = |_: Broken| Torn::BeforeCommit;
    let mut tenants: Vec<TenantId> = batch.iter().map(|job| job.tenant()).collect();
    tenants.sort_unstable();
    tenants.dedup();
    let mut tx = connections.begin(&Reach::Tenants(tenants)).await.map_err(torn)?;
    savepoint(&mut tx, "SAVEPOINT command").await.map_err(torn)?;
    for job in batch.iter_mut() {
        let ran = AssertUnwindSafe(job.run(&mut tx)).catch_unwind().await;
        match ran.map_err(|_| Torn::BeforeCommit)? {
            Ran::Done => savepoint(&mut tx, "RELEASE command; SAVEPOINT command").await,
            Ran::Undone => savepoint(&mut tx, "ROLLBACK TO command").await,
        }
        .map_err(torn)?;
        tx.next_moment(connections);
    }
    tx.commit().await.map_err(|Broken(error)| Torn::InCommit(error))
}

async fn savepoint(tx: &mut Tx, statement: &'static str) -> Sql<()> {
    sqlx::raw_sql(statement).execute(&mut **tx).await?;
    Ok(())
}
