//! Where workers get builds from and bring them back to.

use std::sync::Arc;

use async_trait::async_trait;
use futures::{StreamExt as _, stream};
use keelway_builds::end::{Finish, Finished};
use keelway_builds::ports::BuildQueue;
use keelway_builds::run::{
    self, Assignment, LeaseLost, Record, RecordChange, RecordFacts, Recorded, Renewed, Take,
};
use keelway_builds::{Build, BuildStatus, Lease, Standing};
use keelway_kernel::{
    BuildId, Failure, Millis, SnapshotId, StoreError, TenantId, TenantScope, Timestamp,
};
use keelway_rows::aside::Aside;
use keelway_rows::build::BuildRow;
use keelway_rows::{Moment, Of};
use sqlx::postgres::PgConnection;
use sqlx::types::Uuid;
use tokio::time::Instant;

use crate::builds::{build_columns, builds_in_queue};
use crate::error::{Broken, Sql, Stop};
use crate::queue::Move;
use crate::queue::next::{Missed, Next, Turn};
use crate::trip::Trip;
use crate::tx::{Reach, Tx, only_broken};
use crate::{PostgresStore, builds, end, projects, queue};

/// How many rows one sweep, and one kind of mending, touches.
const BATCH: u32 = 100;
/// How many builds a sweep mends at a time.
const SIDE_BY_SIDE: usize = 4;
/// How long a parked request is kept after it was made, claimed or not.
const PARKED_KEPT_SECONDS: i64 = 24 * 60 * 60;

#[async_trait]
impl BuildQueue for PostgresStore {
    async fn take(&self, cmd: Take) -> Result<Option<Assignment>, StoreError> {
        let until = Instant::now() + self.0.wait;
        let cmd = (cmd, Arc::clone(&self.0.not_taken));
        loop {
            let turn = self.write_as(Reach::Queue, cmd.clone(), |tx, (cmd, aside)| {
                Box::pin(async move { take(tx, &cmd, &aside).await })
            });
            match turn.await {
                Ok(Turn::Of(assignment)) => return Ok(Some(*assignment)),
                Ok(Turn::Nobodys) => return Ok(None),
                // With a turn of its own among others of the platform.
                Ok(Turn::Again) | Err(Stop::Refused(Missed)) if Instant::now() < until => {}
                Ok(Turn::Again) | Err(Stop::Refused(Missed)) => return Err(StoreError::Contended),
                Err(Stop::Broken(error)) => return Err(error),
            }
        }
    }

    async fn renew(&self, lease: &Lease, ttl_ms: Millis) -> Result<Renewed, Failure<LeaseLost>> {
        self.write(lease.scope, (*lease, ttl_ms), |tx, (lease, ttl_ms)| {
            Box::pin(async move {
                let build = leased(tx, &lease).await?;
                let renewed = run::renew(&build, &lease, ttl_ms, tx.now).map_err(Stop::Refused)?;
                queue::extend(tx, &build, renewed.lease.until).await?;
                Ok(renewed)
            })
        })
        .await
    }

    async fn record(&self, cmd: Record) -> Result<Recorded, Failure<LeaseLost>> {
        self.write(cmd.lease.scope, cmd, |tx, cmd| {
            Box::pin(async move {
                let facts = record_facts(tx, &cmd.lease).await?;
                let facts = facts.ok_or(Stop::Refused(LeaseLost))?;
                let change = run::record(&facts, &cmd, tx.now).map_err(Stop::Refused)?;
                let build = match change {
                    Some(change) => save_record(tx, &facts.build, change).await?,
                    None => facts.build,
                };
                let Build { last_seq, cancel_requested, .. } = build;
                Ok(Recorded { last_seq, cancel_requested })
            })
        })
        .await
    }

    async fn finish(&self, cmd: Finish) -> Result<Finished, Failure<LeaseLost>> {
        self.write(cmd.lease.scope, cmd, |tx, cmd| {
            Box::pin(async move {
                let ending = end::facts(tx, cmd.lease.scope.tenant(), cmd.lease.build).await?;
                let ending = ending.ok_or(Stop::Refused(LeaseLost))?;
                let change = keelway_builds::end::finish(&ending.facts, &cmd, &tx.rules, tx.now)?;
                Ok(Finished { build: end::save(tx, ending, change).await? })
            })
        })
        .await
    }

