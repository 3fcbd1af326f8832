//! The queue table: whose turn it is, and where a build stands.

pub(crate) mod next;

use keelway_builds::queue::{self, Ahead, FIRST_PACE_MS, Placement};
use keelway_builds::{Build, Position, Standing};
use keelway_kernel::{BuildId, Millis, TenantId, Timestamp};
use keelway_rows::{Moment, Of};
use sqlx::postgres::PgConnection;
use sqlx::types::Uuid;

use crate::error::{Sql, one};
use crate::trip::Trip;

/// How far positions are counted: beyond it, a place is only known to be at least this.
pub(crate) const COUNTED: i64 = 10_000;

/// Rows of one standing that are `$before` a place (`<`, or `<=` with its own), counted only so
/// far. A comparison of all three columns at once would read the whole band: an index scan ends
/// where its first column does.
macro_rules! counted {
    ($standing:literal, $before:literal) => {
        concat!(
            "(SELECT LEAST(count(*), $4) FROM (
                 (SELECT 1 FROM build_queue
                  WHERE standing = '",
            $standing,
            "' AND band < $1
                  ORDER BY band, tag, build_id LIMIT $4)
                 UNION ALL
                 (SELECT 1 FROM build_queue
                  WHERE standing = '",
            $standing,
            "' AND band = $1 AND (tag, build_id) ",
            $before,
            " ($2, $3)
                  ORDER BY tag, build_id LIMIT $4)
             ) AS counted)"
        )
    };
}
pub(crate) use counted;

/// What a position follows from.
pub const AHEAD: &str = concat!(
    "SELECT ",
    counted!("ready", "<"),
    " + ",
    counted!("parked", "<"),
    " + ",
    counted!("delayed", "<"),
    ", (SELECT count(*) FROM build_queue WHERE standing = 'leased'),
     (SELECT pace_ms FROM queue_pace WHERE one = 1)"
);

/// Rows of the tenant `$1` that stand as one of `$first..=$last`. Compared as pairs, because only
/// an index that begins with the tenant can find pairs: where one tenant has nearly all rows, the
/// planner takes one that leaves the tenant out for as good, and every other reads that one's.
macro_rules! of_tenant {
    ($first:literal, $last:literal) => {
        concat!(
            "(tenant_id, standing) >= ($1, '",
            $first,
            "') AND (tenant_id, standing) <= ($1, '",
            $last,
            "')"
        )
    };
}

/// How many builds of the tenant `$1`, beside `$2`, are delayed, leased or ready: those parked,
/// which may be many, are between them and are not read.
macro_rules! occupied {
    () => {
        concat!(
            "(SELECT count(*) FROM build_queue WHERE ",
            crate::queue::of_tenant!("delayed", "leased"),
            " AND build_id <> $2)
              + (SELECT count(*) FROM build_queue WHERE ",
            crate::queue::of_tenant!("ready", "ready"),
            " AND build_id <> $2)"
        )
    };
}
pub(crate) use occupied;
pub(crate) use of_tenant;

/// Puts a new build where the decision placed it.
pub(crate) fn enqueue(trip: &mut Trip, build: &Build, placement: &Placement) {
    trip.one(
        "place",
        "INSERT INTO build_queue (tenant_id, build_id, standing, band, tag, due_at, enqueued_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(build.tenant.as_uuid())
    .bind(build.id.as_uuid())
    .bind(placement.standing.as_str())
    .bind(placement.band)
    .bind(placement.tag)
    .bind(Moment(build.deadline))
    .bind(Moment(build.created_at))
    .one(
        "last_tag",
        "INSERT INTO queue_tenants (tenant_id, band, last_tag) VALUES ($1, $2, $3)
         ON CONFLICT (tenant_id, band) DO UPDATE SET last_tag = excluded.last_tag",
    )
    .bind(build.tenant.as_uuid())
    .bind(placement.band)
    .bind(placement.tag);
}

/// How a row of the queue changes.
pub(crate) struct Move<'a> {
    pub(crate) from: Standing,
    pub(crate) to: Standing,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) worker: Option<&'a str>,
}

/// Changes where a build stands, if it stands where it is thought to.
pub(crate) fn stand(trip: &mut Trip, build: &Build, change: &Move<'_>) {
    trip.one(
        "place",
        "UPDATE build_queue SET standing = $1, due_at = $2, worker = $3
         WHERE tenant_id = $4 AND build_id = $5 AND standing IS NOT DISTINCT FROM $6",
    )
    .bind(change.to.as_str())
    .bind(change.due_at.map(Moment))
    .bind(change.worker)
    .bind(build.tenant.as_uuid())
    .bind(build.id.as_uuid())
    .bind(change.from.as_str());
}

/// Extends a lease, if it is still the one of this attempt. (`=` would have it looked for among
/// all that are leased, where the planner was last told that nothing is.)
pub(crate) async fn extend(tx: &mut PgConnection, build: &Build, until: Timestamp) -> Sql<()> {
    let done = sqlx::query(
        "UPDATE build_queue SET due_at = $1
         WHERE tenant_id = $2 AND build_id = $3 AND standing IS NOT DISTINCT FROM 'leased'
           AND EXISTS (SELECT 1 FROM builds
                       WHERE tenant_id = $2 AND id = $3 AND state = 'building' AND attempt = $4)",
    )
    .bind(Moment(until))
    .bind(build.tenant.as_uuid())
    .bind(build.id.as_uuid())
    .bind(i64::from(build.attempt))
    .execute(tx)
    .await?;
    one(&done)
}

