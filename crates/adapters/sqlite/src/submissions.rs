//! Where builds are asked for and called off.

use std::sync::Arc;

use async_trait::async_trait;
use keelway_access::AuditAction;
use keelway_builds::cancel::{self, Cancel, CancelChange, CancelError, CancelPreview, Cancelling};
use keelway_builds::end::UsageChange;
use keelway_builds::ports::Submissions;
use keelway_builds::submit::{
    self, Park, ParkError, ProjectChoice, Submit, SubmitChange, SubmitError, SubmitFacts,
    SubmitPreview, Submitted,
};
use keelway_builds::{GuestEntry, Rules, queue::band};
use keelway_credits::Account;
use keelway_kernel::{Failure, Once, Period, QueueId, StoreError, Timestamp};
use keelway_rows::guest::GuestRow;
use keelway_rows::json;
use sqlx::sqlite::SqliteRow;

use crate::credits::facts::{account, holds};
use crate::error::{Sql, Stop};
use crate::trip::{Trip, first};
use crate::tx::Tx;
use crate::{SqliteStore, audit, end, idempotency, projects, queue, tenant};

#[async_trait]
impl Submissions for SqliteStore {
    async fn submit(&self, cmd: Submit) -> Result<Once<Submitted>, Failure<SubmitError>> {
        self.save(move |tx| Box::pin(submit(tx, cmd))).await
    }

    async fn rehearse(&self, cmd: Submit) -> Result<SubmitPreview, Failure<SubmitError>> {
        let (now, rules) = (self.now(), self.rules());
        let rehearsed = self.read(move |reader| {
            Box::pin(async move {
                let found = Trip::default().ask_submission(&cmd, now).read(reader).await?;
                let facts = submit_facts(&found, &cmd, &rules, now)?;
                Ok(submit::rehearse(&facts, &cmd, &rules, now))
            })
        });
        rehearsed.await?.map_err(Failure::Rejected)
    }

    async fn park(&self, cmd: Park) -> Result<Once<GuestEntry>, Failure<ParkError>> {
        self.save(move |tx| Box::pin(park(tx, cmd))).await
    }

    async fn find_parked(&self, id: QueueId) -> Result<Option<GuestEntry>, StoreError> {
        let mut reader = self.reader().await?;
        let [found] = Trip::default().ask_parked(Some(id)).read(&mut reader).await?;
        Ok(parked(&found)?)
    }

    async fn cancel(&self, cmd: Cancel) -> Result<Once<Cancelling>, Failure<CancelError>> {
        self.save(move |tx| Box::pin(cancel(tx, cmd))).await
    }

    async fn rehearse_cancel(&self, cmd: Cancel) -> Result<CancelPreview, Failure<CancelError>> {
        let (now, rules) = (self.now(), self.rules());
        let rehearsed = self.read(move |reader| {
            Box::pin(async move {
                let key = (cmd.scope.tenant(), cmd.build);
                let ending = end::facts(reader, key, &rules, now).await?;
                let ending = ending.ok_or(Failure::Rejected(CancelError::Unknown));
                Ok(ending.and_then(|found| cancel::rehearse(&found.facts, &cmd, &rules, now)))
            })
        });
        rehearsed.await?
    }
}

async fn submit(tx: &mut Tx, cmd: Submit) -> Result<(Once<Submitted>, Trip), Stop<SubmitError>> {
    let (now, rules, keyed) = (tx.now, Arc::clone(&tx.rules), cmd.keyed.as_ref());
    let asked = Trip::default().ask_reply(keyed, now).ask_end(Some(cmd.scope.tenant()));
    let asked = asked.ask_submission(&cmd, now).read(tx);
    let [reply, end, found @ ..]: [_; 13] = asked.await?;
    if let Some(replayed) = idempotency::replayed(&reply, keyed)? {
        return Ok((replayed, Trip::default()));
    }
    let facts = submit_facts(&found, &cmd, &rules, now)?;
    let change = submit::submit(&facts, &cmd, &rules, now).map_err(Stop::Refused)?;

    // Its own place is not ahead of it: what is counted is the same before it is there.
    let place = (change.placement.band, change.placement.tag);
    let position = queue::position_at(tx, place, change.build.id, now).await?;
    let trip = Trip::default().put_submission(&change, facts.tenant.month)?;
    let trip = trip.put_audit(&change.audit, audit::end(&end)?)?;
    let submitted = Submitted { build: change.build, project: change.project, position };
    let trip = trip.put_reply(keyed, &submitted, now)?;
    Ok((Once::Fresh(submitted), trip))
}

async fn park(tx: &mut Tx, cmd: Park) -> Result<(Once<GuestEntry>, Trip), Stop<ParkError>> {
    let (now, keyed) = (tx.now, cmd.keyed.as_ref());
    let [reply] = Trip::default().ask_reply(keyed, now).read(tx).await?;
    if let Some(replayed) = idempotency::replayed(&reply, keyed)? {
        return Ok((replayed, Trip::default()));
    }
    let entry = submit::park(&cmd, now);
    let trip = Trip::default().put_parked(&entry)?.put_reply(keyed, &entry, now)?;
    Ok((Once::Fresh(entry), trip))
}

