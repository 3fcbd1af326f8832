//! Holds that time out, credits that lapse, and the sweep that writes it down.

use crate::{Fixture, Owned, actor, race, rejected};
use keelway_access::AuditAction;
use keelway_credits::{
    AddGrant, CommitError, Ended, Finality, GrantSource, HoldState, Lifetime, NotOpen, Purpose,
    Reason, Reserve, ReserveError, Rollover, Swept, Terms,
};
use keelway_kernel::{BuildId, Credits, PageRequest, TenantScope, Timestamp};

crate::cases! {
    credit_expiry_cases in credits::expiry:
    a_hold_past_its_time_is_refused_before_any_sweep,
    what_a_timed_out_hold_kept_can_be_held_anew,
    each_hold_is_swept_exactly_once,
    a_sweep_never_touches_a_builds_hold,
    a_sweep_never_takes_credits_that_are_held,
    lapsed_credits_are_never_held,
    lapsed_credits_leave_by_an_entry_of_their_own,
    a_rollover_outlives_its_grant,
    a_sweep_stops_after_so_many_accounts,
    held_back_accounts_never_keep_others_waiting,
}

async fn expiring(fx: &Fixture, scope: TenantScope, credits: i64, at: Timestamp) -> AddGrant {
    let terms = Terms { expires_at: Some(at), ..Terms::unlimited(GrantSource::Plan) };
    let cmd = AddGrant { terms, ..fx.grant(credits) };
    fx.store.ledger.grant(scope, cmd.clone()).await.unwrap();
    cmd
}

async fn swept(fx: &Fixture, accounts: u32) -> (u32, u32) {
    let Swept { accounts, holds } = fx.store.ledger.expire(accounts, actor()).await.unwrap();
    (accounts, holds)
}

async fn a_hold_past_its_time_is_refused_before_any_sweep(fx: Fixture) {
    let Owned { scope, .. } = fx.funded(100).await;
    let reserved = fx.held(scope, 60).await;
    fx.clock.set(reserved.expires_at.unwrap());
    let state = HoldState::Expired(Ended { charged: Credits::ZERO, at: fx.now() });
    let hold = reserved.hold;
    for _ in 0..2 {
        let late = fx.commit(hold, 1, Finality::Final);
        assert_eq!(
            rejected(fx.store.ledger.commit(scope, late).await),
            CommitError::NotOpen(NotOpen { hold, state })
        );
        swept(&fx, 10).await;
    }
    let found = fx.store.books.find_hold(scope, hold).await.unwrap();
    assert_eq!(found.unwrap().state, state);
}

async fn what_a_timed_out_hold_kept_can_be_held_anew(fx: Fixture) {
    let Owned { scope, .. } = fx.funded(100).await;
    let first = fx.held(scope, 60).await;
    let part = fx.commit(first.hold, 10, Finality::Partial);
    fx.store.ledger.commit(scope, part).await.unwrap();
    fx.clock.set(first.expires_at.unwrap());
    fx.held(scope, 90).await;
    let found = fx.store.books.find_hold(scope, first.hold).await.unwrap();
    let ended = Ended { charged: Credits::new(10), at: fx.now() };
    assert_eq!(found.unwrap().state, HoldState::Expired(ended));
}

async fn each_hold_is_swept_exactly_once(fx: Fixture) {
    let mut tenants = Vec::new();
    for _ in 0..6 {
        let Owned { scope, .. } = fx.funded(100).await;
        for _ in 0..5 {
            fx.held(scope, 20).await;
        }
        tenants.push(scope);
    }
    fx.clock.advance(3600);
    let sweeps = race(16, |_| {
        let ledger = fx.store.ledger.clone();
        async move { ledger.expire(2, actor()).await.unwrap() }
    })
    .await;
    let accounts: u32 = sweeps.iter().map(|sweep| sweep.accounts).sum();
    let holds: u32 = sweeps.iter().map(|sweep| sweep.holds).sum();
    assert_eq!((accounts, holds), (6, 30));
    assert_eq!(swept(&fx, 10).await, (0, 0));
    for scope in tenants {
        let statement = fx.store.books.statement(scope).await.unwrap();
        assert_eq!(statement.available, Credits::new(100));
        let trail = fx.store.audit_trail.entries(Some(scope.tenant())).await;
        let expiries = trail.iter().filter(|entry| entry.action == AuditAction::CreditsExpired);
        assert_eq!(expiries.count(), 1);
    }
}

async fn a_sweep_never_touches_a_builds_hold(fx: Fixture) {
    let Owned { scope, .. } = fx.funded(100).await;
    let purpose = Purpose::Build(BuildId::generate(fx.now(), &*fx.entropy));
    let cmd = Reserve { purpose, ..fx.reserve(60) };
    fx.store.ledger.reserve(scope, cmd.clone()).await.unwrap();
    fx.clock.advance(365 * 86_400);
    assert_eq!(swept(&fx, 10).await, (0, 0));
    let hold = fx.store.books.find_hold(scope, cmd.hold).await.unwrap();
    assert_eq!(hold.unwrap().state, HoldState::Open);
}

