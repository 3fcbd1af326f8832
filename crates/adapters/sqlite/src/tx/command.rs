//! A command that waits for its turn, whatever it gives.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

use async_trait::async_trait;
use keelway_kernel::StoreError;
use tokio::sync::oneshot;
use tracing::{Instrument as _, Span};

use super::{Tx, Work};
use crate::error::Stop;

/// A command and whoever waits for its answer.
#[async_trait]
pub(super) trait Command: Send {
    /// Does the work; nobody is answered yet.
    async fn run(self: Box<Self>, tx: &mut Tx) -> Ran;

    /// Answers without having done anything.
    fn fail(self: Box<Self>, error: StoreError);
}

/// A command whose work is done and whose caller waits until the batch has ended.
pub(super) struct Ran {
    pub(super) verdict: Verdict,
    pub(super) reply: Reply,
}

/// Answers with what the command gave if its batch was committed, else with why it was not.
pub(super) type Reply = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// What becomes of what a command wrote.
pub(super) enum Verdict {
    Kept,
    Refused,
    Broken(StoreError),
}

pub(super) type Answer<T, E> = Result<T, Stop<E>>;

/// The one command there is; a trait only hides what it gives.
pub(super) struct Job<T, E, F> {
    work: F,
    caller: oneshot::Sender<Answer<T, E>>,
    /// Its log is its caller's, whoever runs it.
    span: Span,
}

impl<T, E, F> Job<T, E, F> {
    pub(super) fn new(work: F) -> (Box<Self>, oneshot::Receiver<Answer<T, E>>) {
        let (caller, answer) = oneshot::channel();
        (Box::new(Self { work, caller, span: Span::current() }), answer)
    }
}

#[async_trait]
impl<T, E, F> Command for Job<T, E, F>
where
    T: Send + 'static,
    E: Send + 'static,
    F: for<'tx> FnOnce(&'tx mut Tx) -> Work<'tx, T, E> + Send + 'static,
{
    async fn run(self: Box<Self>, tx: &mut Tx) -> Ran {
        let Self { work, caller, span } = *self;
        let done = caught(work(tx)).instrument(span).await;
        let verdict = match &done {
            Ok(_) => Verdict::Kept,
            Err(Stop::Refused(_)) => Verdict::Refused,
            Err(Stop::Broken(error)) => Verdict::Broken(error.clone()),
        };
        // A refusal too rests on what was written before it: it stands only with the batch.
        let reply = Box::new(move |ended: Result<(), StoreError>| {
            // Whoever went away needs no answer.
            let _ = caller.send(ended.map_err(Stop::Broken).and(done));
        });
        Ran { verdict, reply }
    }

    fn fail(self: Box<Self>, error: StoreError) {
        let _ = self.caller.send(Err(Stop::Broken(error)));
    }
}

/// A panic ends its own command and nobody else's.
async fn caught<T, E>(mut work: Work<'_, T, E>) -> Answer<T, E> {
    poll_fn(move |context| {
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
        polled.unwrap_or_else(|_| {
            let panicked = StoreError::Unavailable("a command panicked".to_owned());
            Poll::Ready(Err(Stop::Broken(panicked)))
        })
    })
    .await
}
