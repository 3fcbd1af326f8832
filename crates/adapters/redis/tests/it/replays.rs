//! Replays are refused whatever Redis knows.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use keelway_contract::SeededEntropy;
use keelway_kernel::{Failure, StoreError};
use keelway_signing::{KeyId, Nonce, ReplayGuard, Replayed};

use crate::house::{connect, connected, namespace, patient, random, soon};
use crate::server::{Server, run, shared};

#[derive(Clone, Default)]
struct Guard {
    taken: Arc<Mutex<HashSet<(String, String)>>>,
    asked: Arc<AtomicU32>,
    broken: Arc<AtomicBool>,
}

#[async_trait]
impl ReplayGuard for Guard {
    async fn remember(&self, key: &KeyId, nonce: &Nonce) -> Result<(), Failure<Replayed>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.broken.load(Ordering::Relaxed) {
            return Err(StoreError::Contended.into());
        }
        let entry = (key.as_str().to_owned(), nonce.as_str().to_owned());
        let new = self.taken.lock().unwrap().insert(entry);
        new.then_some(()).ok_or(Failure::Rejected(Replayed))
    }

    async fn sweep(&self) -> Result<u64, StoreError> {
        Ok(7)
    }
}

impl Guard {
    fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }
}

fn key(name: &str) -> KeyId {
    KeyId::parse(name).unwrap()
}

fn nonce() -> Nonce {
    Nonce::generate(&SeededEntropy::new(random()))
}

fn refused(answer: &Result<(), Failure<Replayed>>) -> bool {
    matches!(answer, Err(Failure::Rejected(Replayed)))
}

#[tokio::test]
async fn keys_of_another_type_do_not_make_redis_look_away() {
    let namespace = namespace();
    let redis = connected(&patient(&shared(), &namespace)).await;
    let guard = Guard::default();
    let (replays, key) = (redis.replays(guard.clone()), key("main"));
    for asked in 1..=10 {
        let nonce = nonce();
        let place = format!("{namespace}:nonce:{{main}}:{}", nonce.as_str());
        let _: u32 = run(&shared(), &format!("LPUSH {place} x")).await;
        assert!(soon(replays.remember(&key, &nonce)).await.is_ok());
        assert_eq!(guard.asked(), asked, "the guard decides");
        assert!(refused(&soon(replays.remember(&key, &nonce)).await));
        assert_eq!(guard.asked(), asked, "Redis knows it by now");
    }
    assert_eq!(redis.health().degraded(), []);
}

#[tokio::test]
async fn what_redis_has_seen_is_refused_without_asking_the_guard() {
    let settings = patient(&shared(), &namespace());
    let guard = Guard::default();
    let one = connected(&settings).await.replays(guard.clone());
    let two = connected(&settings).await.replays(guard.clone());
    let (key, other, nonce) = (key("main"), key("other"), nonce());
    assert!(soon(one.remember(&key, &nonce)).await.is_ok());
    for guard in [&one, &two] {
        assert!(refused(&soon(guard.remember(&key, &nonce)).await));
    }
    assert_eq!(guard.asked(), 1);
    assert!(soon(two.remember(&other, &nonce)).await.is_ok(), "another key's");
    assert_eq!(soon(one.sweep()).await, Ok(7));
}

#[tokio::test]
async fn after_a_flush_replays_are_refused_still() {
    let server = Server::start(&[]).await;
    let guard = Guard::default();
    let early = connected(&patient(&server.url(), &namespace())).await.replays(guard.clone());
    let (key, nonce) = (key("main"), nonce());
    assert!(soon(early.remember(&key, &nonce)).await.is_ok());
    server.run::<()>("FLUSHALL").await;
    assert!(refused(&soon(early.remember(&key, &nonce)).await));
    assert_eq!(guard.asked(), 2, "the guard refused it");
    assert!(refused(&soon(early.remember(&key, &nonce)).await));
    assert_eq!(guard.asked(), 2, "and Redis knows again");
}

#[tokio::test]
async fn a_request_that_the_guard_could_not_decide_on_may_be_sent_again() {
    let guard = Guard::default();
    let early = connected(&patient(&shared(), &namespace())).await.replays(guard.clone());
    let (key, nonce) = (key("main"), nonce());
    guard.broken.store(true, Ordering::Relaxed);
    assert!(matches!(soon(early.remember(&key, &nonce)).await, Err(Failure::Store(_))));
    guard.broken.store(false, Ordering::Relaxed);
    assert!(soon(early.remember(&key, &nonce)).await.is_ok());
}

#[tokio::test]
async fn without_redis_the_guard_decides() {
    let mut server = Server::start(&[]).await;
    server.kill().await;
    let guard = Guard::default();
    let early = connect(&patient(&server.url(), &namespace())).await.replays(guard.clone());
    let (key, nonce) = (key("main"), nonce());
    assert!(soon(early.remember(&key, &nonce)).await.is_ok());
    assert!(refused(&soon(early.remember(&key, &nonce)).await));
}
