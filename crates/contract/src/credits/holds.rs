//! Setting credits aside.

use crate::{Fixture, Owned, abandon, amount, race, rejected, sorted};
use keelway_access::AuditAction;
use keelway_credits::{
    CapScope, CommitError, DailyCaps, Finality, Hold, HoldState, Lifetime, Purpose, RefundError,
    ReleaseError, RenewError, Reserve, ReserveError,
};
use keelway_kernel::{BuildId, Credits, ProjectId, UserId};

crate::cases! {
    credit_holds_cases in credits::holds:
    never_holds_more_than_is_available,
    a_tenant_without_an_account_holds_nothing,
    holds_exactly_once_per_hold_id,
    raced_reserves_take_exactly_what_there_is,
    one_hold_id_raced_makes_exactly_one_hold,
    a_hold_is_found_as_it_was_made,
    a_hold_is_never_found_by_another_tenant,
    two_tenants_never_meet_under_one_id,
    renewing_moves_the_time_out_and_never_shortens_it,
    a_builds_hold_has_no_time_to_renew,
    never_holds_more_in_a_day_than_the_caps_allow,
    raced_reserves_never_exceed_a_daily_cap,
    abandoned_commands_never_leave_half_an_effect,
}

async fn never_holds_more_than_is_available(fx: Fixture) {
    let Owned { scope, .. } = fx.funded(100).await;
    let ledger = &fx.store.ledger;
    fx.held(scope, 60).await;
    let refusal = rejected(ledger.reserve(scope, fx.reserve(41)).await);
    let (available, needed) = (Credits::new(40), Credits::new(41));
    assert_eq!(refusal, ReserveError::Insufficient { available, needed });
    fx.held(scope, 40).await;

    let statement = fx.store.books.statement(scope).await.unwrap();
    let figures = (statement.balance, statement.held, statement.available);
    assert_eq!(figures, (Credits::new(100), Credits::new(100), Credits::ZERO));
    let trail = fx.store.audit_trail.entries(Some(scope.tenant())).await;
    let held = |entry: &&keelway_access::AuditEntry| entry.action == AuditAction::CreditsHeld;
    assert_eq!(trail.iter().filter(held).count(), 2);
}

async fn a_tenant_without_an_account_holds_nothing(fx: Fixture) {
    let owned = fx.tenant().await;
    let refusal = rejected(fx.store.ledger.reserve(owned.scope, fx.reserve(1)).await);
    assert_eq!(refusal, ReserveError::AccountUnknown);
}

async fn holds_exactly_once_per_hold_id(fx: Fixture) {
    let Owned { scope, user } = fx.funded(100).await;
    let ledger = &fx.store.ledger;
    let cmd = fx.reserve(70);
    let first = ledger.reserve(scope, cmd.clone()).await.unwrap();
    fx.clock.advance(5);
    assert_eq!(ledger.reserve(scope, cmd.clone()).await.unwrap(), first);

    let purpose = Purpose::Build(BuildId::generate(fx.now(), &*fx.entropy));
    for other in [
        Reserve { amount: amount(71), ..cmd.clone() },
        Reserve { user: Some(user), ..cmd.clone() },
        Reserve { purpose, ..cmd.clone() },
    ] {
        let refusal = rejected(ledger.reserve(scope, other).await);
        assert_eq!(refusal, ReserveError::KeyReused);
    }

    let release = fx.release(cmd.hold);
    ledger.release(scope, release).await.unwrap();
    fx.clock.advance(365 * 86_400);
    assert_eq!(ledger.reserve(scope, cmd).await.unwrap(), first);
    let statement = fx.store.books.statement(scope).await.unwrap();
    assert_eq!(statement.held, Credits::ZERO);
}

async fn raced_reserves_take_exactly_what_there_is(fx: Fixture) {
    let Owned { scope, .. } = fx.funded(1_000).await;
    let answers = race(64, |_| {
        let (ledger, cmd) = (fx.store.ledger.clone(), fx.reserve(30));
        async move { ledger.reserve(scope, cmd).await }
    })
    .await;
    let (held, refused) = sorted(answers);
    assert_eq!((held.len(), refused.len()), (33, 31));
    let (available, needed) = (Credits::new(10), Credits::new(30));
    let short = ReserveError::Insufficient { available, needed };
    assert!(refused.iter().all(|refusal| *refusal == short), "{refused:?}");
}

async fn one_hold_id_raced_makes_exactly_one_hold(fx: Fixture) {
    let Owned { scope, .. } = fx.funded(100).await;
    let cmd = fx.reserve(60);
    let answers = race(64, |_| {
        let (ledger, cmd) = (fx.store.ledger.clone(), cmd.clone());
        async move { ledger.reserve(scope, cmd).await }
    })
    .await;
    let (held, refused) = sorted(answers);
    assert_eq!((held.len(), refused), (64, vec![]));
    assert!(held.iter().all(|answer| *answer == held[0]));
    let statement = fx.store.books.statement(scope).await.unwrap();
    assert_eq!(statement.held, Credits::new(60));
}

