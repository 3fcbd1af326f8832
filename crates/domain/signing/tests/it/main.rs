//! Vectors made by another implementation, tables of refusals, and laws.
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use keelway_kernel::{Entropy, Timestamp};
use keelway_signing::{KeyError, KeyId, KeyRing, Nonce, RequestParts, SharedKey, WebhookSecret};
use serde_json::Value;

mod canonical;
mod requests;
mod viewer;
mod webhook;

pub(crate) const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
pub(crate) const OTHER: &[u8] = b"fedcba9876543210fedcba9876543210";
pub(crate) const NOW_S: i64 = 1_735_689_600;

pub(crate) struct Counting;
impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        (0..).zip(bytes).for_each(|(index, byte)| *byte = index);
    }
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

pub(crate) fn key(id: &str, secret: &[u8]) -> SharedKey {
    SharedKey::new(KeyId::parse(id).unwrap(), secret).unwrap()
}

pub(crate) fn ring() -> KeyRing {
    KeyRing::of(key("a", SECRET))
}

pub(crate) fn get<'a>(path: &'a str, query: &'a str, body: &'a [u8]) -> RequestParts<'a> {
    RequestParts::new("GET", path, query, body).unwrap()
}

pub(crate) fn nonce() -> Nonce {
    Nonce::parse("5f2b1c3d4e5f60718293a4b5c6d7e8f9").unwrap()
}

pub(crate) fn vectors() -> Value {
    serde_json::from_str(include_str!("../vectors/vectors.json")).unwrap()
}

pub(crate) fn text<'a>(case: &'a Value, name: &str) -> &'a str {
    case[name].as_str().unwrap()
}

#[test]
fn short_secrets_do_not_construct() {
    let id = KeyId::parse("a").unwrap();
    let error = SharedKey::new(id, &SECRET[..31]).unwrap_err();
    assert_eq!(error, KeyError::TooShort { min: 32, length: 31 });
    for text in ["", "a b", "é", "a\n", &"x".repeat(65)] {
        assert_eq!(KeyId::parse(text), Err(KeyError::BadId), "{text:?}");
    }
}

#[test]
fn secrets_do_not_show_in_debug_output() {
    let secret = WebhookSecret::generate(&Counting);
    let shown = format!("{:?} {:?}", ring(), WebhookSecret::parse(&secret).unwrap());
    insta::assert_snapshot!(shown, @r#"KeyRing { current: SharedKey { id: KeyId("a"), .. }, previous: None } WebhookSecret(..)"#);
}
