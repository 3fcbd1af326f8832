//! Single rules, each by an example.

use crate::books::{Books, actor, at, grant_id, hold_id, key, untimed};
use keelway_credits::{
    Account, AddGrant, Amount, CapScope, Commit, CommitError, DailyCaps, Ended, Finality,
    GrantError, GrantSource, HoldState, Lifetime, Purpose, Reason, RecentUse, Refund, RefundError,
    Release, ReleaseError, Renew, Reserve, ReserveError, Rollover, Settle, Statement, Terms,
};
use keelway_kernel::{Credits, ProjectId, UserId};
use std::num::NonZeroU32;
use uuid::Uuid;

fn amount(units: i64) -> Amount {
    Amount::try_from(units).unwrap()
}

fn plan(expires_at: i64) -> Terms {
    Terms { expires_at: Some(at(expires_at)), ..Terms::unlimited(GrantSource::Plan) }
}

fn give(books: &mut Books, n: u8, units: i64, terms: Terms) {
    let cmd = AddGrant { grant: grant_id(n), amount: amount(units), terms, actor: actor() };
    books.grant(&cmd).unwrap();
}

fn hold(n: u8, units: i64) -> Reserve {
    Reserve {
        hold: hold_id(n),
        amount: amount(units),
        purpose: untimed(),
        user: None,
        project: None,
        caps: None,
        actor: actor(),
    }
}

fn commit(books: &mut Books, name: u8, n: u8, used: i64) -> Result<(), CommitError> {
    let (key, hold, used) = (key(name), hold_id(n), Credits::new(used));
    let cmd = Commit { key, hold, used, finality: Finality::Final, actor: actor() };
    books.commit(&cmd).map(drop)
}

fn left(books: &Books, n: u8) -> i64 {
    books.grants[&grant_id(n)].remaining.get()
}

#[test]
fn an_amount_is_at_least_one() {
    assert!(Amount::try_from(0).is_err() && Amount::try_from(-1).is_err());
}

#[test]
fn grants_burn_by_priority_then_expiry_then_age() {
    let mut books = Books::new(0);
    let terms = Terms::unlimited(GrantSource::Plan);
    give(&mut books, 1, 10, Terms { priority: 90, ..terms });
    give(&mut books, 3, 10, terms);
    books.now = at(1);
    give(&mut books, 2, 10, terms);
    give(&mut books, 4, 10, plan(100));
    give(&mut books, 5, 10, Terms { priority: 1, ..terms });
    books.reserve(&hold(1, 45)).unwrap();
    commit(&mut books, 1, 1, 45).unwrap();
    let captures = books.entries.iter().filter(|entry| entry.reason == Reason::Capture);
    let order: Vec<_> = captures.map(|entry| entry.grant.unwrap()).collect();
    assert_eq!(order, [5, 4, 3, 2, 1].map(grant_id));
    assert_eq!(left(&books, 1), 5);
}

#[test]
fn lapsed_credits_leave_in_the_order_they_lapsed() {
    let mut books = Books::new(0);
    give(&mut books, 1, 10, plan(60));
    give(&mut books, 2, 10, plan(30));
    books.reserve(&hold(1, 10)).unwrap();
    books.now = at(60);
    books.sweep();
    assert_eq!((left(&books, 1), left(&books, 2)), (10, 0));
}

#[test]
fn a_renewal_never_shortens_a_hold() {
    let mut books = Books::new(0);
    give(&mut books, 1, 10, plan(60));
    let purpose = Purpose::External { reference: "job".into(), lifetime: Lifetime::default() };
    books.now = at(5);
    books.reserve(&Reserve { purpose, ..hold(1, 10) }).unwrap();
    let mut renew_at = |seconds| {
        books.now = at(seconds);
        books.renew(&Renew { hold: hold_id(1), actor: actor() }).unwrap().expires_at
    };
    assert_eq!(renew_at(10), at(910));
    assert_eq!(renew_at(4), at(910), "a clock that went back");
}

#[test]
fn lapsed_credits_cannot_be_held_but_held_ones_do_not_lapse() {
    let mut books = Books::new(0);
    give(&mut books, 1, 100, plan(60));
    books.reserve(&hold(1, 30)).unwrap();
    books.now = at(60);
    assert_eq!(
        books.reserve(&hold(2, 1)),
        Err(ReserveError::Insufficient { available: Credits::ZERO, needed: Credits::new(1) })
    );
    books.sweep();
    assert_eq!(left(&books, 1), 30);
    commit(&mut books, 1, 1, 20).unwrap();
    books.sweep();
    assert_eq!(left(&books, 1), 0);
    assert_eq!(books.account.balance, Credits::ZERO);
}

