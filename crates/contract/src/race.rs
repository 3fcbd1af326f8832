//! Commands that meet, and commands whose caller goes away.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// Runs `count` commands that begin at the same moment, each on a task of its own, and gives
/// their answers in the order of their numbers.
pub async fn race<T, F>(count: usize, command: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(count));
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let (start, command) = (Arc::clone(&start), command(number));
        tasks.spawn(async move {
            start.wait().await;
            (number, command.await)
        });
    }
    let mut answers = tasks.join_all().await;
    answers.sort_by_key(|(number, _)| *number);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

/// Drops `command` unless it is done within `polls` polls: what happens to a handler whose
/// client hangs up. `None` says that it was dropped, not that it had no effect.
pub async fn abandon<F: Future>(polls: u64, command: F) -> Option<F::Output> {
    let mut command = pin!(command);
    let mut left = polls;
    poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match command.as_mut().poll(context) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