async fn a_hold_is_found_as_it_was_made(fx: Fixture) {
    let Owned { scope, user } = fx.funded(100).await;
    let purposes = [
        Purpose::Build(BuildId::generate(fx.now(), &*fx.entropy)),
        Purpose::External {
            reference: "näher \u{1f9f6} '; --".into(),
            lifetime: Lifetime::from_millis(90_000).unwrap(),
        },
    ];
    let project = ProjectId::generate(fx.now(), &*fx.entropy);
    for (purpose, (user, project)) in
        purposes.into_iter().zip([(Some(user), Some(project)), (None, None)])
    {
        let cmd = Reserve { purpose, user, project, ..fx.reserve(30) };
        let reserved = fx.store.ledger.reserve(scope, cmd.clone()).await.unwrap();
        let made = Hold {
            id: cmd.hold,
            amount: cmd.amount,
            captured: Credits::ZERO,
            refunded: Credits::ZERO,
            state: HoldState::Open,
            purpose: cmd.purpose,
            user,
            project,
            opened_at: fx.now(),
            expires_at: reserved.expires_at,
        };
        let found = fx.store.books.find_hold(scope, cmd.hold).await.unwrap();
        assert_eq!(found, Some(made));
    }
}

async fn a_hold_is_never_found_by_another_tenant(fx: Fixture) {
    let (mine, theirs) = (fx.funded(100).await, fx.funded(100).await);
    let hold = fx.held(mine.scope, 40).await.hold;
    let ledger = &fx.store.ledger;
    let found = fx.store.books.find_hold(theirs.scope, hold).await.unwrap();
    assert_eq!(found, None);

    let commit = fx.commit(hold, 1, Finality::Final);
    let refusal = rejected(ledger.commit(theirs.scope, commit).await);
    assert_eq!(refusal, CommitError::HoldUnknown);
    let refusal = rejected(ledger.release(theirs.scope, fx.release(hold)).await);
    assert_eq!(refusal, ReleaseError::HoldUnknown);
    let refusal = rejected(ledger.refund(theirs.scope, fx.refund(hold, 1)).await);
    assert_eq!(refusal, RefundError::HoldUnknown);
    let renew = fx.renew(hold);
    let refusal = rejected(ledger.renew(theirs.scope, renew).await);
    assert_eq!(refusal, RenewError::HoldUnknown);

    let kept = fx.store.books.statement(mine.scope).await.unwrap();
    assert_eq!(kept.held, Credits::new(40));
}

async fn two_tenants_never_meet_under_one_id(fx: Fixture) {
    let (one, two) = (fx.funded(100).await, fx.funded(100).await);
    let ledger = &fx.store.ledger;
    let (grant, cmd) = (fx.grant(7), fx.reserve(40));
    let commit = fx.commit(cmd.hold, 15, Finality::Final);
    for scope in [one.scope, two.scope] {
        ledger.grant(scope, grant.clone()).await.unwrap();
        ledger.reserve(scope, cmd.clone()).await.unwrap();
        let receipt = ledger.commit(scope, commit.clone()).await.unwrap();
        assert_eq!(receipt.balance, Credits::new(92));
    }
}

async fn renewing_moves_the_time_out_and_never_shortens_it(fx: Fixture) {
    let Owned { scope, .. } = fx.funded(100).await;
    let ledger = &fx.store.ledger;
    let lifetime = Lifetime::from_millis(60_000).unwrap();
    let purpose = Purpose::External { reference: "job".into(), lifetime };
    let cmd = Reserve { purpose, ..fx.reserve(10) };
    let opened = fx.now();
    let first = ledger.reserve(scope, cmd.clone()).await.unwrap();
    assert_eq!(first.expires_at, Some(opened.plus_seconds(60)));

    fx.clock.advance(59);
    let renewed = ledger.renew(scope, fx.renew(cmd.hold)).await.unwrap();
    assert_eq!(renewed.expires_at, opened.plus_seconds(119));
    fx.clock.set(opened);
    let renewed = ledger.renew(scope, fx.renew(cmd.hold)).await.unwrap();
    assert_eq!(renewed.expires_at, opened.plus_seconds(119));

    let hold = fx.store.books.find_hold(scope, cmd.hold).await.unwrap();
    assert_eq!(hold.unwrap().expires_at, Some(opened.plus_seconds(119)));
    assert_eq!(ledger.reserve(scope, cmd).await.unwrap(), first);
}

async fn a_builds_hold_has_no_time_to_renew(fx: Fixture) {
    let Owned { scope, .. } = fx.funded(100).await;
    let purpose = Purpose::Build(BuildId::generate(fx.now(), &*fx.entropy));
    let cmd = Reserve { purpose, ..fx.reserve(10) };
    let reserved = fx.store.ledger.reserve(scope, cmd).await.unwrap();
    assert_eq!(reserved.expires_at, None);
    let renew = fx.renew(reserved.hold);
    assert_eq!(rejected(fx.store.ledger.renew(scope, renew).await), RenewError::Untimed);
    let unknown = fx.renew(fx.hold_id());
    assert_eq!(rejected(fx.store.ledger.renew(scope, unknown).await), RenewError::HoldUnknown);
}