#[test]
fn a_rollover_outlives_the_expiry_up_to_its_cap() {
    let mut books = Books::new(0);
    let rollover = Some(Rollover { up_to: Credits::new(25), until: at(120) });
    give(&mut books, 1, 100, Terms { rollover, ..plan(60) });
    let available = |books: &Books, seconds| books.account.available(at(seconds)).get();
    assert_eq!([59, 60, 119, 120].map(|s| available(&books, s)), [100, 25, 25, 0]);
    books.now = at(60);
    books.sweep();
    assert_eq!(left(&books, 1), 25);
    books.now = at(120);
    books.sweep();
    assert_eq!(left(&books, 1), 0);
}

#[test]
fn a_grant_that_would_arrive_lapsed_is_refused() {
    let mut books = Books::new(0);
    let terms = plan(0);
    let cmd = AddGrant { grant: grant_id(1), amount: amount(1), terms, actor: actor() };
    assert_eq!(books.grant(&cmd), Err(GrantError::Expired { at: at(0) }));
}

#[test]
fn the_overdraft_covers_use_beyond_a_hold_and_the_next_grant_pays_it() {
    let mut books = Books::new(10);
    give(&mut books, 1, 50, Terms::unlimited(GrantSource::Purchase));
    books.reserve(&hold(1, 50)).unwrap();
    let refusal = CommitError::OverHold { used: Credits::new(61), most: Credits::new(60) };
    assert_eq!(commit(&mut books, 1, 1, 61), Err(refusal));
    commit(&mut books, 1, 1, 60).unwrap();
    assert_eq!(books.account.balance, Credits::new(-10));
    let (available, needed) = (Credits::new(-10), Credits::new(1));
    assert_eq!(
        books.reserve(&hold(2, 1)),
        Err(ReserveError::Insufficient { available, needed }),
        "the overdraft is for use, not for holds"
    );
    give(&mut books, 2, 30, Terms::unlimited(GrantSource::Purchase));
    assert_eq!((left(&books, 2), books.account.balance.get()), (20, 20));
    assert_eq!(books.violations(), []);
}

#[test]
fn one_overdraft_serves_all_holds_of_an_account() {
    let mut books = Books::new(10);
    give(&mut books, 1, 20, Terms::unlimited(GrantSource::Purchase));
    books.reserve(&hold(1, 10)).unwrap();
    books.reserve(&hold(2, 10)).unwrap();
    commit(&mut books, 1, 1, 18).unwrap();
    let refusal = CommitError::OverHold { used: Credits::new(13), most: Credits::new(12) };
    assert_eq!(commit(&mut books, 2, 2, 13), Err(refusal));
    commit(&mut books, 2, 2, 12).unwrap();
    assert_eq!(books.violations(), []);
}

#[test]
fn daily_caps_refuse_what_would_exceed_them_and_say_when_they_reset() {
    let mut books = Books::new(0);
    give(&mut books, 1, 1_000, Terms::unlimited(GrantSource::Purchase));
    let user = Some(UserId::from_uuid(Uuid::from_u128(1)));
    let project = Some(ProjectId::from_uuid(Uuid::from_u128(1)));
    let cap = |units| Some(Credits::new(units));
    let day = DailyCaps {
        since: at(0),
        resets_at: at(86_400),
        tenant: cap(100),
        user: cap(80),
        project: cap(60),
    };
    let mut ask = |n, units, user, project| {
        books.reserve(&Reserve { user, project, caps: Some(day), ..hold(n, units) }).map(drop)
    };
    let refused = |scope, cap, spent, needed| {
        let [cap, spent, needed] = [cap, spent, needed].map(Credits::new);
        Err(ReserveError::DailyCap { scope, cap, spent, needed, resets_at: at(86_400) })
    };
    assert_eq!(ask(1, 50, user, project), Ok(()));
    assert_eq!(ask(2, 11, user, project), refused(CapScope::Project, 60, 50, 11));
    assert_eq!(ask(2, 31, user, None), refused(CapScope::User, 80, 50, 31));
    assert_eq!(ask(2, 51, None, None), refused(CapScope::Tenant, 100, 50, 51));
    assert_eq!(ask(2, 50, None, None), Ok(()));
    commit(&mut books, 1, 1, 5).unwrap();
    assert_eq!(
        books.holds[&hold_id(1)].weight(),
        Credits::new(5),
        "released credits count no more"
    );
}