async fn a_sweep_never_takes_credits_that_are_held(fx: Fixture) {
    let Owned { scope, .. } = fx.tenant().await;
    let hour = fx.now().plus_seconds(3600);
    expiring(&fx, scope, 100, hour).await;
    let lifetime = Lifetime::from_millis(86_400_000).unwrap();
    let purpose = Purpose::External { reference: "job".into(), lifetime };
    let cmd = Reserve { purpose, ..fx.reserve(60) };
    fx.store.ledger.reserve(scope, cmd.clone()).await.unwrap();
    fx.clock.set(hour);
    assert_eq!(swept(&fx, 10).await, (1, 0));
    let statement = fx.store.books.statement(scope).await.unwrap();
    assert_eq!(
        (statement.balance, statement.held, statement.available),
        (Credits::new(60), Credits::new(60), Credits::ZERO)
    );
    assert_eq!(swept(&fx, 10).await, (0, 0));

    let use_up = fx.commit(cmd.hold, 45, Finality::Final);
    fx.store.ledger.commit(scope, use_up).await.unwrap();
    assert_eq!(swept(&fx, 10).await, (1, 0));
    let statement = fx.store.books.statement(scope).await.unwrap();
    assert_eq!(statement.balance, Credits::ZERO);
}

async fn lapsed_credits_are_never_held(fx: Fixture) {
    let Owned { scope, .. } = fx.funded(10).await;
    let hour = fx.now().plus_seconds(3600);
    expiring(&fx, scope, 100, hour).await;
    fx.clock.set(hour);
    let statement = fx.store.books.statement(scope).await.unwrap();
    assert_eq!(statement.available, Credits::new(10));
    let refusal = rejected(fx.store.ledger.reserve(scope, fx.reserve(11)).await);
    let (available, needed) = (Credits::new(10), Credits::new(11));
    assert_eq!(refusal, ReserveError::Insufficient { available, needed });
    fx.held(scope, 10).await;
}

async fn lapsed_credits_leave_by_an_entry_of_their_own(fx: Fixture) {
    let Owned { scope, .. } = fx.funded(10).await;
    let hour = fx.now().plus_seconds(3600);
    let lapsing = expiring(&fx, scope, 100, hour).await;
    assert_eq!(swept(&fx, 10).await, (0, 0));
    fx.clock.set(hour);
    assert_eq!(swept(&fx, 10).await, (1, 0));
    let page = PageRequest::new(1, None);
    let newest = fx.store.books.entries(scope, page).await.unwrap();
    let [entry] = &newest.items[..] else { panic!("one entry, not {newest:?}") };
    assert_eq!((entry.amount, entry.reason), (Credits::new(-100), Reason::Expiry));
    assert_eq!((entry.grant, entry.at, &entry.actor), (Some(lapsing.grant), hour, &actor()));
}

async fn a_rollover_outlives_its_grant(fx: Fixture) {
    let Owned { scope, .. } = fx.tenant().await;
    let (hour, day) = (fx.now().plus_seconds(3600), fx.now().plus_seconds(86_400));
    let rollover = Rollover { up_to: Credits::new(30), until: day };
    let terms = Terms {
        expires_at: Some(hour),
        rollover: Some(rollover),
        ..Terms::unlimited(GrantSource::Plan)
    };
    let cmd = AddGrant { terms, ..fx.grant(100) };
    fx.store.ledger.grant(scope, cmd).await.unwrap();
    for (at, sweep, balance) in [(hour, (1, 0), 30), (hour, (0, 0), 30), (day, (1, 0), 0)] {
        fx.clock.set(at);
        assert_eq!(swept(&fx, 10).await, sweep);
        let statement = fx.store.books.statement(scope).await.unwrap();
        assert_eq!(statement.balance, Credits::new(balance));
    }
}

async fn a_sweep_stops_after_so_many_accounts(fx: Fixture) {
    for _ in 0..5 {
        let Owned { scope, .. } = fx.funded(100).await;
        fx.held(scope, 1).await;
        fx.held(scope, 1).await;
    }
    fx.clock.advance(3600);
    assert_eq!(swept(&fx, 2).await, (2, 4));
    assert_eq!(swept(&fx, 2).await, (2, 4));
    assert_eq!(swept(&fx, 2).await, (1, 2));
    assert_eq!(swept(&fx, 2).await, (0, 0));
}

async fn held_back_accounts_never_keep_others_waiting(fx: Fixture) {
    let hour = fx.now().plus_seconds(3600);
    for _ in 0..3 {
        let Owned { scope, .. } = fx.tenant().await;
        expiring(&fx, scope, 50, hour).await;
        let purpose = Purpose::Build(BuildId::generate(fx.now(), &*fx.entropy));
        let all = Reserve { purpose, ..fx.reserve(50) };
        fx.store.ledger.reserve(scope, all).await.unwrap();
    }
    fx.clock.advance(1);
    let Owned { scope, .. } = fx.funded(100).await;
    fx.held(scope, 1).await;
    fx.clock.advance(7200);
    assert_eq!(swept(&fx, 1).await, (1, 1));
    assert_eq!(swept(&fx, 1).await, (0, 0));
}
