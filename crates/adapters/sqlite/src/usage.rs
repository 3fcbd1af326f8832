//! What a tenant used, counted in its own days and months.

use keelway_builds::usage::{MOST_PROJECTS, UsageFacts, UsageQuery, UsageReport};
use keelway_kernel::{StoreError, TenantId, TimeZoneName, Timestamp};
use keelway_rows::Of;
use keelway_rows::usage::{DayRow, MonthRow, ProjectUsageRow, days};
use sqlx::SqliteConnection;

use crate::error::{Broken, Sql};

const ZONE: &str = "SELECT time_zone FROM tenants WHERE id = ?";

/// Builds by the day they were accepted, and by the day and the state they ended in.
const DAYS: &str = "SELECT d.key AS day, NULL AS ended, count(*) AS builds,
         0 AS tokens_in, 0 AS tokens_out, 0 AS cost, 0 AS credits
     FROM json_each(?2) d
     CROSS JOIN builds b ON b.tenant_id = ?1
         AND b.created_at >= d.value ->> 0 AND b.created_at < d.value ->> 1
     GROUP BY d.key
     UNION ALL
     SELECT d.key, b.state, count(*), sum(b.tokens_in), sum(b.tokens_out), sum(b.cost),
         sum(b.captured)
     FROM json_each(?2) d
     CROSS JOIN builds b ON b.tenant_id = ?1
         AND b.ended_at >= d.value ->> 0 AND b.ended_at < d.value ->> 1
     GROUP BY d.key, b.state";

const MONTHS: &str = "SELECT period_start, period_end, builds_created, builds_completed,
         builds_failed, tokens, cost, credits
     FROM tenant_usage
     WHERE tenant_id = ?1 AND period_start >= ?2 AND period_start < ?3";

const PROJECTS: &str = "SELECT b.project_id, p.name, count(*) AS builds,
         sum(b.tokens_in + b.tokens_out) AS tokens, sum(b.cost) AS cost,
         sum(b.captured) AS credits
     FROM builds b
     JOIN projects p ON p.tenant_id = b.tenant_id AND p.id = b.project_id
     WHERE b.tenant_id = ?1 AND b.ended_at >= ?2 AND b.ended_at < ?3
     GROUP BY b.project_id
     ORDER BY credits DESC, builds DESC, b.project_id LIMIT ?4";

/// The report that answers `query` at `now`.
pub(crate) async fn report(
    reader: &mut SqliteConnection,
    tenant: TenantId,
    query: UsageQuery,
    now: Timestamp,
) -> Sql<UsageReport> {
    let zone: Option<String> =
        sqlx::query_scalar(ZONE).bind(tenant.as_uuid()).fetch_optional(&mut *reader).await?;
    let span = query.span(&decode_zone(tenant, zone)?, now);
    let days: Vec<DayRow> = sqlx::query_as(DAYS)
        .bind(tenant.as_uuid())
        .bind(days(&span)?)
        .fetch_all(&mut *reader)
        .await?;
    let (first, last) = span.months.first().zip(span.months.last()).ok_or_else(no_months)?;
    let months: Vec<MonthRow> = sqlx::query_as(MONTHS)
        .bind(tenant.as_uuid())
        .bind(first.start().as_micros())
        .bind(last.end().as_micros())
        .fetch_all(&mut *reader)
        .await?;
    let whole = span.whole();
    let projects: Vec<ProjectUsageRow> = sqlx::query_as(PROJECTS)
        .bind(tenant.as_uuid())
        .bind(whole.map(|whole| whole.start().as_micros()))
        .bind(whole.map(|whole| whole.end().as_micros()))
        .bind(i64::from(MOST_PROJECTS))
        .fetch_all(reader)
        .await?;
    let facts = UsageFacts {
        days: days.into_iter().map(DayRow::decode).collect::<Result<_, _>>()?,
        months: months.into_iter().map(MonthRow::decode).collect::<Result<_, _>>()?,
        projects: projects.into_iter().map(ProjectUsageRow::decode).collect::<Result<_, _>>()?,
    };
    Ok(span.report(facts))
}

fn decode_zone(tenant: TenantId, zone: Option<String>) -> Result<TimeZoneName, StoreError> {
    let row = Of("tenant", &tenant);
    row.parsed(row.known(zone)?.parse())
}

fn no_months() -> Broken {
    Broken(StoreError::corrupt("span", "has no months"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plans::{Database, assert_searched};

    #[tokio::test]
    async fn days_months_and_projects_are_found_by_their_times() {
        let mut database = Database::migrated().await;
        for sql in [ZONE, DAYS, MONTHS, PROJECTS] {
            assert_searched(&database.plan(sql).await, &["d"]);
        }
    }
}
