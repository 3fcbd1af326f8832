//! The platform as a whole, for those who run it.

use keelway_builds::operations::{
    BuildAnywhere, BuildSearch, HeldLease, Performance, PlatformTotals, QueueBoard, WaitingBuild,
    Window,
};
use keelway_kernel::{Page, PageRequest, StoreError};

use crate::{Operator, Platform};

/// The most tenants that the board of the queue names.
const MOST_TENANTS: u32 = 100;
/// The most leases that are listed.
const MOST_LEASES: u32 = 200;

impl Platform {
    /// The queue by standing and by tenant.
    pub async fn queue_board(&self, _: &Operator) -> Result<QueueBoard, StoreError> {
        self.ports.operations.queue(MOST_TENANTS).await
    }

    /// Builds of any tenant that wait, in the order of their places.
    pub async fn waiting_builds(
        &self,
        _: &Operator,
        page: PageRequest,
    ) -> Result<Page<WaitingBuild>, StoreError> {
        self.ports.operations.waiting(page).await
    }

    /// Builds of any tenant, newest first.
    pub async fn builds_anywhere(
        &self,
        _: &Operator,
        search: BuildSearch,
        page: PageRequest,
    ) -> Result<Page<BuildAnywhere>, StoreError> {
        self.ports.operations.builds_anywhere(search, page).await
    }

    /// Builds in the hands of workers; the lease that runs out first comes first.
    pub async fn leases(&self, _: &Operator) -> Result<Vec<HeldLease>, StoreError> {
        self.ports.operations.leases(MOST_LEASES).await
    }

    /// How fast builds went and why they failed, of late.
    pub async fn performance(
        &self,
        _: &Operator,
        window: Window,
    ) -> Result<Performance, StoreError> {
        let samples = self.ports.operations.samples(window.since(self.now())).await?;
        Ok(Performance::of(window, samples))
    }

    /// How much there is of everything.
    pub async fn platform_totals(&self, _: &Operator) -> Result<PlatformTotals, StoreError> {
        self.ports.operations.totals().await
    }
}
