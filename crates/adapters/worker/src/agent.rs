//! One agent: run, checked, its files kept.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use keelway_builds::ports::Blobs;
use keelway_builds::{AgentFailure, AgentReply, AgentTask, AgentWork, BlobRef, FailureReason};
use keelway_kernel::StoreError;
use keelway_patch::{FilePath, FileTree};
use tokio::time::{Instant, timeout};

use crate::stop::Failed;
use crate::{Shop, telemetry};

/// How many files are written or read at a time.
const FILES_AT_ONCE: usize = 8;

/// What an agent made: the record of it, and the bytes for the agents after it.
pub(crate) struct Made {
    pub(crate) work: AgentWork,
    pub(crate) files: Vec<(FilePath, Vec<u8>)>,
}

/// Runs one agent and keeps its files, so that recording its work is all that is left to do.
///
/// A panic on the way is our failure, like any other.
pub(crate) async fn work(
    shop: Arc<Shop>,
    task: AgentTask,
    provider: String,
) -> Result<Made, Failed> {
    let making = AssertUnwindSafe(make(&shop, task, &provider)).catch_unwind();
    making.await.unwrap_or_else(|_| {
        telemetry::panicked("agent");
        Err(Failed::ours().retryable(true))
    })
}

async fn make(shop: &Shop, task: AgentTask, provider: &str) -> Result<Made, Failed> {
    let agent = task.agent.clone();
    let started_at = shop.ports.clock.now();
    let began = Instant::now();
    let reply = match timeout(shop.settings.call_limit, shop.ports.agents.run(task)).await {
        Ok(Ok(reply)) => reply,
        Ok(Err(failure)) => {
            telemetry::provider_failed(provider, &failure);
            return Err(failed(failure));
        }
        Err(_) => {
            let message = "The model provider did not answer in time.";
            return Err(Failed::new(FailureReason::Provider, message).retryable(true));
        }
    };
    telemetry::provider_answered(&reply.usage.provider, began.elapsed());

    let AgentReply { summary, files, usage } = reply;
    let mut tree = FileTree::<Vec<u8>>::default();
    tree.merge(files).map_err(|error| {
        let message = format!("The model made files that cannot be kept: {error}.");
        Failed::new(FailureReason::Provider, message).retryable(true).charged(usage.cost)
    })?;
    let files: Vec<(FilePath, Vec<u8>)> = tree.into_iter().collect();
    let kept = keep(shop, &files).await.map_err(|error| {
        tracing::error!(%error, "an agent's files cannot be kept");
        Failed::ours().retryable(true)
    })?;
    let ended_at = shop.ports.clock.now();
    let work = AgentWork { agent, usage, summary, files: kept, started_at, ended_at };
    Ok(Made { work, files })
}

async fn keep(
    shop: &Shop,
    files: &[(FilePath, Vec<u8>)],
) -> Result<Vec<(FilePath, BlobRef)>, StoreError> {
    let blobs: &dyn Blobs = &*shop.ports.blobs;
    let put = async |path: &FilePath, bytes: &Vec<u8>| {
        Ok((path.clone(), shop.persist(|| blobs.put(bytes.clone())).await?))
    };
    let puts: Vec<_> = files.iter().map(|(path, bytes)| put(path, bytes)).collect();
    stream::iter(puts).buffered(FILES_AT_ONCE).try_collect().await
}

/// The files of work kept by an earlier attempt.
pub(crate) async fn recall(
    shop: &Shop,
    work: &AgentWork,
) -> Result<Vec<(FilePath, Vec<u8>)>, StoreError> {
    let blobs: &dyn Blobs = &*shop.ports.blobs;
    let get = async |path: &FilePath, blob: BlobRef| {
        Ok((path.clone(), shop.persist(|| blobs.get(blob)).await?))
    };
    let gets: Vec<_> = work.files.iter().map(|(path, blob)| get(path, *blob)).collect();
    stream::iter(gets).buffered(FILES_AT_ONCE).try_collect().await
}

fn failed(failure: AgentFailure) -> Failed {
    match failure {
        AgentFailure::Provider { message, retryable, charged, retry_after } => {
            let message = message.trim_end_matches('.');
            let message = format!("The model provider failed: {message}.");
            Failed { retry_after, ..Failed::new(FailureReason::Provider, message) }
                .retryable(retryable)
                .charged(charged)
        }
        AgentFailure::Budget { charged } => out_of_credits().charged(charged),
        AgentFailure::Internal { message } => {
            tracing::error!(message, "an agent could not be run");
            Failed::ours().retryable(true)
        }
    }
}

/// The hard stop at what is held.
pub(crate) fn out_of_credits() -> Failed {
    Failed::new(FailureReason::Budget, "The credits set aside for this build are used up.")
}
