//! Where workers get builds from and bring them back to.

use std::sync::Arc;

use async_trait::async_trait;
use keelway_builds::end::{Finish, Finished};
use keelway_builds::ports::BuildQueue;
use keelway_builds::run::{
    self, Assignment, LeaseLost, Record, RecordChange, RecordFacts, Recorded, Renewed, Take,
};
use keelway_builds::{Build, BuildStatus, Lease, Standing};
use keelway_kernel::{BuildId, Failure, Millis, StoreError, TenantId, TenantScope, Timestamp};
use keelway_rows::aside::Aside;
use sqlx::SqliteConnection;
use tokio::time::Instant;

use crate::error::{Broken, Sql, Stop};
use crate::queue::{Move, Next};
use crate::tx::Tx;
use crate::{SqliteStore, builds, end, projects, queue};

/// How many rows one sweep, and one kind of mending, touches.
const BATCH: u32 = 100;
/// How long a parked request is kept after it was made, claimed or not.
const PARKED_KEPT_SECONDS: i64 = 24 * 60 * 60;

#[async_trait]
impl BuildQueue for SqliteStore {
    async fn take(&self, cmd: Take) -> Result<Option<Assignment>, StoreError> {
        let until = Instant::now() + self.0.wait;
        loop {
            let (cmd, aside) = (cmd.clone(), Arc::clone(&self.0.not_taken));
            let taken = self.write(move |tx| Box::pin(async move { take(tx, &cmd, &aside).await }));
            match taken.await {
                Ok(taken) => return Ok(taken),
                Err(Failure::Rejected(Unread)) if Instant::now() < until => {}
                Err(Failure::Rejected(Unread)) => return Err(StoreError::Contended),
                Err(Failure::Store(error)) => return Err(error),
            }
        }
    }

