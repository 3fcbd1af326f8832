//! Where workers get builds from and bring them back to.

use async_trait::async_trait;
use futures::{StreamExt as _, stream};
use keelway_builds::end::{Finish, Finished};
use keelway_builds::ports::BuildQueue;
use keelway_builds::run::{
    self, Assignment, LeaseLost, Record, RecordChange, RecordFacts, Recorded, Renewed, Take,
};
use keelway_builds::{Build, BuildStatus, Lease, Standing};
use keelway_kernel::{BuildId, Failure, Millis, StoreError, TenantId, TenantScope, Timestamp};
use keelway_rows::{Moment, Of};
use sqlx::postgres::PgConnection;

use crate::error::{Broken, Sql, Stop};
use crate::queue::{Move, Turn};
use crate::tx::{Reach, Tx};
use crate::{PostgresStore, Time, builds, end, projects, queue};

/// How many rows one sweep, and one kind of mending, touches.
const BATCH: u32 = 100;
/// How many builds a sweep mends at a time.
const SIDE_BY_SIDE: usize = 4;
/// How often a worker looks for a build that others do not take first.
const LOOKS: u32 = 100;
/// How long a parked request is kept after it was made, claimed or not.
const PARKED_KEPT_SECONDS: i64 = 24 * 60 * 60;