fn caps(fx: &Fixture, [tenant, user, project]: [Option<i64>; 3]) -> DailyCaps {
    DailyCaps {
        since: fx.now().plus_seconds(-3600),
        resets_at: fx.now().plus_seconds(23 * 3600),
        tenant: tenant.map(Credits::new),
        user: user.map(Credits::new),
        project: project.map(Credits::new),
    }
}

async fn never_holds_more_in_a_day_than_the_caps_allow(fx: Fixture) {
    let Owned { scope, user } = fx.funded(10_000).await;
    let ledger = &fx.store.ledger;
    let (mine, other) = (Some(user), Some(UserId::generate(fx.now(), &*fx.entropy)));
    let project = Some(ProjectId::generate(fx.now(), &*fx.entropy));
    let ask = |credits, user, project, limits| Reserve {
        user,
        project,
        caps: Some(caps(&fx, limits)),
        ..fx.reserve(credits)
    };
    let capped = |refusal: ReserveError| match refusal {
        ReserveError::DailyCap { scope, cap, spent, .. } => (scope, cap.get(), spent.get()),
        other => panic!("not capped: {other:?}"),
    };

    let yesterday = ask(500, mine, project, [None; 3]);
    fx.clock.advance(-7200);
    ledger.reserve(scope, yesterday).await.unwrap();
    fx.clock.advance(7200);

    let held = ledger.reserve(scope, ask(60, mine, project, [Some(100); 3])).await.unwrap();
    let over = ask(41, mine, None, [None, Some(100), None]);
    let refusal = rejected(ledger.reserve(scope, over).await);
    assert_eq!(capped(refusal), (CapScope::User, 100, 60));
    let over = ask(41, other, project, [None, Some(100), Some(100)]);
    let refusal = rejected(ledger.reserve(scope, over).await);
    assert_eq!(capped(refusal), (CapScope::Project, 100, 60));
    let over = ask(41, other, None, [Some(100), None, None]);
    let refusal = rejected(ledger.reserve(scope, over).await);
    assert_eq!(capped(refusal), (CapScope::Tenant, 100, 60));
    let fits = ask(41, other, None, [None, Some(100), Some(0)]);
    ledger.reserve(scope, fits).await.unwrap();

    let commit = fx.commit(held.hold, 10, Finality::Final);
    ledger.commit(scope, commit).await.unwrap();
    let fits = ask(90, mine, project, [None, Some(100), Some(100)]);
    ledger.reserve(scope, fits).await.unwrap();
    let over = ask(1, mine, None, [None, Some(100), None]);
    let refusal = rejected(ledger.reserve(scope, over).await);
    assert_eq!(capped(refusal), (CapScope::User, 100, 100));
}

async fn raced_reserves_never_exceed_a_daily_cap(fx: Fixture) {
    let Owned { scope, .. } = fx.funded(10_000).await;
    let answers = race(64, |_| {
        let cmd = Reserve { caps: Some(caps(&fx, [Some(100), None, None])), ..fx.reserve(9) };
        let ledger = fx.store.ledger.clone();
        async move { ledger.reserve(scope, cmd).await }
    })
    .await;
    let (held, refused) = sorted(answers);
    assert_eq!(held.len(), 11);
    let by_cap = |refusal: &ReserveError| matches!(refusal, ReserveError::DailyCap { .. });
    assert!(refused.iter().all(by_cap), "{refused:?}");
}

/// A thousand callers hang up after any number of polls; whatever they left, asking again
/// under the same ids ends where it would have ended without them.
async fn abandoned_commands_never_leave_half_an_effect(fx: Fixture) {
    let Owned { scope, .. } = fx.funded(100_000).await;
    let mut commands = Vec::new();
    for _ in 0..25 {
        let round: Vec<_> = (0..40).map(|_| (fx.reserve(2), fx.entropy.below(12))).collect();
        race(40, |number| {
            let (ledger, (cmd, polls)) = (fx.store.ledger.clone(), round[number].clone());
            let commit = fx.commit(cmd.hold, 1, Finality::Final);
            async move {
                let both = async {
                    let held = ledger.reserve(scope, cmd).await;
                    drop((held, ledger.commit(scope, commit).await));
                };
                abandon(polls, both).await
            }
        })
        .await;
        commands.extend(round);
    }

    for (cmd, _) in &commands {
        fx.store.ledger.reserve(scope, cmd.clone()).await.unwrap();
    }
    let mut charged = 0;
    for (cmd, _) in &commands {
        let hold = fx.store.books.find_hold(scope, cmd.hold).await.unwrap();
        charged += hold.unwrap().captured.get();
    }
    let statement = fx.store.books.statement(scope).await.unwrap();
    assert_eq!(statement.balance, Credits::new(100_000 - charged));
    let open = i64::try_from(commands.len()).unwrap() - charged;
    assert_eq!(statement.held, Credits::new(2 * open));
}
