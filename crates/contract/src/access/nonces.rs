//! Nonces of signed requests.

use crate::{Fixture, race, rejected, sorted};
use keelway_signing::{KeyId, Nonce, Replayed};

crate::cases! {
    access_nonces_cases in access::nonces:
    a_nonce_is_taken_exactly_once,
    one_nonce_raced_never_gets_through_twice,
    a_nonce_is_never_forgotten_early,
    keys_never_share_nonces,
}

fn key(name: &str) -> KeyId {
    KeyId::parse(name).unwrap()
}

async fn a_nonce_is_taken_exactly_once(fx: Fixture) {
    let nonce = Nonce::generate(&*fx.entropy);
    let guard = &fx.store.replay_guard;
    guard.remember(&key("a"), &nonce).await.unwrap();
    assert_eq!(rejected(guard.remember(&key("a"), &nonce).await), Replayed);
    let other = Nonce::generate(&*fx.entropy);
    guard.remember(&key("a"), &other).await.unwrap();
}

async fn one_nonce_raced_never_gets_through_twice(fx: Fixture) {
    let nonce = Nonce::generate(&*fx.entropy);
    let answers = race(64, |_| {
        let (guard, nonce) = (fx.store.replay_guard.clone(), nonce.clone());
        async move { guard.remember(&key("a"), &nonce).await }
    })
    .await;
    let (through, refused) = sorted(answers);
    assert_eq!((through.len(), refused.len()), (1, 63));
}

async fn a_nonce_is_never_forgotten_early(fx: Fixture) {
    let nonce = Nonce::generate(&*fx.entropy);
    let guard = &fx.store.replay_guard;
    guard.remember(&key("a"), &nonce).await.unwrap();
    fx.clock.advance(Nonce::REMEMBERED_S - 1);
    assert_eq!(guard.sweep().await.unwrap(), 0);
    assert_eq!(rejected(guard.remember(&key("a"), &nonce).await), Replayed);
    fx.clock.advance(1);
    assert_eq!(guard.sweep().await.unwrap(), 1);
    guard.remember(&key("a"), &nonce).await.unwrap();
}

async fn keys_never_share_nonces(fx: Fixture) {
    let nonce = Nonce::generate(&*fx.entropy);
    let guard = &fx.store.replay_guard;
    guard.remember(&key("a"), &nonce).await.unwrap();
    guard.remember(&key("b"), &nonce).await.unwrap();
    assert_eq!(rejected(guard.remember(&key("a"), &nonce).await), Replayed);
}
