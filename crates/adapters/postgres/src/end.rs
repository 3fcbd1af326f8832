//! What endings share, whoever ends a build: its facts, and saving the whole change.

use keelway_builds::end::{Deployment, EndChange, EndFacts, QueueChange};
use keelway_builds::queue::FIRST_PACE_MS;
use keelway_builds::{Build, Standing};
use keelway_kernel::{BuildId, Period, TenantId, Timestamp};
use keelway_rows::build::BuildRow;
use keelway_rows::credits::HoldRow;
use keelway_rows::tenant::PlanRow;
use keelway_rows::{Moment, Of};

use crate::audit::{Ends, Last, chain_end};
use crate::builds::{build_columns, builds_in_queue};
use crate::credits::{AccountColumns, account_columns};
use crate::error::Sql;
use crate::queue::{Move, occupied};
use crate::record::Record;
use crate::trip::Trip;
use crate::tx::Tx;
use crate::{audit, builds, credits, projects, queue, tenant};

/// All that an ending rests on: what belongs to the build is looked up for it. A build without
/// its tenant or its hold is found all the same, and its row is corrupt.
const FACTS: &str = concat!(
    "SELECT ",
    build_columns!(),
    ",
     (SELECT ",
    plan_row!(),
    " FROM tenants WHERE id = $1) AS plan,
     (SELECT ",
    hold_row!(),
    " FROM credit_holds WHERE tenant_id = $1 AND id = b.hold_id) AS hold,
     ",
    account_columns!("$1"),
    ",
     ",
    occupied!(),
    " AS occupied,
     (SELECT pace_ms FROM queue_pace WHERE one = 1) AS pace_ms,
     ",
    chain_end!("$1"),
    " AS newest
     FROM ",
    builds_in_queue!(),
    " WHERE b.tenant_id = $1 AND b.id = $2"
);

/// An attempt that may end.
pub(crate) struct Ending {
    pub(crate) facts: EndFacts,
    /// The tenant's month, which its use is counted in.
    month: Period,
    /// Where the tenant's audit chain ends.
    pub(crate) chain: Ends,
}

#[derive(sqlx::FromRow)]
struct FactsRow {
    #[sqlx(flatten)]
    build: BuildRow,
    plan: Record<PlanRow>,
    hold: Record<HoldRow>,
    #[sqlx(flatten)]
    account: AccountColumns,
    occupied: i64,
    pace_ms: Option<i64>,
    newest: Last,
}

/// What is known when an attempt at a build ends; none for an unknown build.
pub(crate) async fn facts(tx: &mut Tx, tenant: TenantId, id: BuildId) -> Sql<Option<Ending>> {
    let row: Option<FactsRow> = sqlx::query_as(FACTS)
        .bind(tenant.as_uuid())
        .bind(id.as_uuid())
        .fetch_optional(&mut **tx)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let (Record(plan), Record(hold)) = (row.plan, row.hold);
    let plan = plan.decode(tx.now)?;
    let mut chain = Ends::default();
    chain.found(tenant.as_uuid(), row.newest)?;
    let facts = EndFacts {
        account: Of("account", &tenant).known(row.account.decode()?)?,
        hold: hold.decode()?,
        occupied: Of("queue of tenant", &tenant).number(row.occupied)?,
        limit: plan.plan(&tx.rules).limits.concurrent_builds.get(),
        pace_ms: row.pace_ms.unwrap_or(FIRST_PACE_MS),
        build: row.build.decode()?,
    };
    Ok(Some(Ending { facts, month: plan.month, chain }))
}

/// Saves everything an ending changes, and gives the build as it then is.
pub(crate) async fn save(tx: &mut Tx, ending: Ending, change: EndChange) -> Sql<Build> {
    let mut trip = Trip::default();
    let build = ending.end(&mut trip, change, tx.now)?;
    trip.write(tx).await?;
    Ok(build)
}

impl Ending {
    /// What [`save`] saves.
    pub(crate) fn end(self, trip: &mut Trip, change: EndChange, now: Timestamp) -> Sql<Build> {
        let Self { facts, month, mut chain } = self;
        let before = &facts.build;
        credits::save_changes(trip, change.settled.as_slice());
        audit::tell(trip, &chain.seal(&change.audit)?);
        let build = builds::update(trip, before, change.build, &change.events)?;
        if let Some(at) = build.status.ended_at() {
            let live = change.deployment.as_ref().map(|deployment| deployment.snapshot);
            projects::was_active(trip, before, (at, live));
        }
        if let Some(deployment) = &change.deployment {
            deploy(trip, before, deployment, now);
        }

        // Only a leased build can go back into the queue.
        let back = |to, due_at| Move { from: Standing::Leased, to, due_at, worker: None };
        match change.queue {
            QueueChange::Leave => queue::leave(trip, before),
            QueueChange::Ready => queue::stand(trip, before, &back(Standing::Ready, None)),
            QueueChange::Delay(until) => {
                queue::stand(trip, before, &back(Standing::Delayed, Some(until)));
            }
        }
        queue::promote(trip, before, change.promote);
        if change.pace_ms != facts.pace_ms {
            queue::save_pace(trip, change.pace_ms);
        }
        tenant::add_usage(trip, before.tenant, month, (0, &change.usage));
        Ok(build)
    }
}

fn deploy(trip: &mut Trip, build: &Build, deployment: &Deployment, now: Timestamp) {
    trip.one(
        "deployment",
        "INSERT INTO deployments
             (tenant_id, id, project_id, build_id, snapshot_id, target, url, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(build.tenant.as_uuid())
    .bind(deployment.id.as_uuid())
    .bind(deployment.project.as_uuid())
    .bind(build.id.as_uuid())
    .bind(deployment.snapshot.as_uuid())
    .bind(deployment.target.as_str())
    .bind(deployment.url.as_str())
    .bind(Moment(now));
}
