//! Holding a lease: renewing it, and letting go in time.

use std::sync::{Mutex, PoisonError};

use keelway_builds::Lease;
use keelway_builds::ports::Watch;
use keelway_kernel::Failure;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::stop::Stop;
use crate::{Shop, WorkerSettings};

/// A lease, and until when it may be relied on.
///
/// Measured by the monotonic clock from before the call that granted it, so neither a slow
/// reply nor a clock that is set can make it last longer here than in the store.
pub(crate) struct HeldLease {
    pub(crate) lease: Lease,
    fence: Mutex<Instant>,
}

impl HeldLease {
    pub(crate) fn new(lease: Lease, asked: Instant, settings: &WorkerSettings) -> Self {
        Self { lease, fence: Mutex::new(asked + settings.reliable()) }
    }

    /// From this moment on nothing may be written.
    pub(crate) fn fence(&self) -> Instant {
        *self.fence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn extend(&self, asked: Instant, settings: &WorkerSettings) {
        *self.fence.lock().unwrap_or_else(PoisonError::into_inner) = asked + settings.reliable();
    }
}

/// Renews the lease until there is a reason to stop.
///
/// A hint on `watch` brings the next renewal forward: the build may have been called off.
pub(crate) async fn beat(shop: &Shop, held: &HeldLease, mut watch: Box<dyn Watch>) -> Stop {
    let settings = &shop.settings;
    let mut asked = Instant::now();
    let mut next = asked + settings.renew_every();
    loop {
        tokio::select! {
            biased;
            () = sleep_until(next) => {}
            () = watch.changed() => sleep_until(next.min(asked + settings.hint_gap())).await,
        }
        asked = Instant::now();
        let renewal = shop.ports.queue.renew(&held.lease, settings.lease_ttl_ms());
        match timeout_at(held.fence(), renewal).await {
            Ok(Ok(renewed)) if renewed.cancel_requested => return Stop::Cancelled,
            Ok(Ok(_)) => {
                held.extend(asked, settings);
                next = asked + settings.renew_every();
            }
            Ok(Err(Failure::Rejected(_))) => return Stop::Lost,
            Ok(Err(Failure::Store(error))) => {
                tracing::warn!(%error, "the lease could not be renewed");
                next = held.fence().min(Instant::now() + settings.renew_again());
            }
            Err(_) => return Stop::Fenced,
        }
        if Instant::now() >= held.fence() {
            return Stop::Fenced;
        }
    }
}
