//! Leases: held, extended, lost, and what the next worker finds.

use keelway_builds::end::End;
use keelway_builds::run::{LeaseLost, Progress};
use keelway_builds::{BuildState, BuildStatus, FailureReason, Lease};
use keelway_kernel::{MicroUsd, Tier};

use super::setup::{PRICE, Retry, TTL_S, cancel, failed};
use crate::{Fixture, rejected};

crate::cases! {
    build_lease_cases in builds::leases:
    a_lease_is_extended_from_now_while_it_holds,
    a_lease_that_ran_out_writes_nothing_even_before_a_sweep,
    a_superseded_lease_never_writes_anything,
    a_forged_lease_never_writes_anything,
    a_lost_workers_build_is_finished_by_the_next_and_nothing_is_paid_twice,
    a_build_whose_workers_are_lost_three_times_fails_and_is_free,
    a_build_handed_back_is_taken_at_once_and_no_failure_is_counted,
    a_retry_waits_out_its_delay_in_its_place,
    a_delay_that_was_asked_for_is_obeyed,
    an_untouched_build_expires_and_is_free,
    a_build_that_was_leased_never_expires,
    builds_lost_together_are_not_tried_again_together,
    builds_lost_at_one_moment_are_mended_in_the_order_of_their_ids,
    builds_nothing_is_due_for_never_keep_others_from_being_swept,
    a_sweep_says_zero_when_nothing_more_is_due,
}

async fn a_lease_is_extended_from_now_while_it_holds(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    fx.clock.advance(TTL_S - 1);
    let renewed = fx.store.queue.renew(&taken.lease, TTL_S * 1000).await.unwrap();
    assert_eq!(renewed.lease.until, fx.now().plus_seconds(TTL_S));
    assert!(!renewed.cancel_requested);
    fx.clock.advance(TTL_S - 1);
    fx.swept().await;
    // What is fenced is the attempt, so the lease as it was first given still works.
    fx.deployed(&taken.lease, 10_000).await;
    assert_eq!(fx.credits(owned.scope).await, (999, 0));
}

/// Every way a worker can write.
async fn refused_everything(fx: &Fixture, lease: &Lease) {
    assert_eq!(rejected(fx.store.queue.renew(lease, 30_000).await), LeaseLost);
    let work = Progress::AgentCompleted(fx.work(2, 10_000));
    assert_eq!(rejected(fx.record(lease, vec![work]).await), LeaseLost);
    for end in [fx.live(), End::Cancelled, End::HandedBack, End::Expired] {
        assert_eq!(rejected(fx.finish(lease, end).await), LeaseLost);
    }
    let end = failed(FailureReason::Internal, Retry::Possible);
    assert_eq!(rejected(fx.finish(lease, end).await), LeaseLost);
}

async fn a_lease_that_ran_out_writes_nothing_even_before_a_sweep(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    fx.clock.advance(TTL_S);
    let before = fx.build(owned.scope, taken.build.id).await;
    refused_everything(&fx, &taken.lease).await;
    assert_eq!(fx.build(owned.scope, taken.build.id).await, before);
    fx.swept().await;
}

async fn a_superseded_lease_never_writes_anything(fx: Fixture) {
    let (owned, stale) = fx.running().await;
    fx.clock.advance(TTL_S);
    fx.swept().await;
    fx.clock.advance(10);
    let current = fx.taken().await;
    assert_eq!(current.lease.attempt, stale.lease.attempt + 1);
    let before = fx.build(owned.scope, stale.build.id).await;
    // Not even if the worker believes that its lease goes on.
    let believed = Lease { until: current.lease.until, ..stale.lease };
    refused_everything(&fx, &stale.lease).await;
    refused_everything(&fx, &believed).await;
    assert_eq!(fx.build(owned.scope, stale.build.id).await, before);
    fx.deployed(&current.lease, 10_000).await;
    refused_everything(&fx, &current.lease).await;
}

async fn a_forged_lease_never_writes_anything(fx: Fixture) {
    let (_, taken) = fx.running().await;
    let other = fx.funded(100).await;
    refused_everything(&fx, &Lease { attempt: 2, ..taken.lease }).await;
    refused_everything(&fx, &Lease { attempt: 0, ..taken.lease }).await;
    refused_everything(&fx, &Lease { scope: other.scope, ..taken.lease }).await;
}

