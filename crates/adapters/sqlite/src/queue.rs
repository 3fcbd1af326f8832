//! The queue table: whose turn it is, and where a build stands.

use keelway_builds::queue::{self, Ahead, FIRST_PACE_MS, Lane, Placement};
use keelway_builds::{Build, Position, Standing};
use keelway_kernel::{BuildId, Millis, TenantId, Timestamp};
use keelway_rows::{Of, json};
use sqlx::SqliteConnection;
use sqlx::types::Uuid;

use crate::error::{Sql, one};

/// The one look-up that taking costs: the first row of `build_queue_next` that is none of `?`.
pub(crate) const NEXT: &str = "SELECT tenant_id, build_id, band, tag
     FROM build_queue
     WHERE standing = 'ready' AND hex(build_id) NOT IN (SELECT value FROM json_each(?))
     ORDER BY band, tag, build_id
     LIMIT 1";

/// How far positions are counted: beyond it, a place is only known to be at least this.
pub(crate) const COUNTED: i64 = 10_000;

/// The row whose turn it is.
#[derive(sqlx::FromRow)]
pub(crate) struct Next {
    pub(crate) tenant_id: Uuid,
    pub(crate) build_id: Uuid,
    pub(crate) band: i64,
    pub(crate) tag: i64,
}

pub(crate) async fn next(tx: &mut SqliteConnection, left_out: &[BuildId]) -> Sql<Option<Next>> {
    let left_out: Vec<String> = left_out.iter().map(|build| hex(*build)).collect();
    Ok(sqlx::query_as(NEXT).bind(json(&left_out)?).fetch_optional(tx).await?)
}

fn hex(build: BuildId) -> String {
    format!("{:X}", build.as_uuid().simple())
}

/// How many builds of the tenant, beside `build`, are ready, delayed or leased.
pub(crate) async fn occupied(
    tx: &mut SqliteConnection,
    tenant: TenantId,
    build: BuildId,
) -> Sql<u32> {
    let count: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM build_queue
         WHERE tenant_id = ? AND standing IN ('ready', 'delayed', 'leased') AND build_id <> ?",
    )
    .bind(tenant.as_uuid())
    .bind(build.as_uuid())
    .fetch_one(tx)
    .await?;
    Ok(Of("queue of tenant", &tenant).number(count)?)
}

/// The queue around a tenant in `band`, as `build` finds it.
pub(crate) async fn lane(
    tx: &mut SqliteConnection,
    (tenant, build): (TenantId, BuildId),
    band: i64,
    limit: u32,
) -> Sql<Lane> {
    let last_tag: Option<i64> =
        sqlx::query_scalar("SELECT last_tag FROM queue_tenants WHERE tenant_id = ? AND band = ?")
            .bind(tenant.as_uuid())
            .bind(band)
            .fetch_optional(&mut *tx)
            .await?;
    Ok(Lane {
        band,
        virtual_time: virtual_time(tx, band).await?,
        last_tag: last_tag.unwrap_or(0),
        occupied: occupied(tx, tenant, build).await?,
        limit,
    })
}

async fn virtual_time(tx: &mut SqliteConnection, band: i64) -> Sql<i64> {
    let stored: Option<i64> =
        sqlx::query_scalar("SELECT virtual_time FROM queue_bands WHERE band = ?")
            .bind(band)
            .fetch_optional(tx)
            .await?;
    Ok(stored.unwrap_or(0))
}

/// Moves a band's virtual time on to what was taken from it.
pub(crate) async fn advance(tx: &mut SqliteConnection, band: i64, tag: i64) -> Sql<()> {
    let virtual_time = queue::advance(virtual_time(tx, band).await?, tag);
    sqlx::query(
        "INSERT INTO queue_bands (band, virtual_time) VALUES (?, ?)
         ON CONFLICT (band) DO UPDATE SET virtual_time = excluded.virtual_time",
    )
    .bind(band)
    .bind(virtual_time)
    .execute(tx)
    .await?;
    Ok(())
}

