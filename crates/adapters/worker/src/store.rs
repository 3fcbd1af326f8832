//! Calls to stores, made again while there is hope.

use std::future::Future;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use keelway_kernel::{Failure, StoreError};

use crate::Shop;

impl Shop {
    /// Makes a call again while its store fails for a reason that may pass, with growing
    /// delays and jitter, until the patience of the settings is used up.
    ///
    /// The call must be safe to repeat.
    pub(crate) async fn persist<T, E, F>(&self, call: impl FnMut() -> F) -> Result<T, E>
    where
        E: MayPass,
        F: Future<Output = Result<T, E>>,
    {
        let delays = ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(50))
            .with_max_delay(Duration::from_secs(2))
            .without_max_times()
            .with_total_delay(Some(self.settings.patience))
            .with_jitter()
            .with_jitter_seed(self.ports.entropy.next_u64());
        call.retry(delays)
            .sleep(tokio::time::sleep)
            .when(MayPass::may_pass)
            .notify(|_, delay| tracing::warn!(?delay, "a store failed; it is asked again"))
            .await
    }
}

/// Whether the same call may work later.
pub(crate) trait MayPass {
    fn may_pass(&self) -> bool;
}

impl MayPass for StoreError {
    fn may_pass(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::Contended => true,
            Self::Corrupt { .. } => false,
        }
    }
}

impl<E> MayPass for Failure<E> {
    fn may_pass(&self) -> bool {
        match self {
            Self::Rejected(_) => false,
            Self::Store(error) => error.may_pass(),
        }
    }
}
