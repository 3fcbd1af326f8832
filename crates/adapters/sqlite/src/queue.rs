//! The queue table: whose turn it is, and where a build stands.

pub(crate) mod next;

use keelway_builds::queue::{self, Ahead, FIRST_PACE_MS, Lane, Placement};
use keelway_builds::{Build, Position, Standing};
use keelway_kernel::{BuildId, Millis, TenantId, Timestamp};
use keelway_rows::Of;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use sqlx::types::Uuid;

use crate::error::{Broken, Sql};
use crate::trip::{Trip, first, rows};

/// How far positions are counted: beyond it, a place is only known to be at least this.
pub(crate) const COUNTED: i64 = 10_000;

/// What a position follows from.
const AHEAD: &str = "SELECT
         (SELECT count(*) FROM (
             SELECT 1 FROM build_queue
             WHERE standing = 'ready' AND (band, tag, build_id) < (?1, ?2, ?3) LIMIT ?4))
       + (SELECT count(*) FROM (
             SELECT 1 FROM build_queue
             WHERE standing = 'parked' AND (band, tag, build_id) < (?1, ?2, ?3) LIMIT ?4))
       + (SELECT count(*) FROM (
             SELECT 1 FROM build_queue
             WHERE standing = 'delayed' AND (band, tag, build_id) < (?1, ?2, ?3) LIMIT ?4)),
         (SELECT count(*) FROM build_queue WHERE standing = 'leased'),
         (SELECT pace_ms FROM queue_pace WHERE one = 1)";

/// How a row of the queue changes.
pub(crate) struct Move<'a> {
    pub(crate) from: Standing,
    pub(crate) to: Standing,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) worker: Option<&'a str>,
}

impl Trip {
    /// Asks for how many builds of the tenant, beside `build`, are ready, delayed or leased.
    pub(crate) fn ask_occupied(self, tenant: TenantId, build: BuildId) -> Self {
        self.add(
            "SELECT count(*) FROM build_queue
             WHERE tenant_id = ? AND standing IN ('ready', 'delayed', 'leased') AND build_id <> ?",
        )
        .bind(tenant.as_uuid())
        .bind(build.as_uuid())
    }

    /// Asks for the queue around a tenant as `build` finds it, in every band: there are few, and
    /// which one it is depends on the tenant's plan.
    pub(crate) fn ask_lanes(self, tenant: TenantId, build: BuildId) -> Self {
        self.ask_occupied(tenant, build)
            .add("SELECT band, virtual_time FROM queue_bands")
            .add("SELECT band, last_tag FROM queue_tenants WHERE tenant_id = ?")
            .bind(tenant.as_uuid())
    }

    /// Asks for the smoothed time a build takes.
    pub(crate) fn ask_pace(self) -> Self {
        self.add("SELECT pace_ms FROM queue_pace WHERE one = 1")
    }

