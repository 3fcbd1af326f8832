//! What holds after any sequence of commands, in any order, repeated at will.

use crate::books::{self, Books, actor, at, build_id, grant_id, hold_id, key};
use keelway_credits::{
    AddGrant, Amount, Commit, Counter, DailyCaps, Finality, GrantSource, Hold, Lifetime, Purpose,
    Reason, Refund, Release, Renew, Reserve, Rollover, Settle, Terms,
};
use keelway_kernel::Credits;
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
enum Op {
    Grant(AddGrant),
    Reserve(Reserve),
    Renew(u8),
    Commit(Commit),
    Release(Release),
    Refund(Refund),
    Settle(u8, i64),
    Sweep,
    Wait(i64),
}

/// Ids and keys come from so few that commands keep meeting each other's.
fn op() -> impl Strategy<Value = Op> {
    let amount = || (1..60_i64).prop_map(|units| Amount::try_from(units).unwrap());
    let finality = prop_oneof![Just(Finality::Partial), Just(Finality::Final)];
    let rollover = (0..20_i64, 100..300_i64)
        .prop_map(|(up_to, until)| Rollover { up_to: Credits::new(up_to), until: at(until) });
    let terms = (0..3_u8, prop::option::of(1..200_i64), prop::option::of(rollover)).prop_map(
        |(priority, expiry, rollover)| Terms {
            source: GrantSource::Plan,
            priority,
            expires_at: expiry.map(at),
            rollover,
        },
    );
    let purpose = |hold: u8, timed: bool| {
        if timed {
            let lifetime = Lifetime::from_millis(10_000).unwrap();
            Purpose::External { reference: hold.to_string(), lifetime }
        } else {
            Purpose::Build(build_id(hold))
        }
    };
    let caps = prop::option::weighted(
        0.3,
        (60..150_i64).prop_map(|cap| DailyCaps {
            since: at(0),
            resets_at: at(86_400),
            tenant: Some(Credits::new(cap)),
            user: None,
            project: None,
        }),
    );
    prop_oneof![
        3 => (0..8_u8, amount(), terms).prop_map(|(grant, amount, terms)| {
            Op::Grant(AddGrant { grant: grant_id(grant), amount, terms, actor: actor() })
        }),
        4 => (0..10_u8, amount(), any::<bool>(), caps).prop_map(
            move |(hold, amount, timed, caps)| {
                Op::Reserve(Reserve {
                    hold: hold_id(hold),
                    amount,
                    purpose: purpose(hold, timed),
                    user: None,
                    project: None,
                    caps,
                    actor: actor(),
                })
            }
        ),
        1 => (0..10_u8).prop_map(Op::Renew),
        4 => (0..20_u8, 0..10_u8, -1..50_i64, finality).prop_map(|(name, hold, used, finality)| {
            let used = Credits::new(used);
            Op::Commit(Commit { key: key(name), hold: hold_id(hold), used, finality, actor: actor() })
        }),
        1 => (0..20_u8, 0..10_u8).prop_map(|(name, hold)| {
            Op::Release(Release { key: key(name), hold: hold_id(hold), actor: actor() })
        }),
        1 => (0..12_u8, 0..10_u8, amount()).prop_map(|(grant, hold, amount)| {
            let (grant, hold) = (grant_id(grant), hold_id(hold));
            Op::Refund(Refund { grant, hold, amount, actor: actor() })
        }),
        2 => (0..10_u8, -1..80_i64).prop_map(|(hold, charge)| Op::Settle(hold, charge)),
        1 => Just(Op::Sweep),
        1 => (0..30_i64).prop_map(Op::Wait),
    ]
}

/// The answer in words, or `None` for a refusal.
fn run(books: &mut Books, op: &Op) -> Option<String> {
    fn say<T: std::fmt::Debug, E>(result: Result<T, E>) -> Option<String> {
        result.ok().map(|answer| format!("{answer:?}"))
    }
    match op {
        Op::Grant(cmd) => say(books.grant(cmd)),
        Op::Reserve(cmd) => say(books.reserve(cmd)),
        Op::Renew(hold) => say(books.renew(&Renew { hold: hold_id(*hold), actor: actor() })),
        Op::Commit(cmd) => say(books.commit(cmd)),
        Op::Release(cmd) => say(books.release(cmd)),
        Op::Refund(cmd) => say(books.refund(cmd)),
        Op::Settle(hold, charge) if books.holds.contains_key(&hold_id(*hold)) => {
            let cmd = Settle { charge: Credits::new(*charge), actor: actor() };
            say(books.settle(hold_id(*hold), &cmd))
        }
        Op::Settle(..) => None,
        Op::Sweep => {
            books.sweep();
            None
        }
        Op::Wait(seconds) => {
            books.now = books.now.plus_seconds(*seconds);
            None
        }
    }
}

