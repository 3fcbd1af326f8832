//! What counts requests, in one process or for all of them.
//!
//! A limiter is no store and may keep its own time, so its cases are apart from [`suite!`]: none
//! waits, and none lasts as long as it takes for a request to come back.
//!
//! [`suite!`]: crate::suite

use std::num::NonZeroU32;
use std::sync::Arc;

use keelway_access::ports::RateLimiter;
use keelway_access::{RateClass, RateDecision, RateLimit, RateLimits};

use crate::race;

/// Emits one test per case. The argument is an `async fn(RateLimits) -> Arc<dyn RateLimiter>` that
/// makes a limiter which has counted nothing.
#[macro_export]
macro_rules! limiter_suite {
    ($open:expr) => {
        $crate::limiter_suite! { @ $open;
            a_look_never_counts_and_always_sees_what_a_request_would_find,
            a_look_never_makes_room_for_a_refused_key,
            keys_of_different_classes_never_share_a_count,
            requests_that_race_are_admitted_exactly_to_the_limit,
            a_look_while_others_ask_is_never_believed_for_more_than_is_left,
        }
    };
    (@ $open:expr; $($case:ident,)+) => {
        $(
            #[test]
            fn $case() {
                $crate::limiter::run($open, $crate::limiter::cases::$case);
            }
        )+
    };
}

/// How many of each class there are in the cases.
const LIMIT: u32 = 5;

/// Runs one case on a limiter of its own, on several threads.
///
/// # Panics
///
/// If the case fails.
pub fn run<Opening, Case>(
    open: impl FnOnce(RateLimits) -> Opening,
    case: impl FnOnce(Arc<dyn RateLimiter>) -> Case,
) where
    Opening: Future<Output = Arc<dyn RateLimiter>>,
    Case: Future<Output = ()>,
{
    let a_day = RateLimit {
        limit: NonZeroU32::new(LIMIT).unwrap(),
        window_s: NonZeroU32::MIN.saturating_add(86_399),
    };
    let limits = RateLimits {
        guest: a_day,
        auth: a_day,
        build_submit: a_day,
        write: a_day,
        read: a_day,
        unknown_token: a_day,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .expect("threads to run on");
    runtime.block_on(async { case(open(limits).await).await });
}

/// What does not change while a case runs.
fn told(decision: RateDecision) -> (u32, bool) {
    (decision.remaining, decision.is_allowed())
}

/// The cases, where other crates can name them.
#[doc(hidden)]
pub mod cases {
    use super::{Arc, LIMIT, RateClass, RateLimiter, race, told};

    pub async fn a_look_never_counts_and_always_sees_what_a_request_would_find(
        limiter: Arc<dyn RateLimiter>,
    ) {
        for left in (1..=LIMIT).rev() {
            for _ in 0..3 {
                let seen = limiter.peek(RateClass::UnknownToken, "k").await;
                assert_eq!(told(seen), (left, true));
            }
            let hit = limiter.hit(RateClass::UnknownToken, "k").await;
            assert_eq!(told(hit), (left - 1, true));
        }
        let seen = limiter.peek(RateClass::UnknownToken, "k").await;
        let hit = limiter.hit(RateClass::UnknownToken, "k").await;
        assert_eq!((told(seen), told(hit)), ((0, false), (0, false)));
        assert_eq!(seen.limit, hit.limit);
    }

    pub async fn a_look_never_makes_room_for_a_refused_key(limiter: Arc<dyn RateLimiter>) {
        for _ in 0..=LIMIT {
            limiter.hit(RateClass::Read, "k").await;
        }
        for _ in 0..3 {
            assert_eq!(told(limiter.peek(RateClass::Read, "k").await), (0, false));
            assert_eq!(told(limiter.hit(RateClass::Read, "k").await), (0, false));
        }
    }

    pub async fn keys_of_different_classes_never_share_a_count(limiter: Arc<dyn RateLimiter>) {
        for class in RateClass::ALL {
            for key in ["a", "b"] {
                assert_eq!(told(limiter.peek(class, key).await), (LIMIT, true), "{class:?} {key}");
                assert_eq!(told(limiter.hit(class, key).await), (LIMIT - 1, true));
            }
        }
    }

    pub async fn requests_that_race_are_admitted_exactly_to_the_limit(
        limiter: Arc<dyn RateLimiter>,
    ) {
        let hits = race(64, |_| {
            let limiter = limiter.clone();
            async move { limiter.hit(RateClass::Write, "k").await.is_allowed() }
        });
        let admitted = hits.await.into_iter().filter(|is_allowed| *is_allowed).count();
        assert_eq!(admitted, LIMIT as usize);
    }

    pub async fn a_look_while_others_ask_is_never_believed_for_more_than_is_left(
        limiter: Arc<dyn RateLimiter>,
    ) {
        let answers = race(64, |number| {
            let limiter = limiter.clone();
            async move {
                if number % 2 == 0 {
                    limiter.hit(RateClass::Write, "k").await;
                }
                limiter.peek(RateClass::Write, "k").await
            }
        });
        let most = |number: usize| if number.is_multiple_of(2) { LIMIT - 1 } else { LIMIT };
        for (number, seen) in answers.await.into_iter().enumerate() {
            assert!(seen.remaining <= most(number), "{number}: {seen:?}");
            assert_eq!(seen.is_allowed(), seen.remaining > 0);
        }
        assert_eq!(told(limiter.peek(RateClass::Write, "k").await), (0, false));
    }
}
