//! Mending what time has overtaken.

use keelway_builds::ports::Topic;
use keelway_kernel::StoreError;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::Shop;

/// Sweeps at once, and then now and then: what a killed worker held is free again no later
/// than its lease and one interval.
pub(crate) async fn run(shop: &Shop, shutdown: &CancellationToken) {
    while !shutdown.is_cancelled() {
        if let Err(error) = until_clean(shop, shutdown).await {
            tracing::warn!(%error, "the queue could not be swept");
        }
        shutdown.run_until_cancelled(sleep(shop.settings.sweep_every)).await;
    }
}

async fn until_clean(shop: &Shop, shutdown: &CancellationToken) -> Result<(), StoreError> {
    while !shutdown.is_cancelled() {
        let touched = shop.ports.queue.sweep(shop.ports.entropy.next_u64()).await?;
        if touched == 0 {
            break;
        }
        tracing::info!(touched, "swept the queue");
        shop.ports.signals.notify(Topic::Work);
    }
    Ok(())
}
