//! Where builds are asked for and called off.

use async_trait::async_trait;
use keelway_access::AuditAction;
use keelway_builds::cancel::{self, Cancel, CancelChange, CancelError, CancelPreview, Cancelling};
use keelway_builds::end::UsageChange;
use keelway_builds::ports::Submissions;
use keelway_builds::project::ProjectFacts;
use keelway_builds::submit::{
    self, Park, ParkError, ProjectChoice, Submit, SubmitChange, SubmitError, SubmitFacts,
    SubmitPreview, Submitted,
};
use keelway_builds::{GuestEntry, queue::band};
use keelway_credits::Account;
use keelway_kernel::{Failure, Once, QueueId, StoreError};
use keelway_rows::guest::GuestRow;
use keelway_rows::{Moment, json};
use sqlx::postgres::PgConnection;

use crate::audit::{Ends, insert_audited};
use crate::error::{Sql, Stop};
use crate::trip::Trip;
use crate::tx::{Reach, Tx};
use crate::{PostgresStore, audit, builds, credits, end, idempotency, projects, queue, tenant};

#[async_trait]
impl Submissions for PostgresStore {
    async fn submit(&self, cmd: Submit) -> Result<Once<Submitted>, Failure<SubmitError>> {
        self.write(cmd.scope, cmd, |tx, cmd| {
            Box::pin(async move {
                if let Some(replayed) = idempotency::replay(tx, cmd.keyed.as_ref()).await? {
                    return Ok(replayed);
                }
                let facts = submit_facts(tx, &cmd).await?;
                let change =
                    submit::submit(&facts, &cmd, &tx.rules, tx.now).map_err(Stop::Refused)?;
                let submitted = save_submitted(tx, &facts, change).await?;
                idempotency::remember(tx, cmd.keyed.as_ref(), &submitted).await?;
                Ok(Once::Fresh(submitted))
            })
        })
        .await
    }

    async fn rehearse(&self, cmd: Submit) -> Result<SubmitPreview, Failure<SubmitError>> {
        let rehearsed = self.read(Reach::from(cmd.scope), move |tx| {
            Box::pin(async move {
                let facts = submit_facts(tx, &cmd).await?;
                Ok(submit::rehearse(&facts, &cmd, &tx.rules, tx.now))
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
                let ending = ending.ok_or(Stop::Refused(CancelError::Unknown))?;
                let change = cancel::cancel(&ending.facts, &cmd, &tx.rules, tx.now)?;
                let build = match change {
                    CancelChange::Nothing => ending.facts.build,
                    CancelChange::Mark { build, event } => {
                        let mut trip = Trip::default();
                        let before = &ending.facts.build;
                        let build = builds::update(&mut trip, before, *build, &[event])?;
                        trip.write(tx).await?;
                        let tenant = Some(cmd.scope.tenant());
                        let marked = AuditAction::BuildCancelled;
                        let audited = audit::entry(tenant, &cmd.actor, marked, build.id, tx.now);
                        audit::append(tx, &[audited]).await?;
                        build
                    }
                    CancelChange::End(change) => end::save(tx, ending, *change).await?,
                };
                let cancelling = Cancelling { build };
                idempotency::remember(tx, cmd.keyed.as_ref(), &cancelling).await?;
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

async fn submit_facts(tx: &mut Tx, cmd: &Submit) -> Sql<SubmitFacts> {
    let (now, id) = (tx.now, cmd.scope.tenant());
    let tenant = tenant::facts(tx, id, now).await?;
    let (project, new_project, lock) = match &cmd.project {
        ProjectChoice::Existing(project) => (
            projects::find(tx, id, *project).await?,
            ProjectFacts { projects: 0, slug_taken: false },
            projects::lock(tx, id, *project).await?,
        ),
        ProjectChoice::New(new) => (None, projects::facts(tx, id, new).await?, None),
    };
    let (priority, at_once) = {
        let limits = tenant.plan(&tx.rules).limits;
        (limits.priority, limits.concurrent_builds.get())
    };
    Ok(SubmitFacts {
        builds_this_month: tenant::builds_in(tx, id, tenant.month).await?,
        tenant,
        project,
        new_project,
        lock,
        // Whoever was never granted anything has an empty account.
        account: credits::load_account(tx, id).await?.unwrap_or_else(|| Account::new(id)),
        due: credits::load_due(tx, id, now).await?,
        lane: queue::lane(tx, (id, cmd.build), band(priority), at_once).await?,
        guest: match cmd.guest {
            Some(guest) => find_parked(tx, guest).await?,
            None => None,
        },
    })
}

async fn save_submitted(tx: &mut Tx, facts: &SubmitFacts, change: SubmitChange) -> Sql<Submitted> {
    let (now, build) = (tx.now, change.build);
    credits::save_change(tx, &change.reserved).await?;
    let told = Ends::load(tx, &change.audit).await?.seal(&change.audit)?;
    let mut trip = Trip::with("told", audit::bind(sqlx::query(insert_audited!()), &told));
    if change.new_project {
        projects::insert(&mut trip, &change.project);
    } else {
        projects::was_active(&mut trip, &build, (build.created_at, None));
    }
    builds::insert(&mut trip, &build, &change.event)?;
    queue::enqueue(&mut trip, &build, &change.placement);
    if let Some(guest) = change.claimed {
        // What guests parked is no tenant's, and has no place in the order of locks: who finds it
        // in use lets go of everything and comes again.
        trip.any(
            "unclaimed",
            "SELECT id FROM guest_entries WHERE id = $1 AND claimed_build_id IS NULL
             FOR UPDATE SKIP LOCKED",
        )
        .bind(guest.as_uuid());
        trip.one(
            "claimed",
            "UPDATE guest_entries SET claimed_build_id = $1
             FROM unclaimed WHERE guest_entries.id = unclaimed.id",
        )
        .bind(build.id.as_uuid());
    }
    let created = (1, &UsageChange::default());
    tenant::add_usage(&mut trip, build.tenant, facts.tenant.month, created);
    trip.write(tx).await?;
    let place = (change.placement.band, change.placement.tag);
    let position = queue::position_at(tx, place, build.id, now).await?;
    Ok(Submitted { build, project: change.project, position })
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