#[async_trait]
impl BuildQueue for PostgresStore {
    async fn take(&self, cmd: Take) -> Result<Option<Assignment>, StoreError> {
        for _ in 0..LOOKS {
            let cmd = (cmd.clone(), self.0.ambient.time.clone());
            let turn = self.write_platform_always(cmd, |tx, (cmd, time)| {
                Box::pin(async move { Ok(take(tx, &cmd, &time).await?) })
            });
            match turn.await? {
                Turn::Of(assignment) => return Ok(Some(assignment)),
                Turn::Nobodys => return Ok(None),
                Turn::Again => {}
            }
        }
        Err(StoreError::Contended)
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
        self.write(cmd.lease.scope, cmd, |tx, cmd| {
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
        let tidied =
            self.write_platform_always((), |tx, ()| Box::pin(async move { Ok(tidy(tx).await?) }));
        let mut touched = tidied.await?;
        let due = self.read(Reach::Platform, |tx| {
            Box::pin(async move {
                let now = tx.now;
                Ok(queue::due(tx, now, BATCH).await?)
            })
        });
        // Each has a draw and a transaction of its own: one bad row stops no other, and a tenant
        // that a stuck process holds keeps few others waiting.
        let due = (0_u32..).zip(due.await?);
        let mut swept = stream::iter(due)
            .map(|(number, key)| self.sweep_one(key, jitter.rotate_left(number)))
            .buffer_unordered(SIDE_BY_SIDE);
        while let Some(one) = swept.next().await {
            touched += one?;
        }
        Ok(touched)
    }
}

impl PostgresStore {
    /// Mends one build that is due; says whether its row was touched.
    async fn sweep_one(
        &self,
        (tenant, id): (TenantId, BuildId),
        jitter: u64,
    ) -> Result<u64, StoreError> {
        #[expect(clippy::disallowed_methods, reason = "the row that is due names its tenant")]
        let scope = TenantScope::assume(tenant);
        let work = self.write_always(scope, (id, jitter), move |tx, (id, jitter)| {
            Box::pin(async move { Ok(overtake(tx, (tenant, id), jitter).await?) })
        });
        match work.await {
            Err(error @ StoreError::Corrupt { .. }) => {
                tracing::error!(build = %id, %error, "a build cannot be swept");
                Ok(0)
            }
            Err(StoreError::Contended) => {
                tracing::info!(build = %id, "a build is left to the next sweep");
                Ok(0)
            }
            done => done,
        }
    }
}

async fn take(tx: &mut Tx, cmd: &Take, time: &Time) -> Sql<Turn<Assignment>> {
    queue::go_by_indexes(tx).await?;
    let now = tx.now;
    if queue::wake(tx, now, BATCH).await? > 0 {
        return Ok(Turn::Again);
    }
    let next = match queue::next(tx).await? {
        Turn::Of(next) => next,
        Turn::Again => return Ok(Turn::Again),
        Turn::Nobodys => return Ok(Turn::Nobodys),
    };
    // The lock was taken just now.
    if matches!(time, Time::Server) {
        tx.now = next.at();
    }
    let (now, tenant, id) = (tx.now, next.tenant(), next.build());
    let unknown = || Broken(StoreError::corrupt("build", id));
    let build = builds::find(tx, tenant, id).await?.ok_or_else(unknown)?;
    // Somebody took it between our look and our lock.
    if build.status != (BuildStatus::Queued { retry_at: None }) {
        return Ok(Turn::Again);
    }
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
    let build = builds::update(tx, &build, leased, &[event]).await?;

    let packaged = match build.snapshot {
        Some(snapshot) => projects::find_snapshot(tx, tenant, snapshot).await?,
        None => None,
    };
    #[expect(clippy::disallowed_methods, reason = "the lease just granted vouches for the tenant")]
    let scope = TenantScope::assume(tenant);
    let assignment = Assignment {
        lease: Lease { scope, build: id, attempt: build.attempt, until },
        project: projects::find(tx, tenant, build.project).await?.ok_or_else(unknown)?,
        work: builds::work_of(tx, tenant, id).await?,
        packaged,
        build,
    };
    // Last, so that the row is free for others again at once.
    queue::advance(tx, next.band, next.tag).await?;
    Ok(Turn::Of(assignment))
}

/// The build that a lease is about.
async fn leased(tx: &mut PgConnection, lease: &Lease) -> Result<Build, Stop<LeaseLost>> {
    let build = builds::find(tx, lease.scope.tenant(), lease.build).await?;
    build.ok_or(Stop::Refused(LeaseLost))
}

async fn record_facts(tx: &mut PgConnection, build: Build) -> Sql<RecordFacts> {
    let kept: Vec<i64> =
        sqlx::query_scalar("SELECT number FROM build_work WHERE tenant_id = $1 AND build_id = $2")
            .bind(build.tenant.as_uuid())
            .bind(build.id.as_uuid())
            .fetch_all(&mut *tx)
            .await?;
    let number = |number| Of("build", &build.id).number(number);
    let kept = kept.into_iter().map(number).collect::<Result<_, _>>()?;
    let project = projects::find(tx, build.tenant, build.project).await?;
    Ok(RecordFacts { kept, live: project.and_then(|project| project.live), build })
}

async fn save_record(tx: &mut PgConnection, before: &Build, change: RecordChange) -> Sql<Build> {
    builds::keep_work(tx, before, &change.work).await?;
    if let Some(packaged) = &change.snapshot {
        projects::insert_snapshot(tx, before.tenant, packaged).await?;
    }
    builds::update(tx, before, change.build, &change.events).await
}

/// Mends one build that time may have overtaken; says whether its row was touched.
async fn overtake(tx: &mut Tx, (tenant, id): (TenantId, BuildId), jitter: u64) -> Sql<u64> {
    let now = tx.now;
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

/// Delays that are over, and records that are past their time. What is in use is left to the
/// next sweep: nothing here waits.
async fn tidy(tx: &mut Tx) -> Sql<u64> {
    queue::go_by_indexes(tx).await?;
    let now = tx.now;
    let woken = queue::wake(tx, now, BATCH).await?;
    let guests = sqlx::query(
        "WITH old AS MATERIALIZED (
             SELECT id FROM guest_entries WHERE created_at <= $1 ORDER BY created_at LIMIT $2
             FOR UPDATE SKIP LOCKED
         )
         DELETE FROM guest_entries g USING old WHERE g.id = old.id",
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
