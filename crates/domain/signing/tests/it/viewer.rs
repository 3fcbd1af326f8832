//! Tokens that open one build's events.

use crate::{NOW_S, OTHER, SECRET, at, key, ring, text, vectors};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use keelway_signing::viewer::LIFETIME_S;
use keelway_signing::{KeyId, KeyRing, ViewerClaims, ViewerTokenError};
use proptest::prelude::*;

fn claims() -> ViewerClaims {
    ViewerClaims {
        user: "usr_01h455vb4pex5vsknk084sn02q".parse().unwrap(),
        tenant: "ten_01h455vb4pex5vsknk084sn02q".parse().unwrap(),
        build: "bld_01h455vb4pex5vsknk084sn02q".parse().unwrap(),
        session: Some([3; 32]),
    }
}

#[test]
fn viewer_tokens_are_judged_as_the_vectors_say() {
    let vectors = vectors();
    let set = &vectors["viewer_tokens"];
    let keys = KeyRing::of(key("a", text(set, "secret").as_bytes()));
    let now = at(set["now"].as_i64().unwrap());
    for case in set["cases"].as_array().unwrap() {
        let verdict = match ViewerClaims::verify(text(case, "token"), &keys, now) {
            Ok(_) => "accepted".to_owned(),
            Err(refusal) => refusal.to_string(),
        };
        assert_eq!(verdict, text(case, "verdict"), "{}", text(case, "name"));
    }
}

#[test]
fn a_viewer_token_lasts_exactly_ten_minutes_and_survives_rotation() {
    let (token, expires_at) = claims().issue(&ring().current, at(NOW_S));
    assert_eq!(expires_at, at(NOW_S + LIFETIME_S));
    let rotating = KeyRing { current: key("b", OTHER), previous: Some(key("a", SECRET)) };
    let read = ViewerClaims::verify(&token, &rotating, at(NOW_S + 599));
    assert_eq!(read, Ok((claims(), expires_at)));
    let late = ViewerClaims::verify(&token, &rotating, at(NOW_S + 600));
    assert_eq!(late, Err(ViewerTokenError::Expired));
    let gone = ViewerClaims::verify(&token, &KeyRing::of(key("b", OTHER)), at(NOW_S));
    assert_eq!(gone, Err(ViewerTokenError::UnknownKey(key("a", SECRET).id().clone())));
    let namesake = ViewerClaims::verify(&token, &KeyRing::of(key("a", OTHER)), at(NOW_S));
    assert_eq!(namesake, Err(ViewerTokenError::Mismatch));
}

#[test]
fn a_viewer_token_says_which_session_it_came_from_if_one_did() {
    for session in [Some([3; 32]), None] {
        let claims = ViewerClaims { session, ..claims() };
        let (token, _) = claims.issue(&ring().current, at(NOW_S));
        let (read, _) = ViewerClaims::verify(&token, &ring(), at(NOW_S)).unwrap();
        assert_eq!(read, claims);
    }
    // As versions issued it that did not name the session.
    let vectors = vectors();
    let set = &vectors["viewer_tokens"];
    let keys = KeyRing::of(key("a", text(set, "secret").as_bytes()));
    let old = text(&set["cases"][0], "token");
    let (read, until) = ViewerClaims::verify(old, &keys, at(NOW_S)).unwrap();
    assert_eq!((read, until), (ViewerClaims { session: None, ..claims() }, at(NOW_S + LIFETIME_S)));
}

#[test]
fn a_secret_has_one_name_and_another_has_another() {
    let [one, again, other] = [SECRET, SECRET, OTHER].map(KeyId::of_secret);
    assert_eq!(one, again);
    assert_ne!(one, other);
    assert_eq!(KeyId::parse(one.as_str()), Ok(one));
}

#[test]
fn what_is_no_key_id_is_not_repeated() {
    for kid in ["", "a b", "a\n", &"a".repeat(65)] {
        let payload = serde_json::json!({ "kid": kid, "exp": 0 }).to_string();
        let token = format!("kwv1.{}.AAAA", BASE64_URL_SAFE_NO_PAD.encode(payload));
        let refused = ViewerClaims::verify(&token, &ring(), at(NOW_S));
        assert_eq!(refused, Err(ViewerTokenError::Mismatch), "{kid:?}");
    }
}

proptest! {
    #[test]
    fn no_changed_character_survives_in_a_viewer_token(index in 0_usize..200, with in "[A-Za-z0-9_.-]") {
        let (token, _) = claims().issue(&ring().current, at(NOW_S));
        let index = index % token.len();
        let changed = format!("{}{with}{}", &token[..index], &token[index + 1..]);
        prop_assume!(changed != token);
        prop_assert!(ViewerClaims::verify(&changed, &ring(), at(NOW_S)).is_err());
    }
}
