//! What endings share, whoever ends a build: its facts, and saving the whole change.

use keelway_builds::end::{Deployment, EndChange, EndFacts, QueueChange};
use keelway_builds::{Build, Standing};
use keelway_kernel::{BuildId, StoreError, TenantId, Timestamp};
use keelway_rows::Moment;
use sqlx::postgres::PgConnection;

use crate::error::{Broken, Sql, one};
use crate::queue::Move;
use crate::tx::Tx;
use crate::{audit, builds, credits, queue, tenant};

/// What is known when an attempt at a build ends; none for an unknown build.
pub(crate) async fn facts(tx: &mut Tx, tenant: TenantId, id: BuildId) -> Sql<Option<EndFacts>> {
    let now = tx.now;
    let Some(build) = builds::find(tx, tenant, id).await? else { return Ok(None) };
    let missing = |entity, id: String| Broken(StoreError::corrupt(entity, id));
    let account = credits::load_account(tx, tenant).await?;
    let hold = credits::load_hold(tx, tenant, build.hold).await?;
    let plan = tenant::facts(tx, tenant, now).await?;
    Ok(Some(EndFacts {
        account: account.ok_or_else(|| missing("account", tenant.to_string()))?,
        hold: hold.ok_or_else(|| missing("hold", build.hold.to_string()))?,
        occupied: queue::occupied(tx, tenant, id).await?,
        limit: plan.plan(&tx.rules).limits.concurrent_builds.get(),
        pace_ms: queue::pace_ms(tx).await?,
        build,
    }))
}

/// Saves everything an ending changes, and gives the build as it then is.
pub(crate) async fn save(tx: &mut Tx, facts: &EndFacts, change: EndChange) -> Sql<Build> {
    let (now, before) = (tx.now, &facts.build);
    let (tenant, id) = (before.tenant, before.id);
    if let Some(settled) = &change.settled {
        credits::save_change(tx, settled).await?;
    }
    let build = builds::update(tx, before, change.build, &change.events).await?;

    // Only a leased build can go back into the queue.
    let back = |to, due_at| Move { from: Standing::Leased, to, due_at, worker: None };
    match change.queue {
        QueueChange::Leave => queue::leave(tx, before).await?,
        QueueChange::Ready => {
            queue::stand(tx, (tenant, id), &back(Standing::Ready, None)).await?;
        }
        QueueChange::Delay(until) => {
            queue::stand(tx, (tenant, id), &back(Standing::Delayed, Some(until))).await?;
        }
    }
    queue::promote(tx, tenant, change.promote).await?;
    if change.pace_ms != facts.pace_ms {
        queue::save_pace(tx, change.pace_ms).await?;
    }

    let month = tenant::facts(tx, tenant, now).await?.month;
    tenant::add_usage(tx, tenant, month, (0, &change.usage)).await?;
    if let Some(deployment) = &change.deployment {
        go_live(tx, before, deployment, now).await?;
    }
    audit::append(tx, &change.audit).await?;
    Ok(build)
}

async fn go_live(
    tx: &mut PgConnection,
    build: &Build,
    deployment: &Deployment,
    now: Timestamp,
) -> Sql<()> {
    sqlx::query(
        "INSERT INTO deployments
             (tenant_id, id, project_id, build_id, snapshot_id, target, url, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(build.tenant.as_uuid())
    .bind(deployment.id.as_uuid())
    .bind(deployment.project.as_uuid())
    .bind(build.id.as_uuid())
    .bind(deployment.snapshot.as_uuid())
    .bind(&deployment.target)
    .bind(&deployment.url)
    .bind(Moment(now))
    .execute(&mut *tx)
    .await?;
    let done =
        sqlx::query("UPDATE projects SET live_snapshot_id = $1 WHERE tenant_id = $2 AND id = $3")
            .bind(deployment.snapshot.as_uuid())
            .bind(build.tenant.as_uuid())
            .bind(deployment.project.as_uuid())
            .execute(tx)
            .await?;
    one(&done)
}
