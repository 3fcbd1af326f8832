//! Whose turn it is.

use keelway_builds::{Build, Project};
use keelway_kernel::{BuildId, StoreError, Timestamp};
use keelway_rows::Moment;
use keelway_rows::aside::Aside;
use keelway_rows::build::BuildRow;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::types::Uuid;
use sqlx::{FromRow as _, Row as _};

use crate::builds::build_columns;
use crate::columns::column;
use crate::error::{Broken, Sql, Stop};
use crate::projects::Beside;
use crate::trip::Trip;
use crate::tx::Tx;

/// Whether a delay is over at `$1`; and a ready build that is none of `$2`, with its project, and
/// when it was found. Each is looked up for the one before it, in one order only.
macro_rules! select_next {
    ($from:literal) => {
        concat!(
            "SELECT over.is_over, q.band, q.tag, q.build_id, q.micros, ",
            build_columns!(),
            ", p.name, p.slug, p.site, p.live_snapshot_id, p.created_at AS project_created_at
     FROM (SELECT (SELECT true FROM build_queue
                   WHERE standing = 'delayed' AND due_at <= $1
                   ORDER BY due_at LIMIT 1) IS NOT NULL AS is_over) AS over
     LEFT JOIN LATERAL (
         SELECT tenant_id, build_id, standing, band, tag, due_at, worker,
                (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS micros
         FROM ",
            $from,
            ") AS q ON true
     LEFT JOIN LATERAL (
         SELECT * FROM builds WHERE tenant_id = q.tenant_id AND id = q.build_id LIMIT 1
     ) AS b ON true
     LEFT JOIN LATERAL (
         SELECT * FROM projects WHERE tenant_id = b.tenant_id AND id = b.project_id LIMIT 1
     ) AS p ON true"
        )
    };
}

/// The one look-up that taking costs: the first rows of `build_queue_next`, up to the one whose
/// tenant nobody else has, which is ours with it. The inner limit is what keeps the locks of
/// the rows behind it from being tried; the key is that of `Tx::lock`.
pub const NEXT: &str = select_next!(
    "(SELECT *, replace(tenant_id::text, '-', '') AS hex
          FROM build_queue
          WHERE standing = 'ready' AND build_id <> ALL ($2)
          ORDER BY band, tag, build_id
          LIMIT 1000) AS ready
         WHERE pg_try_advisory_xact_lock(
             ('x' || left(hex, 16))::bit(64)::bigint # ('x' || right(hex, 16))::bit(64)::bigint)
         LIMIT 1"
);

/// Whoever's turn it is.
const FIRST: &str = select_next!(
    "build_queue
         WHERE standing = 'ready' AND build_id <> ALL ($2)
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

/// A ready build.
pub(crate) struct Next {
    pub(crate) build: Build,
    pub(crate) project: Project,
    pub(crate) band: i64,
    pub(crate) tag: i64,
    /// When it was found, by the server's clock.
    pub(crate) at: Timestamp,
}

impl Next {
    fn of(row: &PgRow, id: BuildId) -> Sql<Self> {
        // A place in the queue without a build is one row whose build is NULL throughout.
        if row.try_get::<Option<Uuid>, _>("id")?.is_none() {
            return Err(Broken(StoreError::corrupt("build", id)));
        }
        let build = BuildRow::from_row(row)?.decode()?;
        Ok(Self {
            project: Beside::from_row(row)?.decode(&build)?,
            build,
            band: row.try_get("band")?,
            tag: row.try_get("tag")?,
            at: Timestamp::from_micros(row.try_get("micros")?),
        })
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

/// Nothing was to be had and nothing is written: look again, in another transaction.
pub(crate) struct Missed;

impl Missed {
    /// What could not be read is left out by the next look.
    pub(crate) fn unread(aside: &Aside, build: BuildId, tx: &Tx, error: StoreError) -> Stop<Self> {
        match aside.leave_out(build, tx.now, error) {
            Ok(()) => Stop::Refused(Self),
            Err(error) => Stop::Broken(error),
        }
    }
}

/// The build whose turn it is, with its tenant's lock; delays that are over come first.
///
/// A tenant that somebody else works for is passed over, not waited for, unless all are; and then
/// for a short while. What is found was looked for before the lock was taken: it must be saved
/// over what it was.
pub(crate) async fn next(
    tx: &mut Tx,
    aside: &Aside,
    limit: u32,
) -> Result<Turn<Next>, Stop<Missed>> {
    let now = tx.now;
    let (is_over, free) = look(tx, NEXT, aside).await?;
    if is_over && wake(tx, now, limit).await? > 0 {
        return Ok(Turn::Again);
    }
    if let Some(next) = free {
        tx.found(next.at);
        return Ok(Turn::Of(next));
    }
    let (_, Some(first)) = look(tx, FIRST, aside).await? else { return Ok(Turn::Nobodys) };
    match tx.lock(first.build.tenant).await {
        // Whoever waits on keeps others of the platform from their turn.
        Err(Broken(StoreError::Contended)) => return Err(Stop::Refused(Missed)),
        locked => locked?,
    }
    // Only what is seen now is still so: others have waited for the same build.
    match look(tx, FIRST, aside).await? {
        (_, Some(next)) if next.build.tenant == first.build.tenant => Ok(Turn::Of(next)),
        _ => Ok(Turn::Again),
    }
}

async fn look(
    tx: &mut Tx,
    sql: &'static str,
    aside: &Aside,
) -> Result<(bool, Option<Next>), Stop<Missed>> {
    let left_out = column(&aside.builds(tx.now), |build| build.as_uuid());
    let look = sqlx::query(sql).bind(Moment(tx.now)).bind(left_out);
    let row = look.fetch_one(&mut **tx).await?;
    let is_over = row.try_get("is_over")?;
    let Some(id) = row.try_get("build_id")? else { return Ok((is_over, None)) };
    let id = BuildId::from_uuid(id);
    let next = Next::of(&row, id).map_err(|Broken(error)| Missed::unread(aside, id, tx, error))?;
    Ok((is_over, Some(next)))
}

/// Moves a band's virtual time on to what the trip takes from it, and never back.
///
/// Every worker writes this row, and its place among the tags is all that hangs on it. So none
/// waits for another: who finds it in use leaves it, and the next one to be free moves it
/// further.
pub(crate) fn advance(trip: &mut Trip, band: i64, tag: i64) {
    trip.any(
        "free",
        "SELECT band FROM queue_bands
         WHERE band = $1 AND virtual_time < $2
         FOR UPDATE SKIP LOCKED",
    )
    .bind(band)
    .bind(tag)
    .any(
        "moved",
        "UPDATE queue_bands SET virtual_time = $1 FROM free WHERE queue_bands.band = free.band",
    )
    .bind(tag)
    .any(
        "begun",
        "INSERT INTO queue_bands (band, virtual_time)
         SELECT $1, $2 WHERE NOT EXISTS (SELECT 1 FROM queue_bands WHERE band = $1)
         ON CONFLICT (band) DO NOTHING",
    )
    .bind(band)
    .bind(tag);
}

/// Lets builds whose delay is over back into their places, at most `limit`; says how many.
///
/// Whose they are is not asked: no tenant's lock is held for them. Nothing is decided on whether
/// a delay is over, and a row that somebody else is changing is left to them. Who woke any must
/// not go on to wait for a lock, whose holder may be waiting for one of these rows.
pub(crate) async fn wake(tx: &mut PgConnection, now: Timestamp, limit: u32) -> Sql<u64> {
    let over: Vec<(Uuid, Uuid)> =
        sqlx::query_as(OVER).bind(Moment(now)).bind(i64::from(limit)).fetch_all(&mut *tx).await?;
    if over.is_empty() {
        return Ok(0);
    }
    let done = sqlx::query(
        "UPDATE build_queue AS q SET standing = 'ready', due_at = NULL
         FROM UNNEST($1::uuid[], $2::uuid[]) AS over (tenant_id, build_id)
         WHERE q.tenant_id = over.tenant_id AND q.build_id = over.build_id
           AND q.standing IS NOT DISTINCT FROM 'delayed'",
    )
    .bind(column(&over, |(tenant, _)| *tenant))
    .bind(column(&over, |(_, build)| *build))
    .execute(tx)
    .await?;
    Ok(done.rows_affected())
}
