//! Taking builds.

use keelway_builds::submit::{SubmitError, SubmitPreview};
use keelway_builds::{BuildState, BuildTier, ProjectLock};
use keelway_credits::ReserveError;
use keelway_kernel::once::KeyReused;
use keelway_kernel::{Credits, Keyed, Once, PageRequest, ProjectId, Tier};
use keelway_tiers::NotInTier;

use super::setup::{PRICE, cancel, estimated, fresh, reply};
use crate::{Fixture, Owned, race, rejected, sorted};

crate::cases! {
    build_submitting_cases in builds::submitting:
    a_submission_holds_queues_and_tells_the_position,
    of_concurrent_submissions_on_one_project_exactly_one_succeeds,
    submissions_never_hold_more_credits_than_are_available,
    a_refused_submission_changes_nothing,
    a_rehearsal_answers_what_the_submission_would_and_changes_nothing,
    of_any_number_with_one_key_exactly_one_takes_effect,
    a_replay_is_equal_to_the_byte_whatever_happened_since,
    a_key_with_another_request_is_refused,
    a_refusal_leaves_its_key_free,
    a_build_larger_than_the_tier_is_refused,
    a_month_has_exactly_as_many_builds_as_the_tier_allows,
    another_tenants_project_is_unknown,
    a_project_is_free_again_exactly_when_its_build_has_ended,
}

async fn a_submission_holds_queues_and_tells_the_position(fx: Fixture) {
    let owned = fx.funded(1_000).await;
    let cmd = fx.submit(owned);
    let submitted = fresh(fx.store.submissions.submit(cmd.clone()).await.unwrap());
    let build = fx.build(owned.scope, cmd.build).await;
    assert_eq!(build, submitted.build);
    assert_eq!((build.status.state(), build.hold), (BuildState::Queued, cmd.hold));
    assert_eq!((build.request, build.estimate), (cmd.request, cmd.estimate));
    assert_eq!(fx.credits(owned.scope).await, (1_000, PRICE));
    assert_eq!(fx.events(owned.scope, cmd.build).await, ["build.queued"]);
    assert_eq!(fx.project(owned.scope, build.project).await, submitted.project);
    assert_eq!(submitted.position.place, 1);
    let position = fx.store.builds.position(owned.scope, cmd.build).await.unwrap();
    assert_eq!(position, Some(submitted.position));
}

async fn of_concurrent_submissions_on_one_project_exactly_one_succeeds(fx: Fixture) {
    let owned = fx.funded(10_000).await;
    let first = fx.submitted(owned).await;
    fx.store.submissions.cancel(cancel(owned, first.build.id)).await.unwrap();
    let project = first.project.id;
    let answers = race(16, |_| {
        let (fx, cmd) = (fx.clone(), fx.submit_to(owned, project));
        async move { fx.store.submissions.submit(cmd).await }
    })
    .await;
    let (taken, refused) = sorted(answers);
    assert_eq!((taken.len(), refused.len()), (1, 15));
    let build = taken.into_iter().map(fresh).next().unwrap().build;
    let lock = ProjectLock { build: build.id, holder: owned.user, since: build.created_at };
    for refusal in refused {
        assert_eq!(refusal, SubmitError::ProjectLocked(lock));
    }
    assert_eq!(fx.credits(owned.scope).await, (10_000, PRICE));
}

async fn submissions_never_hold_more_credits_than_are_available(fx: Fixture) {
    let owned = fx.funded(2 * PRICE).await;
    let answers = race(3, |_| {
        let (fx, cmd) = (fx.clone(), fx.submit(owned));
        async move { fx.store.submissions.submit(cmd).await }
    })
    .await;
    let (taken, refused) = sorted(answers);
    assert_eq!(taken.len(), 2);
    let (available, needed) = (Credits::ZERO, Credits::new(PRICE));
    let insufficient = ReserveError::Insufficient { available, needed };
    assert_eq!(refused, [SubmitError::Credits(insufficient)]);
    assert_eq!(fx.credits(owned.scope).await, (2 * PRICE, 2 * PRICE));
}