/// Takes an ended build out.
pub(crate) fn leave(trip: &mut Trip, build: &Build) {
    trip.one("place", "DELETE FROM build_queue WHERE tenant_id = $1 AND build_id = $2")
        .bind(build.tenant.as_uuid())
        .bind(build.id.as_uuid());
}

/// Lets the tenant's next parked builds into the ready set, lowest tag first: not the one that
/// leaves at the same time.
pub(crate) fn promote(trip: &mut Trip, left: &Build, count: u32) {
    if count == 0 {
        return;
    }
    trip.any(
        "promoted",
        concat!(
            "UPDATE build_queue SET standing = 'ready'
             WHERE tenant_id = $1 AND build_id = ANY (ARRAY (
                 SELECT build_id FROM build_queue
                 WHERE ",
            of_tenant!("parked", "parked"),
            " AND build_id <> $2
                 ORDER BY tenant_id, standing, band, tag, build_id
                 LIMIT $3))"
        ),
    )
    .bind(left.tenant.as_uuid())
    .bind(left.id.as_uuid())
    .bind(i64::from(count));
}

/// Builds that time may have overtaken, longest ago first.
pub(crate) async fn due(
    connection: &mut PgConnection,
    now: Timestamp,
    limit: u32,
) -> Sql<Vec<(TenantId, BuildId)>> {
    let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "SELECT tenant_id, build_id FROM (
             (SELECT tenant_id, build_id, due_at FROM build_queue
              WHERE standing = 'leased' AND due_at <= $1 ORDER BY due_at LIMIT $2)
             UNION ALL
             (SELECT tenant_id, build_id, due_at FROM build_queue
              WHERE standing = 'ready' AND due_at <= $1 ORDER BY due_at LIMIT $2)
             UNION ALL
             (SELECT tenant_id, build_id, due_at FROM build_queue
              WHERE standing = 'parked' AND due_at <= $1 ORDER BY due_at LIMIT $2)
         ) AS overdue
         ORDER BY due_at, tenant_id, build_id
         LIMIT $2",
    )
    .bind(Moment(now))
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    let ids = |(tenant, build)| (TenantId::from_uuid(tenant), BuildId::from_uuid(build));
    Ok(rows.into_iter().map(ids).collect())
}

/// The smoothed time a build takes.
pub(crate) async fn pace_ms(connection: &mut PgConnection) -> Sql<Millis> {
    let stored: Option<i64> = sqlx::query_scalar("SELECT pace_ms FROM queue_pace WHERE one = 1")
        .fetch_optional(connection)
        .await?;
    Ok(stored.unwrap_or(FIRST_PACE_MS))
}

/// Keeps the new pace, unless somebody else is about to: it is an average of many.
pub(crate) fn save_pace(trip: &mut Trip, pace_ms: Millis) {
    trip.any("free", "SELECT one FROM queue_pace WHERE one = 1 FOR UPDATE SKIP LOCKED")
        .any(
            "smoothed",
            "UPDATE queue_pace SET pace_ms = $1 FROM free WHERE queue_pace.one = free.one",
        )
        .bind(pace_ms)
        .any(
            "begun",
            "INSERT INTO queue_pace (one, pace_ms)
             SELECT 1, $1 WHERE NOT EXISTS (SELECT 1 FROM queue_pace WHERE one = 1)
             ON CONFLICT (one) DO NOTHING",
        )
        .bind(pace_ms);
}

/// How far from being taken a waiting build is.
pub(crate) async fn position(
    connection: &mut PgConnection,
    tenant: TenantId,
    build: BuildId,
    now: Timestamp,
) -> Sql<Option<Position>> {
    let place: Option<(i64, i64)> = sqlx::query_as(
        "SELECT band, tag FROM build_queue
         WHERE tenant_id = $1 AND build_id = $2 AND standing <> 'leased'",
    )
    .bind(tenant.as_uuid())
    .bind(build.as_uuid())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(place) = place else { return Ok(None) };
    Ok(Some(position_at(connection, place, build, now).await?))
}

/// The same for a build that waits at a band and a tag.
pub(crate) async fn position_at(
    connection: &mut PgConnection,
    (band, tag): (i64, i64),
    build: BuildId,
    now: Timestamp,
) -> Sql<Position> {
    let (waiting, running, pace_ms): (i64, i64, Option<i64>) = sqlx::query_as(AHEAD)
        .bind(band)
        .bind(tag)
        .bind(build.as_uuid())
        .bind(COUNTED)
        .fetch_one(connection)
        .await?;
    let row = Of("queue", &build);
    let ahead = Ahead {
        waiting: row.number(waiting)?,
        running: row.number(running)?,
        pace_ms: pace_ms.unwrap_or(FIRST_PACE_MS),
    };
    Ok(queue::position(&ahead, now))
}
