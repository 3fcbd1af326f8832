//! One count for all processes.

use std::sync::Arc;

use deadpool_redis::redis::Value;
use futures::future::join_all;
use keelway_access::ports::RateLimiter;
use keelway_access::{RateClass, RateLimits};

use crate::house::{ALONE, Alone, connected, limiter, namespace, patient, random, soon};
use crate::server::{run, shared};

const LIMIT: u32 = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_share_one_count_and_admit_exactly_the_limit() {
    let settings = patient(&shared(), &namespace());
    let (one, two) = (connected(&settings).await, connected(&settings).await);
    let ((one, alone), (two, _)) = (limiter(&one, LIMIT), limiter(&two, LIMIT));
    let hits = (0..3 * LIMIT).map(|n| {
        let limiter = if n % 2 == 0 { &one } else { &two };
        limiter.hit(RateClass::Read, "usr_x")
    });
    let decisions = soon(join_all(hits)).await;
    let admitted = decisions.iter().filter(|decision| decision.is_allowed()).count();
    assert_eq!(admitted, LIMIT as usize);
    let mut remaining: Vec<u32> = decisions
        .iter()
        .filter(|decision| decision.is_allowed())
        .map(|decision| decision.remaining)
        .collect();
    remaining.sort_unstable();
    assert_eq!(remaining, (0..LIMIT).collect::<Vec<_>>(), "no two were told the same");
    assert_eq!(alone.asked(), 0);
}

#[tokio::test]
async fn keys_classes_and_namespaces_share_no_count() {
    let settings = patient(&shared(), &namespace());
    let (here, _) = limiter(&connected(&settings).await, LIMIT);
    let elsewhere = settings.clone().within(&namespace()).unwrap();
    let (there, _) = limiter(&connected(&elsewhere).await, LIMIT);
    for (limiter, class, key) in [
        (&here, RateClass::Read, "a"),
        (&here, RateClass::Read, "b"),
        (&here, RateClass::Read, "a}"),
        (&here, RateClass::Read, ""),
        (&here, RateClass::Write, "a"),
        (&there, RateClass::Read, "a"),
    ] {
        let decision = soon(limiter.hit(class, key)).await;
        assert_eq!(decision.remaining, LIMIT - 1, "{class:?} {key}");
    }
}

async fn open(limits: RateLimits) -> Arc<dyn RateLimiter> {
    let redis = connected(&patient(&shared(), &namespace())).await;
    Arc::new(redis.limiter(limits, Arc::new(Alone::default())))
}

keelway_contract::limiter_suite!(open);

#[tokio::test]
async fn a_look_is_of_all_processes_and_writes_nothing() {
    let namespace = namespace();
    let settings = patient(&shared(), &namespace);
    let (one, two) = (connected(&settings).await, connected(&settings).await);
    let ((one, alone), (two, _)) = (limiter(&one, 2), limiter(&two, 2));
    let seen = soon(one.peek(RateClass::Read, "k")).await;
    assert_eq!((seen.remaining, seen.retry_after_s, seen.reset_after_s), (2, None, 0));
    let place = format!("{namespace}:read:{{k}}");
    assert_eq!(run::<u32>(&shared(), &format!("EXISTS {place}")).await, 0);
    soon(two.hit(RateClass::Read, "k")).await;
    let kept: i64 = run(&shared(), &format!("GET {place}")).await;
    assert_eq!(soon(one.peek(RateClass::Read, "k")).await.remaining, 1);
    assert_eq!(run::<i64>(&shared(), &format!("GET {place}")).await, kept);
    soon(two.hit(RateClass::Read, "k")).await;
    let refused = soon(one.peek(RateClass::Read, "k")).await;
    assert_eq!((refused.remaining, refused.retry_after_s), (0, Some(1_800)));
    // What was seen is not asked about again, by looks or by requests.
    let _: u32 = run(&shared(), &format!("DEL {place}")).await;
    assert!(!soon(one.peek(RateClass::Read, "k")).await.is_allowed(), "from memory");
    assert!(!soon(one.hit(RateClass::Read, "k")).await.is_allowed(), "from memory");
    assert!(soon(two.peek(RateClass::Read, "k")).await.is_allowed(), "from Redis");
    assert_eq!(alone.asked(), 0);
}

#[tokio::test]
async fn a_key_known_to_be_over_is_not_asked_about() {
    let namespace = namespace();
    let settings = patient(&shared(), &namespace);
    let (one, two) = (connected(&settings).await, connected(&settings).await);
    let ((one, _), (two, _)) = (limiter(&one, 1), limiter(&two, 1));
    assert!(soon(one.hit(RateClass::Read, "k")).await.is_allowed());
    let refused = soon(one.hit(RateClass::Read, "k")).await;
    assert_eq!(refused.retry_after_s, Some(3_600));
    let gone: u32 = run(&shared(), &format!("DEL {namespace}:read:{{k}}")).await;
    assert_eq!(gone, 1);
    assert!(!soon(one.hit(RateClass::Read, "k")).await.is_allowed(), "from memory");
    assert!(soon(two.hit(RateClass::Read, "k")).await.is_allowed(), "from Redis");
}

#[tokio::test]
async fn a_key_that_holds_nonsense_is_written_over_and_harms_no_other() {
    let namespace = namespace();
    let redis = connected(&patient(&shared(), &namespace)).await;
    let (limiter, alone) = limiter(&redis, LIMIT);
    let place = format!("{namespace}:read:{{k}}");
    let huge = "9".repeat(400);
    for spoil in [
        format!("LPUSH {place} x"),
        format!("HSET {place} x 1"),
        format!("SET {place} x"),
        format!("SET {place} -5"),
        format!("SET {place} nan"),
        format!("SET {place} 0x10"),
        format!("SET {place} 1e300"),
        format!("SET {place} 9223372036854775808"),
        format!("SET {place} {huge}"),
    ] {
        let _: u32 = run(&shared(), &format!("DEL {place}")).await;
        let _: Value = run(&shared(), &spoil).await;
        for remaining in [LIMIT - 1, LIMIT - 2] {
            let seen = soon(limiter.peek(RateClass::Read, "k")).await;
            let decision = soon(limiter.hit(RateClass::Read, "k")).await;
            assert_eq!((seen.remaining, decision.remaining), (remaining + 1, remaining), "{spoil}");
        }
    }
    assert_eq!(alone.asked(), 0);
    assert_eq!(redis.health().degraded(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_calls_were_abandoned_no_reply_is_anothers() {
    let redis = connected(&patient(&shared(), &namespace())).await;
    let (limiter, alone) = limiter(&redis, LIMIT);
    let limiter = Arc::new(limiter);
    let hit = |key: String| {
        let limiter = limiter.clone();
        async move { limiter.hit(RateClass::Read, &key).await }
    };
    for round in 0..200 {
        let mut calls = tokio::task::JoinSet::new();
        for call in 0..20 {
            calls.spawn(hit(format!("abandoned {round} {call}")));
        }
        for _ in 0..random() % 8 {
            tokio::task::yield_now().await;
        }
        calls.abort_all();
        let survivors = soon(join_all((0..5).map(|n| hit(format!("{round} {n}"))))).await;
        for survivor in survivors {
            assert_eq!((survivor.remaining, survivor.retry_after_s), (LIMIT - 1, None));
            assert_ne!(survivor.limit, ALONE, "a reply that was another's would not be believed");
        }
    }
    assert_eq!(alone.asked(), 0);
}