#[test]
fn a_key_with_another_body_is_refused() {
    let mut books = Books::new(0);
    give(&mut books, 1, 100, Terms::unlimited(GrantSource::Purchase));
    books.reserve(&hold(1, 50)).unwrap();
    books.reserve(&hold(2, 50)).unwrap();
    let other = Reserve { user: Some(UserId::from_uuid(Uuid::nil())), ..hold(1, 50) };
    assert_eq!(books.reserve(&other), Err(ReserveError::KeyReused));
    commit(&mut books, 1, 1, 10).unwrap();
    assert_eq!(commit(&mut books, 1, 1, 11), Err(CommitError::KeyReused));
    assert_eq!(commit(&mut books, 1, 2, 10), Err(CommitError::KeyReused));
    let release = Release { key: key(1), hold: hold_id(2), actor: actor() };
    assert_eq!(books.release(&release), Err(ReleaseError::KeyReused));
    let refund = |grant, units| {
        let (grant, hold) = (grant_id(grant), hold_id(1));
        Refund { grant, hold, amount: amount(units), actor: actor() }
    };
    assert_eq!(books.refund(&refund(1, 5)), Err(RefundError::KeyReused));
    books.refund(&refund(2, 5)).unwrap();
    assert_eq!(books.refund(&refund(2, 4)), Err(RefundError::KeyReused));
    let (asked, charged) = (Credits::new(6), Credits::new(5));
    assert_eq!(books.refund(&refund(3, 6)), Err(RefundError::OverCharge { asked, charged }));
}

#[test]
fn our_failure_gives_back_what_was_committed_on_the_way() {
    let mut books = Books::new(0);
    give(&mut books, 1, 100, Terms::unlimited(GrantSource::Purchase));
    books.reserve(&hold(1, 50)).unwrap();
    let (hold, used) = (hold_id(1), Credits::new(30));
    let finality = Finality::Partial;
    books.commit(&Commit { key: key(1), hold, used, finality, actor: actor() }).unwrap();
    let charge = Credits::ZERO;
    books.settle(hold, &Settle { charge, actor: actor() }).unwrap();
    assert_eq!((books.account.balance.get(), books.account.held.get()), (100, 0));
    assert_eq!(books.violations(), []);
}

#[test]
fn sums_that_do_not_fit_are_refused() {
    let mut books = Books::new(0);
    give(&mut books, 1, i64::MAX, Terms::unlimited(GrantSource::Purchase));
    let terms = Terms::unlimited(GrantSource::Purchase);
    let cmd = AddGrant { grant: grant_id(2), amount: amount(1), terms, actor: actor() };
    assert!(matches!(books.grant(&cmd), Err(GrantError::TooLarge(_))));
    books.reserve(&hold(1, i64::MAX)).unwrap();
    commit(&mut books, 1, 1, i64::MAX).unwrap();
    assert_eq!(books.violations(), []);
}

#[test]
fn a_statement_forecasts_from_recent_use() {
    let mut books = Books::new(0);
    give(&mut books, 1, 90, Terms::unlimited(GrantSource::Purchase));
    give(&mut books, 2, 10, plan(60));
    books.reserve(&hold(1, 20)).unwrap();
    let use_of =
        |units| RecentUse { charged: Credits::new(units), days: NonZeroU32::new(7).unwrap() };
    let statement = Statement::new(&books.account, &use_of(70), at(0));
    assert_eq!((statement.available.get(), statement.days_left), (80, Some(8)));
    assert_eq!(statement.grants.iter().map(|g| g.id).collect::<Vec<_>>(), [2, 1].map(grant_id));
    assert_eq!(Statement::new(&books.account, &use_of(0), at(0)).days_left, None);
}

#[test]
fn the_audit_finds_each_kind_of_damage() {
    let mut books = Books::new(0);
    give(&mut books, 1, 100, Terms::unlimited(GrantSource::Purchase));
    books.reserve(&hold(1, 50)).unwrap();
    commit(&mut books, 1, 1, 20).unwrap();
    assert_eq!(books.violations(), []);
    let damages: [fn(&mut Books); 8] = [
        |books| books.account.balance = Credits::new(81),
        |books| books.account.held = Credits::new(1),
        |books| books.account.held = Credits::new(-1),
        |books| books.account.grants.clear(),
        |books| drop(books.entries.remove(0)),
        |books| books.account.last_entry = 3,
        |books| {
            let ended = Ended { charged: Credits::new(19), at: at(0) };
            books.holds.get_mut(&hold_id(1)).unwrap().state = HoldState::Captured(ended);
        },
        |books| books.holds.get_mut(&hold_id(1)).unwrap().captured = Credits::new(19),
    ];
    for (n, damage) in damages.iter().enumerate() {
        let mut broken = books.clone();
        damage(&mut broken);
        assert_ne!(broken.violations(), [], "damage {n}");
    }
    let overspent = Account { held: Credits::new(101), ..books.account };
    assert!(overspent.check().iter().any(|found| found.to_string().contains("holds 101")));
}
