//! Charging what was held, and letting the rest go.

use crate::{Fixture, Owned, race, rejected, sorted};
use keelway_access::AuditAction;
use keelway_credits::{
    AddGrant, Commit, CommitError, Ended, Finality, GrantSource, HoldState, NotOpen, OfBuild,
    ReleaseError, Terms,
};
use keelway_kernel::{Credits, PageRequest};

crate::cases! {
    credit_charges_cases in credits::charges:
    charges_exactly_once_per_key,
    one_commit_key_raced_charges_exactly_once,
    never_charges_more_than_was_held,
    raced_commits_never_charge_more_than_was_held,
    partial_commits_add_up_until_the_final_one,
    a_final_commit_releases_the_rest,
    releasing_lets_go_exactly_what_is_left,
    a_hold_ends_exactly_once,
    a_builds_hold_is_charged_and_ended_by_its_end_alone,
    a_key_never_belongs_to_two_requests,
    answers_stay_the_same_for_ever,
    a_refusal_never_changes_anything,
    burns_by_priority_then_expiry_then_age,
}

async fn charges_exactly_once_per_key(fx: Fixture) {
    let Owned { scope, .. } = fx.funded(100).await;
    let hold = fx.held(scope, 60).await.hold;
    let cmd = fx.commit(hold, 25, Finality::Partial);
    let first = fx.store.ledger.commit(scope, cmd.clone()).await.unwrap();
    let figures = (first.captured, first.released, first.balance, first.held);
    assert_eq!(figures, (Credits::new(25), Credits::ZERO, Credits::new(75), Credits::new(35)));
    fx.clock.advance(60);
    assert_eq!(fx.store.ledger.commit(scope, cmd).await.unwrap(), first);
    let statement = fx.store.books.statement(scope).await.unwrap();
    assert_eq!(statement.balance, Credits::new(75));
}

async fn one_commit_key_raced_charges_exactly_once(fx: Fixture) {
    let Owned { scope, .. } = fx.funded(100).await;
    let hold = fx.held(scope, 60).await.hold;
    let cmd = fx.commit(hold, 25, Finality::Final);
    let answers = race(64, |_| {
        let (ledger, cmd) = (fx.store.ledger.clone(), cmd.clone());
        async move { ledger.commit(scope, cmd).await }
    })
    .await;
    let (receipts, refused) = sorted(answers);
    assert_eq!((receipts.len(), refused), (64, vec![]));
    assert!(receipts.iter().all(|receipt| *receipt == receipts[0]));
    let statement = fx.store.books.statement(scope).await.unwrap();
    assert_eq!(statement.balance, Credits::new(75));
}

async fn never_charges_more_than_was_held(fx: Fixture) {
    let Owned { scope, .. } = fx.funded(1_000).await;
    let ledger = &fx.store.ledger;
    let hold = fx.held(scope, 60).await.hold;
    let part = fx.commit(hold, 20, Finality::Partial);
    ledger.commit(scope, part).await.unwrap();
    let over = fx.commit(hold, 41, Finality::Final);
    let (used, most) = (Credits::new(41), Credits::new(40));
    assert_eq!(rejected(ledger.commit(scope, over).await), CommitError::OverHold { used, most });
    let negative = fx.commit(hold, -1, Finality::Partial);
    assert_eq!(rejected(ledger.commit(scope, negative).await), CommitError::Negative);
    let rest = fx.commit(hold, 40, Finality::Final);
    ledger.commit(scope, rest).await.unwrap();
}

async fn raced_commits_never_charge_more_than_was_held(fx: Fixture) {
    let Owned { scope, .. } = fx.funded(1_000).await;
    let hold = fx.held(scope, 100).await.hold;
    let answers = race(64, |_| {
        let cmd = fx.commit(hold, 3, Finality::Partial);
        let ledger = fx.store.ledger.clone();
        async move { ledger.commit(scope, cmd).await }
    })
    .await;
    let (receipts, refused) = sorted(answers);
    assert_eq!((receipts.len(), refused.len()), (33, 31));
    let statement = fx.store.books.statement(scope).await.unwrap();
    assert_eq!((statement.balance, statement.held), (Credits::new(901), Credits::new(1)));
}

async fn partial_commits_add_up_until_the_final_one(fx: Fixture) {
    let Owned { scope, .. } = fx.funded(100).await;
    let ledger = &fx.store.ledger;
    let hold = fx.held(scope, 60).await.hold;
    for (used, finality, captured) in [
        (10, Finality::Partial, 10),
        (0, Finality::Partial, 10),
        (15, Finality::Partial, 25),
        (5, Finality::Final, 30),
    ] {
        let cmd = fx.commit(hold, used, finality);
        ledger.commit(scope, cmd).await.unwrap();
        let found = fx.store.books.find_hold(scope, hold).await.unwrap();
        assert_eq!(found.unwrap().captured, Credits::new(captured));
    }
    let late = fx.commit(hold, 1, Finality::Partial);
    let charged = Credits::new(30);
    let state = HoldState::Captured(Ended { charged, at: fx.now() });
    assert_eq!(
        rejected(ledger.commit(scope, late).await),
        CommitError::NotOpen(NotOpen { hold, state })
    );
}

