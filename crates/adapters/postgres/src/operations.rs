//! What those who run the platform look at, across tenants.

use async_trait::async_trait;
use keelway_builds::operations::{
    BuildAnywhere, BuildSearch, HeldLease, MOST_SAMPLES, Operations, PlatformTotals, QueueBoard,
    Samples, Standings, WaitingBuild,
};
use keelway_builds::queue::from_sort_key;
use keelway_builds::{BuildState, EventBody, FailureReason, Standing};
use keelway_kernel::{BuildId, Credits, Page, PageRequest, StoreError, TenantId, Timestamp};
use keelway_rows::operations::{AnywhereRow, Around, LeaseRow, StandingsRow, WaitingRow, cursor};
use keelway_rows::{Moment, Of};
use sqlx::postgres::PgConnection;
use sqlx::types::Uuid;

use crate::PostgresStore;
use crate::error::Sql;
use crate::overviews::summary;
use crate::queue::{self, counted};
use crate::tx::Reach;

/// The columns that name a tenant, each with `t_` before its name.
macro_rules! tenant {
    () => {
        "t.id t_id, t.slug t_slug, t.name t_name "
    };
}

/// The whole queue: it holds what has not ended, and nothing else.
const STANDINGS: &str =
    "SELECT standing, count(*), min(enqueued_at) FROM build_queue GROUP BY standing";

const BY_TENANT: &str = concat!(
    "SELECT count(*) FILTER (WHERE q.standing = 'ready') AS ready,
            count(*) FILTER (WHERE q.standing = 'parked') AS parked,
            count(*) FILTER (WHERE q.standing = 'delayed') AS delayed,
            count(*) FILTER (WHERE q.standing = 'leased') AS leased,
            min(q.enqueued_at) FILTER (WHERE q.standing <> 'leased') AS oldest, ",
    tenant!(),
    "FROM build_queue q JOIN tenants t ON t.id = q.tenant_id
     GROUP BY t.id
     ORDER BY count(*) DESC, t.id LIMIT $1"
);

/// The waiting rows of one standing behind a place, as far as one page can need them.
macro_rules! behind {
    ($standing:literal) => {
        concat!(
            "(SELECT * FROM build_queue
                 WHERE standing = '",
            $standing,
            "' AND (band, tag, build_id) > ($1, $2, $3)
                 ORDER BY band, tag, build_id LIMIT $4)"
        )
    };
}

const WAITING: &str = concat!(
    "SELECT q.build_id, q.standing, q.band, q.tag, q.due_at, q.enqueued_at, b.project_id,
            p.name project_name, ",
    tenant!(),
    "FROM (",
    behind!("ready"),
    " UNION ALL ",
    behind!("parked"),
    " UNION ALL ",
    behind!("delayed"),
    ") q
     JOIN builds b ON b.tenant_id = q.tenant_id AND b.id = q.build_id
     JOIN projects p ON p.tenant_id = b.tenant_id AND p.id = b.project_id
     JOIN tenants t ON t.id = q.tenant_id
     ORDER BY q.band, q.tag, q.build_id LIMIT $4"
);

/// How many wait before a page, and how many run.
pub const BEFORE_PAGE: &str = concat!(
    "SELECT ",
    counted!("ready", "<="),
    " + ",
    counted!("parked", "<="),
    " + ",
    counted!("delayed", "<="),
    ", (SELECT count(*) FROM build_queue WHERE standing = 'leased')"
);

/// Builds of all tenants: by the id alone, because ids sort by time. What belongs to each is
/// looked up for itself, so that no tenant's projects are read for a page of its builds.
macro_rules! anywhere {
    ($which:literal) => {
        concat!(
            "SELECT p.name project_name, ",
            tenant!(),
            ", ",
            summary!(),
            "FROM builds b
             JOIN LATERAL (
                 SELECT name FROM projects
                 WHERE tenant_id = b.tenant_id AND id = b.project_id LIMIT 1) p ON true
             JOIN LATERAL (SELECT * FROM tenants WHERE id = b.tenant_id LIMIT 1) t ON true
             WHERE ",
            $which,
            " AND b.id < $4 ORDER BY b.id DESC LIMIT $5"
        )
    };
}

const ONE: &str = anywhere!(
    "b.id = $1 AND ($2::uuid IS NULL OR b.tenant_id = $2) AND ($3::text IS NULL OR b.state = $3)"
);
const OF_TENANT: &str =
    anywhere!("$1::uuid IS NULL AND b.tenant_id = $2 AND ($3::text IS NULL OR b.state = $3)");
