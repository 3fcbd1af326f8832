//! What a tenant used, counted in its own days and months.

use keelway_builds::usage::{MOST_PROJECTS, UsageFacts, UsageQuery, UsageReport, UsageSpan};
use keelway_kernel::{Period, StoreError, TenantId, TimeZoneName, Timestamp};
use keelway_rows::usage::{DayRow, MonthRow, ProjectUsageRow};
use keelway_rows::{Moment, Of};
use sqlx::postgres::PgConnection;

use crate::error::{Broken, Sql};

const ZONE: &str = "SELECT time_zone FROM tenants WHERE id = $1";

/// Builds by the day they were accepted, and by the day and the state they ended in.
const DAYS: &str = "WITH days AS (
         SELECT number - 1 AS day, begins, ends
         FROM unnest($2::timestamptz[], $3::timestamptz[])
             WITH ORDINALITY AS d (begins, ends, number))
     SELECT d.day, NULL AS ended, made.builds, 0::bigint AS tokens_in, 0::bigint AS tokens_out,
         0::bigint AS cost, 0::bigint AS credits
     FROM days d
     CROSS JOIN LATERAL (
         SELECT count(*) AS builds FROM builds b
         WHERE b.tenant_id = $1 AND b.created_at >= d.begins AND b.created_at < d.ends) made
     WHERE made.builds > 0
     UNION ALL
     SELECT d.day, ended.*
     FROM days d
     CROSS JOIN LATERAL (
         SELECT b.state, count(*), sum(b.tokens_in)::bigint, sum(b.tokens_out)::bigint,
             sum(b.cost)::bigint, sum(b.captured)::bigint
         FROM builds b
         WHERE b.tenant_id = $1 AND b.ended_at >= d.begins AND b.ended_at < d.ends
         GROUP BY b.state) ended";

const MONTHS: &str = "SELECT period_start, period_end, builds_created, builds_completed,
         builds_failed, tokens, cost, credits
     FROM tenant_usage
     WHERE tenant_id = $1 AND period_start >= $2 AND period_start < $3";

const PROJECTS: &str = "SELECT b.project_id, p.name, count(*) AS builds,
         sum(b.tokens_in + b.tokens_out)::bigint AS tokens, sum(b.cost)::bigint AS cost,
         sum(b.captured)::bigint AS credits
     FROM builds b
     JOIN projects p ON p.tenant_id = b.tenant_id AND p.id = b.project_id
     WHERE b.tenant_id = $1 AND b.ended_at >= $2 AND b.ended_at < $3
     GROUP BY b.project_id, p.name
     ORDER BY credits DESC, builds DESC, b.project_id LIMIT $4";

/// The report that answers `query` at `now`.
pub(crate) async fn report(
    reader: &mut PgConnection,
    tenant: TenantId,
    query: UsageQuery,
    now: Timestamp,
) -> Sql<UsageReport> {
    let zone: Option<String> =
        sqlx::query_scalar(ZONE).bind(tenant.as_uuid()).fetch_optional(&mut *reader).await?;
    let span = query.span(&decode_zone(tenant, zone)?, now);
    let days: Vec<DayRow> = sqlx::query_as(DAYS)
        .bind(tenant.as_uuid())
        .bind(bounds(&span, Period::start))
        .bind(bounds(&span, Period::end))
        .fetch_all(&mut *reader)
        .await?;
    let (first, last) = span.months.first().zip(span.months.last()).ok_or_else(no_months)?;
    let months: Vec<MonthRow> = sqlx::query_as(MONTHS)
        .bind(tenant.as_uuid())
        .bind(Moment(first.start()))
        .bind(Moment(last.end()))
        .fetch_all(&mut *reader)
        .await?;
    let whole = span.whole();
    let projects: Vec<ProjectUsageRow> = sqlx::query_as(PROJECTS)
        .bind(tenant.as_uuid())
        .bind(whole.map(|whole| Moment(whole.start())))
        .bind(whole.map(|whole| Moment(whole.end())))
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

/// One end of each day.
fn bounds(span: &UsageSpan, end: fn(Period) -> Timestamp) -> Vec<Moment> {
    span.days.iter().map(|(_, period)| Moment(end(*period))).collect()
}
