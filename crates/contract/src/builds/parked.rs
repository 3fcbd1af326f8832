//! What guests park, and claiming it.

use keelway_builds::GuestEntry;
use keelway_builds::guest::ClaimError;
use keelway_builds::submit::{Park, SubmitError};
use keelway_kernel::{Once, QueueId, Reply};

use super::setup::{PRICE, fresh, request};
use crate::{Fixture, Owned, race, rejected, sorted};

crate::cases! {
    build_parked_cases in builds::parked:
    a_parked_request_is_kept_for_an_hour,
    a_parked_request_becomes_at_most_one_build,
    a_claim_that_is_refused_leaves_the_request_parked,
    an_expired_request_is_never_claimed,
    parked_requests_are_found_until_swept_claimed_or_not,
    of_any_number_with_one_key_exactly_one_is_parked,
    a_key_is_forgotten_after_a_day,
}

fn reply(entry: &GuestEntry) -> Reply {
    Reply { status: 202, headers: vec![], body: entry.id.to_string().into_bytes() }
}

fn park(fx: &Fixture) -> Park {
    Park { id: fx.queue_id(), request: request(), keyed: None }
}

async fn parked(fx: &Fixture) -> GuestEntry {
    fresh(fx.store.submissions.park(park(fx)).await.unwrap())
}

async fn claim(fx: &Fixture, owned: Owned, id: QueueId) -> Result<(), SubmitError> {
    let mut cmd = fx.submit(owned);
    cmd.guest = Some(id);
    match fx.store.submissions.submit(cmd).await {
        Ok(_) => Ok(()),
        refused => Err(rejected(refused)),
    }
}

async fn a_parked_request_is_kept_for_an_hour(fx: Fixture) {
    let entry = parked(&fx).await;
    assert_eq!(entry.expires_at, fx.now().plus_seconds(60 * 60));
    assert_eq!(entry.request, request());
    let found = fx.store.submissions.find_parked(entry.id).await.unwrap();
    assert_eq!(found, Some(entry));
    assert_eq!(fx.store.submissions.find_parked(fx.queue_id()).await.unwrap(), None);
}

async fn a_parked_request_becomes_at_most_one_build(fx: Fixture) {
    let id = parked(&fx).await.id;
    let mut claimants = Vec::new();
    for _ in 0..8 {
        claimants.push(fx.funded(1_000).await);
    }
    let answers = race(claimants.len(), |number| {
        let mut cmd = fx.submit(claimants[number]);
        cmd.guest = Some(id);
        let fx = fx.clone();
        async move { fx.store.submissions.submit(cmd).await }
    })
    .await;
    let (taken, refused) = sorted(answers);
    assert_eq!((taken.len(), refused.len()), (1, 7));
    let build = taken.into_iter().map(fresh).next().unwrap().build.id;
    for refusal in refused {
        assert_eq!(refusal, SubmitError::Claim(ClaimError::AlreadyClaimed { build }));
    }
    let entry = fx.store.submissions.find_parked(id).await.unwrap().unwrap();
    assert_eq!(entry.claimed, Some(build));
}

async fn a_claim_that_is_refused_leaves_the_request_parked(fx: Fixture) {
    let id = parked(&fx).await.id;
    let owned = fx.funded(PRICE - 1).await;
    assert!(matches!(claim(&fx, owned, id).await, Err(SubmitError::Credits(_))));
    fx.store.ledger.grant(owned.scope, fx.grant(1)).await.unwrap();
    assert_eq!(claim(&fx, owned, id).await, Ok(()));
}

async fn an_expired_request_is_never_claimed(fx: Fixture) {
    let entry = parked(&fx).await;
    let owned = fx.funded(1_000).await;
    let unknown = SubmitError::Claim(ClaimError::Unknown);
    assert_eq!(claim(&fx, owned, fx.queue_id()).await, Err(unknown));
    fx.clock.set(entry.expires_at);
    let expired = SubmitError::Claim(ClaimError::Expired { since: entry.expires_at });
    assert_eq!(claim(&fx, owned, entry.id).await, Err(expired));
}

async fn parked_requests_are_found_until_swept_claimed_or_not(fx: Fixture) {
    let (left, claimed) = (parked(&fx).await.id, parked(&fx).await.id);
    assert_eq!(claim(&fx, fx.funded(1_000).await, claimed).await, Ok(()));
    fx.clock.advance(60 * 60);
    fx.swept().await;
    for id in [left, claimed] {
        assert!(fx.store.submissions.find_parked(id).await.unwrap().is_some());
    }
    fx.clock.advance(23 * 60 * 60);
    assert!(fx.swept().await >= 2);
    for id in [left, claimed] {
        assert_eq!(fx.store.submissions.find_parked(id).await.unwrap(), None);
    }
}

async fn of_any_number_with_one_key_exactly_one_is_parked(fx: Fixture) {
    let keyed = fx.keyed(reply);
    let answers = race(16, |_| {
        let cmd = Park { keyed: Some(keyed.clone()), ..park(&fx) };
        let fx = fx.clone();
        async move { fx.store.submissions.park(cmd).await.unwrap() }
    })
    .await;
    let mut bodies: Vec<_> = answers
        .iter()
        .map(|answer| match answer {
            Once::Fresh(entry) => reply(entry),
            Once::Replayed { reply, .. } => reply.clone(),
        })
        .collect();
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    let fresh = answers.iter().filter(|answer| matches!(answer, Once::Fresh(_)));
    assert_eq!(fresh.count(), 1);
}

async fn a_key_is_forgotten_after_a_day(fx: Fixture) {
    let cmd = Park { keyed: Some(fx.keyed(reply)), ..park(&fx) };
    fresh(fx.store.submissions.park(cmd.clone()).await.unwrap());
    fx.clock.advance(24 * 60 * 60 - 1);
    let again = Park { id: fx.queue_id(), ..cmd };
    let replayed = fx.store.submissions.park(again.clone()).await.unwrap();
    assert!(matches!(replayed, Once::Replayed { .. }));
    // Swept or not, a record past its time is none.
    fx.clock.advance(1);
    fresh(fx.store.submissions.park(again.clone()).await.unwrap());
    fx.clock.advance(48 * 60 * 60);
    let later = Park { id: fx.queue_id(), ..again.clone() };
    fresh(fx.store.submissions.park(later).await.unwrap());
    fx.clock.advance(24 * 60 * 60);
    fx.swept().await;
    fresh(fx.store.submissions.park(Park { id: fx.queue_id(), ..again }).await.unwrap());
}
