//! Waiting after wrong passwords.

use crate::at;
use keelway_access::{Attempts, TooManyAttempts};
use proptest::prelude::*;
use std::fmt::Write as _;

#[test]
fn the_wait_doubles_up_to_a_quarter_of_an_hour() {
    let mut table = String::new();
    for failures in [0, 1, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 36, 37, 38, 99, u32::MAX] {
        let attempts = Attempts { failures, last_at: at(0) };
        write!(table, "{failures}:{} ", attempts.delay_s()).unwrap();
    }
    insta::assert_snapshot!(table, @"0:0 1:0 5:0 6:1 7:2 8:4 9:8 10:16 11:32 12:64 13:128 14:256 15:512 16:900 36:900 37:900 38:900 99:900 4294967295:900");
}

#[test]
fn an_attempt_is_counted_before_it_is_checked() {
    let mut stored = None;
    for failures in 1..=6 {
        let admitted = Attempts::admit(stored, at(100)).unwrap();
        assert_eq!(admitted, Attempts { failures, last_at: at(100) });
        stored = Some(admitted);
    }
    // All at the same moment: the seventh has to wait, though none was found wrong yet.
    assert_eq!(Attempts::admit(stored, at(100)), Err(TooManyAttempts { retry_after_s: 1 }));
    assert_eq!(Attempts::admit(stored, at(101)).unwrap().failures, 7);
}

#[test]
fn a_day_of_quiet_forgets() {
    let many = Attempts { failures: 40, last_at: at(0) };
    assert_eq!(Attempts::admit(Some(many), at(899)), Err(TooManyAttempts { retry_after_s: 1 }));
    assert_eq!(Attempts::admit(Some(many), at(900)).unwrap().failures, 41);
    assert_eq!(Attempts::admit(Some(many), at(86_399)).unwrap().failures, 41);
    assert_eq!(Attempts::admit(Some(many), at(86_400)).unwrap().failures, 1);
}

#[test]
fn a_clock_set_back_never_lengthens_the_wait() {
    let many = Attempts { failures: 7, last_at: at(1_000_000) };
    assert_eq!(Attempts::admit(Some(many), at(0)), Err(TooManyAttempts { retry_after_s: 2 }));
}

proptest! {
    /// However an attacker times it, guesses on one address are bounded by the delays.
    #[test]
    fn guesses_are_bounded(pauses in prop::collection::vec(0..400_i64, 1..400)) {
        let mut stored: Option<Attempts> = None;
        let mut now_s = 0;
        for pause in pauses {
            now_s += pause;
            let waited = stored.map(|past| (past.delay_s(), now_s - past.last_at.as_micros() / 1_000_000));
            match Attempts::admit(stored, at(now_s)) {
                Ok(admitted) => {
                    prop_assert!(waited.is_none_or(|(delay, waited)| waited >= i64::from(delay)));
                    stored = Some(admitted);
                }
                Err(refused) => {
                    let (delay, waited) = waited.unwrap();
                    prop_assert_eq!(i64::from(refused.retry_after_s), i64::from(delay) - waited);
                    prop_assert!(refused.retry_after_s >= 1);
                }
            }
        }
    }
}
