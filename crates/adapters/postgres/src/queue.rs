//! The queue table: whose turn it is, and where a build stands.

use keelway_builds::queue::{self, Ahead, FIRST_PACE_MS, Lane, Placement};
use keelway_builds::{Build, Position, Standing};
use keelway_kernel::{BuildId, Millis, TenantId, Timestamp};
use keelway_rows::{Moment, Of};
use sqlx::postgres::PgConnection;
use sqlx::types::Uuid;

use crate::columns::column;
use crate::error::{Sql, one};
use crate::tx::Tx;

/// Has the transaction go by indexes, whatever the planner was last told of tables that fill
/// and empty all day.
pub const GO_BY_INDEXES: &str = "SELECT set_config('enable_seqscan', 'off', true),
            set_config('enable_bitmapscan', 'off', true),
            set_config('enable_sort', 'off', true)";

/// A ready build, and the time.
macro_rules! select_ready {
    ($from:literal) => {
        concat!(
            "SELECT tenant_id, build_id, band, tag,
                    (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS micros
             FROM ",
            $from
        )
    };
}

/// The one look-up that taking costs: the first rows of `build_queue_next`, up to the one whose
/// tenant nobody else has, which is ours with it. The inner limit is what keeps the locks of
/// the rows behind it from being tried; the key is that of `Tx::lock`.
pub const NEXT: &str = select_ready!(
    "(SELECT tenant_id, build_id, band, tag, replace(tenant_id::text, '-', '') AS hex
      FROM build_queue
      WHERE standing = 'ready'
      ORDER BY band, tag, build_id
      LIMIT 1000) AS ready
     WHERE pg_try_advisory_xact_lock(
         ('x' || left(hex, 16))::bit(64)::bigint # ('x' || right(hex, 16))::bit(64)::bigint)
     LIMIT 1"
);

/// Whoever's turn it is.
const FIRST: &str = select_ready!(
    "build_queue
     WHERE standing = 'ready'
     ORDER BY band, tag, build_id
     LIMIT 1"
);

/// Delays that are over, but for those that somebody is at. Alone, because what it finds would
/// be joined to its rows in whatever order the planner believes to be cheaper.
pub const OVER: &str = "SELECT tenant_id, build_id
     FROM build_queue
     WHERE standing = 'delayed' AND due_at <= $1
     ORDER BY due_at
     LIMIT $2
     FOR UPDATE SKIP LOCKED";

/// How far positions are counted: beyond it, a place is only known to be at least this.
pub(crate) const COUNTED: i64 = 10_000;

/// Rows of one standing that are ahead of a place, counted only so far. A comparison of all
/// three columns at once would read the whole band: an index scan ends where its first column
/// does.
macro_rules! ahead {
    ($standing:literal) => {
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
            "' AND band = $1 AND (tag, build_id) < ($2, $3)
                  ORDER BY tag, build_id LIMIT $4)
             ) AS ahead)"
        )
    };
}

/// What a position follows from.
pub const AHEAD: &str = concat!(
    "SELECT ",
    ahead!("ready"),
    " + ",
    ahead!("parked"),
    " + ",
    ahead!("delayed"),
    ", (SELECT count(*) FROM build_queue WHERE standing = 'leased'),
     (SELECT pace_ms FROM queue_pace WHERE one = 1)"
);

/// A ready build, as of a moment.
#[derive(sqlx::FromRow)]
pub(crate) struct Next {
    tenant_id: Uuid,
    build_id: Uuid,
    pub(crate) band: i64,
    pub(crate) tag: i64,
    micros: i64,
}

impl Next {
    pub(crate) const fn tenant(&self) -> TenantId {
        TenantId::from_uuid(self.tenant_id)
    }

    pub(crate) const fn build(&self) -> BuildId {
        BuildId::from_uuid(self.build_id)
    }

    /// By the server's clock.
    pub(crate) const fn at(&self) -> Timestamp {
        Timestamp::from_micros(self.micros)
    }
}

/// How looking for the next build went.
pub(crate) enum Turn<T> {
    /// It is this one's turn.
    Of(T),
    /// Others changed the order meanwhile: look again, in another transaction.
    Again,
    /// Nothing is ready.
    Nobodys,
}

