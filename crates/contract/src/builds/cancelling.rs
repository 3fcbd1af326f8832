//! Calling builds off.

use keelway_builds::cancel::{CancelError, Cancelling};
use keelway_builds::end::End;
use keelway_builds::run::Progress;
use keelway_builds::{BuildState, InvalidTransition};
use keelway_kernel::{BuildId, Once, Reply};

use super::setup::{PRICE, TTL_S, cancel, fresh};
use crate::{Fixture, race, rejected};

crate::cases! {
    build_cancelling_cases in builds::cancelling:
    a_waiting_build_ends_at_once_and_is_free,
    a_running_build_is_marked_and_ends_with_its_worker,
    a_marked_build_whose_worker_is_lost_is_cancelled_and_free,
    a_build_that_waits_after_a_failure_is_called_off_for_free,
    a_build_that_was_handed_back_costs_what_was_used,
    calling_off_again_answers_the_same,
    a_rehearsal_answers_what_calling_off_would_and_changes_nothing,
    of_any_number_with_one_key_exactly_one_takes_effect,
    an_ended_build_cannot_be_called_off,
    another_tenants_build_is_unknown,
    cancelling_meets_taking_without_a_third_outcome,
}

async fn a_waiting_build_ends_at_once_and_is_free(fx: Fixture) {
    let owned = fx.funded(1_000).await;
    let id = fx.submitted(owned).await.build.id;
    let answer = fresh(fx.store.submissions.cancel(cancel(owned, id)).await.unwrap());
    let build = fx.build(owned.scope, id).await;
    assert_eq!(answer.build, build);
    assert_eq!(build.status.state(), BuildState::Cancelled);
    assert_eq!(fx.credits(owned.scope).await, (1_000, 0));
    assert_eq!(fx.events(owned.scope, id).await, ["build.queued", "build.cancelled"]);
    assert_eq!(fx.store.builds.position(owned.scope, id).await.unwrap(), None);
    assert!(fx.find_taken().await.is_none());
}

async fn a_running_build_is_marked_and_ends_with_its_worker(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    let id = taken.build.id;
    let answer = fresh(fx.store.submissions.cancel(cancel(owned, id)).await.unwrap());
    assert_eq!(answer.build.status.state(), BuildState::Building);
    assert!(answer.build.cancel_requested);

    let renewed = fx.store.queue.renew(&taken.lease, TTL_S * 1000).await.unwrap();
    assert!(renewed.cancel_requested);
    let work = Progress::AgentCompleted(fx.work(1, 120_000));
    let recorded = fx.record(&renewed.lease, vec![work]).await.unwrap();
    assert!(recorded.cancel_requested);
    assert_eq!(fx.credits(owned.scope).await, (1_000, PRICE));

    // What was used until then is charged: 0.12 USD are 12 credits.
    let build = fx.finish(&renewed.lease, End::Cancelled).await.unwrap();
    assert_eq!((build.status.state(), build.captured.get()), (BuildState::Cancelled, 12));
    assert_eq!(fx.credits(owned.scope).await, (988, 0));
}

async fn a_marked_build_whose_worker_is_lost_is_cancelled_and_free(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    let id = taken.build.id;
    let work = Progress::AgentCompleted(fx.work(1, 120_000));
    fx.record(&taken.lease, vec![work]).await.unwrap();
    fx.store.submissions.cancel(cancel(owned, id)).await.unwrap();
    fx.clock.advance(TTL_S);
    fx.swept().await;
    assert_eq!(fx.build(owned.scope, id).await.status.state(), BuildState::Cancelled);
    assert_eq!(fx.credits(owned.scope).await, (1_000, 0));
}

async fn a_build_that_waits_after_a_failure_is_called_off_for_free(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    let work = Progress::AgentCompleted(fx.work(1, 120_000));
    fx.record(&taken.lease, vec![work]).await.unwrap();
    fx.clock.advance(TTL_S);
    fx.swept().await;
    let cmd = cancel(owned, taken.build.id);
    let preview = fx.store.submissions.rehearse_cancel(cmd.clone()).await.unwrap();
    let build = fresh(fx.store.submissions.cancel(cmd).await.unwrap()).build;
    assert_eq!((build.status.state(), build.captured.get()), (BuildState::Cancelled, 0));
    assert_eq!(preview.ended.captured, build.captured);
    assert_eq!(fx.credits(owned.scope).await, (1_000, 0));
}

async fn a_build_that_was_handed_back_costs_what_was_used(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    let work = Progress::AgentCompleted(fx.work(1, 120_000));
    fx.record(&taken.lease, vec![work]).await.unwrap();
    fx.finish(&taken.lease, End::HandedBack).await.unwrap();
    fx.store.submissions.cancel(cancel(owned, taken.build.id)).await.unwrap();
    assert_eq!(fx.credits(owned.scope).await, (988, 0));
}