async fn a_refused_submission_changes_nothing(fx: Fixture) {
    let owned = fx.funded(PRICE - 1).await;
    let cmd = fx.submit(owned);
    rejected(fx.store.submissions.submit(cmd.clone()).await);
    assert_eq!(fx.store.builds.find(owned.scope, cmd.build).await.unwrap(), None);
    let projects = fx.store.projects.list_projects(owned.scope, PageRequest::new(10, None));
    assert_eq!(projects.await.unwrap().items, []);
    assert_eq!(fx.credits(owned.scope).await, (PRICE - 1, 0));
    assert!(fx.find_taken().await.is_none());
}

async fn a_rehearsal_answers_what_the_submission_would_and_changes_nothing(fx: Fixture) {
    let owned = fx.funded(1_000).await;
    let cmd = fx.submit(owned);
    let preview = fx.store.submissions.rehearse(cmd.clone()).await.unwrap();
    let (held, available) = (Credits::new(PRICE), Credits::new(1_000));
    assert_eq!(preview, SubmitPreview { held, available });
    assert_eq!(fx.store.builds.find(owned.scope, cmd.build).await.unwrap(), None);
    let projects = fx.store.projects.list_projects(owned.scope, PageRequest::new(10, None));
    assert_eq!(projects.await.unwrap().items, []);
    assert_eq!(fx.credits(owned.scope).await, (1_000, 0));
    assert!(fx.find_taken().await.is_none());
    // What was rehearsed is still there to be done.
    let submitted = fresh(fx.store.submissions.submit(cmd.clone()).await.unwrap());
    assert_eq!(submitted.build.held, held);

    let mut large = fx.submit(owned);
    large.request.tier = BuildTier::Ultimate;
    large.estimate = estimated(BuildTier::Ultimate);
    let poor = fx.funded(PRICE - 1).await;
    let unknown = fx.submit_to(poor, submitted.project.id);
    for refused in [fx.submit_to(owned, submitted.project.id), large, unknown, fx.submit(poor)] {
        let told = rejected(fx.store.submissions.rehearse(refused.clone()).await);
        assert_eq!(told, rejected(fx.store.submissions.submit(refused).await));
    }
}

async fn of_any_number_with_one_key_exactly_one_takes_effect(fx: Fixture) {
    let owned = fx.funded(10_000).await;
    let keyed = fx.keyed(reply);
    let answers = race(64, |number| {
        let mut cmd = fx.submit(owned);
        let request_id = format!("req_{number}");
        cmd.keyed = Some(Keyed { request_id, ..keyed.clone() });
        let fx = fx.clone();
        async move { (number, fx.store.submissions.submit(cmd).await.unwrap()) }
    })
    .await;
    let (fresh, replayed): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|(_, answer)| matches!(answer, Once::Fresh(_)));
    assert_eq!((fresh.len(), replayed.len()), (1, 63));
    let Some((first, Once::Fresh(submitted))) = fresh.first() else { panic!("none was fresh") };
    for (_, answer) in replayed {
        let Once::Replayed { reply: stored, first_request_id } = answer else { continue };
        assert_eq!(stored, reply(submitted));
        assert_eq!(first_request_id, format!("req_{first}"));
    }
    assert_eq!(fx.credits(owned.scope).await, (10_000, PRICE));
}

async fn a_replay_is_equal_to_the_byte_whatever_happened_since(fx: Fixture) {
    let owned = fx.funded(1_000).await;
    let mut cmd = fx.submit(owned);
    cmd.keyed = Some(fx.keyed(reply));
    let answered = reply(&fresh(fx.store.submissions.submit(cmd.clone()).await.unwrap()));
    let lease = fx.taken().await.lease;
    fx.deployed(&lease, 100_000).await;
    fx.clock.advance(23 * 60 * 60);
    match fx.store.submissions.submit(cmd).await.unwrap() {
        Once::Replayed { reply, .. } => assert_eq!(reply, answered),
        Once::Fresh(_) => panic!("the key took effect twice"),
    }
}