const IN_STATE: &str = anywhere!("$1::uuid IS NULL AND $2::uuid IS NULL AND b.state = $3");
const ALL: &str = anywhere!("$1::uuid IS NULL AND $2::uuid IS NULL AND $3::text IS NULL");

const LEASES: &str = concat!(
    "SELECT q.build_id, q.worker, q.due_at, b.attempt, b.phase, b.cancel_requested, b.started_at,
            p.name project_name, ",
    tenant!(),
    "FROM build_queue q
     JOIN builds b ON b.tenant_id = q.tenant_id AND b.id = q.build_id
     JOIN projects p ON p.tenant_id = b.tenant_id AND p.id = b.project_id
     JOIN tenants t ON t.id = q.tenant_id
     WHERE q.standing = 'leased'
     ORDER BY q.due_at, q.tenant_id, q.build_id LIMIT $1"
);

const ENDED: &str = "SELECT state, created_at, started_at, ended_at FROM builds
     WHERE ended_at >= $1 ORDER BY ended_at DESC LIMIT $2";

const PHASES: &str = "SELECT body FROM build_events
     WHERE kind = 'phase.completed' AND at >= $1 ORDER BY at DESC LIMIT $2";

const FAILURES: &str = "SELECT failure_reason, count(*) FROM builds
     WHERE failure_reason IS NOT NULL AND ended_at >= $1 GROUP BY failure_reason";

/// Deployed builds are not counted one by one: months keep their number.
const TOTALS: &str = "SELECT
         (SELECT count(*) FROM tenants),
         (SELECT count(*) FROM users),
         (SELECT count(*) FROM projects),
         (SELECT count(*) FROM builds WHERE state = 'queued'),
         (SELECT count(*) FROM builds WHERE state = 'building'),
         (SELECT COALESCE(sum(builds_completed), 0)::bigint FROM tenant_usage),
         (SELECT count(*) FROM builds WHERE state = 'failed'),
         (SELECT count(*) FROM builds WHERE state = 'cancelled'),
         (SELECT count(*) FROM builds WHERE state = 'expired'),
         (SELECT COALESCE(sum(held), 0)::bigint FROM credit_accounts),
         (SELECT COALESCE(sum(credits), 0)::bigint FROM tenant_usage)";

async fn board(reader: &mut PgConnection, tenants: u32) -> Sql<QueueBoard> {
    let totals: Vec<(String, i64, Moment)> =
        sqlx::query_as(STANDINGS).fetch_all(&mut *reader).await?;
    let mut total = Standings::default();
    for (standing, count, oldest) in totals {
        let row = Of("queue", &standing);
        let standing = row.known(Standing::from_name(&standing))?;
        total = total.with(standing, row.number(count)?, Timestamp::from(oldest));
    }
    let rows: Vec<StandingsRow> =
        sqlx::query_as(BY_TENANT).bind(i64::from(tenants)).fetch_all(&mut *reader).await?;
    let tenants = rows.into_iter().map(StandingsRow::decode).collect::<Result<_, _>>()?;
    Ok(QueueBoard { total, tenants, pace_ms: queue::pace_ms(reader).await? })
}

async fn waiting(
    reader: &mut PgConnection,
    page: &PageRequest,
    now: Timestamp,
) -> Sql<Page<WaitingBuild>> {
    let (band, tag, id) = page.after.as_ref().map_or((-1, 0, Uuid::nil()), |cursor| {
        let (band, tag) = from_sort_key(cursor.key);
        (band, tag, cursor.id)
    });
    let rows: Vec<WaitingRow> = sqlx::query_as(WAITING)
        .bind(band)
        .bind(tag)
        .bind(id)
        .bind(i64::from(page.limit()) + 1)
        .fetch_all(&mut *reader)
        .await?;
    let (ahead, running): (i64, i64) = sqlx::query_as(BEFORE_PAGE)
        .bind(band)
        .bind(tag)
        .bind(id)
        .bind(queue::COUNTED)
        .fetch_one(&mut *reader)
        .await?;
    let pace_ms = queue::pace_ms(reader).await?;
    let row = Of("queue", &"waiting");
    let ahead: u64 = row.number(ahead)?;
    let around = Around { running: row.number(running)?, pace_ms, now };
    let page = Page::from_rows(rows, page, WaitingRow::cursor);
    let items = (ahead..).zip(page.items).map(|(ahead, row)| row.decode(ahead, around));
    Ok(Page { items: items.collect::<Result<_, _>>()?, next: page.next })
}

