//! Where builds are asked for and called off.

mod facts;

use std::slice;

use async_trait::async_trait;
use keelway_access::AuditAction;
use keelway_builds::GuestEntry;
use keelway_builds::cancel::{self, Cancel, CancelChange, CancelError, CancelPreview, Cancelling};
use keelway_builds::end::UsageChange;
use keelway_builds::ports::Submissions;
use keelway_builds::submit::{
    self, Park, ParkError, Submit, SubmitChange, SubmitError, SubmitPreview, Submitted,
};
use keelway_kernel::{BuildId, Failure, Once, QueueId, StoreError};
use keelway_rows::guest::GuestRow;
use keelway_rows::{Moment, json};
use sqlx::postgres::PgConnection;

use crate::error::{Sql, Stop};
use crate::trip::Trip;
use crate::tx::{Reach, Tx};
use crate::{PostgresStore, audit, builds, credits, end, idempotency, projects, queue, tenant};
use facts::{Found, Known};

#[async_trait]
impl Submissions for PostgresStore {
    async fn submit(&self, cmd: Submit) -> Result<Once<Submitted>, Failure<SubmitError>> {
        self.write(cmd.scope, cmd, |tx, cmd| {
            Box::pin(async move {
                let mut found = Found::load(tx, &cmd).await?;
                if let Some(replayed) = found.replayed(&cmd)? {
                    return Ok(replayed);
                }
                let known = found.decode(tx, cmd.scope.tenant())?;
                let change =
                    submit::submit(&known.facts, &cmd, &tx.rules, tx.now).map_err(Stop::Refused)?;
                Ok(Once::Fresh(save_submitted(tx, known, &cmd, change).await?))
            })
        })
        .await
    }

    async fn rehearse(&self, cmd: Submit) -> Result<SubmitPreview, Failure<SubmitError>> {
        let rehearsed = self.read(Reach::from(cmd.scope), move |tx| {
            Box::pin(async move {
                let known = Found::load(tx, &cmd).await?.decode(tx, cmd.scope.tenant())?;
                Ok(submit::rehearse(&known.facts, &cmd, &tx.rules, tx.now))
            })
        });
        rehearsed.await?.map_err(Failure::Rejected)
    }

    async fn park(&self, cmd: Park) -> Result<Once<GuestEntry>, Failure<ParkError>> {
        self.write_platform(cmd, |tx, cmd| {
            Box::pin(async move {
                if let Some(replayed) = idempotency::replay(tx, cmd.keyed.as_ref()).await? {
                    return Ok(replayed);
                }
                let entry = submit::park(&cmd, tx.now);
                sqlx::query(
                    "INSERT INTO guest_entries
                         (id, request, claimed_build_id, created_at, expires_at)
                     VALUES ($1, $2, NULL, $3, $4)",
                )
                .bind(entry.id.as_uuid())
                .bind(json(&entry.request)?)
                .bind(Moment(entry.created_at))
                .bind(Moment(entry.expires_at))
                .execute(&mut **tx)
                .await?;
                idempotency::remember(tx, cmd.keyed.as_ref(), &entry).await?;
                Ok(Once::Fresh(entry))
            })
        })
        .await
    }

    async fn find_parked(&self, id: QueueId) -> Result<Option<GuestEntry>, StoreError> {
        self.read(Reach::Platform, move |tx| {
            Box::pin(async move { Ok(find_parked(tx, id).await?) })
        })
        .await
    }

