//! A command that waits, whatever it gives.

use async_trait::async_trait;
use keelway_kernel::{StoreError, TenantId};
use tokio::sync::oneshot;
use tokio::time::Instant;
use tracing::Span;

use crate::credits::InRun;
use crate::error::Stop;
use crate::tx::{Connections, Reach, Tx, Work, unended};

/// What a command gave, once it ran.
pub(crate) type Done<T, E> = Option<Result<T, Stop<E>>>;

/// What became of a command within its transaction.
pub(crate) enum Ran {
    /// Its changes are to stay.
    Done,
    /// It changed nothing, or what it changed is to be undone.
    Undone,
}

impl<T, E> From<&Result<T, Stop<E>>> for Ran {
    fn from(done: &Result<T, Stop<E>>) -> Self {
        if done.is_ok() { Self::Done } else { Self::Undone }
    }
}

/// One command that waits.
#[async_trait]
pub(crate) trait Job: Send {
    fn tenant(&self) -> TenantId;

    /// Whose log it belongs to, whoever runs it.
    fn span(&self) -> Span;

    /// The same command, where it can be decided in one go with others of its kind.
    fn in_run(&mut self) -> Option<&mut dyn InRun> {
        None
    }

    /// Carries it out, and keeps its answer for later.
    async fn run(&mut self, tx: &mut Tx) -> Ran;

    /// Carries it out in a transaction of its own.
    async fn run_alone(&mut self, connections: &Connections);

    /// Replaces its answer.
    fn fail(&mut self, error: StoreError);

    /// Whether nobody could know yet that it met another command.
    fn met_another(&self) -> bool;

    /// Whether its caller has waited for as long as callers are to wait.
    fn is_late(&self, connections: &Connections) -> bool;

    /// Tells its caller.
    fn answer(self: Box<Self>);
}

pub(crate) fn met_another<T, E>(done: &Done<T, E>) -> bool {
    matches!(done, Some(Err(Stop::Broken(StoreError::Contended))))
}

/// Whoever waits for a command's answer.
pub(crate) struct Caller<T, E> {
    since: Instant,
    span: Span,
    reply: oneshot::Sender<Result<T, Stop<E>>>,
}

/// Where the answer will be.
pub(crate) type Answer<T, E> = oneshot::Receiver<Result<T, Stop<E>>>;

impl<T, E> Caller<T, E> {
    pub(crate) fn new() -> (Self, Answer<T, E>) {
        let (reply, answer) = oneshot::channel();
        (Self { since: Instant::now(), span: Span::current(), reply }, answer)
    }

    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    pub(crate) fn is_late(&self, connections: &Connections) -> bool {
        self.since.elapsed() > connections.wait
    }

    pub(crate) fn tell(self, done: Done<T, E>) {
        let waited_ms = self.since.elapsed().as_secs_f64() * 1_000.0;
        tracing::trace!(parent: &self.span, waited_ms, "a command ended");
        // Whoever asked may be gone.
        let _ = self.reply.send(done.unwrap_or_else(|| Err(Stop::Broken(unended()))));
    }
}

/// A command that is a piece of work.
pub(super) struct Shared<C, T, E, F> {
    pub(super) tenant: TenantId,
    pub(super) cmd: C,
    pub(super) work: F,
    pub(super) done: Done<T, E>,
    pub(super) caller: Caller<T, E>,
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

    fn span(&self) -> Span {
        self.caller.span()
    }

    async fn run(&mut self, tx: &mut Tx) -> Ran {
        let done = (self.work)(tx, self.cmd.clone()).await;
        Ran::from(&*self.done.insert(done))
    }

    async fn run_alone(&mut self, connections: &Connections) {
        let reach = Reach::Tenants(vec![self.tenant]);
        self.done = Some(connections.write(&reach, &self.cmd, &self.work).await);
    }

    fn fail(&mut self, error: StoreError) {
        self.done = Some(Err(Stop::Broken(error)));
    }

    fn met_another(&self) -> bool {
        met_another(&self.done)
    }

    fn is_late(&self, connections: &Connections) -> bool {
        self.caller.is_late(connections)
    }

    fn answer(self: Box<Self>) {
        self.caller.tell(self.done);
    }
}