async fn samples(reader: &mut PgConnection, since: Timestamp) -> Sql<Samples> {
    let ended: Vec<(String, Moment, Option<Moment>, Moment)> = sqlx::query_as(ENDED)
        .bind(Moment(since))
        .bind(i64::from(MOST_SAMPLES))
        .fetch_all(&mut *reader)
        .await?;
    let phases: Vec<String> = sqlx::query_scalar(PHASES)
        .bind(Moment(since))
        .bind(i64::from(MOST_SAMPLES))
        .fetch_all(&mut *reader)
        .await?;
    let failures: Vec<(String, i64)> =
        sqlx::query_as(FAILURES).bind(Moment(since)).fetch_all(reader).await?;

    let mut samples = Samples::default();
    for (state, created_at, started_at, ended_at) in ended {
        let at = Timestamp::from;
        let Some(started_at) = started_at.map(at) else { continue };
        samples.waits.push(started_at.millis_since(at(created_at)));
        if state == BuildState::Deployed.as_str() {
            samples.runs.push(at(ended_at).millis_since(started_at));
        }
    }
    for body in phases {
        let body: EventBody = Of("event", &"phase.completed").document(&body)?;
        if let EventBody::PhaseCompleted { phase, duration_ms } = body {
            samples.phases.push((phase, duration_ms));
        }
    }
    for (reason, count) in failures {
        let row = Of("failure", &reason);
        samples.failures.push((row.known(FailureReason::from_name(&reason))?, row.number(count)?));
    }
    Ok(samples)
}

#[async_trait]
impl Operations for PostgresStore {
    async fn queue(&self, tenants: u32) -> Result<QueueBoard, StoreError> {
        self.read(Reach::Platform, move |tx| Box::pin(async move { Ok(board(tx, tenants).await?) }))
            .await
    }

    async fn waiting(&self, page: PageRequest) -> Result<Page<WaitingBuild>, StoreError> {
        self.read(Reach::Platform, move |tx| {
            Box::pin(async move {
                let now = tx.now;
                Ok(waiting(tx, &page, now).await?)
            })
        })
        .await
    }

    async fn builds_anywhere(
        &self,
        search: BuildSearch,
        page: PageRequest,
    ) -> Result<Page<BuildAnywhere>, StoreError> {
        let sql = match search {
            BuildSearch { build: Some(_), .. } => ONE,
            BuildSearch { tenant: Some(_), .. } => OF_TENANT,
            BuildSearch { state: Some(_), .. } => IN_STATE,
            BuildSearch { build: None, tenant: None, state: None } => ALL,
        };
        let asked = sqlx::query_as(sql)
            .bind(search.build.map(BuildId::as_uuid))
            .bind(search.tenant.map(TenantId::as_uuid))
            .bind(search.state.map(BuildState::as_str))
            .bind(page.after.as_ref().map_or(Uuid::max(), |cursor| cursor.id))
            .bind(i64::from(page.limit()) + 1);
        let rows: Vec<AnywhereRow> = self.rows(Reach::Platform, asked).await?;
        let rows = rows.into_iter().map(AnywhereRow::decode).collect::<Result<_, _>>()?;
        Ok(Page::from_rows(rows, &page, cursor))
    }

    async fn leases(&self, limit: u32) -> Result<Vec<HeldLease>, StoreError> {
        let asked = sqlx::query_as(LEASES).bind(i64::from(limit));
        let rows: Vec<LeaseRow> = self.rows(Reach::Platform, asked).await?;
        rows.into_iter().map(LeaseRow::decode).collect()
    }

    async fn samples(&self, since: Timestamp) -> Result<Samples, StoreError> {
        self.read(Reach::Platform, move |tx| Box::pin(async move { Ok(samples(tx, since).await?) }))
            .await
    }

    async fn totals(&self) -> Result<PlatformTotals, StoreError> {
        let asked = sqlx::query_as(TOTALS);
        let found: Option<(i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64)> =
            self.row(Reach::Platform, asked).await?;
        let row = Of("platform", &"totals");
        let counts: [i64; 11] = row.known(found)?.into();
        let count = |of: usize| row.number(counts[of]);
        Ok(PlatformTotals {
            tenants: count(0)?,
            people: count(1)?,
            projects: count(2)?,
            queued: count(3)?,
            building: count(4)?,
            deployed: count(5)?,
            failed: count(6)?,
            cancelled: count(7)?,
            expired: count(8)?,
            held: Credits::new(counts[9]),
            charged: Credits::new(counts[10]),
        })
    }
}
