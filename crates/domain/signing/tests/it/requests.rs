//! Who decides, by which reason, and when.

use crate::{NOW_S, OTHER, SECRET, at, get, key, nonce, ring};
use keelway_kernel::Timestamp;
use keelway_signing::verify::{Header, MAX_AGE_S, MAX_AHEAD_S};
use keelway_signing::{
    HeaderNames, KeyRing, Mode, Nonce, Refusal, SignatureHeaders, Verified, sign_v1, sign_v2,
    verify,
};
use std::fmt::Write as _;

/// One line for each mode and what the request carries: who decides, and what shadow reports.
#[test]
fn modes_decide_as_the_table_says() {
    let request = get("/v1/builds", "", b"{}");
    let v1 = sign_v1(&ring().current, &request, at(NOW_S));
    let v2 = sign_v2(&ring().current, &request, &nonce(), at(NOW_S));
    let wrong = Some("00".repeat(32));
    let both = SignatureHeaders { v1: v1.v1.clone(), ..v2.clone() };
    let cases = [
        ("neither", SignatureHeaders::default()),
        ("v1", v1),
        ("v2", v2.clone()),
        ("both", both.clone()),
        ("v1, wrong v2", SignatureHeaders { v2: wrong.clone(), ..both.clone() }),
        ("wrong v1, v2", SignatureHeaders { v1: wrong.clone(), ..both }),
        ("wrong v1", SignatureHeaders { v1: wrong.clone(), v2: None, ..v2.clone() }),
        ("wrong v2", SignatureHeaders { v2: wrong, ..v2 }),
    ];
    let mut table = String::new();
    for mode in [Mode::Shadow, Mode::Dual, Mode::Enforce] {
        for (name, headers) in &cases {
            let verdict = verify(&request, headers, &ring(), mode, at(NOW_S));
            let decision = match verdict.decision {
                Ok(Verified::V1 { .. }) => "accepted by v1".to_owned(),
                Ok(Verified::V2 { .. }) => "accepted by v2".to_owned(),
                Err(refusal) => format!("{}: {refusal}", refusal.code()),
            };
            let shadow = verdict.shadow.map(|r| format!(" | shadow: {r}")).unwrap_or_default();
            writeln!(table, "{mode:?} {name}: {decision}{shadow}").unwrap();
        }
    }
    insta::assert_snapshot!(table, @r"
    Shadow neither: SIGNATURE_INVALID: no V1 header | shadow: no V2 header
    Shadow v1: accepted by v1 | shadow: no V2 header
    Shadow v2: SIGNATURE_INVALID: no V1 header
    Shadow both: accepted by v1
    Shadow v1, wrong v2: accepted by v1 | shadow: the signature does not match
    Shadow wrong v1, v2: SIGNATURE_INVALID: the signature does not match
    Shadow wrong v1: SIGNATURE_INVALID: the signature does not match | shadow: no V2 header
    Shadow wrong v2: SIGNATURE_INVALID: no V1 header | shadow: the signature does not match
    Dual neither: SIGNATURE_INVALID: no V1 header
    Dual v1: accepted by v1
    Dual v2: accepted by v2
    Dual both: accepted by v2
    Dual v1, wrong v2: accepted by v1
    Dual wrong v1, v2: accepted by v2
    Dual wrong v1: SIGNATURE_INVALID: the signature does not match
    Dual wrong v2: SIGNATURE_INVALID: the signature does not match
    Enforce neither: SIGNATURE_INVALID: no V2 header
    Enforce v1: SIGNATURE_VERSION_RETIRED: version 1 is retired
    Enforce v2: accepted by v2
    Enforce both: accepted by v2
    Enforce v1, wrong v2: SIGNATURE_INVALID: the signature does not match
    Enforce wrong v1, v2: accepted by v2
    Enforce wrong v1: SIGNATURE_VERSION_RETIRED: version 1 is retired
    Enforce wrong v2: SIGNATURE_INVALID: the signature does not match
    ");
}

#[test]
fn the_window_is_120_seconds_back_and_30_ahead() {
    let request = get("/", "", b"");
    let headers = sign_v2(&ring().current, &request, &nonce(), at(NOW_S));
    let decide = |now_ms: i64| {
        let now = Timestamp::from_micros(now_ms * 1000);
        verify(&request, &headers, &ring(), Mode::Enforce, now).decision.err()
    };
    let signed_ms = NOW_S * 1000;
    assert_eq!(decide(signed_ms + MAX_AGE_S * 1000), None);
    assert_eq!(decide(signed_ms + MAX_AGE_S * 1000 + 1), Some(Refusal::Stale { age_s: 120 }));
    assert_eq!(decide(signed_ms - MAX_AHEAD_S * 1000), None);
    assert_eq!(decide(signed_ms - MAX_AHEAD_S * 1000 - 1), Some(Refusal::Early { ahead_s: 30 }));
    // A nonce outlives every moment at which its request could be accepted.
    const { assert!(Nonce::REMEMBERED_S >= 2 * (MAX_AGE_S + MAX_AHEAD_S) + 60) };
}

/// Parse, then time, then signature: each request is wrong in that and everything after it.
#[test]
fn refusals_come_in_the_documented_order() {
    let request = get("/", "", b"");
    let good = sign_v2(&ring().current, &request, &nonce(), at(NOW_S));
    let wrong = SignatureHeaders { v2: Some("00".repeat(32)), ..good.clone() };
    let decide = |headers: &SignatureHeaders, now_s: i64| {
        verify(&request, headers, &ring(), Mode::Enforce, at(now_s)).decision.unwrap_err()
    };
    let set = |change: fn(&mut SignatureHeaders)| {
        let mut headers = wrong.clone();
        change(&mut headers);
        headers
    };
    let late = NOW_S + 9_999;
    for (headers, refusal) in [
        (set(|h| h.v2 = Some("AB".repeat(32))), Refusal::Malformed(Header::V2)),
        (set(|h| h.v2 = Some("ab".repeat(31))), Refusal::Malformed(Header::V2)),
        (set(|h| h.timestamp = None), Refusal::Missing(Header::Timestamp)),
        (set(|h| h.nonce = None), Refusal::Missing(Header::Nonce)),
        (set(|h| h.nonce = Some("no".into())), Refusal::Malformed(Header::Nonce)),
        (set(|h| h.key_id = Some(String::new())), Refusal::Malformed(Header::KeyId)),
    ] {
        assert_eq!(decide(&headers, late), refusal);
    }
    for text in ["", "+1735689600", "-1", "01735689600", "1735689600.0", "9999999999999", "1e9"] {
        let headers = SignatureHeaders { timestamp: Some(text.into()), ..good.clone() };
        assert_eq!(decide(&headers, NOW_S), Refusal::Malformed(Header::Timestamp), "{text}");
    }
    assert_eq!(decide(&wrong, late), Refusal::Stale { age_s: 9_999 });
    assert_eq!(decide(&set(|h| h.key_id = Some("z".into())), NOW_S), Refusal::UnknownKey);
    assert_eq!(decide(&wrong, NOW_S), Refusal::Mismatch);
}

#[test]
fn two_keys_are_valid_while_one_replaces_the_other() {
    let request = get("/", "", b"");
    let (old, new) = (key("old", SECRET), key("new", OTHER));
    let rotating = KeyRing { current: new.clone(), previous: Some(old.clone()) };
    let rotated = KeyRing::of(new.clone());
    let accepts = |keys: &KeyRing, headers: &SignatureHeaders| {
        verify(&request, headers, keys, Mode::Dual, at(NOW_S)).decision
    };
    for signer in [&old, &new] {
        let v2 = sign_v2(signer, &request, &nonce(), at(NOW_S));
        let accepted = Verified::V2 { key: signer.id().clone(), nonce: nonce() };
        assert_eq!(accepts(&rotating, &v2), Ok(accepted.clone()));
        // Old clients name no key.
        let unnamed = SignatureHeaders { key_id: None, ..v2 };
        assert_eq!(accepts(&rotating, &unnamed), Ok(accepted));
        let v1 = sign_v1(signer, &request, at(NOW_S));
        assert_eq!(accepts(&rotating, &v1), Ok(Verified::V1 { key: signer.id().clone() }));
    }
    let retired = sign_v2(&old, &request, &nonce(), at(NOW_S));
    assert_eq!(accepts(&rotated, &retired), Err(Refusal::UnknownKey));
    // Naming one key and signing with the other does not pass.
    let crossed = SignatureHeaders { key_id: Some("new".into()), ..retired };
    assert_eq!(accepts(&rotating, &crossed), Err(Refusal::Mismatch));
}

#[test]
fn old_clients_keep_their_header_names() {
    let names = HeaderNames::with_prefix("sheen").unwrap();
    assert_eq!(names.v1, "x-sheen-signature");
    assert_eq!(names.v2, "x-sheen-sig-v2");
    assert_eq!(names.timestamp, "x-sheen-timestamp");
    assert_eq!(names.nonce, "x-sheen-nonce");
    let names = HeaderNames::with_prefix("keelway").unwrap();
    assert_eq!(names.v2, "x-keelway-signature-v2");
    assert_eq!(names.key_id, "x-keelway-key-id");
    for prefix in ["", "Keelway", "a b", "a:", "a-b", &"x".repeat(33)] {
        assert!(HeaderNames::with_prefix(prefix).is_err(), "{prefix}");
    }
    let sent = sign_v2(&ring().current, &get("/", "", b""), &nonce(), at(NOW_S));
    let pairs = sent.to_pairs(&names);
    assert_eq!(pairs.len(), 4);
    let value_of = |name: &str| Some(pairs.iter().find(|(known, _)| known == name)?.1.as_str());
    assert_eq!(SignatureHeaders::read(&names, value_of), sent);
}