async fn a_lost_workers_build_is_finished_by_the_next_and_nothing_is_paid_twice(fx: Fixture) {
    let (owned, lost) = fx.running().await;
    let (first, second) = (fx.work(1, 100_000), fx.work(2, 200_000));
    let (snapshot, preview, packaged) = fx.packaged("Fresh bread");
    let progress = vec![
        Progress::AgentCompleted(first.clone()),
        Progress::AgentCompleted(second.clone()),
        packaged,
    ];
    fx.record(&lost.lease, progress).await.unwrap();
    fx.clock.advance(TTL_S);
    fx.swept().await;

    // The sweep's jitter was 0: the next attempt may start at once.
    let next = fx.taken().await;
    assert_eq!((next.lease.attempt, next.build.failures), (2, 1));
    assert_eq!(next.work, [first.clone(), second]);
    let (kept, manifest) = next.packaged.expect("what was packaged");
    assert_eq!((kept.id, kept.preview, manifest.len()), (snapshot, preview, 1));

    // The next worker cannot know which of its writes arrived before: it says them again.
    fx.record(&next.lease, vec![Progress::AgentCompleted(first)]).await.unwrap();
    let build = fx.finish(&next.lease, fx.live()).await.unwrap();
    assert_eq!(build.status.state(), BuildState::Deployed);
    assert_eq!((build.used.cost, build.captured.get()), (MicroUsd::new(300_000), 30));
    assert_eq!(fx.credits(owned.scope).await, (970, 0));
    let events = fx.events(owned.scope, build.id).await;
    assert_eq!(
        events,
        [
            "build.queued",
            "build.started",
            "agent.completed",
            "agent.completed",
            "snapshot.created",
            "build.retrying",
            "build.started",
            "deployment.succeeded",
            "build.completed",
        ]
    );
}

async fn a_build_whose_workers_are_lost_three_times_fails_and_is_free(fx: Fixture) {
    let owned = fx.funded(1_000).await;
    let id = fx.submitted(owned).await.build.id;
    for attempt in 1..=3 {
        let taken = fx.taken().await;
        assert_eq!(taken.lease.attempt, attempt);
        let work = Progress::AgentCompleted(fx.work(attempt, 100_000));
        fx.record(&taken.lease, vec![work]).await.unwrap();
        fx.clock.advance(TTL_S);
        fx.swept().await;
    }
    assert!(fx.find_taken().await.is_none());
    let build = fx.build(owned.scope, id).await;
    let BuildStatus::Failed { failure, .. } = &build.status else { panic!("{build:?}") };
    assert_eq!(failure.reason, FailureReason::WorkerLost);
    assert_eq!((build.attempt, build.failures, build.captured.get()), (3, 3, 0));
    assert_eq!(fx.credits(owned.scope).await, (1_000, 0));
}

async fn a_build_handed_back_is_taken_at_once_and_no_failure_is_counted(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    let build = fx.finish(&taken.lease, End::HandedBack).await.unwrap();
    assert_eq!((build.status.state(), build.failures), (BuildState::Queued, 0));
    assert_eq!(fx.build(owned.scope, build.id).await, build);
    assert_eq!(fx.credits(owned.scope).await, (1_000, PRICE));
    let next = fx.taken().await;
    assert_eq!((next.build.id, next.lease.attempt), (build.id, 2));
}

async fn a_retry_waits_out_its_delay_in_its_place(fx: Fixture) {
    let owned = fx.funded(1_000).await;
    let id = fx.submitted(owned).await.build.id;
    let behind = fx.submitted(owned).await.build.id;
    let taken = fx.taken().await;
    let mut end = failed(FailureReason::Provider, Retry::Possible);
    if let End::Failed { jitter, .. } = &mut end {
        *jitter = 1_999;
    }
    let build = fx.finish(&taken.lease, end).await.unwrap();
    let retry_at = fx.now().plus_millis(1_999);
    let BuildStatus::Queued { retry_at: Some(at), .. } = build.status else { panic!("{build:?}") };
    assert_eq!(at, retry_at);
    assert_eq!(fx.build(owned.scope, id).await, build);
    // It keeps the tenant's place meanwhile: nothing else of the tenant overtakes it.
    assert!(fx.find_taken().await.is_none());
    fx.clock.set(retry_at);
    assert_eq!(fx.taken().await.build.id, id);
    assert!(fx.find_taken().await.is_none());
    fx.store.submissions.cancel(cancel(owned, behind)).await.unwrap();
}

async fn a_delay_that_was_asked_for_is_obeyed(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    let mut end = failed(FailureReason::Provider, Retry::Possible);
    if let End::Failed { retry_after, .. } = &mut end {
        *retry_after = Some(45_000);
    }
    fx.finish(&taken.lease, end).await.unwrap();
    fx.clock.advance(44);
    assert_eq!(fx.swept().await, 0);
    assert!(fx.find_taken().await.is_none());
    fx.clock.advance(1);
    assert_eq!(fx.swept().await, 1);
    let next = fx.taken().await;
    assert_eq!((next.build.id, next.lease.attempt), (taken.build.id, 2));
    assert_eq!(fx.credits(owned.scope).await, (1_000, PRICE));
}

