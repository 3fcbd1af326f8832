//! Mending what time has overtaken.

use keelway_builds::ports::Topic;
use keelway_kernel::StoreError;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::Shop;

/// Sweeps at once, and then now and then: what a killed worker held is free again no later
/// than its lease and one interval.
pub(crate) async fn run(shop: &Shop, shutdown: &CancellationToken) {
    let sweeping = async {
        loop {
            if let Err(error) = until_clean(shop).await {
                tracing::warn!(%error, "the queue could not be swept");
            }
            sleep(shop.settings.sweep_every).await;
        }
    };
    // A sweep that is dropped has swept or has not; the next one does the rest.
    shutdown.run_until_cancelled(sweeping).await;
}

async fn until_clean(shop: &Shop) -> Result<(), StoreError> {
    loop {
        let touched = shop.ports.queue.sweep(shop.ports.entropy.next_u64()).await?;
        if touched == 0 {
            return Ok(());
        }
        tracing::info!(touched, "swept the queue");
        shop.ports.signals.notify(Topic::Work);
    }
}