    async fn cancel(&self, cmd: Cancel) -> Result<Once<Cancelling>, Failure<CancelError>> {
        self.write(cmd.scope, cmd, |tx, cmd| {
            Box::pin(async move {
                if let Some(replayed) = idempotency::replay(tx, cmd.keyed.as_ref()).await? {
                    return Ok(replayed);
                }
                let ending = end::facts(tx, cmd.scope.tenant(), cmd.build).await?;
                let mut ending = ending.ok_or(Stop::Refused(CancelError::Unknown))?;
                let change = cancel::cancel(&ending.facts, &cmd, &tx.rules, tx.now)?;
                let mut trip = Trip::default();
                let build = match change {
                    CancelChange::Nothing => ending.facts.build,
                    CancelChange::Mark { build, event } => {
                        let marked = AuditAction::BuildCancelled;
                        let tenant = Some(cmd.scope.tenant());
                        let told = [audit::entry(tenant, &cmd.actor, marked, build.id, tx.now)];
                        audit::tell(&mut trip, &ending.chain.seal(&told)?);
                        builds::update(&mut trip, &ending.facts.build, *build, &[event])?
                    }
                    CancelChange::End(change) => ending.end(&mut trip, *change, tx.now)?,
                };
                let cancelling = Cancelling { build };
                idempotency::keep(&mut trip, tx.now, cmd.keyed.as_ref(), &cancelling)?;
                trip.write(tx).await?;
                Ok(Once::Fresh(cancelling))
            })
        })
        .await
    }

    async fn rehearse_cancel(&self, cmd: Cancel) -> Result<CancelPreview, Failure<CancelError>> {
        let rehearsed = self.read(Reach::from(cmd.scope), move |tx| {
            Box::pin(async move {
                let ending = end::facts(tx, cmd.scope.tenant(), cmd.build).await?;
                let ending = ending.ok_or(Failure::Rejected(CancelError::Unknown));
                let rehearse =
                    |ending: end::Ending| cancel::rehearse(&ending.facts, &cmd, &tx.rules, tx.now);
                Ok(ending.and_then(rehearse))
            })
        });
        rehearsed.await?
    }
}

async fn save_submitted(
    tx: &mut Tx,
    known: Known,
    cmd: &Submit,
    change: SubmitChange,
) -> Sql<Submitted> {
    let (now, Known { facts, mut chain }) = (tx.now, known);
    let SubmitChange { build, project, placement, .. } = change;
    // Nothing of what is saved is ahead of the build: so it can be asked before, for the answer
    // that is kept with it.
    let place = (placement.band, placement.tag);
    let position = queue::position_at(tx, place, build.id, now).await?;

    let mut trip = Trip::default();
    credits::save_changes(&mut trip, slice::from_ref(&change.reserved));
    audit::tell(&mut trip, &chain.seal(&change.audit)?);
    if change.new_project {
        projects::insert(&mut trip, &project);
    } else {
        projects::was_active(&mut trip, &build, (build.created_at, None));
    }
    builds::insert(&mut trip, &build, &change.event)?;
    queue::enqueue(&mut trip, &build, &placement);
    if let Some(guest) = change.claimed {
        claim(&mut trip, guest, build.id);
    }
    let created = (1, &UsageChange::default());
    tenant::add_usage(&mut trip, build.tenant, facts.tenant.month, created);
    let submitted = Submitted { build, project, position };
    idempotency::keep(&mut trip, now, cmd.keyed.as_ref(), &submitted)?;
    trip.write(tx).await?;
    Ok(submitted)
}

/// What guests parked is no tenant's, and has no place in the order of locks: who finds it in use
/// lets go of everything and comes again.
fn claim(trip: &mut Trip, guest: QueueId, build: BuildId) {
    trip.any(
        "unclaimed",
        "SELECT id FROM guest_entries WHERE id = $1 AND claimed_build_id IS NULL
         FOR UPDATE SKIP LOCKED",
    )
    .bind(guest.as_uuid())
    .one(
        "claimed",
        "UPDATE guest_entries SET claimed_build_id = $1
         FROM unclaimed WHERE guest_entries.id = unclaimed.id",
    )
    .bind(build.as_uuid());
}

async fn find_parked(connection: &mut PgConnection, id: QueueId) -> Sql<Option<GuestEntry>> {
    let row: Option<GuestRow> = sqlx::query_as(
        "SELECT id, request, claimed_build_id, created_at, expires_at
         FROM guest_entries WHERE id = $1",
    )
    .bind(id.as_uuid())
    .fetch_optional(connection)
    .await?;
    Ok(row.map(GuestRow::decode).transpose()?)
}
