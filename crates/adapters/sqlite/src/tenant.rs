//! A tenant's plan and its month.

use keelway_builds::end::UsageChange;
use keelway_builds::project::TenantFacts;
use keelway_kernel::{Period, StoreError, TenantId, Timestamp};
use keelway_rows::stored;
use keelway_rows::tenant::PlanRow;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::error::{Broken, Sql};
use crate::trip::{Trip, first, rows};

/// No month is longer, wherever it is counted.
const LONGEST_MONTH_DAYS: i64 = 32;

impl Trip {
    /// Asks for what the tenant's plan follows from.
    pub(crate) fn ask_plan(self, tenant: TenantId) -> Self {
        self.add("SELECT id, tier, own_limits, time_zone FROM tenants WHERE id = ?")
            .bind(tenant.as_uuid())
    }

    /// Asks for how many builds the tenant asked for in every month that `now` may be in: which
    /// it is depends on where the tenant is.
    pub(crate) fn ask_months(self, tenant: TenantId, now: Timestamp) -> Self {
        self.add(
            "SELECT period_start, builds_created
             FROM tenant_usage WHERE tenant_id = ? AND period_start > ?",
        )
        .bind(tenant.as_uuid())
        .bind(now.plus_seconds(-LONGEST_MONTH_DAYS * 24 * 60 * 60).as_micros())
    }

    /// Adds to the tenant's use of `month`.
    pub(crate) fn put_usage(
        self,
        tenant: TenantId,
        month: Period,
        (created, more): (u32, &UsageChange),
    ) -> Self {
        if created == 0 && *more == UsageChange::default() {
            return self;
        }
        self.add(
            "INSERT INTO tenant_usage
                 (tenant_id, period_start, period_end,
                  builds_created, builds_completed, builds_failed, tokens, cost, credits)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (tenant_id, period_start) DO UPDATE SET
                 builds_created = tenant_usage.builds_created + excluded.builds_created,
                 builds_completed = tenant_usage.builds_completed + excluded.builds_completed,
                 builds_failed = tenant_usage.builds_failed + excluded.builds_failed,
                 tokens = tenant_usage.tokens + excluded.tokens,
                 cost = tenant_usage.cost + excluded.cost,
                 credits = tenant_usage.credits + excluded.credits",
        )
        .bind(tenant.as_uuid())
        .bind(month.start().as_micros())
        .bind(month.end().as_micros())
        .bind(i64::from(created))
        .bind(stored(more.completed))
        .bind(stored(more.failed))
        .bind(stored(more.tokens))
        .bind(more.cost.get())
        .bind(more.credits.get())
    }
}

/// What the tenant's plan, which was asked for, follows from at `now`.
pub(crate) fn plan(found: &[SqliteRow], tenant: TenantId, now: Timestamp) -> Sql<TenantFacts> {
    let row: Option<PlanRow> = first(found)?;
    let row = row.ok_or_else(|| Broken(StoreError::corrupt("tenant", tenant)))?;
    Ok(row.decode(now)?)
}

/// How many builds were asked for in `month`, which is one of those that were asked for.
pub(crate) fn builds_in(found: &[SqliteRow], month: Period) -> Sql<u64> {
    let months: Vec<(i64, i64)> = rows(found)?;
    let start = month.start().as_micros();
    let count = months.into_iter().find(|(begun, _)| *begun == start).map(|(_, count)| count);
    Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
}

/// What the tenant's plan follows from at `now`.
pub(crate) async fn facts(
    tx: &mut SqliteConnection,
    tenant: TenantId,
    now: Timestamp,
) -> Sql<TenantFacts> {
    let [found] = Trip::default().ask_plan(tenant).read(tx).await?;
    plan(&found, tenant, now)
}