async fn a_final_commit_releases_the_rest(fx: Fixture) {
    let Owned { scope, .. } = fx.funded(100).await;
    let hold = fx.held(scope, 60).await.hold;
    let cmd = fx.commit(hold, 25, Finality::Final);
    let receipt = fx.store.ledger.commit(scope, cmd).await.unwrap();
    assert_eq!(receipt.released, Credits::new(35));
    let statement = fx.store.books.statement(scope).await.unwrap();
    assert_eq!((statement.balance, statement.held), (Credits::new(75), Credits::ZERO));
    let trail = fx.store.audit_trail.entries(Some(scope.tenant())).await;
    assert_eq!(trail.last().unwrap().action, AuditAction::CreditsCaptured);
}

async fn releasing_lets_go_exactly_what_is_left(fx: Fixture) {
    let Owned { scope, .. } = fx.funded(100).await;
    let ledger = &fx.store.ledger;
    let hold = fx.held(scope, 60).await.hold;
    let part = fx.commit(hold, 10, Finality::Partial);
    ledger.commit(scope, part).await.unwrap();
    let release = fx.release(hold);
    let receipt = ledger.release(scope, release.clone()).await.unwrap();
    let figures = (receipt.captured, receipt.released, receipt.balance, receipt.held);
    assert_eq!(figures, (Credits::ZERO, Credits::new(50), Credits::new(90), Credits::ZERO));
    assert_eq!(ledger.release(scope, release).await.unwrap(), receipt);
    let again = rejected(ledger.release(scope, fx.release(hold)).await);
    assert!(matches!(again, ReleaseError::NotOpen(_)), "{again:?}");
    let trail = fx.store.audit_trail.entries(Some(scope.tenant())).await;
    assert_eq!(trail.last().unwrap().action, AuditAction::CreditsReleased);
}

async fn a_hold_ends_exactly_once(fx: Fixture) {
    let Owned { scope, .. } = fx.funded(100).await;
    let hold = fx.held(scope, 60).await.hold;
    let ends = race(64, |number| {
        let ledger = fx.store.ledger.clone();
        let commit = fx.commit(hold, 20, Finality::Final);
        let release = fx.release(hold);
        async move {
            if number % 2 == 0 {
                let answer = ledger.commit(scope, commit).await;
                answer.map_err(|failure| failure.map_rejected(|refusal| format!("{refusal:?}")))
            } else {
                let answer = ledger.release(scope, release).await;
                answer.map_err(|failure| failure.map_rejected(|refusal| format!("{refusal:?}")))
            }
        }
    })
    .await;
    let (ended, refused) = sorted(ends);
    assert_eq!(ended.len(), 1);
    assert!(refused.iter().all(|refusal| refusal.starts_with("NotOpen")), "{refused:?}");
    let statement = fx.store.books.statement(scope).await.unwrap();
    assert_eq!((statement.balance, statement.held), (ended[0].balance, Credits::ZERO));
}

async fn a_builds_hold_is_charged_and_ended_by_its_end_alone(fx: Fixture) {
    let (Owned { scope, .. }, taken) = fx.running().await;
    let (ledger, books, build) = (&fx.store.ledger, &fx.store.books, &taken.build);
    let (hold, build) = (build.hold, build.id);
    let of_build = OfBuild { hold, build };
    let refused = async || {
        let before = (books.statement(scope).await, books.find_hold(scope, hold).await);
        for (used, finality) in
            [(0, Finality::Partial), (1, Finality::Partial), (1, Finality::Final)]
        {
            let refusal = rejected(ledger.commit(scope, fx.commit(hold, used, finality)).await);
            assert_eq!(refusal, CommitError::OfBuild(of_build));
        }
        let refusal = rejected(ledger.release(scope, fx.release(hold)).await);
        assert_eq!(refusal, ReleaseError::OfBuild(of_build));
        assert_eq!((books.statement(scope).await, books.find_hold(scope, hold).await), before);
    };
    refused().await;
    let charged = fx.deployed(&taken.lease, 10_000).await.captured;
    let found = books.find_hold(scope, hold).await.unwrap().unwrap();
    assert_eq!(found.state, HoldState::Captured(Ended { charged, at: fx.now() }));
    assert!(charged > Credits::ZERO, "the build was free");
    refused().await;
}