fn is_repeatable(op: &Op) -> bool {
    !matches!(op, Op::Renew(_) | Op::Sweep | Op::Wait(_))
}

/// Holds of a day only: nothing ends by itself.
fn untimed(op: Op) -> Op {
    match op {
        Op::Reserve(cmd) => Op::Reserve(Reserve { purpose: books::untimed(), ..cmd }),
        other => other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_books_are_in_order_after_every_command(
        ops in prop::collection::vec(op(), 1..120), overdraft in prop_oneof![Just(0_i64), 0..40_i64],
    ) {
        let mut books = Books::new(overdraft);
        for op in &ops {
            run(&mut books, op);
            prop_assert_eq!(books.violations(), vec![], "after {:?}", op);
            prop_assert!(overdraft > 0 || books.account.available(books.now) >= Credits::ZERO);
        }
    }

    #[test]
    fn a_builds_hold_is_charged_and_ended_by_its_settlement_alone(
        ops in prop::collection::vec(op(), 1..120),
    ) {
        let mut books = Books::new(20);
        for op in &ops {
            let before = books.holds.clone();
            run(&mut books, op);
            if matches!(op, Op::Settle(..) | Op::Refund(_)) {
                continue;
            }
            let of_builds = |hold: &&Hold| matches!(hold.purpose, Purpose::Build(_));
            for hold in before.values().filter(of_builds) {
                prop_assert_eq!(&books.holds[&hold.id], hold, "after {:?}", op);
            }
        }
    }

    #[test]
    fn every_credit_is_somewhere(ops in prop::collection::vec(op(), 1..120)) {
        let mut books = Books::new(20);
        for op in &ops {
            run(&mut books, op);
        }
        let mut accounts: BTreeMap<Option<Counter>, i64> = BTreeMap::new();
        for entry in &books.entries {
            *accounts.entry(None).or_default() += entry.amount.get();
            *accounts.entry(Some(entry.counter())).or_default() -= entry.amount.get();
        }
        prop_assert_eq!(accounts.values().sum::<i64>(), 0);
        let total = |counter| accounts.get(&Some(counter)).copied().unwrap_or(0);
        let given: i64 = books
            .grants
            .values()
            .filter(|grant| grant.refunds.is_none())
            .map(|grant| grant.amount.credits().get())
            .sum();
        let captured: i64 = books.holds.values().map(|hold| hold.captured.get()).sum();
        let refunded: i64 = books.holds.values().map(|hold| hold.refunded.get()).sum();
        prop_assert_eq!(total(Counter::Grants), -given);
        prop_assert_eq!(total(Counter::Revenue), captured);
        prop_assert_eq!(total(Counter::Refunds), -refunded);
        prop_assert!(total(Counter::Expired) >= 0);
    }

    #[test]
    fn a_repeated_command_gets_the_first_answer_and_changes_nothing(
        ops in prop::collection::vec(op(), 1..80),
    ) {
        let mut books = Books::new(0);
        let mut done = Vec::new();
        for op in &ops {
            let answer = run(&mut books, op);
            if let Some(answer) = answer.filter(|_| is_repeatable(op)) {
                done.push((op, answer));
            }
        }
        books.now = books.now.plus_seconds(1_000);
        let before = books.clone();
        for (op, answer) in done {
            prop_assert_eq!(run(&mut books, op), Some(answer), "repeating {:?}", op);
        }
        prop_assert_eq!(books, before);
    }

    #[test]
    fn nothing_burns_while_something_earlier_in_the_order_is_left(
        ops in prop::collection::vec(op(), 1..120),
    ) {
        let mut books = Books::new(0);
        for op in &ops {
            let known = books.entries.len();
            run(&mut books, op);
            let burnt = books.entries[known..].iter().filter(|e| e.reason == Reason::Capture);
            for grant in burnt.filter_map(|entry| entry.grant) {
                let order = books.grants[&grant].burn_order();
                let earlier = books.account.grants.iter().find(|left| left.burn_order() < order);
                prop_assert_eq!(earlier, None, "burnt {:?} first", grant);
            }
        }
    }

    #[test]
    fn when_lapsed_credits_are_swept_decides_nothing(
        ops in prop::collection::vec((op().prop_map(untimed), any::<bool>()), 1..120),
    ) {
        let (mut eager, mut lazy) = (Books::new(20), Books::new(20));
        for (op, sweep) in ops.iter().filter(|(op, _)| !matches!(op, Op::Sweep)) {
            if *sweep {
                eager.sweep();
            }
            prop_assert_eq!(run(&mut eager, op), run(&mut lazy, op), "{:?}", op);
            let available = |books: &Books| books.account.available(books.now);
            prop_assert_eq!(available(&eager), available(&lazy));
        }
        eager.sweep();
        lazy.sweep();
        prop_assert_eq!(eager.grants, lazy.grants);
        prop_assert_eq!(eager.account.balance, lazy.account.balance);
    }
}