/// Puts a new build where the decision placed it.
pub(crate) async fn enqueue(
    tx: &mut SqliteConnection,
    build: &Build,
    placement: &Placement,
) -> Sql<()> {
    sqlx::query(
        "INSERT INTO build_queue (tenant_id, build_id, standing, band, tag, due_at, enqueued_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(build.tenant.as_uuid())
    .bind(build.id.as_uuid())
    .bind(placement.standing.as_str())
    .bind(placement.band)
    .bind(placement.tag)
    .bind(build.deadline.as_micros())
    .bind(build.created_at.as_micros())
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "INSERT INTO queue_tenants (tenant_id, band, last_tag) VALUES (?, ?, ?)
         ON CONFLICT (tenant_id, band) DO UPDATE SET last_tag = excluded.last_tag",
    )
    .bind(build.tenant.as_uuid())
    .bind(placement.band)
    .bind(placement.tag)
    .execute(tx)
    .await?;
    Ok(())
}

/// How a row of the queue changes.
pub(crate) struct Move<'a> {
    pub(crate) from: Standing,
    pub(crate) to: Standing,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) worker: Option<&'a str>,
}

/// Changes where a build stands, if it stands where it is thought to.
pub(crate) async fn stand(
    tx: &mut SqliteConnection,
    (tenant, build): (TenantId, BuildId),
    change: &Move<'_>,
) -> Sql<()> {
    let done = sqlx::query(
        "UPDATE build_queue SET standing = ?, due_at = ?, worker = ?
         WHERE tenant_id = ? AND build_id = ? AND standing = ?",
    )
    .bind(change.to.as_str())
    .bind(change.due_at.map(Timestamp::as_micros))
    .bind(change.worker)
    .bind(tenant.as_uuid())
    .bind(build.as_uuid())
    .bind(change.from.as_str())
    .execute(tx)
    .await?;
    one(&done)
}

/// Extends a lease, if it is still the one of this attempt.
pub(crate) async fn extend(tx: &mut SqliteConnection, build: &Build, until: Timestamp) -> Sql<()> {
    let done = sqlx::query(
        "UPDATE build_queue SET due_at = ?
         WHERE tenant_id = ?2 AND build_id = ?3 AND standing = 'leased'
           AND EXISTS (SELECT 1 FROM builds
                       WHERE tenant_id = ?2 AND id = ?3 AND state = 'building' AND attempt = ?4)",
    )
    .bind(until.as_micros())
    .bind(build.tenant.as_uuid())
    .bind(build.id.as_uuid())
    .bind(i64::from(build.attempt))
    .execute(tx)
    .await?;
    one(&done)
}

/// Takes an ended build out.
pub(crate) async fn leave(tx: &mut SqliteConnection, build: &Build) -> Sql<()> {
    let done = sqlx::query("DELETE FROM build_queue WHERE tenant_id = ? AND build_id = ?")
        .bind(build.tenant.as_uuid())
        .bind(build.id.as_uuid())
        .execute(tx)
        .await?;
    one(&done)
}

/// Lets the tenant's next parked builds into the ready set, lowest tag first.
pub(crate) async fn promote(tx: &mut SqliteConnection, tenant: TenantId, count: u32) -> Sql<()> {
    if count == 0 {
        return Ok(());
    }
    sqlx::query(
        "UPDATE build_queue SET standing = 'ready'
         WHERE tenant_id = ?1 AND build_id IN (
             SELECT build_id FROM build_queue
             WHERE tenant_id = ?1 AND standing = 'parked'
             ORDER BY band, tag, build_id
             LIMIT ?2)",
    )
    .bind(tenant.as_uuid())
    .bind(i64::from(count))
    .execute(tx)
    .await?;
    Ok(())
}

/// Lets builds whose delay is over back into their places, at most `limit`; says how many.
pub(crate) async fn wake(tx: &mut SqliteConnection, now: Timestamp, limit: u32) -> Sql<u64> {
    let done = sqlx::query(
        "UPDATE build_queue SET standing = 'ready', due_at = NULL
         WHERE (tenant_id, build_id) IN (
             SELECT tenant_id, build_id FROM build_queue
             WHERE standing = 'delayed' AND due_at <= ?
             ORDER BY due_at
             LIMIT ?)",
    )
    .bind(now.as_micros())
    .bind(i64::from(limit))
    .execute(tx)
    .await?;
    Ok(done.rows_affected())
}

