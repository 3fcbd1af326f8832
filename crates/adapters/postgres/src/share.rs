//! Commands that share a commit.
//!
//! So many transactions of this process may be under way at once, each of its tenants in one of
//! them at most. A command that finds one free goes at once: nobody is waited for. Where none is
//! free, or its tenant's is not over yet, it waits and shares the next one: each is decided
//! after those of its tenant before it, and undone alone if it is refused or breaks. Those of
//! the ledger that stand side by side are loaded, decided and saved in one go.
//!
//! So a tenant whose commands pile up takes one connection, and not all of them.

mod job;
mod line;

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::{FutureExt as _, StreamExt as _, stream};
use keelway_kernel::{StoreError, TenantId};
use tokio::sync::Notify;
use tracing::Instrument as _;

use crate::credits;
use crate::error::{Broken, Sql, Stop};
use crate::tx::{Connections, Reach, Tx, Work, heard, unended};
use job::{Answer, Shared};
pub(crate) use job::{Caller, Done, Job, Ran, met_another};
use line::{Line, Next};

/// How many tenants' commands go on at a time where they cannot share a transaction.
const SIDE_BY_SIDE: usize = 4;

/// Commands of this process that wait for a transaction.
pub(crate) struct Sharing {
    line: Mutex<Line>,
    /// Told when nothing is under way any more.
    idle: Notify,
}

impl Sharing {
    /// A quarter of the connections: reads and the platform always find one, and fewer
    /// transactions at once with more commands each come out ahead.
    pub(crate) fn new(connections: u32) -> Self {
        let most = usize::try_from(connections / 4).unwrap_or(usize::MAX).max(1);
        Self { line: Mutex::new(Line::new(most)), idle: Notify::new() }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        // Whole between any two statements, so that a panic elsewhere does not spoil it.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses later commands, and waits for those that came before.
    pub(crate) async fn close(&self) {
        let idle = self.idle.notified();
        tokio::pin!(idle);
        idle.as_mut().enable();
        let under_way = {
            let mut line = self.line();
            line.is_closed = true;
            line.transactions
        };
        if under_way > 0 {
            idle.await;
        }
    }
}

/// Carries a tenant's command out with whatever else waits.
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

/// Waits for the answer of a command that takes its place in line.
pub(crate) async fn line_up<T, E>(
    connections: &Arc<Connections>,
    job: Box<dyn Job>,
    answer: Answer<T, E>,
) -> Result<T, Stop<E>> {
    let next = {
        let mut line = connections.sharing.line();
        if line.is_closed {
            let closed = StoreError::Unavailable("the store is closed".to_owned());
            return Err(Stop::Broken(closed));
        }
        if line.is_full(job.tenant()) {
            return Err(Stop::Broken(StoreError::Contended));
        }
        line.enter(job)
    };
    begin(connections, next);
    answer.await.unwrap_or_else(|_| Err(Stop::Broken(unended())))
}

fn begin(connections: &Arc<Connections>, next: Next) {
    if next == Next::Begin {
        let connections = Arc::clone(connections);
        // Not in the span of the caller who happens to come first: the commands are others' too.
        #[expect(
            clippy::disallowed_methods,
            reason = "ends with its transactions, which the store waits for when it closes"
        )]
        tokio::spawn(async move { drive(&connections).await });
    }
}

/// One transaction after another, until nothing waits that is not under way.
async fn drive(connections: &Arc<Connections>) {
    let sharing = &connections.sharing;
    loop {
        let (batch, next) = {
            let mut line = sharing.line();
            let batch = line.take();
            if line.transactions == 0 {
                sharing.idle.notify_waiters();
            }
            (batch, line.another())
        };
        begin(connections, next);
        if batch.is_empty() {
            return;
        }
        let under_way = tenants(&batch);
        // What panics has an answer of its own; nothing here may leave a tenant under way.
        let ran = AssertUnwindSafe(together(connections, batch)).catch_unwind().await;
        if ran.is_err() {
            let mut line = sharing.line();
            for tenant in under_way {
                line.ended(tenant);
            }
        }
    }
}

/// Makes way for the next commands of a batch's tenants, and tells its callers.
fn over(sharing: &Sharing, batch: Vec<Box<dyn Job>>) {
    {
        let mut line = sharing.line();
        for tenant in tenants(&batch) {
            line.ended(tenant);
        }
    }
    batch.into_iter().for_each(Job::answer);
}

/// Each of a batch's tenants once.
fn tenants(batch: &[Box<dyn Job>]) -> Vec<TenantId> {
    let mut tenants: Vec<TenantId> = batch.iter().map(|job| job.tenant()).collect();
    tenants.sort_unstable();
    tenants.dedup();
    tenants
}

/// Carries a batch out in one transaction. What stops all of it before the commit (a lost
/// connection, a lock that one tenant's command waits for in vain, a panic) must not be shared
/// by all: then each tenant's go apart, and those that can be served are told at once.
async fn together(connections: &Arc<Connections>, mut batch: Vec<Box<dyn Job>>) {
    let sharing = &connections.sharing;
    if let [job] = batch.as_mut_slice() {
        alone(connections, job).await;
        return over(sharing, batch);
    }
    match one_transaction(connections, &mut batch).await {
        Ok(()) => {
            for job in batch.iter_mut().filter(|job| job.met_another()) {
                alone(connections, job).await;
            }
        }
        Err(Torn::BeforeCommit) => {
            let apart = |mut jobs: Vec<Box<dyn Job>>| async move {
                for job in &mut jobs {
                    alone(connections, job).await;
                }
                over(sharing, jobs);
                let next = sharing.line().another();
                begin(connections, next);
            };
            let tenants = stream::iter(by_tenant(batch));
            return tenants.for_each_concurrent(SIDE_BY_SIDE, apart).await;
        }
        // Whether it took effect is not known, so it is not tried again: who asks again with
        // the same ids learns what became of it.
        Err(Torn::InCommit(error)) => {
            for job in &mut batch {
                job.fail(error.clone());
            }
        }
    }
    over(sharing, batch);
}

/// A batch, whose commands stand side by side, apart.
fn by_tenant(batch: Vec<Box<dyn Job>>) -> Vec<Vec<Box<dyn Job>>> {
    let mut apart: Vec<Vec<Box<dyn Job>>> = Vec::new();
    for job in batch {
        match apart.last_mut().filter(|jobs| jobs.iter().all(|last| last.tenant() == job.tenant()))
        {
            Some(jobs) => jobs.push(job),
            None => apart.push(vec![job]),
        }
    }
    apart
}

async fn alone(connections: &Connections, job: &mut Box<dyn Job>) {
    if job.is_late(connections) {
        return job.fail(StoreError::Contended);
    }
    let span = job.span();
    let ran: Result<(), Box<dyn Any + Send>> =
        AssertUnwindSafe(job.run_alone(connections).instrument(span)).catch_unwind().await;
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
    let begun = connections.begin(&Reach::Tenants(tenants(batch))).await;
    let mut tx = begun.map_err(|_| Torn::BeforeCommit)?;
    let ran = AssertUnwindSafe(in_order(connections, &mut tx, batch)).catch_unwind();
    let ran = heard(connections.within(), ran).await.map_err(|_| Torn::BeforeCommit)?;
    if matches!(ran, Ok(Ok(()))) {
        tx.commit().await.map_err(|Broken(error)| Torn::InCommit(error))
    } else {
        tx.roll_back().await;
        Err(Torn::BeforeCommit)
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
        let span = job.span();
        match job.run(tx).instrument(span).await {
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
