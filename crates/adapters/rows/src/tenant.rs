//! What a tenant's plan follows from.

use keelway_builds::project::TenantFacts;
use keelway_kernel::{Period, StoreError, TenantId, TimeZoneName, Timestamp};
use sqlx::types::Uuid;

use crate::decode::Of;

/// The columns of `tenants` that plans follow from.
#[derive(Debug, Clone, sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct PlanRow {
    pub id: Uuid,
    pub tier: String,
    pub own_limits: String,
    pub time_zone: String,
}

impl PlanRow {
    /// The tenant's tier, own limits and the month that `now` falls in.
    pub fn decode(&self, now: Timestamp) -> Result<TenantFacts, StoreError> {
        let id = TenantId::from_uuid(self.id);
        let row = Of("tenant", &id);
        let zone: TimeZoneName = row.parsed(self.time_zone.parse())?;
        Ok(TenantFacts {
            tier: row.parsed(self.tier.parse())?,
            own_limits: row.document(&self.own_limits)?,
            month: Period::month_containing(now, &zone),
        })
    }
}
