//! How attempts end, and what that charges.

use keelway_builds::end::End;
use keelway_builds::run::{LeaseLost, Progress};
use keelway_builds::{BuildState, BuildStatus, FailureReason};
use keelway_kernel::MicroUsd;

use super::setup::{PRICE, Retry, failed};
use crate::{Fixture, race, rejected, sorted};

crate::cases! {
    build_ending_cases in builds::ending:
    exactly_one_call_ends_an_attempt,
    a_build_and_its_hold_end_together,
    a_failure_of_ours_is_free,
    a_failure_of_the_provider_costs_what_the_provider_charged,
    a_build_is_never_charged_more_than_was_held,
    a_build_without_a_snapshot_is_never_deployed,
    a_deployment_goes_live_and_a_failed_one_leaves_it,
    a_snapshots_parent_is_what_was_live,
    deployed_builds_are_what_is_learned_from,
}

async fn exactly_one_call_ends_an_attempt(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    let (_, _, packaged) = fx.packaged("Fresh bread");
    fx.record(&taken.lease, vec![packaged]).await.unwrap();
    let ends = [
        fx.live(),
        End::Cancelled,
        End::HandedBack,
        failed(FailureReason::Internal, Retry::Futile),
    ];
    let answers = race(16, |number| {
        let (fx, lease, end) = (fx.clone(), taken.lease, ends[number % ends.len()].clone());
        async move { fx.finish(&lease, end).await }
    })
    .await;
    let (ended, refused) = sorted(answers);
    assert_eq!((ended.len(), refused.len()), (1, 15));
    assert!(refused.iter().all(|refusal| *refusal == LeaseLost));
    assert_eq!(fx.build(owned.scope, taken.build.id).await, ended[0]);
}

async fn a_build_and_its_hold_end_together(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    let (snapshot, _, packaged) = fx.packaged("Fresh bread");
    let work = Progress::AgentCompleted(fx.work(1, 123_456));
    fx.record(&taken.lease, vec![work, packaged]).await.unwrap();
    fx.clock.advance(10);
    let build = fx.finish(&taken.lease, fx.live()).await.unwrap();
    assert_eq!(build.status, BuildStatus::Deployed { at: fx.now() });
    assert_eq!(build.deployment_url.as_deref(), Some("http://site.localhost/"));
    assert_eq!((build.snapshot, build.captured.get()), (Some(snapshot), 13));
    assert_eq!(fx.build(owned.scope, build.id).await, build);
    assert_eq!(fx.credits(owned.scope).await, (987, 0));
    let hold = fx.store.books.find_hold(owned.scope, build.hold).await.unwrap().unwrap();
    let ended = hold.state.ended().expect("an ended hold");
    assert_eq!((ended.charged.get(), ended.at), (13, fx.now()));
}

async fn a_failure_of_ours_is_free(fx: Fixture) {
    for reason in [FailureReason::Internal, FailureReason::Deployment, FailureReason::WorkerLost] {
        let (owned, taken) = fx.running().await;
        let work = Progress::AgentCompleted(fx.work(1, 500_000));
        fx.record(&taken.lease, vec![work]).await.unwrap();
        let build = fx.finish(&taken.lease, failed(reason, Retry::Futile)).await.unwrap();
        assert_eq!((build.status.state(), build.captured.get()), (BuildState::Failed, 0));
        assert_eq!(fx.credits(owned.scope).await, (1_000, 0));
    }
}

async fn a_failure_of_the_provider_costs_what_the_provider_charged(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    let work = Progress::AgentCompleted(fx.work(1, 100_000));
    fx.record(&taken.lease, vec![work]).await.unwrap();
    let mut end = failed(FailureReason::Provider, Retry::Futile);
    if let End::Failed { charged, .. } = &mut end {
        *charged = MicroUsd::new(45_000);
    }
    let build = fx.finish(&taken.lease, end).await.unwrap();
    assert_eq!(build.captured.get(), 15);
    assert_eq!(fx.credits(owned.scope).await, (985, 0));
}

async fn a_build_is_never_charged_more_than_was_held(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    let build = fx.deployed(&taken.lease, 90_000_000).await;
    assert_eq!((build.used.cost, build.captured.get()), (MicroUsd::new(90_000_000), PRICE));
    assert_eq!(fx.credits(owned.scope).await, (1_000 - PRICE, 0));
}

async fn a_build_without_a_snapshot_is_never_deployed(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    assert_eq!(rejected(fx.finish(&taken.lease, fx.live()).await), LeaseLost);
    assert_eq!(fx.build(owned.scope, taken.build.id).await, taken.build);
    assert_eq!(fx.project(owned.scope, taken.project.id).await.live, None);
}

async fn a_deployment_goes_live_and_a_failed_one_leaves_it(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    let project = taken.project.id;
    let first = fx.deployed(&taken.lease, 10_000).await;
    assert_eq!(fx.project(owned.scope, project).await.live, first.snapshot);

    fx.submitted_to(owned, project).await;
    let taken = fx.taken().await;
    let (_, _, packaged) = fx.packaged("Stale bread");
    fx.record(&taken.lease, vec![packaged]).await.unwrap();
    fx.finish(&taken.lease, failed(FailureReason::Deployment, Retry::Futile)).await.unwrap();
    assert_eq!(fx.project(owned.scope, project).await.live, first.snapshot);
}

async fn a_snapshots_parent_is_what_was_live(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    let project = taken.project.id;
    let mut parent = None;
    let mut lease = taken.lease;
    for _ in 0..3 {
        let snapshot = fx.deployed(&lease, 10_000).await.snapshot.unwrap();
        let found = fx.store.projects.find_snapshot(owned.scope, snapshot).await.unwrap();
        assert_eq!(found.unwrap().0.parent, parent);
        parent = Some(snapshot);
        fx.submitted_to(owned, project).await;
        lease = fx.taken().await.lease;
    }
}

async fn deployed_builds_are_what_is_learned_from(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    let (_, _, packaged) = fx.packaged("Fresh bread");
    let work = Progress::AgentCompleted(fx.work(1, 30_000));
    fx.record(&taken.lease, vec![work, packaged]).await.unwrap();
    fx.store.queue.renew(&taken.lease, 600_000).await.unwrap();
    fx.clock.advance(61);
    fx.finish(&taken.lease, fx.live()).await.unwrap();
    let (_, failing) = fx.running().await;
    let end = failed(FailureReason::Internal, Retry::Futile);
    fx.finish(&failing.lease, end).await.unwrap();
    let learned = fx.store.builds.history(Some(owned.scope), 10).await.unwrap();
    assert_eq!(learned.len(), 1);
    assert_eq!((learned[0].agents, learned[0].tokens, learned[0].minutes), (5, 1_500, 2));
    assert_eq!(learned[0].cost, MicroUsd::new(30_000));
    let other = fx.funded(100).await;
    assert_eq!(fx.store.builds.history(Some(other.scope), 10).await.unwrap(), []);
    assert_eq!(fx.store.builds.history(None, 10).await.unwrap(), learned);
    assert_eq!(fx.store.builds.history(None, 0).await.unwrap(), []);
}
