//! What endings share, whoever ends a build: its facts, and the whole change.

use keelway_builds::end::{Deployment, EndChange, EndFacts, QueueChange};
use keelway_builds::{Build, Rules, Standing};
use keelway_kernel::{BuildId, Period, StoreError, TenantId, Timestamp};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::credits::facts::{account, hold};
use crate::error::{Broken, Sql};
use crate::queue::Move;
use crate::trip::Trip;
use crate::{audit, builds, queue, tenant};

/// An attempt that may end.
pub(crate) struct Ending {
    pub(crate) facts: EndFacts,
    /// The tenant's month, which its use is counted in.
    month: Period,
    /// Where the tenant's audit chain ends.
    pub(crate) chain: audit::End,
}

/// What is found about an ending, in the order in which it is asked for.
pub(crate) type Found = [Vec<SqliteRow>; 7];

impl Trip {
    /// Asks for what an ending rests on.
    pub(crate) fn ask_ending(self, (tenant, id): (TenantId, BuildId)) -> Self {
        self.ask_build(tenant, id)
            .ask_account(tenant)
            .ask_held_for(tenant, id)
            .ask_plan(tenant)
            .ask_occupied(tenant, id)
            .ask_pace()
            .ask_end(Some(tenant))
    }

    /// Saves everything an ending changes, and gives the build as it then is.
    pub(crate) fn put_ending(
        self,
        ending: Ending,
        change: EndChange,
        now: Timestamp,
    ) -> Sql<(Self, Build)> {
        let Ending { facts, month, chain } = ending;
        let before = &facts.build;
        let trip = change.settled.iter().fold(self, Self::put_change);
        let (trip, build) = trip.put_build(before, change.build, &change.events)?;

        // Only a leased build can go back into the queue.
        let back = |to, due_at| Move { from: Standing::Leased, to, due_at, worker: None };
        let trip = match change.queue {
            QueueChange::Leave => trip.put_out(before),
            QueueChange::Ready => trip.put_moved(before, &back(Standing::Ready, None)),
            QueueChange::Delay(until) => {
                trip.put_moved(before, &back(Standing::Delayed, Some(until)))
            }
        };
        let mut trip = trip.put_promoted(before.tenant, change.promote);
        if change.pace_ms != facts.pace_ms {
            trip = trip.put_pace(change.pace_ms);
        }
        trip = trip.put_usage(before.tenant, month, (0, &change.usage));
        if let Some(deployment) = &change.deployment {
            trip = trip.put_live(before, deployment, now);
        }
        Ok((trip.put_audit(&change.audit, chain)?, build))
    }

    fn put_live(self, build: &Build, deployment: &Deployment, now: Timestamp) -> Self {
        self.add(
            "INSERT INTO deployments
                 (tenant_id, id, project_id, build_id, snapshot_id, target, url, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(build.tenant.as_uuid())
        .bind(deployment.id.as_uuid())
        .bind(deployment.project.as_uuid())
        .bind(build.id.as_uuid())
        .bind(deployment.snapshot.as_uuid())
        .bind(&deployment.target)
        .bind(&deployment.url)
        .bind(now.as_micros())
        .add("UPDATE projects SET live_snapshot_id = ? WHERE tenant_id = ? AND id = ?")
        .bind(deployment.snapshot.as_uuid())
        .bind(build.tenant.as_uuid())
        .bind(deployment.project.as_uuid())
    }
}

/// What is known when an attempt at a build ends; none for an unknown build.
pub(crate) async fn facts(
    connection: &mut SqliteConnection,
    key: (TenantId, BuildId),
    rules: &Rules,
    now: Timestamp,
) -> Sql<Option<Ending>> {
    let found = Trip::default().ask_ending(key).read(connection).await?;
    ending(&found, key.0, rules, now)
}

/// The same, as was asked for.
pub(crate) fn ending(
    [build, balance, held, plan, others, pace, end]: &Found,
    tenant: TenantId,
    rules: &Rules,
    now: Timestamp,
) -> Sql<Option<Ending>> {
    let Some(build) = builds::build(build)? else { return Ok(None) };
    let missing = |entity, id: String| Broken(StoreError::corrupt(entity, id));
    let plan = tenant::plan(plan, tenant, now)?;
    let facts = EndFacts {
        account: account(balance)?.ok_or_else(|| missing("account", tenant.to_string()))?,
        hold: hold(held)?.ok_or_else(|| missing("hold", build.hold.to_string()))?,
        occupied: queue::occupied(others, tenant)?,
        limit: plan.plan(rules).limits.concurrent_builds.get(),
        pace_ms: queue::pace(pace)?,
        build,
    };
    Ok(Some(Ending { facts, month: plan.month, chain: audit::end(end)? }))
}
