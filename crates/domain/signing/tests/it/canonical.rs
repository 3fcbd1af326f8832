//! What is signed: vectors, and that no two requests share it.

use crate::{NOW_S, at, get, key, ring, text, vectors};
use keelway_signing::{
    KeyId, KeyRing, Mode, Nonce, RequestParts, SignatureHeaders, Verified, ViewerClaims, sign_v1,
    sign_v2, verify,
};
use proptest::prelude::*;

#[test]
fn requests_are_signed_as_the_vectors_say() {
    for case in vectors()["requests"].as_array().unwrap() {
        let name = text(case, "name");
        let request = RequestParts::new(
            text(case, "method"),
            text(case, "path"),
            text(case, "query"),
            text(case, "body").as_bytes(),
        )
        .unwrap();
        let nonce = Nonce::parse(text(case, "nonce")).unwrap();
        let seconds = case["timestamp"].as_i64().unwrap();
        let key = key("a", text(case, "secret").as_bytes());

        assert_eq!(request.canonical_v2(&nonce, seconds), text(case, "canonical"), "{name}");
        let v2 = sign_v2(&key, &request, &nonce, at(seconds));
        assert_eq!(v2.v2.as_deref(), Some(text(case, "v2")), "{name}");
        let v1 = sign_v1(&key, &request, at(seconds));
        assert_eq!(v1.v1.as_deref(), Some(text(case, "v1")), "{name}");

        let keys = KeyRing::of(key);
        let verdict = verify(&request, &v2, &keys, Mode::Enforce, at(seconds));
        let id = KeyId::parse("a").unwrap();
        assert_eq!(verdict.decision, Ok(Verified::V2 { key: id.clone(), nonce }), "{name}");
        let verdict = verify(&request, &v1, &keys, Mode::Shadow, at(seconds));
        assert_eq!(verdict.decision, Ok(Verified::V1 { key: id }), "{name}");
    }
}

#[test]
fn parts_that_could_cross_a_line_do_not_construct() {
    for (method, path, query) in [
        ("GET\n", "/", ""),
        ("get", "/", ""),
        ("", "/", ""),
        ("GET", "", ""),
        ("GET", "x", ""),
        ("GET", "/a\nb", ""),
        ("GET", "/a b", ""),
        ("GET", "/é", ""),
        ("GET", "/a?b", ""),
        ("GET", "/a#b", ""),
        ("GET", "/", "a\n"),
        ("GET", "/", "a#b"),
        ("GET", "/", "a b"),
    ] {
        assert!(RequestParts::new(method, path, query, b"").is_err(), "{method} {path} {query}");
    }
    for text in ["", "short", "5f2b1c3d4e5f6071\n", "5f2b1c3d4e5f607.", &"x".repeat(65)] {
        assert!(Nonce::parse(text).is_err(), "{text:?}");
    }
}

#[derive(Debug, Clone)]
struct Request {
    method: String,
    path: String,
    query: String,
    body: Vec<u8>,
    nonce: String,
    timestamp_s: i64,
}

impl Request {
    fn parts(&self) -> RequestParts<'_> {
        RequestParts::new(&self.method, &self.path, &self.query, &self.body).unwrap()
    }

    fn nonce(&self) -> Nonce {
        Nonce::parse(&self.nonce).unwrap()
    }

    fn canonical(&self) -> String {
        self.parts().canonical_v2(&self.nonce(), self.timestamp_s)
    }

    fn says_the_same_as(&self, other: &Self) -> bool {
        (&self.method, &self.path, meaning(&self.query), &self.body)
            == (&other.method, &other.path, meaning(&other.query), &other.body)
    }
}

prop_compose! {
    fn requests()(
        method in "[A-Z]{1,7}",
        path in "/[a-z0-9/%.-]{0,12}",
        query in "[a-c&=+%0-9]{0,12}",
        body in prop::collection::vec(any::<u8>(), 0..12),
        nonce in "[a-z0-9]{16,20}",
        timestamp_s in 0..99_999_999_999_i64,
    ) -> Request {
        Request { method, path, query, body, nonce, timestamp_s }
    }
}

/// Two requests of which all parts are drawn apart, or only the query, or none.
fn pairs() -> impl Strategy<Value = (Request, Request)> {
    (requests(), requests(), 0..3).prop_map(|(first, other, apart)| match apart {
        0 => (first, other),
        1 => (first.clone(), Request { query: other.query, ..first }),
        _ => (first.clone(), first),
    })
}

/// What handlers read out of a query, to compare queries by meaning.
fn meaning(query: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    let decode =
        |text: &str| percent_encoding::percent_decode_str(&text.replace('+', " ")).collect();
    let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect();
    pairs.sort();
    pairs
}

proptest! {
    /// The joined form needs no lengths: it falls apart into its six parts in one way only.
    #[test]
    fn different_requests_never_share_a_canonical_string((first, other) in pairs()) {
        prop_assert_eq!(first.canonical().split('\n').count(), 6);
        let same = first.says_the_same_as(&other)
            && (&first.nonce, first.timestamp_s) == (&other.nonce, other.timestamp_s);
        prop_assert_eq!(first.canonical() == other.canonical(), same);
    }

    #[test]
    fn a_signature_holds_for_nothing_but_its_request((first, other) in pairs()) {
        let now = at(first.timestamp_s);
        let headers = sign_v2(&ring().current, &first.parts(), &first.nonce(), now);
        let holds = |request: &Request| {
            verify(&request.parts(), &headers, &ring(), Mode::Enforce, now).decision.is_ok()
        };
        prop_assert!(holds(&first));
        prop_assert_eq!(holds(&other), first.says_the_same_as(&other));
    }

    #[test]
    fn nothing_that_arrives_makes_verification_panic(token in ".{0,80}", timestamp in ".{0,14}") {
        let _ = ViewerClaims::verify(&token, &ring(), at(NOW_S));
        let headers = SignatureHeaders {
            v1: Some(token.clone()),
            v2: Some(token.clone()),
            timestamp: Some(timestamp),
            nonce: Some(token.clone()),
            key_id: Some(token),
        };
        let verdict = verify(&get("/", "", b""), &headers, &ring(), Mode::Dual, at(NOW_S));
        prop_assert!(verdict.decision.is_err());
    }
}