    async fn sweep(&self, jitter: u64) -> Result<u64, StoreError> {
        let tidied =
            self.write_as(Reach::Queue, (), |tx, ()| Box::pin(async move { Ok(tidy(tx).await?) }));
        let mut touched = tidied.await.map_err(only_broken)?;
        let aside = Arc::clone(&self.0.not_swept);
        let due = self.read(Reach::Platform, |tx| {
            Box::pin(async move {
                let (now, left_out) = (tx.now, aside.builds(tx.now));
                let limit = BATCH.saturating_add(u32::try_from(left_out.len()).unwrap_or(u32::MAX));
                let mut due = queue::due(tx, now, limit).await?;
                due.retain(|(_, build)| !left_out.contains(build));
                Ok((now, due))
            })
        });
        let (now, due) = due.await?;
        // Each has a draw and a transaction of its own: one bad row stops no other, and a tenant
        // that a stuck process holds keeps few others waiting.
        let mut swept = stream::iter((0..BATCH).zip(due))
            .map(|(number, key)| self.sweep_one(key, jitter.rotate_left(number), now))
            .buffer_unordered(SIDE_BY_SIDE);
        while let Some(one) = swept.next().await {
            touched += one?;
        }
        Ok(touched)
    }
}

impl PostgresStore {
    /// Mends one build that was due at `now`; says whether its row was touched.
    async fn sweep_one(
        &self,
        (tenant, id): (TenantId, BuildId),
        jitter: u64,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        #[expect(clippy::disallowed_methods, reason = "the row that is due names its tenant")]
        let scope = TenantScope::assume(tenant);
        let work = self.write_always(scope, (id, jitter), move |tx, (id, jitter)| {
            Box::pin(async move { Ok(overtake(tx, (tenant, id), jitter).await?) })
        });
        match work.await {
            Err(StoreError::Contended) => {
                tracing::info!(build = %id, "a build is left to the next sweep");
                Ok(0)
            }
            Err(error) => self.0.not_swept.leave_out(id, now, error).map(|()| 0),
            done => done,
        }
    }
}

async fn take(
    tx: &mut Tx,
    cmd: &Take,
    aside: &Aside,
) -> Result<Turn<Box<Assignment>>, Stop<Missed>> {
    let next = match queue::next::next(tx, aside, BATCH).await? {
        Turn::Of(next) => next,
        Turn::Again => return Ok(Turn::Again),
        Turn::Nobodys => return Ok(Turn::Nobodys),
    };
    let id = next.build.id;
    match lease(tx, next, cmd).await {
        Ok(Some(assignment)) => Ok(Turn::Of(Box::new(assignment))),
        Ok(None) => Err(Stop::Refused(Missed)),
        Err(Broken(error)) => Err(Missed::unread(aside, id, tx, error)),
    }
}

/// Grants a lease of what was found; none if somebody else was faster.
async fn lease(tx: &mut Tx, next: Next, cmd: &Take) -> Sql<Option<Assignment>> {
    let (now, before) = (tx.now, next.build);
    let unknown = || StoreError::corrupt("build", before.id);
    let (leased, event) = run::take(&before, cmd, now).map_err(|_| unknown())?;
    let BuildStatus::Building { worker, lease_until: until } = &leased.status else {
        return Err(unknown().into());
    };
    let (worker, until) = (worker.clone(), *until);
    let packaged = match before.snapshot {
        Some(snapshot) => projects::find_snapshot(tx, before.tenant, snapshot).await?,
        None => None,
    };
    let work = match before.attempt {
        // Only who had a lease made anything.
        0 => Vec::new(),
        _ => builds::work_of(tx, before.tenant, before.id).await?,
    };

    let mut trip = Trip::default();
    let build = builds::update(&mut trip, &before, leased, &[event])?;
    let lease = Move {
        from: Standing::Ready,
        to: Standing::Leased,
        due_at: Some(until),
        worker: Some(&worker),
    };
    queue::stand(&mut trip, &before, &lease);
    // Last, so that the band's row is free for others again at once.
    queue::next::advance(&mut trip, next.band, next.tag);
    if !trip.met(tx).await? {
        return Ok(None);
    }
    #[expect(clippy::disallowed_methods, reason = "the lease just granted vouches for the tenant")]
    let scope = TenantScope::assume(build.tenant);
    Ok(Some(Assignment {
        lease: Lease { scope, build: build.id, attempt: build.attempt, until },
        project: next.project,
        work,
        packaged,
        build,
    }))
}

