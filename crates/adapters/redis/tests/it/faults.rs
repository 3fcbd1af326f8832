//! Redis killed, stopped, full, flushed, or never there.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use keelway_access::RateClass;
use keelway_access::ports::RateLimiter;
use keelway_builds::ports::{Signals, Topic};
use keelway_redis::{BreakerState, Degraded, Redis, RedisLimiter, RedisSettings};

use crate::house::{Alone, Here, connect, connected, limiter, namespace, patient, soon, well};
use crate::server::Server;

const LIMIT: u32 = 1_000_000;

/// As impatient as in earnest.
fn settings(server: &Server) -> RedisSettings {
    RedisSettings::parse(&server.url()).unwrap().within(&namespace()).unwrap()
}

async fn hit(limiter: &RedisLimiter) -> u32 {
    soon(limiter.hit(RateClass::Read, "usr_x")).await.limit.limit.get()
}

/// Hits until Redis is given up, each of which is decided by somebody.
async fn give_up(redis: &Redis, limiter: &RedisLimiter) {
    soon(async {
        while redis.health().state() == BreakerState::Closed {
            hit(limiter).await;
        }
    })
    .await;
}

/// Hits until Redis decides again: a busy machine may let the first ones wait too long.
async fn comes_back(redis: &Redis, limiter: &RedisLimiter) {
    soon(async {
        loop {
            well(redis).await;
            if hit(limiter).await == LIMIT {
                return;
            }
        }
    })
    .await;
}

async fn goes_on_alone(limiter: &RedisLimiter, alone: &Alone) {
    let before = alone.asked();
    for _ in 0..100 {
        assert_ne!(hit(limiter).await, LIMIT);
    }
    assert_eq!(alone.asked() - before, 100);
}

#[tokio::test]
async fn killed_limits_go_on_here_and_all_comes_back_by_itself() {
    let mut server = Server::start(&[]).await;
    let redis = connected(&settings(&server)).await;
    let (limiter, alone) = limiter(&redis, LIMIT);
    let signals = redis.signals(Arc::new(Here::default()));
    comes_back(&redis, &limiter).await;

    let mut waiting = signals.watch(Topic::Work);
    server.kill().await;
    give_up(&redis, &limiter).await;
    let both = [Degraded::Limits, Degraded::Hints];
    soon(redis.health().until(|degraded| degraded == both)).await;
    goes_on_alone(&limiter, &alone).await;
    let mut here = signals.watch(Topic::Work);
    signals.notify(Topic::Work);
    soon(here.changed()).await;
    soon(waiting.changed()).await;

    server.again().await;
    soon(waiting.changed()).await;
    comes_back(&redis, &limiter).await;
}

#[tokio::test]
async fn stopped_nobody_waits_for_it() {
    let server = Server::start(&[]).await;
    let redis = connected(&settings(&server)).await;
    let (limiter, alone) = limiter(&redis, LIMIT);
    comes_back(&redis, &limiter).await;
    server.signal("STOP").await;
    give_up(&redis, &limiter).await;
    goes_on_alone(&limiter, &alone).await;
    server.signal("CONT").await;
    comes_back(&redis, &limiter).await;
}

#[tokio::test]
async fn a_connection_on_which_a_call_timed_out_is_closed() {
    let server = Server::start(&[]).await;
    let redis = connected(&settings(&server)).await;
    let (limiter, _) = limiter(&redis, LIMIT);
    comes_back(&redis, &limiter).await;
    let before = connections(&server).await;
    server.signal("STOP").await;
    give_up(&redis, &limiter).await;
    server.signal("CONT").await;
    comes_back(&redis, &limiter).await;
    soon(async { while !connections(&server).await.is_disjoint(&before) {} }).await;
}

