//! What endings share, whoever ends a build: its facts, and saving the whole change.

use keelway_builds::end::{Deployment, EndChange, EndFacts, QueueChange};
use keelway_builds::queue::FIRST_PACE_MS;
use keelway_builds::{Build, Standing};
use keelway_kernel::{BuildId, Period, StoreError, TenantId, Timestamp};
use keelway_rows::build::BuildRow;
use keelway_rows::credits::HoldRow;
use keelway_rows::tenant::PlanRow;
use keelway_rows::{Moment, Of};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row as _};

use crate::audit::{Ends, insert_audited};
use crate::builds::{build_columns, builds_in_queue};
use crate::error::{Broken, Sql};
use crate::queue::{Move, occupied};
use crate::trip::Trip;
use crate::tx::Tx;
use crate::{audit, builds, credits, projects, queue, tenant};

/// All that an ending rests on but the account: what belongs to the build is looked up for it,
/// in one order only. A build without its tenant or its hold is found all the same, and its row
/// is corrupt.
const FACTS: &str = concat!(
    "SELECT ",
    build_columns!(),
    ", t.tier, t.own_limits, t.time_zone,
     h.amount AS held_amount, h.captured AS held_captured, h.refunded AS held_refunded,
     h.state AS held_state, h.charged AS held_charged, h.ended_at AS held_ended_at,
     h.build_id AS held_build_id, h.reference AS held_reference,
     h.lifetime_ms AS held_lifetime_ms, h.user_id AS held_user_id,
     h.project_id AS held_project_id, h.opened_at AS held_opened_at,
     h.expires_at AS held_expires_at, h.weight AS held_weight,
     ",
    occupied!(),
    " AS occupied,
     (SELECT pace_ms FROM queue_pace WHERE one = 1) AS pace_ms,
     newest.seq AS audit_seq, newest.seal AS audit_seal
     FROM ",
    builds_in_queue!(),
    "
     LEFT JOIN LATERAL (SELECT * FROM tenants WHERE id = b.tenant_id LIMIT 1) AS t ON true
     LEFT JOIN LATERAL (
         SELECT * FROM credit_holds WHERE tenant_id = b.tenant_id AND id = b.hold_id LIMIT 1
     ) AS h ON true
     LEFT JOIN LATERAL (
         SELECT seq, seal FROM audit_log WHERE tenant_id = b.tenant_id ORDER BY seq DESC LIMIT 1
     ) AS newest ON true
     WHERE b.tenant_id = $1 AND b.id = $2"
);

/// An attempt that may end.
pub(crate) struct Ending {
    pub(crate) facts: EndFacts,
    /// The tenant's month, which its use is counted in.
    month: Period,
    /// Where the tenant's audit chain ends.
    chain: Ends,
}

#[derive(FromRow)]
struct FactsRow {
    #[sqlx(flatten)]
    build: BuildRow,
    #[sqlx(flatten)]
    held: Held,
    tier: String,
    own_limits: String,
    time_zone: String,
    occupied: i64,
    pace_ms: Option<i64>,
    audit_seq: Option<i64>,
    audit_seal: Option<Vec<u8>>,
}

/// The hold beside its build, which has columns of the same names.
struct Held(HoldRow);

impl FromRow<'_, PgRow> for Held {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self(HoldRow {
            id: row.try_get("hold_id")?,
            amount: row.try_get("held_amount")?,
            captured: row.try_get("held_captured")?,
            refunded: row.try_get("held_refunded")?,
            state: row.try_get("held_state")?,
            charged: row.try_get("held_charged")?,
            ended_at: row.try_get("held_ended_at")?,
            build_id: row.try_get("held_build_id")?,
            reference: row.try_get("held_reference")?,
            lifetime_ms: row.try_get("held_lifetime_ms")?,
            user_id: row.try_get("held_user_id")?,
            project_id: row.try_get("held_project_id")?,
            opened_at: row.try_get("held_opened_at")?,
            expires_at: row.try_get("held_expires_at")?,
            weight: row.try_get("held_weight")?,
        }))
    }
}

/// What is known when an attempt at a build ends; none for an unknown build.
pub(crate) async fn facts(tx: &mut Tx, tenant: TenantId, id: BuildId) -> Sql<Option<Ending>> {
    let row: Option<FactsRow> = sqlx::query_as(FACTS)
        .bind(tenant.as_uuid())
        .bind(id.as_uuid())
        .fetch_optional(&mut **tx)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let account = credits::load_account(tx, tenant).await?;
    let plan = PlanRow {
        id: tenant.as_uuid(),
        tier: row.tier,
        own_limits: row.own_limits,
        time_zone: row.time_zone,
    };
    let plan = plan.decode(tx.now)?;
    let mut chain = Ends::default();
    if let (Some(seq), Some(seal)) = (row.audit_seq, row.audit_seal) {
        chain.found(tenant.as_uuid(), seq, &seal)?;
    }
    let facts = EndFacts {
        account: account.ok_or_else(|| Broken(StoreError::corrupt("account", tenant)))?,
        hold: row.held.0.decode()?,
        occupied: Of("queue of tenant", &tenant).number(row.occupied)?,
        limit: plan.plan(&tx.rules).limits.concurrent_builds.get(),
        pace_ms: row.pace_ms.unwrap_or(FIRST_PACE_MS),
        build: row.build.decode()?,
    };
    Ok(Some(Ending { facts, month: plan.month, chain }))
}

/// Saves everything an ending changes, and gives the build as it then is.
pub(crate) async fn save(tx: &mut Tx, ending: Ending, change: EndChange) -> Sql<Build> {
    let Ending { facts, month, mut chain } = ending;
    let before = &facts.build;
    if let Some(settled) = &change.settled {
        credits::save_change(tx, settled).await?;
    }
    let told = chain.seal(&change.audit)?;
    let mut trip = match told.as_slice() {
        [] => Trip::default(),
        told => Trip::with("told", audit::bind(sqlx::query(insert_audited!()), told)),
    };
    let build = builds::update(&mut trip, before, change.build, &change.events)?;
    if let Some(at) = build.status.ended_at() {
        let live = change.deployment.as_ref().map(|deployment| deployment.snapshot);
        projects::was_active(&mut trip, before, (at, live));
    }
    if let Some(deployment) = &change.deployment {
        deploy(&mut trip, before, deployment, tx.now);
    }

    // Only a leased build can go back into the queue.
    let back = |to, due_at| Move { from: Standing::Leased, to, due_at, worker: None };
    match change.queue {
        QueueChange::Leave => queue::leave(&mut trip, before),
        QueueChange::Ready => queue::stand(&mut trip, before, &back(Standing::Ready, None)),
        QueueChange::Delay(until) => {
            queue::stand(&mut trip, before, &back(Standing::Delayed, Some(until)));
        }
    }
    queue::promote(&mut trip, before, change.promote);
    if change.pace_ms != facts.pace_ms {
        queue::save_pace(&mut trip, change.pace_ms);
    }
    tenant::add_usage(&mut trip, before.tenant, month, (0, &change.usage));
    trip.write(tx).await?;
    Ok(build)
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