async fn a_key_never_belongs_to_two_requests(fx: Fixture) {
    let Owned { scope, .. } = fx.funded(100).await;
    let ledger = &fx.store.ledger;
    let (one, two) = (fx.held(scope, 20).await.hold, fx.held(scope, 20).await.hold);
    let cmd = fx.commit(one, 5, Finality::Partial);
    ledger.commit(scope, cmd.clone()).await.unwrap();
    for other in [
        Commit { used: Credits::new(6), ..cmd.clone() },
        Commit { finality: Finality::Final, ..cmd.clone() },
        Commit { hold: two, ..cmd.clone() },
    ] {
        let refusal = rejected(ledger.commit(scope, other).await);
        assert_eq!(refusal, CommitError::KeyReused);
    }
    let mut release = fx.release(one);
    release.key = cmd.key;
    assert_eq!(rejected(ledger.release(scope, release).await), ReleaseError::KeyReused);
}

async fn answers_stay_the_same_for_ever(fx: Fixture) {
    let Owned { scope, .. } = fx.tenant().await;
    let ledger = &fx.store.ledger;
    let (grant, reserve) = (fx.grant(100), fx.reserve(60));
    let commit = fx.commit(reserve.hold, 10, Finality::Partial);
    let release = fx.release(reserve.hold);
    let refund = fx.refund(reserve.hold, 4);
    let ask = async || {
        (
            ledger.grant(scope, grant.clone()).await.unwrap(),
            ledger.reserve(scope, reserve.clone()).await.unwrap(),
            ledger.commit(scope, commit.clone()).await.unwrap(),
            ledger.release(scope, release.clone()).await.unwrap(),
            ledger.refund(scope, refund.clone()).await.unwrap(),
        )
    };
    let first = ask().await;
    let statement = fx.store.books.statement(scope).await.unwrap();
    fx.clock.advance(10 * 365 * 86_400);
    ledger.expire(10, crate::actor()).await.unwrap();
    assert_eq!(ask().await, first);
    let later = fx.store.books.statement(scope).await.unwrap();
    assert_eq!(
        (later.balance, later.held, later.grants),
        (statement.balance, statement.held, statement.grants)
    );
}

async fn a_refusal_never_changes_anything(fx: Fixture) {
    let Owned { scope, .. } = fx.funded(100).await;
    let ledger = &fx.store.ledger;
    let hold = fx.held(scope, 60).await.hold;
    let state = async || {
        let page = PageRequest::new(100, None);
        (
            fx.store.books.statement(scope).await.unwrap(),
            fx.store.books.entries(scope, page).await.unwrap(),
            fx.store.books.find_hold(scope, hold).await.unwrap(),
            fx.store.audit_trail.entries(Some(scope.tenant())).await,
        )
    };
    let before = state().await;
    let refused_key = fx.commit(hold, 61, Finality::Final);
    rejected(ledger.commit(scope, refused_key.clone()).await);
    rejected(ledger.reserve(scope, fx.reserve(41)).await);
    rejected(ledger.refund(scope, fx.refund(hold, 1)).await);
    rejected(ledger.release(scope, fx.release(fx.hold_id())).await);
    rejected(ledger.grant(scope, fx.grant(i64::MAX)).await);
    assert_eq!(state().await, before);

    let mended = Commit { used: Credits::new(60), ..refused_key };
    ledger.commit(scope, mended).await.unwrap();
}

async fn burns_by_priority_then_expiry_then_age(fx: Fixture) {
    let Owned { scope, .. } = fx.tenant().await;
    let day = |days: i64| Some(fx.now().plus_seconds(days * 86_400));
    let mut burning = Vec::new();
    for (place, priority, expires_at) in [
        (4, 30, None),
        (2, 20, day(9)),
        (1, 20, day(3)),
        (0, 10, None),
        (3, 20, None),
        (5, 30, None),
    ] {
        fx.clock.advance(1);
        let terms = Terms { priority, expires_at, ..Terms::unlimited(GrantSource::Plan) };
        let cmd = AddGrant { terms, ..fx.grant(10) };
        fx.store.ledger.grant(scope, cmd.clone()).await.unwrap();
        burning.push((place, cmd.grant));
    }
    burning.sort_unstable();

    let hold = fx.held(scope, 55).await.hold;
    let cmd = fx.commit(hold, 55, Finality::Final);
    fx.store.ledger.commit(scope, cmd).await.unwrap();
    let page = PageRequest::new(6, None);
    let entries = fx.store.books.entries(scope, page).await.unwrap().items;
    let burnt: Vec<_> =
        entries.iter().rev().map(|entry| (entry.grant, entry.amount.get())).collect();
    let expected: Vec<_> = burning
        .iter()
        .map(|(place, grant)| (Some(*grant), if *place == 5 { -5 } else { -10 }))
        .collect();
    assert_eq!(burnt, expected);
}
