//! Commands that share a commit.
//!
//! Tenants are dealt out to lanes; each lane has one transaction under way at most. Commands
//! that arrive meanwhile wait and share the lane's next one, in the order they came: each is
//! decided after those before it, and undone alone if it is refused or breaks. Those of the
//! ledger that stand side by side are loaded, decided and saved in one go. A lane that is idle
//! waits for nobody: a lone command goes at once.
//!
//! So a tenant whose commands pile up takes one connection, and not all of them.

mod job;

use std::any::Any;
use std::collections::{BTreeSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt as _;
use keelway_kernel::{StoreError, TenantId};
use tokio::sync::Notify;

use crate::credits;
use crate::error::{Broken, Sql, Stop};
use crate::tx::{Connections, Reach, Tx, Work, spawn, unended};
use job::{Answer, Shared};
pub(crate) use job::{Caller, Done, Job, Ran, met_another};

/// Most commands of one transaction, and most of them with a savepoint: more than 64 of those
/// would make every reader look them up on disk.
const MOST: usize = 256;
const MOST_UNDOABLE: usize = 32;
/// Most tenants of one transaction: each is a lock in the server's common table.
const MOST_TENANTS: usize = 64;

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
        let count = fitting(&mut state.waiting);
        let batch: Vec<_> = state.waiting.drain(..count).collect();
        if batch.is_empty() {
            state.is_running = false;
            self.idle.notify_waiters();
        }
        batch
    }
}

/// How many go together.
fn fitting(waiting: &mut VecDeque<Box<dyn Job>>) -> usize {
    let (mut tenants, mut undoable) = (BTreeSet::new(), 0);
    let fits = |job: &mut Box<dyn Job>| {
        tenants.insert(job.tenant());
        undoable += usize::from(job.in_run().is_none());
        (tenants.len() <= MOST_TENANTS && undoable <= MOST_UNDOABLE).then_some(())
    };
    waiting.iter_mut().take(MOST).map_while(fits).count()
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
    let (caller, answer) = Caller::new();
    let job = Shared { tenant, cmd, work, done: None, caller };
    line_up(connections, Box::new(job), answer).await
}

/// Waits for the answer of a command that takes its place in its lane.
pub(crate) async fn line_up<T, E>(
    connections: &Arc<Connections>,
    job: Box<dyn Job>,
    answer: Answer<T, E>,
) -> Result<T, Stop<E>> {
    let number = connections.lanes.of(job.tenant());
    let starts = {
        let mut state = connections.lanes.0[number].lock();
        if state.is_closed {
            let closed = StoreError::Unavailable("the store is closed".to_owned());
            return Err(Stop::Broken(closed));
        }
        state.waiting.push_back(job);
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
    let mut tenants: Vec<TenantId> = batch.iter().map(|job| job.tenant()).collect();
    tenants.sort_unstable();
    tenants.dedup();
    let begun = connections.begin(&Reach::Tenants(tenants)).await;
    let mut tx = begun.map_err(|_| Torn::BeforeCommit)?;
    let ran = AssertUnwindSafe(in_order(connections, &mut tx, batch)).catch_unwind();
    match ran.await {
        Ok(Ok(())) => tx.commit().await.map_err(|Broken(error)| Torn::InCommit(error)),
        Ok(Err(_)) | Err(_) => {
            tx.roll_back().await;
            Err(Torn::BeforeCommit)
        }
    }
}

/// Commands in the order they came; neighbours that can be decided in one go are.
async fn in_order(
    connections: &Connections,
    tx: &mut Tx,
    mut batch: &mut [Box<dyn Job>],
) -> Sql<()> {
    while !batch.is_empty() {
        let mut run: Vec<_> = batch.iter_mut().map_while(|job| job.in_run()).collect();
        let mut length = run.len();
        if length > 0 {
            credits::run(tx, &mut run).await?;
            tx.next_moment(connections);
        } else {
            let is_of_none = |job: &mut Box<dyn Job>| job.in_run().is_none().then_some(());
            length = batch.iter_mut().map_while(is_of_none).count();
            one_by_one(connections, tx, &mut batch[..length]).await?;
        }
        batch = &mut batch[length..];
    }
    Ok(())
}

/// Between commands a savepoint stands, and everything before it stays.
async fn one_by_one(connections: &Connections, tx: &mut Tx, jobs: &mut [Box<dyn Job>]) -> Sql<()> {
    savepoint(tx, "SAVEPOINT command").await?;
    for job in jobs {
        match job.run(tx).await {
            Ran::Done => savepoint(tx, "RELEASE command; SAVEPOINT command").await?,
            Ran::Undone => savepoint(tx, "ROLLBACK TO command").await?,
        }
        tx.next_moment(connections);
    }
    Ok(())
}

async fn savepoint(tx: &mut Tx, statement: &'static str) -> Sql<()> {
    sqlx::raw_sql(statement).execute(&mut **tx).await?;
    Ok(())
}