async fn an_untouched_build_expires_and_is_free(fx: Fixture) {
    let owned = fx.funded(1_000).await;
    let waiting = fx.submitted(owned).await.build.id;
    let parked = fx.submitted(owned).await.build.id;
    fx.clock.advance(24 * 60 * 60 - 1);
    assert_eq!(fx.swept().await, 0);
    fx.clock.advance(1);
    assert_eq!(fx.swept().await, 2);
    for id in [waiting, parked] {
        let build = fx.build(owned.scope, id).await;
        assert_eq!(build.status, BuildStatus::Expired { at: fx.now() });
        assert_eq!(fx.events(owned.scope, id).await, ["build.queued", "build.expired"]);
    }
    assert_eq!(fx.credits(owned.scope).await, (1_000, 0));
    assert!(fx.find_taken().await.is_none());
}

async fn a_build_that_was_leased_never_expires(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    fx.finish(&taken.lease, End::HandedBack).await.unwrap();
    fx.clock.advance(72 * 60 * 60);
    fx.swept().await;
    assert_eq!(fx.swept().await, 0);
    let next = fx.taken().await;
    assert_eq!(next.build.id, taken.build.id);
    fx.deployed(&next.lease, 10_000).await;
    assert_eq!(fx.credits(owned.scope).await, (999, 0));
}

async fn builds_lost_together_are_not_tried_again_together(fx: Fixture) {
    let (one, first) = fx.running().await;
    let (two, second) = fx.running().await;
    fx.clock.advance(TTL_S);
    fx.store.queue.sweep(1_234_567).await.unwrap();
    let mut delays = Vec::new();
    for (owned, taken) in [(one, first), (two, second)] {
        let build = fx.build(owned.scope, taken.build.id).await;
        let BuildStatus::Queued { retry_at: Some(at), .. } = build.status else {
            panic!("{build:?}")
        };
        delays.push(at);
    }
    assert_ne!(delays[0], delays[1]);
}

async fn builds_lost_at_one_moment_are_mended_in_the_order_of_their_ids(fx: Fixture) {
    let mut lost = Vec::new();
    for _ in 0..6 {
        let (owned, taken) = fx.running().await;
        lost.push((owned.scope, taken.build.id));
    }
    lost.sort_by_key(|(scope, build)| (scope.tenant(), *build));
    fx.clock.advance(TTL_S);
    fx.store.queue.sweep(7).await.unwrap();
    let mut delays = Vec::new();
    for (scope, id) in lost {
        let build = fx.build(scope, id).await;
        let BuildStatus::Queued { retry_at: Some(at), .. } = build.status else {
            panic!("{build:?}")
        };
        delays.push(at);
    }
    // Each draws more from the same jitter than the one before it.
    assert!(delays.is_sorted_by(|earlier, later| earlier < later), "{delays:?}");
}

async fn builds_nothing_is_due_for_never_keep_others_from_being_swept(fx: Fixture) {
    for _ in 0..120 {
        let tenant = fx.rich(Tier::Starter).await;
        fx.submitted(tenant).await;
    }
    for _ in 0..120 {
        fx.taken().await;
    }
    fx.clock.advance(TTL_S);
    fx.swept().await;
    // All of them have waited for longer than a day by now, and are owed their attempts.
    fx.clock.advance(72 * 60 * 60);
    let (lost, taken) = {
        let tenant = fx.rich(Tier::Enterprise).await;
        fx.submitted(tenant).await;
        (tenant, fx.taken().await)
    };
    fx.clock.advance(TTL_S);
    fx.swept().await;
    let build = fx.build(lost.scope, taken.build.id).await;
    assert_eq!((build.status.state(), build.failures), (BuildState::Queued, 1));
}

async fn a_sweep_says_zero_when_nothing_more_is_due(fx: Fixture) {
    assert_eq!(fx.store.queue.sweep(0).await.unwrap(), 0);
    for _ in 0..130 {
        let owned = fx.rich(Tier::Starter).await;
        fx.submitted(owned).await;
        fx.taken().await;
    }
    assert_eq!(fx.store.queue.sweep(0).await.unwrap(), 0);
    fx.clock.advance(TTL_S);
    // Lost, then due again at once: each build is touched twice.
    assert_eq!(fx.swept().await, 260);
    assert_eq!(fx.store.queue.sweep(0).await.unwrap(), 0);
}