pub(crate) async fn go_by_indexes(tx: &mut PgConnection) -> Sql<()> {
    sqlx::query(GO_BY_INDEXES).execute(tx).await?;
    Ok(())
}

/// The build whose turn it is, with its tenant's lock.
///
/// A tenant that somebody else works for is passed over, not waited for, unless all are.
pub(crate) async fn next(tx: &mut Tx) -> Sql<Turn<Next>> {
    let free: Option<Next> = sqlx::query_as(NEXT).fetch_optional(&mut **tx).await?;
    if let Some(next) = free {
        return Ok(Turn::Of(next));
    }
    let Some(first) = first(tx).await? else { return Ok(Turn::Nobodys) };
    tx.lock(first.tenant()).await?;
    // Only what is seen now is still so: others have waited for the same build.
    match self::first(tx).await? {
        Some(next) if next.tenant_id == first.tenant_id => Ok(Turn::Of(next)),
        _ => Ok(Turn::Again),
    }
}

async fn first(tx: &mut PgConnection) -> Sql<Option<Next>> {
    Ok(sqlx::query_as(FIRST).fetch_optional(tx).await?)
}

/// How many builds of the tenant, beside `build`, are ready, delayed or leased.
pub(crate) async fn occupied(tx: &mut PgConnection, tenant: TenantId, build: BuildId) -> Sql<u32> {
    let count: i64 = sqlx::query_scalar(
        // One by one, so that those parked are not read.
        "SELECT (SELECT count(*) FROM build_queue
                 WHERE tenant_id = $1 AND standing = 'ready' AND build_id <> $2)
              + (SELECT count(*) FROM build_queue
                 WHERE tenant_id = $1 AND standing = 'delayed' AND build_id <> $2)
              + (SELECT count(*) FROM build_queue
                 WHERE tenant_id = $1 AND standing = 'leased' AND build_id <> $2)",
    )
    .bind(tenant.as_uuid())
    .bind(build.as_uuid())
    .fetch_one(tx)
    .await?;
    Ok(Of("queue of tenant", &tenant).number(count)?)
}

/// The queue around a tenant in `band`, as `build` finds it.
pub(crate) async fn lane(
    tx: &mut PgConnection,
    (tenant, build): (TenantId, BuildId),
    band: i64,
    limit: u32,
) -> Sql<Lane> {
    let last_tag: Option<i64> =
        sqlx::query_scalar("SELECT last_tag FROM queue_tenants WHERE tenant_id = $1 AND band = $2")
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

async fn virtual_time(tx: &mut PgConnection, band: i64) -> Sql<i64> {
    let stored: Option<i64> =
        sqlx::query_scalar("SELECT virtual_time FROM queue_bands WHERE band = $1")
            .bind(band)
            .fetch_optional(tx)
            .await?;
    Ok(stored.unwrap_or(0))
}

/// Moves a band's virtual time on to what was taken from it, and never back.
///
/// Every worker writes this row, and its place among the tags is all that hangs on it. So none
/// waits for another: who finds it in use leaves it, and the next one to be free moves it
/// further.
pub(crate) async fn advance(tx: &mut PgConnection, band: i64, tag: i64) -> Sql<()> {
    sqlx::query(
        "WITH free AS MATERIALIZED (
             SELECT band FROM queue_bands
             WHERE band = $1 AND virtual_time < $2
             FOR UPDATE SKIP LOCKED
         ), moved AS (
             UPDATE queue_bands SET virtual_time = $2 FROM free
             WHERE queue_bands.band = free.band
         )
         INSERT INTO queue_bands (band, virtual_time)
         SELECT $1, $2 WHERE NOT EXISTS (SELECT 1 FROM queue_bands WHERE band = $1)
         ON CONFLICT (band) DO NOTHING",
    )
    .bind(band)
    .bind(tag)
    .execute(tx)
    .await?;
    Ok(())
}

