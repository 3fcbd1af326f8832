//! API keys.

use crate::{Seeded, at, tenant, user};
use keelway_access::{ApiKey, ApiKeyError, ApiKeyRecord, ApiKeyRefused, KeyScope};
use keelway_kernel::ApiKeyId;
use proptest::prelude::*;

/// CRC-32 and SHA-256 as Python's zlib and hashlib have them.
#[test]
fn a_key_is_read_as_the_vector_says() {
    let text = "kw_live_0123456789ABCDEFGHIJabcdefghij15j8rE";
    let key = ApiKey::parse(text).unwrap();
    assert_eq!(key.expose(), text);
    assert_eq!(key.hint(), "kw_live_0123");
    let hex = crate::hex(key.hash().as_bytes());
    assert_eq!(hex, "422a155c520271f9f932b4441f599c64e560a2b296139353884b8e60f9a9e05e");
}

#[test]
fn the_checksum_is_asked_only_about_what_has_the_shape() {
    let key = ApiKey::generate(&Seeded::new(1));
    let text = key.expose();
    for (text, error) in [
        (String::new(), ApiKeyError::Shape),
        (text.replace("live", "test"), ApiKeyError::Shape),
        (text[..text.len() - 1].to_owned(), ApiKeyError::Shape),
        (format!("{text}0"), ApiKeyError::Shape),
        (format!(" {text}"), ApiKeyError::Shape),
        (format!("{}-", &text[..text.len() - 1]), ApiKeyError::Shape),
        (format!("{}é", &text[..text.len() - 2]), ApiKeyError::Shape),
        (format!("kw_live_{}", "0".repeat(36)), ApiKeyError::Checksum),
    ] {
        assert_eq!(ApiKey::parse(&text).unwrap_err(), error, "{text}");
    }
    assert!(!format!("{key:?}").contains(&text[8..12]));
}

#[test]
fn a_key_opens_nothing_from_its_expiry_on_or_once_revoked() {
    let record = |expires_at, revoked_at| ApiKeyRecord {
        id: ApiKeyId::random(&Seeded::new(1)),
        hash: ApiKey::generate(&Seeded::new(1)).hash(),
        tenant: tenant(1),
        created_by: user(1),
        scopes: [KeyScope::BuildsRead].into(),
        expires_at,
        revoked_at,
    };
    assert_eq!(record(None, None).check(at(i64::MAX / 1_000_000)), Ok(()));
    assert_eq!(record(Some(at(10)), None).check(at(9)), Ok(()));
    assert_eq!(record(Some(at(10)), None).check(at(10)), Err(ApiKeyRefused::Expired));
    assert_eq!(record(None, Some(at(10))).check(at(9)), Err(ApiKeyRefused::Revoked));
}

proptest! {
    #[test]
    fn every_generated_key_is_read_back_and_no_two_are_equal(seed: u64) {
        let entropy = Seeded::new(seed);
        let (one, two) = (ApiKey::generate(&entropy), ApiKey::generate(&entropy));
        prop_assert_eq!(ApiKey::parse(one.expose()).unwrap().hash(), one.hash());
        prop_assert_ne!(one.hash(), two.hash());
    }

    /// A CRC-32 finds every change within 32 neighbouring bits.
    #[test]
    fn a_mistyped_character_is_always_noticed(seed: u64, index in 8_usize..44, with in "[0-9A-Za-z]") {
        let key = ApiKey::generate(&Seeded::new(seed));
        let text = key.expose();
        let changed = format!("{}{with}{}", &text[..index], &text[index + 1..]);
        prop_assume!(changed != text);
        prop_assert_eq!(ApiKey::parse(&changed).unwrap_err(), ApiKeyError::Checksum);
    }
}