async fn a_key_with_another_request_is_refused(fx: Fixture) {
    let owned = fx.funded(1_000).await;
    let mut cmd = fx.submit(owned);
    let keyed = fx.keyed(reply);
    cmd.keyed = Some(keyed.clone());
    fx.store.submissions.submit(cmd).await.unwrap();
    let mut other = fx.submit(owned);
    other.keyed = Some(Keyed { fingerprint: [2; 32], ..keyed.clone() });
    let refusal = rejected(fx.store.submissions.submit(other.clone()).await);
    assert_eq!(refusal, SubmitError::KeyReused(KeyReused));
    assert_eq!(fx.credits(owned.scope).await, (1_000, PRICE));
    // Keys of different owners never meet.
    other.keyed = Some(Keyed { owner: "somebody else".into(), fingerprint: [2; 32], ..keyed });
    fresh(fx.store.submissions.submit(other).await.unwrap());
}

async fn a_refusal_leaves_its_key_free(fx: Fixture) {
    let owned = fx.funded(PRICE - 1).await;
    let mut cmd = fx.submit(owned);
    cmd.keyed = Some(fx.keyed(reply));
    rejected(fx.store.submissions.submit(cmd.clone()).await);
    fx.store.ledger.grant(owned.scope, fx.grant(1)).await.unwrap();
    fresh(fx.store.submissions.submit(cmd).await.unwrap());
}

async fn a_build_larger_than_the_tier_is_refused(fx: Fixture) {
    let owned = fx.funded(10_000).await;
    let mut cmd = fx.submit(owned);
    cmd.request.tier = BuildTier::Professional;
    cmd.estimate = estimated(BuildTier::Professional);
    let required_tier = Tier::Professional;
    let refusal = rejected(fx.store.submissions.submit(cmd).await);
    assert_eq!(refusal, SubmitError::Tier(NotInTier { required_tier }));
}

async fn a_month_has_exactly_as_many_builds_as_the_tier_allows(fx: Fixture) {
    let owned = fx.funded(1_000).await;
    let project = fx.submitted(owned).await.project.id;
    fx.deployed(&fx.taken().await.lease, 10_000).await;
    for _ in 1..20 {
        let build = fx.submitted_to(owned, project).await.build.id;
        fx.store.submissions.cancel(cancel(owned, build)).await.unwrap();
    }
    let refusal = rejected(fx.store.submissions.submit(fx.submit_to(owned, project)).await);
    let SubmitError::Limit(limit) = refusal else { panic!("{refusal:?}") };
    assert_eq!((limit.limit, limit.used), (20, 20));
    // The next month begins when the refusal said.
    fx.clock.set(limit.resets_at.unwrap());
    fx.submitted_to(owned, project).await;
}

async fn another_tenants_project_is_unknown(fx: Fixture) {
    let (one, other) = (fx.funded(1_000).await, fx.funded(1_000).await);
    let project = fx.submitted(one).await.project.id;
    let unknown = ProjectId::generate(fx.now(), &*fx.entropy);
    for project in [project, unknown] {
        let refusal = rejected(fx.store.submissions.submit(fx.submit_to(other, project)).await);
        assert_eq!(refusal, SubmitError::ProjectUnknown);
    }
}

async fn a_project_is_free_again_exactly_when_its_build_has_ended(fx: Fixture) {
    let owned: Owned = fx.funded(1_000).await;
    let project = fx.submitted(owned).await.project.id;
    let locked = async || {
        let answer = fx.store.submissions.submit(fx.submit_to(owned, project)).await;
        matches!(rejected(answer), SubmitError::ProjectLocked(_))
    };
    assert!(locked().await);
    let lease = fx.taken().await.lease;
    assert!(locked().await);
    fx.deployed(&lease, 10_000).await;
    fx.submitted_to(owned, project).await;
}