/// Puts a new build where the decision placed it.
pub(crate) async fn enqueue(
    tx: &mut PgConnection,
    build: &Build,
    placement: &Placement,
) -> Sql<()> {
    sqlx::query(
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
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "INSERT INTO queue_tenants (tenant_id, band, last_tag) VALUES ($1, $2, $3)
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
    tx: &mut PgConnection,
    (tenant, build): (TenantId, BuildId),
    change: &Move<'_>,
) -> Sql<()> {
    let done = sqlx::query(
        "UPDATE build_queue SET standing = $1, due_at = $2, worker = $3
         WHERE tenant_id = $4 AND build_id = $5 AND standing = $6",
    )
    .bind(change.to.as_str())
    .bind(change.due_at.map(Moment))
    .bind(change.worker)
    .bind(tenant.as_uuid())
    .bind(build.as_uuid())
    .bind(change.from.as_str())
    .execute(tx)
    .await?;
    one(&done)
}

/// Extends a lease, if it is still the one of this attempt.
pub(crate) async fn extend(tx: &mut PgConnection, build: &Build, until: Timestamp) -> Sql<()> {
    let done = sqlx::query(
        "UPDATE build_queue SET due_at = $1
         WHERE tenant_id = $2 AND build_id = $3 AND standing = 'leased'
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
pub(crate) async fn leave(tx: &mut PgConnection, build: &Build) -> Sql<()> {
    let done = sqlx::query("DELETE FROM build_queue WHERE tenant_id = $1 AND build_id = $2")
        .bind(build.tenant.as_uuid())
        .bind(build.id.as_uuid())
        .execute(tx)
        .await?;
    one(&done)
}

/// Lets the tenant's next parked builds into the ready set, lowest tag first.
pub(crate) async fn promote(tx: &mut PgConnection, tenant: TenantId, count: u32) -> Sql<()> {
    if count == 0 {
        return Ok(());
    }
    sqlx::query(
        "UPDATE build_queue SET standing = 'ready'
         WHERE tenant_id = $1 AND build_id IN (
             SELECT build_id FROM build_queue
             WHERE tenant_id = $1 AND standing = 'parked'
             ORDER BY band, tag, build_id
             LIMIT $2)",
    )
    .bind(tenant.as_uuid())
    .bind(i64::from(count))
    .execute(tx)
    .await?;
    Ok(())
}

/// Lets builds whose delay is over back into their places, at most `limit`; says how many.
///
/// Whose they are is not asked: no tenant's lock is held. Nothing is decided on whether a delay
/// is over, and a row that somebody else is changing is left to them. Who woke any must not go
/// on to wait for a lock, whose holder may be waiting for one of these rows.
pub(crate) async fn wake(tx: &mut PgConnection, now: Timestamp, limit: u32) -> Sql<u64> {
    let over: Vec<(Uuid, Uuid)> =
        sqlx::query_as(OVER).bind(Moment(now)).bind(i64::from(limit)).fetch_all(&mut *tx).await?;
    if over.is_empty() {
        return Ok(0);
    }
    let done = sqlx::query(
        "UPDATE build_queue SET standing = 'ready', due_at = NULL
         WHERE tenant_id = ANY($1) AND build_id = ANY($2) AND standing = 'delayed'",
    )
    .bind(column(&over, |(tenant, _)| *tenant))
    .bind(column(&over, |(_, build)| *build))
    .execute(tx)
    .await?;
    Ok(done.rows_affected())
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
pub(crate) async fn save_pace(tx: &mut PgConnection, pace_ms: Millis) -> Sql<()> {
    sqlx::query(
        "WITH free AS MATERIALIZED (
             SELECT one FROM queue_pace WHERE one = 1 FOR UPDATE SKIP LOCKED
         ), smoothed AS (
             UPDATE queue_pace SET pace_ms = $1 FROM free WHERE queue_pace.one = free.one
         )
         INSERT INTO queue_pace (one, pace_ms)
         SELECT 1, $1 WHERE NOT EXISTS (SELECT 1 FROM queue_pace WHERE one = 1)
         ON CONFLICT (one) DO NOTHING",
    )
    .bind(pace_ms)
    .execute(tx)
    .await?;
    Ok(())
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
