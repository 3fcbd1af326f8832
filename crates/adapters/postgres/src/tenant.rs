//! A tenant's plan and its month.

use keelway_builds::end::UsageChange;
use keelway_builds::project::TenantFacts;
use keelway_kernel::{Period, StoreError, TenantId, Timestamp};
use keelway_rows::tenant::PlanRow;
use keelway_rows::{Moment, stored};
use sqlx::postgres::PgConnection;

use crate::error::{Broken, Sql};
use crate::trip::Trip;

/// What the tenant's plan follows from at `now`.
pub(crate) async fn facts(
    tx: &mut PgConnection,
    tenant: TenantId,
    now: Timestamp,
) -> Sql<TenantFacts> {
    let row: Option<PlanRow> =
        sqlx::query_as("SELECT id, tier, own_limits, time_zone FROM tenants WHERE id = $1")
            .bind(tenant.as_uuid())
            .fetch_optional(tx)
            .await?;
    let row = row.ok_or_else(|| Broken(StoreError::corrupt("tenant", tenant)))?;
    Ok(row.decode(now)?)
}

/// Adds to the tenant's use of `month`.
pub(crate) fn add_usage(
    trip: &mut Trip,
    tenant: TenantId,
    month: Period,
    (created, more): (u32, &UsageChange),
) {
    if created == 0 && *more == UsageChange::default() {
        return;
    }
    trip.any(
        "usage",
        "INSERT INTO tenant_usage
             (tenant_id, period_start, period_end,
              builds_created, builds_completed, builds_failed, tokens, cost, credits)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (tenant_id, period_start) DO UPDATE SET
             builds_created = tenant_usage.builds_created + excluded.builds_created,
             builds_completed = tenant_usage.builds_completed + excluded.builds_completed,
             builds_failed = tenant_usage.builds_failed + excluded.builds_failed,
             tokens = tenant_usage.tokens + excluded.tokens,
             cost = tenant_usage.cost + excluded.cost,
             credits = tenant_usage.credits + excluded.credits",
    )
    .bind(tenant.as_uuid())
    .bind(Moment(month.start()))
    .bind(Moment(month.end()))
    .bind(i64::from(created))
    .bind(stored(more.completed))
    .bind(stored(more.failed))
    .bind(stored(more.tokens))
    .bind(more.cost.get())
    .bind(more.credits.get());
}
