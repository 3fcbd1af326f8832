//! What a tenant used, for its own people.

use keelway_builds::usage::{UsageQuery, UsageReport};
use keelway_kernel::StoreError;

use crate::permit::right::ViewBuilds;
use crate::{Permit, Platform};

impl Platform {
    /// What the tenant used by day, month and project, in its time zone.
    pub async fn usage(
        &self,
        permit: &Permit<ViewBuilds>,
        query: UsageQuery,
    ) -> Result<UsageReport, StoreError> {
        self.ports.overviews.usage(permit.scope(), query).await
    }
}