/// The build that a lease is about.
async fn leased(tx: &mut PgConnection, lease: &Lease) -> Result<Build, Stop<LeaseLost>> {
    let build = builds::find(tx, lease.scope.tenant(), lease.build).await?;
    build.ok_or(Stop::Refused(LeaseLost))
}

/// What a record rests on: the build, whose work is kept, and what is served.
const RECORDED: &str = concat!(
    "SELECT ",
    build_columns!(),
    ",
     ARRAY(SELECT number FROM build_work WHERE tenant_id = $1 AND build_id = $2) AS kept,
     (SELECT live_snapshot_id FROM projects
      WHERE tenant_id = b.tenant_id AND id = b.project_id) AS live
     FROM ",
    builds_in_queue!(),
    " WHERE b.tenant_id = $1 AND b.id = $2"
);

#[derive(sqlx::FromRow)]
struct RecordedRow {
    #[sqlx(flatten)]
    build: BuildRow,
    kept: Vec<i64>,
    live: Option<Uuid>,
}

async fn record_facts(tx: &mut PgConnection, lease: &Lease) -> Sql<Option<RecordFacts>> {
    let row: Option<RecordedRow> = sqlx::query_as(RECORDED)
        .bind(lease.scope.tenant().as_uuid())
        .bind(lease.build.as_uuid())
        .fetch_optional(tx)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let number = |number| Of("build", &lease.build).number(number);
    Ok(Some(RecordFacts {
        kept: row.kept.into_iter().map(number).collect::<Result<_, _>>()?,
        live: row.live.map(SnapshotId::from_uuid),
        build: row.build.decode()?,
    }))
}

async fn save_record(tx: &mut PgConnection, before: &Build, change: RecordChange) -> Sql<Build> {
    let mut trip = Trip::default();
    builds::keep_work(&mut trip, before, &change.work)?;
    if let Some(packaged) = &change.snapshot {
        projects::insert_snapshot(&mut trip, before.tenant, packaged);
    }
    let build = builds::update(&mut trip, before, change.build, &change.events)?;
    trip.write(tx).await?;
    Ok(build)
}

/// Mends one build that time may have overtaken; says whether its row was touched.
async fn overtake(tx: &mut Tx, (tenant, id): (TenantId, BuildId), jitter: u64) -> Sql<u64> {
    let now = tx.now;
    let Some(ending) = end::facts(tx, tenant, id).await? else { return Ok(0) };
    let overtaken = keelway_builds::end::overtake(&ending.facts, &tx.rules, jitter, now);
    match overtaken.map_err(|_| StoreError::corrupt("build", id))? {
        Some(change) => {
            end::save(tx, ending, change).await?;
            Ok(1)
        }
        None => Ok(0),
    }
}

/// Delays that are over, and records that are past their time. What is in use is left to the
/// next sweep: nothing here waits.
async fn tidy(tx: &mut Tx) -> Sql<u64> {
    let now = tx.now;
    let woken = queue::next::wake(tx, now, BATCH).await?;
    let guests = sqlx::query(
        "WITH old AS MATERIALIZED (
             SELECT id FROM guest_entries WHERE created_at <= $1 ORDER BY created_at LIMIT $2
             FOR UPDATE SKIP LOCKED
         )
         DELETE FROM guest_entries WHERE id = ANY (ARRAY (SELECT id FROM old))",
    )
    .bind(Moment(earlier(now, PARKED_KEPT_SECONDS)))
    .bind(i64::from(BATCH))
    .execute(&mut **tx)
    .await?;
    let keys = sqlx::query(
        "WITH old AS MATERIALIZED (
             SELECT owner, route, key FROM idempotency_keys
             WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2
             FOR UPDATE SKIP LOCKED
         )
         DELETE FROM idempotency_keys k USING old
         WHERE k.owner = old.owner AND k.route = old.route AND k.key = old.key",
    )
    .bind(Moment(now))
    .bind(i64::from(BATCH))
    .execute(&mut **tx)
    .await?;
    Ok(woken + guests.rows_affected() + keys.rows_affected())
}

const fn earlier(now: Timestamp, seconds: i64) -> Timestamp {
    now.plus_seconds(-seconds)
}
