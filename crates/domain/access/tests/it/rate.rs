//! Limits on how often.

use crate::at;
use keelway_access::{RateClass, RateLimit, RateLimits};
use keelway_kernel::Timestamp;
use proptest::prelude::*;
use std::fmt::Write as _;
use std::num::NonZeroU32;

fn limit(limit: u32, window_s: u32) -> RateLimit {
    RateLimit {
        limit: NonZeroU32::new(limit).unwrap(),
        window_s: NonZeroU32::new(window_s).unwrap(),
    }
}

#[test]
fn the_default_table() {
    let mut table = String::new();
    for class in RateClass::ALL {
        let limit = RateLimits::default().of(class);
        writeln!(table, "{} {} in {} s", class.as_str(), limit.limit, limit.window_s).unwrap();
    }
    insta::assert_snapshot!(table, @r"
    guest 10 in 3600 s
    auth 20 in 600 s
    build_submit 100 in 3600 s
    write 300 in 60 s
    read 1200 in 60 s
    unknown_token 300 in 60 s
    ");
}

/// Four a minute: four at once, then one every 15 seconds.
#[test]
fn one_client_over_time() {
    let mut table = String::new();
    let mut full_at = None;
    for now_s in [0, 0, 0, 0, 0, 14, 15, 15, 45, 45, 45, 200] {
        let (decision, next) = limit(4, 60).hit(full_at, at(now_s));
        full_at = Some(next);
        writeln!(
            table,
            "{now_s} s: {}, {} left, full in {} s",
            decision.retry_after_s.map_or("admitted".to_owned(), |s| format!("wait {s} s")),
            decision.remaining,
            decision.reset_after_s,
        )
        .unwrap();
    }
    insta::assert_snapshot!(table, @r"
    0 s: admitted, 3 left, full in 15 s
    0 s: admitted, 2 left, full in 30 s
    0 s: admitted, 1 left, full in 45 s
    0 s: admitted, 0 left, full in 60 s
    0 s: wait 15 s, 0 left, full in 60 s
    14 s: wait 1 s, 0 left, full in 46 s
    15 s: admitted, 0 left, full in 60 s
    15 s: wait 15 s, 0 left, full in 60 s
    45 s: admitted, 1 left, full in 45 s
    45 s: admitted, 0 left, full in 60 s
    45 s: wait 15 s, 0 left, full in 60 s
    200 s: admitted, 3 left, full in 15 s
    ");
}

#[test]
fn a_clock_set_back_locks_nobody_out_for_longer_than_the_window() {
    let (decision, _) = limit(4, 60).hit(Some(at(1_000_000)), at(0));
    assert_eq!((decision.retry_after_s, decision.reset_after_s), (Some(15), 60));
}

proptest! {
    #[test]
    fn the_answer_keeps_its_word(
        count in 1_u32..20,
        window_s in 1_u32..200,
        pauses in prop::collection::vec(0_i64..20_000_000, 1..100),
    ) {
        let limit = limit(count, window_s);
        let mut full_at: Option<Timestamp> = None;
        let mut admitted: Vec<i64> = Vec::new();
        let mut now = 0;
        for pause in pauses {
            now += pause;
            let seen = limit.peek(full_at, Timestamp::from_micros(now));
            let (decision, next) = limit.hit(full_at, Timestamp::from_micros(now));
            prop_assert_eq!(seen.is_allowed(), decision.is_allowed());
            prop_assert_eq!(seen.is_allowed(), seen.remaining > 0);
            if decision.is_allowed() {
                prop_assert_eq!(seen.remaining, decision.remaining + 1);
            } else {
                prop_assert_eq!(seen, decision, "what is refused is seen as it is");
            }
            if let Some(wait_s) = decision.retry_after_s {
                prop_assert!(wait_s >= 1 && decision.remaining == 0);
                prop_assert_eq!(next, full_at.unwrap(), "a refusal costs nothing");
                let later = Timestamp::from_micros(now).plus_seconds(wait_s.into());
                prop_assert!(limit.hit(Some(next), later).0.is_allowed());
            } else {
                admitted.push(now);
                // What is left now can be used now.
                let mut rest = Some(next);
                for _ in 0..decision.remaining {
                    let (more, next) = limit.hit(rest, Timestamp::from_micros(now));
                    prop_assert!(more.is_allowed());
                    rest = Some(next);
                }
                prop_assert!(!limit.hit(rest, Timestamp::from_micros(now)).0.is_allowed());
            }
            prop_assert!(decision.reset_after_s <= window_s);
            full_at = Some(next);
        }
        // A full burst and what comes back meanwhile: at most twice the limit in any window.
        let window = i64::from(window_s) * 1_000_000;
        for start in &admitted {
            let inside = admitted.iter().filter(|t| (*start..start + window).contains(t)).count();
            prop_assert!(inside <= 2 * count as usize);
        }
    }
}