    /// Puts a new build where the decision placed it.
    pub(crate) fn put_place(self, build: &Build, placement: &Placement) -> Self {
        self.add(
            "INSERT INTO build_queue
                 (tenant_id, build_id, standing, band, tag, due_at, enqueued_at)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(build.tenant.as_uuid())
        .bind(build.id.as_uuid())
        .bind(placement.standing.as_str())
        .bind(placement.band)
        .bind(placement.tag)
        .bind(build.deadline.as_micros())
        .bind(build.created_at.as_micros())
        .add(
            "INSERT INTO queue_tenants (tenant_id, band, last_tag) VALUES (?, ?, ?)
             ON CONFLICT (tenant_id, band) DO UPDATE SET last_tag = excluded.last_tag",
        )
        .bind(build.tenant.as_uuid())
        .bind(placement.band)
        .bind(placement.tag)
    }

    /// Changes where a build stands, if it stands where it is thought to.
    pub(crate) fn put_moved(self, build: &Build, change: &Move<'_>) -> Self {
        self.add(
            "UPDATE build_queue SET standing = ?, due_at = ?, worker = ?
             WHERE tenant_id = ? AND build_id = ? AND standing = ?",
        )
        .bind(change.to.as_str())
        .bind(change.due_at.map(Timestamp::as_micros))
        .bind(change.worker)
        .bind(build.tenant.as_uuid())
        .bind(build.id.as_uuid())
        .bind(change.from.as_str())
    }

    /// Extends a lease, if it is still the one of this attempt.
    pub(crate) fn put_extended(self, build: &Build, until: Timestamp) -> Self {
        self.add(
            "UPDATE build_queue SET due_at = ?
             WHERE tenant_id = ? AND build_id = ? AND standing = 'leased'
               AND EXISTS (SELECT 1 FROM builds
                           WHERE tenant_id = ? AND id = ? AND state = 'building'
                             AND attempt = ?)",
        )
        .bind(until.as_micros())
        .bind(build.tenant.as_uuid())
        .bind(build.id.as_uuid())
        .bind(build.tenant.as_uuid())
        .bind(build.id.as_uuid())
        .bind(i64::from(build.attempt))
    }

    /// Takes an ended build out.
    pub(crate) fn put_out(self, build: &Build) -> Self {
        self.add("DELETE FROM build_queue WHERE tenant_id = ? AND build_id = ?")
            .bind(build.tenant.as_uuid())
            .bind(build.id.as_uuid())
    }

    /// Lets the tenant's next parked builds into the ready set, lowest tag first.
    pub(crate) fn put_promoted(self, tenant: TenantId, count: u32) -> Self {
        if count == 0 {
            return self;
        }
        self.add_any(
            "UPDATE build_queue SET standing = 'ready'
             WHERE tenant_id = ? AND build_id IN (
                 SELECT build_id FROM build_queue
                 WHERE tenant_id = ? AND standing = 'parked'
                 ORDER BY band, tag, build_id
                 LIMIT ?)",
        )
        .bind(tenant.as_uuid())
        .bind(tenant.as_uuid())
        .bind(i64::from(count))
    }

    /// Keeps the smoothed time a build takes.
    pub(crate) fn put_pace(self, pace_ms: Millis) -> Self {
        self.add(
            "INSERT INTO queue_pace (one, pace_ms) VALUES (1, ?)
             ON CONFLICT (one) DO UPDATE SET pace_ms = excluded.pace_ms",
        )
        .bind(pace_ms)
    }
}

/// How many builds of the tenant, as was asked for.
pub(crate) fn occupied(found: &[SqliteRow], tenant: TenantId) -> Sql<u32> {
    let (count,): (i64,) = first(found)?.unwrap_or_default();
    Ok(Of("queue of tenant", &tenant).number(count)?)
}

/// The queue around a tenant in `band`, which is one of those that were asked for.
pub(crate) fn lane(
    [others, bands, tags]: [&[SqliteRow]; 3],
    tenant: TenantId,
    (band, limit): (i64, u32),
) -> Sql<Lane> {
    let of_band = |found: &[SqliteRow]| {
        let bands: Vec<(i64, i64)> = rows(found)?;
        let found = bands.into_iter().find(|(other, _)| *other == band);
        Ok::<_, Broken>(found.map_or(0, |(_, value)| value))
    };
    Ok(Lane {
        band,
        virtual_time: of_band(bands)?,
        last_tag: of_band(tags)?,
        occupied: occupied(others, tenant)?,
        limit,
    })
}

/// The smoothed time a build takes, as was asked for.
pub(crate) fn pace(found: &[SqliteRow]) -> Sql<Millis> {
    let stored: Option<(Millis,)> = first(found)?;
    Ok(stored.map_or(FIRST_PACE_MS, |(pace_ms,)| pace_ms))
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
    let [found] = Trip::default().ask_pace().read(connection).await?;
    pace(&found)
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
    let Some(place) = place else { return Ok(None) };
    Ok(Some(position_at(connection, place, build, now).await?))
}

/// The same for a build that waits, or is about to wait, at a band and a tag.
pub(crate) async fn position_at(
    connection: &mut SqliteConnection,
    (band, tag): (i64, i64),
    build: BuildId,
    now: Timestamp,
) -> Sql<Position> {
    let (waiting, running, pace_ms): (i64, i64, Option<Millis>) = sqlx::query_as(AHEAD)
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
