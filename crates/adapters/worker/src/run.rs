//! One attempt at one build: its pipeline against its heartbeat, and its one ending.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::FutureExt;
use keelway_builds::end::{End, Finish};
use keelway_builds::ports::Topic;
use keelway_builds::run::Assignment;
use keelway_builds::{Build, Phase};
use keelway_kernel::Failure;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::Shop;
use crate::heartbeat::{HeldLease, beat};
use crate::pipeline::Pipeline;
use crate::stop::{Failed, Stop};
use crate::telemetry::{self, Counted};

/// Runs the build that a call begun at `asked` assigned, until it ends, its lease is lost, or
/// `hand_back` fires.
pub(crate) async fn run(
    shop: &Arc<Shop>,
    assignment: Assignment,
    asked: Instant,
    hand_back: &CancellationToken,
) {
    let _active = Counted::new("keelway_active_builds");
    let held = HeldLease::new(assignment.lease, asked, &shop.settings);
    let watch = shop.ports.signals.watch(Topic::Build(held.lease.build));
    let mut pipeline = Pipeline::new(shop, assignment);
    let stopped = tokio::select! {
        biased;
        reason = beat(shop, &held, watch) => Err(reason),
        () = hand_back.cancelled() => Err(Stop::HandBack),
        ended = AssertUnwindSafe(pipeline.run()).catch_unwind() => ended.unwrap_or_else(|_| {
            telemetry::panicked("build");
            Err(Failed::ours().retryable(true).into())
        }),
    };
    // The pipeline's future is gone here, and its agents with it: from now on only the
    // ending is written.
    let Some(end) = ending(shop, stopped, pipeline.phase()) else { return };
    if let Some(build) = conclude(shop, &held, end).await {
        telemetry::build_ended(&build);
        tracing::info!(state = %build.status.state(), "the attempt has ended");
    }
    shop.ports.signals.notify(Topic::Build(held.lease.build));
    shop.ports.signals.notify(Topic::Work);
}

/// How the attempt is to end, or nothing if it may not be written to any more.
fn ending(shop: &Shop, stopped: Result<End, Stop>, phase: Phase) -> Option<End> {
    match stopped {
        Ok(end) => Some(end),
        Err(Stop::Cancelled) => {
            telemetry::phase_is(phase, "cancelled");
            Some(End::Cancelled)
        }
        Err(Stop::HandBack) => Some(End::HandedBack),
        Err(Stop::Failed(failed)) => {
            telemetry::phase_is(phase, "failed");
            let failure = &failed.failure;
            let reason = failure.reason.as_str();
            tracing::warn!(reason, retryable = failure.retryable, %phase, "the attempt failed");
            Some(failed.end(shop.ports.entropy.next_u64()))
        }
        Err(Stop::Lost | Stop::Fenced) => {
            telemetry::lease_lost();
            tracing::warn!(%phase, "the lease was lost; nothing more is written");
            None
        }
        Err(Stop::Unwritable(error)) => {
            tracing::error!(%error, %phase, "the attempt cannot be recorded; its lease runs out");
            None
        }
    }
}

/// Ends the attempt, unless the lease runs out first.
async fn conclude(shop: &Shop, held: &HeldLease, end: End) -> Option<Build> {
    let uncertain = AtomicBool::new(false);
    let finish = || async {
        let ended = shop.ports.queue.finish(Finish { lease: held.lease, end: end.clone() }).await;
        if matches!(ended, Err(Failure::Store(_))) {
            uncertain.store(true, Ordering::Relaxed);
        }
        ended
    };
    match timeout_at(held.fence(), shop.persist(finish)).await {
        Ok(Ok(finished)) => return Some(finished.build),
        // An earlier call may have ended it and only its reply was lost.
        Ok(Err(Failure::Rejected(_))) if uncertain.load(Ordering::Relaxed) => {
            tracing::info!("the attempt had ended before");
        }
        Ok(Err(Failure::Rejected(_))) | Err(_) => {
            telemetry::lease_lost();
            tracing::warn!("the lease was lost before the attempt could be ended");
        }
        Ok(Err(Failure::Store(error))) => {
            tracing::error!(%error, "the attempt cannot be ended; its lease runs out");
        }
    }
    None
}