    async fn renew(&self, lease: &Lease, ttl_ms: Millis) -> Result<Renewed, Failure<LeaseLost>> {
        let lease = *lease;
        self.write(move |tx| {
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
        self.write(move |tx| {
            Box::pin(async move {
                let build = leased(tx, &cmd.lease).await?;
                let facts = record_facts(tx, build).await?;
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
        self.write(move |tx| {
            Box::pin(async move {
                let facts = end::facts(tx, cmd.lease.scope.tenant(), cmd.lease.build).await?;
                let facts = facts.ok_or(Stop::Refused(LeaseLost))?;
                let change = keelway_builds::end::finish(&facts, &cmd, &tx.rules, tx.now)?;
                Ok(Finished { build: end::save(tx, &facts, change).await? })
            })
        })
        .await
    }

    async fn sweep(&self, jitter: u64) -> Result<u64, StoreError> {
        let mended = self.write_always(|tx| Box::pin(async move { Ok(tidy(tx).await?) }));
        let mut touched = mended.await?;
        let (now, aside) = (self.now(), &self.0.not_swept);
        let left_out = aside.builds(now);
        let limit = BATCH.saturating_add(u32::try_from(left_out.len()).unwrap_or(u32::MAX));
        let due = self
            .read(move |reader| Box::pin(async move { Ok(queue::due(reader, now, limit).await?) }));
        let due = due.await?.into_iter().filter(|(_, build)| !left_out.contains(build));
        for (number, (tenant, id)) in (0..BATCH).zip(due) {
            // Each has a draw and a transaction of its own: one bad row stops no other.
            let jitter = jitter.rotate_left(number);
            let work = self.write_always(move |tx| {
                Box::pin(async move { Ok(overtake(tx, (tenant, id), jitter).await?) })
            });
            match work.await {
                Ok(mended) => touched += mended,
                Err(error) => aside.leave_out(id, now, error)?,
            }
        }
        Ok(touched)
    }
}

/// Whose turn it is could not be read and is left out by the next look; nothing is written.
struct Unread;

async fn take(tx: &mut Tx, cmd: &Take, aside: &Aside) -> Result<Option<Assignment>, Stop<Unread>> {
    let now = tx.now;
    queue::wake(tx, now, BATCH).await?;
    let Some(next) = queue::next(tx, &aside.builds(now)).await? else { return Ok(None) };
    let id = BuildId::from_uuid(next.build_id);
    match lease(tx, &next, cmd).await {
        Ok(assignment) => Ok(Some(assignment)),
        Err(Broken(error)) => {
            aside.leave_out(id, now, error)?;
            Err(Stop::Refused(Unread))
        }
    }
}

/// Grants a lease of what was found.
async fn lease(tx: &mut Tx, next: &Next, cmd: &Take) -> Sql<Assignment> {
    let now = tx.now;
    let (tenant, id) = (TenantId::from_uuid(next.tenant_id), BuildId::from_uuid(next.build_id));
    let unknown = || Broken(StoreError::corrupt("build", id));
    let build = builds::find(tx, tenant, id).await?.ok_or_else(unknown)?;
    let (leased, event) = run::take(&build, cmd, now).map_err(|_| unknown())?;
    let BuildStatus::Building { worker, lease_until: until } = &leased.status else {
        return Err(unknown());
    };
    let (worker, until) = (worker.clone(), *until);

    let lease = Move {
        from: Standing::Ready,
        to: Standing::Leased,
        due_at: Some(until),
        worker: Some(&worker),
    };
    queue::stand(tx, (tenant, id), &lease).await?;
    queue::advance(tx, next.band, next.tag).await?;
    let build = builds::update(tx, &build, leased, &[event]).await?;

    let packaged = match build.snapshot {
        Some(snapshot) => projects::find_snapshot(tx, tenant, snapshot).await?,
        None => None,
    };
    #[expect(clippy::disallowed_methods, reason = "the lease just granted vouches for the tenant")]
    let scope = TenantScope::assume(tenant);
    Ok(Assignment {
        lease: Lease { scope, build: id, attempt: build.attempt, until },
        project: projects::find(tx, tenant, build.project).await?.ok_or_else(unknown)?,
        work: builds::work_of(tx, tenant, id).await?,
        packaged,
        build,
    })
}

/// The build that a lease is about.
async fn leased(tx: &mut SqliteConnection, lease: &Lease) -> Result<Build, Stop<LeaseLost>> {
    let build = builds::find(tx, lease.scope.tenant(), lease.build).await?;
    build.ok_or(Stop::Refused(LeaseLost))
}

async fn record_facts(tx: &mut SqliteConnection, build: Build) -> Sql<RecordFacts> {
    let kept: Vec<u32> =
        sqlx::query_scalar("SELECT number FROM build_work WHERE tenant_id = ? AND build_id = ?")
            .bind(build.tenant.as_uuid())
            .bind(build.id.as_uuid())
            .fetch_all(&mut *tx)
            .await?;
    let project = projects::find(tx, build.tenant, build.project).await?;
    Ok(RecordFacts { kept, live: project.and_then(|project| project.live), build })
}

async fn save_record(
    tx: &mut SqliteConnection,
    before: &Build,
    change: RecordChange,
) -> Sql<Build> {
    builds::keep_work(tx, before, &change.work).await?;
    if let Some(packaged) = &change.snapshot {
        projects::insert_snapshot(tx, before.tenant, packaged).await?;
    }
    builds::update(tx, before, change.build, &change.events).await
}

/// Mends one build that time may have overtaken; says whether its row was touched.
async fn overtake(tx: &mut Tx, key: (TenantId, BuildId), jitter: u64) -> Sql<u64> {
    let now = tx.now;
    let (tenant, id) = key;
    let Some(facts) = end::facts(tx, tenant, id).await? else { return Ok(0) };
    let overtaken = keelway_builds::end::overtake(&facts, &tx.rules, jitter, now);
    match overtaken.map_err(|_| StoreError::corrupt("build", id))? {
        Some(change) => {
            end::save(tx, &facts, change).await?;
            Ok(1)
        }
        None => Ok(0),
    }
}

/// Delays that are over, and records that are past their time.
async fn tidy(tx: &mut Tx) -> Sql<u64> {
    let now = tx.now;
    let woken = queue::wake(tx, now, BATCH).await?;
    let guests = sqlx::query(
        "DELETE FROM guest_entries WHERE id IN (
             SELECT id FROM guest_entries WHERE created_at <= ? ORDER BY created_at LIMIT ?)",
    )
    .bind(earlier(now, PARKED_KEPT_SECONDS).as_micros())
    .bind(i64::from(BATCH))
    .execute(&mut **tx)
    .await?;
    let keys = sqlx::query(
        "DELETE FROM idempotency_keys WHERE (owner, route, key) IN (
             SELECT owner, route, key FROM idempotency_keys
             WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)",
    )
    .bind(now.as_micros())
    .bind(i64::from(BATCH))
    .execute(&mut **tx)
    .await?;
    Ok(woken + guests.rows_affected() + keys.rows_affected())
}

const fn earlier(now: Timestamp, seconds: i64) -> Timestamp {
    now.plus_seconds(-seconds)
}