/// Builds that time may have overtaken, longest ago first.
pub(crate) async fn due(
    connection: &mut SqliteConnection,
    now: Timestamp,
    limit: u32,
) -> Sql<Vec<(TenantId, BuildId)>> {
    let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "SELECT tenant_id, build_id FROM build_queue
         WHERE standing IN ('leased', 'ready', 'parked') AND due_at <= ?
         ORDER BY due_at, tenant_id, build_id
         LIMIT ?",
    )
    .bind(now.as_micros())
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    let ids = |(tenant, build)| (TenantId::from_uuid(tenant), BuildId::from_uuid(build));
    Ok(rows.into_iter().map(ids).collect())
}

/// The smoothed time a build takes.
pub(crate) async fn pace_ms(connection: &mut SqliteConnection) -> Sql<Millis> {
    let stored: Option<i64> = sqlx::query_scalar("SELECT pace_ms FROM queue_pace WHERE one = 1")
        .fetch_optional(connection)
        .await?;
    Ok(stored.unwrap_or(FIRST_PACE_MS))
}

pub(crate) async fn save_pace(tx: &mut SqliteConnection, pace_ms: Millis) -> Sql<()> {
    sqlx::query(
        "INSERT INTO queue_pace (one, pace_ms) VALUES (1, ?)
         ON CONFLICT (one) DO UPDATE SET pace_ms = excluded.pace_ms",
    )
    .bind(pace_ms)
    .execute(tx)
    .await?;
    Ok(())
}

/// How far from being taken a waiting build is.
pub(crate) async fn position(
    connection: &mut SqliteConnection,
    tenant: TenantId,
    build: BuildId,
    now: Timestamp,
) -> Sql<Option<Position>> {
    let place: Option<(i64, i64)> = sqlx::query_as(
        "SELECT band, tag FROM build_queue
         WHERE tenant_id = ? AND build_id = ? AND standing <> 'leased'",
    )
    .bind(tenant.as_uuid())
    .bind(build.as_uuid())
    .fetch_optional(&mut *connection)
    .await?;
    let Some((band, tag)) = place else { return Ok(None) };
    let (waiting, running): (i64, i64) = sqlx::query_as(
        "SELECT
             (SELECT count(*) FROM (
                 SELECT 1 FROM build_queue
                 WHERE standing = 'ready' AND (band, tag, build_id) < (?1, ?2, ?3) LIMIT ?4))
           + (SELECT count(*) FROM (
                 SELECT 1 FROM build_queue
                 WHERE standing = 'parked' AND (band, tag, build_id) < (?1, ?2, ?3) LIMIT ?4))
           + (SELECT count(*) FROM (
                 SELECT 1 FROM build_queue
                 WHERE standing = 'delayed' AND (band, tag, build_id) < (?1, ?2, ?3) LIMIT ?4)),
             (SELECT count(*) FROM build_queue WHERE standing = 'leased')",
    )
    .bind(band)
    .bind(tag)
    .bind(build.as_uuid())
    .bind(COUNTED)
    .fetch_one(&mut *connection)
    .await?;
    let pace_ms = pace_ms(connection).await?;
    let row = Of("queue", &build);
    let ahead = Ahead { waiting: row.number(waiting)?, running: row.number(running)?, pace_ms };
    Ok(Some(queue::position(&ahead, now)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::{AssertSqlSafe, Connection};

    /// Whether the planner was ever told about data makes no difference: there is one index.
    #[tokio::test]
    async fn taking_is_one_index_look_up() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        crate::MIGRATIONS.run_direct(None, &mut connection, false).await.unwrap();
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {NEXT}"));
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(explain).fetch_all(&mut connection).await.unwrap();
        let steps: Vec<_> = plan.into_iter().map(|(.., step)| step).collect();
        let look_up = "SEARCH build_queue USING COVERING INDEX build_queue_next (standing=?)";
        let left_out =
            ["LIST SUBQUERY 1", "SCAN json_each VIRTUAL TABLE INDEX 1:", "CREATE BLOOM FILTER"];
        assert_eq!(steps[0], look_up);
        assert_eq!(steps[1..], left_out);
    }
}
