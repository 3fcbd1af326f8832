//! Where workers get builds from and bring them back to.

use std::sync::Arc;

use async_trait::async_trait;
use keelway_builds::end::{Finish, Finished};
use keelway_builds::ports::BuildQueue;
use keelway_builds::run::{
    self, Assignment, LeaseLost, Record, RecordChange, RecordFacts, Recorded, Renewed, Take,
};
use keelway_builds::{AgentWork, Build, BuildStatus, Lease, Manifest, Snapshot, Standing};
use keelway_kernel::{BuildId, Failure, Millis, SnapshotId, StoreError, TenantId, TenantScope};
use keelway_rows::aside::Aside;
use sqlx::SqliteConnection;
use sqlx::types::Uuid;
use tokio::time::Instant;

use crate::error::{Broken, Sql, Stop};
use crate::queue::Move;
use crate::queue::next::Next;
use crate::trip::{Trip, first, rows};
use crate::tx::Tx;
use crate::{SqliteStore, builds, end, projects, queue, work};

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
            let taken =
                self.write_late(move |tx| Box::pin(async move { take(tx, &cmd, &aside).await }));
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
        self.save(move |tx| {
            Box::pin(async move {
                let build = builds::find(tx, lease.scope.tenant(), lease.build).await?;
                let build = build.ok_or(Stop::Refused(LeaseLost))?;
                let renewed = run::renew(&build, &lease, ttl_ms, tx.now).map_err(Stop::Refused)?;
                Ok((renewed, Trip::default().put_extended(&build, renewed.lease.until)))
            })
        })
        .await
    }

    async fn record(&self, cmd: Record) -> Result<Recorded, Failure<LeaseLost>> {
        self.save(move |tx| {
            Box::pin(async move {
                let facts = record_facts(tx, &cmd.lease).await?;
                let facts = facts.ok_or(Stop::Refused(LeaseLost))?;
                let change = run::record(&facts, &cmd, tx.now).map_err(Stop::Refused)?;
                let (trip, build) = match change {
                    Some(change) => Trip::default().put_record(&facts.build, change)?,
                    None => (Trip::default(), facts.build),
                };
                let Build { last_seq, cancel_requested, .. } = build;
                Ok((Recorded { last_seq, cancel_requested }, trip))
            })
        })
        .await
    }

    async fn finish(&self, cmd: Finish) -> Result<Finished, Failure<LeaseLost>> {
        self.save(move |tx| {
            Box::pin(async move {
                let (now, rules) = (tx.now, Arc::clone(&tx.rules));
                let key = (cmd.lease.scope.tenant(), cmd.lease.build);
                let ending = end::facts(tx, key, &rules, now).await?;
                let ending = ending.ok_or(Stop::Refused(LeaseLost))?;
                let change = keelway_builds::end::finish(&ending.facts, &cmd, &rules, now)?;
                let (trip, build) = Trip::default().put_ending(ending, change, now)?;
                Ok((Finished { build }, trip))
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
            let work = self.save_always(move |tx| {
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
    let left_out = aside.builds(now);
    let mut look = queue::next::look(tx, now, &left_out).await?;
    if look.is_over {
        tx.save(Trip::default().put_woken(now, BATCH)).await?;
        look = queue::next::look(tx, now, &left_out).await?;
    }
    let Some(next) = look.next else { return Ok(None) };
    let id = next.id;
    match lease(tx, next, cmd).await {
        Ok(assignment) => Ok(Some(assignment)),
        Err(Broken(error)) => {
            aside.leave_out(id, now, error)?;
            Err(Stop::Refused(Unread))
        }
    }
}

/// Grants a lease of what was found.
async fn lease(tx: &mut Tx, next: Next, cmd: &Take) -> Sql<Assignment> {
    let (before, project) = next.read?;
    let unknown = || Broken(StoreError::corrupt("build", before.id));
    let (leased, event) = run::take(&before, cmd, tx.now).map_err(|_| unknown())?;
    let BuildStatus::Building { worker, lease_until: until } = &leased.status else {
        return Err(unknown());
    };
    let (worker, until) = (worker.clone(), *until);
    let (work, packaged) = match before.attempt {
        // Only who had a lease made anything.
        0 => (Vec::new(), None),
        _ => made(tx, &before).await?,
    };

    let lease = Move {
        from: Standing::Ready,
        to: Standing::Leased,
        due_at: Some(until),
        worker: Some(&worker),
    };
    let trip = Trip::default().put_moved(&before, &lease).put_advanced(&next.place);
    let (trip, build) = trip.put_build(&before, leased, &[event])?;
    tx.save(trip).await?;
    #[expect(clippy::disallowed_methods, reason = "the lease just granted vouches for the tenant")]
    let scope = TenantScope::assume(build.tenant);
    Ok(Assignment {
        lease: Lease { scope, build: build.id, attempt: build.attempt, until },
        project,
        work,
        packaged,
        build,
    })
}

/// What earlier attempts at a build made.
async fn made(
    tx: &mut SqliteConnection,
    build: &Build,
) -> Sql<(Vec<AgentWork>, Option<(Snapshot, Manifest)>)> {
    let asked = Trip::default().ask_work(build.tenant, build.id);
    let asked = asked.ask_snapshot(build.tenant, build.snapshot);
    let [work, work_files, snapshot, files] = asked.read(tx).await?;
    Ok((work::work(&work, &work_files)?, projects::snapshot(&snapshot, &files)?))
}

async fn record_facts(tx: &mut SqliteConnection, lease: &Lease) -> Sql<Option<RecordFacts>> {
    let (tenant, id) = (lease.scope.tenant(), lease.build);
    let asked = Trip::default().ask_build(tenant, id).ask_kept(tenant, id).ask_live(tenant, id);
    let [build, kept, live] = asked.read(tx).await?;
    let Some(build) = builds::build(&build)? else { return Ok(None) };
    let kept: Vec<(u32,)> = rows(&kept)?;
    let live: Option<(Option<Uuid>,)> = first(&live)?;
    Ok(Some(RecordFacts {
        build,
        kept: kept.into_iter().map(|(number,)| number).collect(),
        live: live.and_then(|(live,)| live).map(SnapshotId::from_uuid),
    }))
}

impl Trip {
    fn put_record(self, before: &Build, change: RecordChange) -> Sql<(Self, Build)> {
        let mut trip = self;
        for work in &change.work {
            trip = trip.put_work(before, work)?;
        }
        if let Some(packaged) = &change.snapshot {
            trip = trip.put_snapshot(before.tenant, packaged)?;
        }
        trip.put_build(before, change.build, &change.events)
    }
}

/// Mends one build that time may have overtaken; says whether its row is touched.
async fn overtake(tx: &mut Tx, key: (TenantId, BuildId), jitter: u64) -> Sql<(u64, Trip)> {
    let (now, rules) = (tx.now, Arc::clone(&tx.rules));
    let Some(ending) = end::facts(tx, key, &rules, now).await? else {
        return Ok((0, Trip::default()));
    };
    let overtaken = keelway_builds::end::overtake(&ending.facts, &rules, jitter, now);
    match overtaken.map_err(|_| StoreError::corrupt("build", key.1))? {
        Some(change) => Ok((1, Trip::default().put_ending(ending, change, now)?.0)),
        None => Ok((0, Trip::default())),
    }
}

/// Delays that are over, and records that are past their time.
async fn tidy(tx: &mut Tx) -> Sql<u64> {
    let now = tx.now;
    let tidied = Trip::default()
        .put_woken(now, BATCH)
        .add_any(
            "DELETE FROM guest_entries WHERE id IN (
                 SELECT id FROM guest_entries WHERE created_at <= ? ORDER BY created_at LIMIT ?)",
        )
        .bind(now.plus_seconds(-PARKED_KEPT_SECONDS).as_micros())
        .bind(i64::from(BATCH))
        .add_any(
            "DELETE FROM idempotency_keys WHERE (owner, route, key) IN (
                 SELECT owner, route, key FROM idempotency_keys
                 WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)",
        )
        .bind(now.as_micros())
        .bind(i64::from(BATCH));
    tidied.write(tx).await
}