async fn cancel(tx: &mut Tx, cmd: Cancel) -> Result<(Once<Cancelling>, Trip), Stop<CancelError>> {
    let (now, rules, keyed) = (tx.now, Arc::clone(&tx.rules), cmd.keyed.as_ref());
    let tenant = cmd.scope.tenant();
    let asked = Trip::default().ask_reply(keyed, now).ask_ending((tenant, cmd.build)).read(tx);
    let [reply, found @ ..]: [_; 8] = asked.await?;
    if let Some(replayed) = idempotency::replayed(&reply, keyed)? {
        return Ok((replayed, Trip::default()));
    }
    let ending = end::ending(&found, tenant, &rules, now)?;
    let ending = ending.ok_or(Stop::Refused(CancelError::Unknown))?;
    let (trip, build) = match cancel::cancel(&ending.facts, &cmd, &rules, now)? {
        CancelChange::Nothing => (Trip::default(), ending.facts.build),
        CancelChange::Mark { build, event } => {
            let before = &ending.facts.build;
            let (trip, build) = Trip::default().put_build(before, *build, &[event])?;
            let marked = AuditAction::BuildCancelled;
            let audited = audit::entry(Some(tenant), &cmd.actor, marked, build.id, now);
            (trip.put_audit(&[audited], ending.chain)?, build)
        }
        CancelChange::End(change) => Trip::default().put_ending(ending, *change, now)?,
    };
    let cancelling = Cancelling { build };
    let trip = trip.put_reply(keyed, &cancelling, now)?;
    Ok((Once::Fresh(cancelling), trip))
}

/// What is found about a submission, in the order in which it is asked for.
type Found = [Vec<SqliteRow>; 11];

impl Trip {
    fn ask_submission(self, cmd: &Submit, now: Timestamp) -> Self {
        let tenant = cmd.scope.tenant();
        let (project, new) = match &cmd.project {
            ProjectChoice::Existing(project) => (Some(*project), None),
            ProjectChoice::New(new) => (None, Some(new)),
        };
        self.ask_plan(tenant)
            .ask_months(tenant, now)
            .ask_project(tenant, project)
            .ask_room(tenant, new)
            .ask_lock(tenant, project)
            .ask_account(tenant)
            .ask_due(tenant, now)
            .ask_lanes(tenant, cmd.build)
            .ask_parked(cmd.guest)
    }

    fn ask_parked(self, id: Option<QueueId>) -> Self {
        self.add(
            "SELECT id, request, claimed_build_id, created_at, expires_at
             FROM guest_entries WHERE id = ?",
        )
        .bind(id.map(QueueId::as_uuid))
    }

    fn put_parked(self, entry: &GuestEntry) -> Sql<Self> {
        Ok(self
            .add(
                "INSERT INTO guest_entries
                     (id, request, claimed_build_id, created_at, expires_at)
                 VALUES (?, ?, NULL, ?, ?)",
            )
            .bind(entry.id.as_uuid())
            .bind(json(&entry.request)?)
            .bind(entry.created_at.as_micros())
            .bind(entry.expires_at.as_micros()))
    }

    /// Saves what a submission changes beside the audit chain.
    fn put_submission(self, change: &SubmitChange, month: Period) -> Sql<Self> {
        let build = &change.build;
        let mut trip = self.put_change(&change.reserved);
        if change.new_project {
            trip = trip.put_project(&change.project);
        }
        trip = trip.put_new_build(build, &change.event)?.put_place(build, &change.placement);
        if let Some(guest) = change.claimed {
            trip = trip
                .add(
                    "UPDATE guest_entries SET claimed_build_id = ?
                     WHERE id = ? AND claimed_build_id IS NULL",
                )
                .bind(build.id.as_uuid())
                .bind(guest.as_uuid());
        }
        Ok(trip.put_usage(build.tenant, month, (1, &UsageChange::default())))
    }
}

fn submit_facts(found: &Found, cmd: &Submit, rules: &Rules, now: Timestamp) -> Sql<SubmitFacts> {
    let id = cmd.scope.tenant();
    let [plan, months, project, room, lock, balance, due, others, bands, tags, guest] = found;
    let tenant = tenant::plan(plan, id, now)?;
    let (priority, at_once) = {
        let limits = tenant.plan(rules).limits;
        (limits.priority, limits.concurrent_builds.get())
    };
    Ok(SubmitFacts {
        builds_this_month: tenant::builds_in(months, tenant.month)?,
        tenant,
        project: projects::project(project)?,
        new_project: projects::room(room, id)?,
        lock: projects::lock(lock)?,
        // Whoever was never granted anything has an empty account.
        account: account(balance)?.unwrap_or_else(|| Account::new(id)),
        due: holds(due)?,
        lane: queue::lane([others, bands, tags], id, (band(priority), at_once))?,
        guest: parked(guest)?,
    })
}

fn parked(found: &[SqliteRow]) -> Sql<Option<GuestEntry>> {
    let row: Option<GuestRow> = first(found)?;
    Ok(row.map(GuestRow::decode).transpose()?)
}