async fn calling_off_again_answers_the_same(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    let id = taken.build.id;
    let first = fresh(fx.store.submissions.cancel(cancel(owned, id)).await.unwrap());
    let again = fresh(fx.store.submissions.cancel(cancel(owned, id)).await.unwrap());
    assert_eq!(first.build, again.build);
    let ended = fx.finish(&taken.lease, End::Cancelled).await.unwrap();
    let again = fresh(fx.store.submissions.cancel(cancel(owned, id)).await.unwrap());
    assert_eq!(ended, again.build);
    let events = fx.events(owned.scope, id).await;
    let asked = ["build.queued", "build.started", "build.cancel_requested", "build.cancelled"];
    assert_eq!(events, asked);
}

async fn a_rehearsal_answers_what_calling_off_would_and_changes_nothing(fx: Fixture) {
    let owned = fx.funded(1_000).await;
    let waiting = fx.submitted(owned).await.build;
    let told = fx.store.submissions.rehearse_cancel(cancel(owned, waiting.id)).await.unwrap();
    assert_eq!(fx.build(owned.scope, waiting.id).await, waiting);
    assert_eq!(fx.credits(owned.scope).await, (1_000, PRICE));
    let answer = fresh(fx.store.submissions.cancel(cancel(owned, waiting.id)).await.unwrap());
    assert_eq!((told.state, told.ended.status), (BuildState::Cancelled, answer.build.status));

    let (owned, taken) = fx.running().await;
    let work = Progress::AgentCompleted(fx.work(1, 120_000));
    fx.record(&taken.lease, vec![work]).await.unwrap();
    let before = fx.build(owned.scope, taken.build.id).await;
    let told = fx.store.submissions.rehearse_cancel(cancel(owned, before.id)).await.unwrap();
    assert_eq!((told.state, told.ended.captured.get()), (BuildState::Building, 12));
    assert_eq!(fx.build(owned.scope, before.id).await, before);
    fx.finish(&taken.lease, End::Cancelled).await.unwrap();

    let (owned, taken) = fx.running().await;
    let id = taken.build.id;
    fx.deployed(&taken.lease, 10_000).await;
    let told = rejected(fx.store.submissions.rehearse_cancel(cancel(owned, id)).await);
    assert_eq!(told, rejected(fx.store.submissions.cancel(cancel(owned, id)).await));
}

async fn of_any_number_with_one_key_exactly_one_takes_effect(fx: Fixture) {
    fn reply(cancelling: &Cancelling) -> Reply {
        let body = cancelling.build.status.state().as_str().into();
        Reply { status: 200, headers: vec![], body }
    }
    let owned = fx.funded(1_000).await;
    let id = fx.submitted(owned).await.build.id;
    let mut cmd = cancel(owned, id);
    cmd.keyed = Some(fx.keyed(reply));
    let answers = race(16, |_| {
        let (fx, cmd) = (fx.clone(), cmd.clone());
        async move { fx.store.submissions.cancel(cmd).await.unwrap() }
    })
    .await;
    let fresh = answers.iter().filter(|answer| matches!(answer, Once::Fresh(_)));
    assert_eq!(fresh.count(), 1);
    assert_eq!(fx.events(owned.scope, id).await, ["build.queued", "build.cancelled"]);
}

async fn an_ended_build_cannot_be_called_off(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    let build = fx.deployed(&taken.lease, 10_000).await;
    let refusal = rejected(fx.store.submissions.cancel(cancel(owned, build.id)).await);
    let (from, to) = (BuildState::Deployed, BuildState::Cancelled);
    assert_eq!(refusal, CancelError::Ended(InvalidTransition { from, to }));
    assert_eq!(fx.build(owned.scope, build.id).await, build);
}

async fn another_tenants_build_is_unknown(fx: Fixture) {
    let (one, other) = (fx.funded(1_000).await, fx.funded(1_000).await);
    let foreign = fx.submitted(one).await.build;
    let unknown = BuildId::generate(fx.now(), &*fx.entropy);
    for id in [foreign.id, unknown] {
        let refusal = rejected(fx.store.submissions.cancel(cancel(other, id)).await);
        assert_eq!(refusal, CancelError::Unknown);
    }
    assert_eq!(fx.build(one.scope, foreign.id).await, foreign);
}

async fn cancelling_meets_taking_without_a_third_outcome(fx: Fixture) {
    for _ in 0..20 {
        let owned = fx.funded(1_000).await;
        let id = fx.submitted(owned).await.build.id;
        let cmd = cancel(owned, id);
        let (cancelled, taken) = tokio::join!(fx.store.submissions.cancel(cmd), fx.find_taken());
        let cancelled = fresh(cancelled.unwrap()).build;
        match taken {
            None => assert_eq!(cancelled.status.state(), BuildState::Cancelled),
            Some(taken) => {
                assert!(cancelled.cancel_requested);
                fx.finish(&taken.lease, End::Cancelled).await.unwrap();
            }
        }
        assert_eq!(fx.credits(owned.scope).await, (1_000, 0));
    }
}