/// Those that calls are made on, by the numbers the server gives them.
async fn connections(server: &Server) -> HashSet<String> {
    let list: String = server.run("CLIENT LIST TYPE normal").await;
    let calls = list.lines().filter(|line| !line.contains("cmd=client"));
    calls.map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn stopped_for_long_the_silence_is_noticed() {
    let server = Server::start(&[]).await;
    let redis = connected(&settings(&server)).await;
    let signals = redis.signals(Arc::new(Here::default()));
    let mut watch = signals.watch(Topic::Work);
    server.signal("STOP").await;
    // From here on every wait is over as soon as there is nothing else to do.
    tokio::time::pause();
    soon(redis.health().until(|degraded| degraded.contains(&Degraded::Hints))).await;
    tokio::time::resume();
    server.signal("CONT").await;
    soon(watch.changed()).await;
    well(&redis).await;
}

#[tokio::test]
async fn full_only_the_limits_are_degraded() {
    let server = Server::start(&["--maxmemory-policy", "noeviction"]).await;
    let settings = settings(&server);
    let (redis, other) = (connected(&settings).await, connected(&settings).await);
    let (limiter, alone) = limiter(&redis, LIMIT);
    comes_back(&redis, &limiter).await;
    server.run::<()>("CONFIG SET maxmemory 1").await;
    give_up(&redis, &limiter).await;
    goes_on_alone(&limiter, &alone).await;
    // Some probes later: one that reads would have found nothing wrong.
    let changes = AtomicU32::new(0);
    let probed =
        |degraded: &[Degraded]| degraded.is_empty() || changes.fetch_add(1, Ordering::Relaxed) == 6;
    soon(redis.health().until(probed)).await;
    assert_eq!(redis.health().degraded(), [Degraded::Limits]);

    let signals = redis.signals(Arc::new(Here::default()));
    let there = other.signals(Arc::new(Here::default()));
    let mut watch = there.watch(Topic::Work);
    signals.notify(Topic::Work);
    soon(watch.changed()).await;

    server.run::<()>("CONFIG SET maxmemory 0").await;
    comes_back(&redis, &limiter).await;
}

#[tokio::test]
async fn without_scripts_only_the_limits_are_degraded() {
    let renamed = ["--rename-command", "EVAL", "", "--rename-command", "EVALSHA", ""];
    let denied = ["--user", "default", "on", "nopass", "~*", "&*", "+@all", "-eval", "-evalsha"];
    for arguments in [renamed.as_slice(), &denied] {
        let server = Server::start(arguments).await;
        let redis = connect(&settings(&server)).await;
        soon(redis.health().until(|degraded| degraded == [Degraded::Limits])).await;
        let (limiter, alone) = limiter(&redis, LIMIT);
        goes_on_alone(&limiter, &alone).await;
        assert_eq!(redis.health().degraded(), [Degraded::Limits]);
    }
}

#[tokio::test]
async fn flushed_counts_begin_anew_and_nothing_fails() {
    let server = Server::start(&[]).await;
    let redis = connected(&patient(&server.url(), &namespace())).await;
    let (limiter, alone) = limiter(&redis, 5);
    let remaining = async || soon(limiter.hit(RateClass::Read, "usr_x")).await.remaining;
    assert_eq!([remaining().await, remaining().await], [4, 3]);
    server.run::<()>("FLUSHALL").await;
    server.run::<()>("SCRIPT FLUSH").await;
    assert_eq!([remaining().await, remaining().await], [4, 3]);
    assert_eq!((alone.asked(), redis.health().degraded()), (0, vec![]));
}

#[tokio::test]
async fn never_there_everything_goes_on_and_says_so() {
    let mut server = Server::start(&[]).await;
    server.kill().await;
    let redis = connect(&settings(&server)).await;
    let (limiter, alone) = limiter(&redis, LIMIT);
    assert_eq!(redis.health().degraded(), [Degraded::Limits, Degraded::Hints]);
    goes_on_alone(&limiter, &alone).await;
    server.again().await;
    comes_back(&redis, &limiter).await;
}

#[tokio::test]
async fn not_let_in_is_the_same_as_away() {
    let server = Server::start(&["--requirepass", "right"]).await;
    let url = |password| format!("redis://:{password}@127.0.0.1:{}", server.port);
    let redis = connect(&patient(&url("wrong"), &namespace())).await;
    let (refused, alone) = limiter(&redis, LIMIT);
    goes_on_alone(&refused, &alone).await;
    let redis = connected(&patient(&url("right"), &namespace())).await;
    assert_eq!(hit(&limiter(&redis, LIMIT).0).await, LIMIT);
}

#[tokio::test]
async fn tls_to_a_server_that_speaks_none_is_the_same_as_away() {
    let server = Server::start(&[]).await;
    let url = format!("rediss://127.0.0.1:{}", server.port);
    let redis = connect(&patient(&url, &namespace())).await;
    let (limiter, alone) = limiter(&redis, LIMIT);
    goes_on_alone(&limiter, &alone).await;
}
