//! Plans that were made while there was nothing, and are kept.

use keelway_builds::end::{End, Finish};
use keelway_builds::run::{Progress, Record};
use keelway_builds::{BuildFailure, FailureReason, Phase};
use keelway_contract::Fixture;
use keelway_credits::Finality;
use keelway_kernel::MicroUsd;
use sqlx::Connection as _;

use super::LARGE;
use super::filled::{heard_from_now_on, on_one_connection};
use super::listener::{Listener, Plan};
use crate::opened::Opened;

/// Each scan of a large table in the plan that no condition narrows down.
fn whole(plan: &Plan) -> Vec<String> {
    let mut lines = plan.steps.lines().peekable();
    let mut whole = Vec::new();
    while let Some(line) = lines.next() {
        let Some((kind, on)) = line.split_once(" on ") else { continue };
        let table = on.split(' ').next().unwrap_or(on);
        let narrowed = lines.peek().is_some_and(|next| next.contains("Index Cond:"));
        // A row that was just found is changed where it is.
        let is_read = kind.trim_start().trim_start_matches("->  ").contains("Scan");
        if is_read && LARGE.contains(&table) && !narrowed {
            whole.push(format!("{}: {line}", plan.statement));
        }
    }
    whole
}

/// The plans of a ledger's commands, and of a build's from its submission to its end; and of
/// following it.
pub(super) async fn plans(fx: &Fixture, listener: &Listener) -> Vec<Plan> {
    let owned = fx.funded(100_000).await;
    let (ledger, scope) = (&fx.store.ledger, owned.scope);
    listener.heard();
    let hold = fx.held(scope, 100).await.hold;
    fx.clock.advance(1);
    ledger.renew(scope, fx.renew(hold)).await.unwrap();
    ledger.commit(scope, fx.commit(hold, 1, Finality::Partial)).await.unwrap();
    ledger.release(scope, fx.release(hold)).await.unwrap();
    ledger.refund(scope, fx.refund(hold, 1)).await.unwrap();
    fx.store.submissions.submit(fx.submit(owned)).await.unwrap();
    // Parked, until the other ends.
    fx.store.submissions.submit(fx.submit(owned)).await.unwrap();
    let lease = fx.taken().await.lease;
    fx.store.queue.renew(&lease, 30_000).await.unwrap();
    let progress = vec![Progress::PhaseStarted(Phase::Plan)];
    fx.store.queue.record(Record { lease, step: 1, progress }).await.unwrap();
    fx.store.builds.events(lease.scope, lease.build, 0, 100).await.unwrap();
    let failure = BuildFailure {
        reason: FailureReason::Internal,
        message: "It fell over.".to_owned(),
        retryable: false,
    };
    let end = End::Failed { failure, charged: MicroUsd::ZERO, retry_after: None, jitter: 0 };
    fx.store.queue.finish(Finish { lease, end }).await.unwrap();
    fx.taken().await;
    listener.heard()
}

#[tokio::test]
async fn a_plan_made_while_there_was_nothing_goes_by_keys() {
    let opened = Opened::new().await;
    let mut raw = heard_from_now_on(&opened).await;
    // From now on the planner takes every table for empty.
    sqlx::raw_sql("VACUUM (ANALYZE)").execute(&mut raw).await.unwrap();
    raw.close().await.unwrap();

    let (listener, _heard) = Listener::begin();
    let fx = on_one_connection(&opened);
    let plans = plans(&fx, &listener).await;
    assert!(plans.len() > 30, "{} plans were heard", plans.len());
    let whole: Vec<_> = plans.iter().flat_map(whole).collect();
    assert!(whole.is_empty(), "{whole:#?}");
}
