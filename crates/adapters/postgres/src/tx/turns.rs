//! Turns at something that only so many may do at a time.

use std::sync::Arc;
use std::time::Duration;

use keelway_kernel::StoreError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::unended;

/// How many wait for each turn at most.
const PLACES: usize = 64;

pub(super) struct Turns {
    free: Arc<Semaphore>,
    places: Semaphore,
}

impl Turns {
    pub(super) fn new(most: u32) -> Self {
        let most = usize::try_from(most).unwrap_or(usize::MAX).max(1);
        let places = most.saturating_mul(PLACES);
        Self { free: Arc::new(Semaphore::new(most)), places: Semaphore::new(places) }
    }

    /// Waits for a turn; where too many wait already, that is known at once.
    pub(super) async fn take(&self, wait: Duration) -> Result<OwnedSemaphorePermit, StoreError> {
        let _place = self.places.try_acquire().map_err(|_| StoreError::Contended)?;
        let turn = Arc::clone(&self.free).acquire_owned();
        let taken = tokio::time::timeout(wait, turn).await.map_err(|_| StoreError::Contended)?;
        taken.map_err(|_| unended())
    }
}
