//! Tokens, and how long they are good for.

use crate::{Seeded, at, hash, user};
use keelway_access::{
    NewSession, Session, SessionPolicy, SessionState, SessionToken, TicketToken, UserAgent,
};
use keelway_kernel::Timestamp;
use proptest::prelude::*;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

fn opened() -> Session {
    let policy = SessionPolicy::default();
    NewSession { hash: hash(1), user_agent: None, policy }.open(user(1), at(0))
}

#[test]
fn tokens_have_a_prefix_and_256_bits() {
    let token = SessionToken::generate(&Seeded::new(1));
    assert_eq!(token.expose().len(), 4 + 43);
    assert_eq!(SessionToken::parse(token.expose()).unwrap().hash(), token.hash());
    let ticket = TicketToken::generate(&Seeded::new(1));
    assert!(SessionToken::parse(ticket.expose()).is_err(), "a ticket is no session");
    assert_ne!(ticket.hash(), token.hash());
    let text = token.expose();
    for text in ["", "kws_", &text[..46], &format!("{text}a"), &text.replace("kws_", "KWS_")] {
        assert!(SessionToken::parse(text).is_err(), "{text}");
    }
    assert!(!format!("{token:?} {ticket:?}").contains(&text[4..10]));
}

/// SHA-256 and HMAC-SHA256 as Python's hashlib and hmac have them.
#[test]
fn what_is_kept_of_a_token_is_as_the_vector_says() {
    let token = SessionToken::parse("kws_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg").unwrap();
    let hex = crate::hex(token.hash().as_bytes());
    assert_eq!(hex, "eece8ab369d51f25aebf3025225dbb3af39f6bb445334408a146e1474778357e");
    assert_eq!(
        token.csrf_token(),
        "2a67a216d7b1f07f30c13598f690d4d421332bc268eb55d5dab54bb31960d991"
    );
}

#[test]
fn a_csrf_token_belongs_to_one_session() {
    let entropy = Seeded::new(1);
    let (mine, other) = (SessionToken::generate(&entropy), SessionToken::generate(&entropy));
    assert!(mine.accepts_csrf(&mine.csrf_token()));
    assert!(!mine.accepts_csrf(&other.csrf_token()));
    for text in ["", " ", &mine.csrf_token()[1..], &mine.csrf_token().to_uppercase()] {
        assert!(!mine.accepts_csrf(text), "{text}");
    }
}

/// What a session opened at 0 and untouched since is good for.
#[test]
fn a_session_slides_for_30_days() {
    let policy = SessionPolicy::default();
    let renewed = |now_s: i64| SessionState::Renew {
        last_seen_at: at(now_s),
        expires_at: at(now_s + 30 * DAY),
    };
    for (now_s, state) in [
        (-HOUR, SessionState::Live),
        (0, SessionState::Live),
        (HOUR - 1, SessionState::Live),
        (HOUR, renewed(HOUR)),
        (30 * DAY - 1, renewed(30 * DAY - 1)),
        (30 * DAY, SessionState::Expired),
        (99 * DAY, SessionState::Expired),
    ] {
        assert_eq!(policy.check(&opened(), at(now_s)), state, "at {now_s}");
    }
}

#[test]
fn however_much_it_is_used_a_session_ends_after_90_days() {
    let policy = SessionPolicy::default();
    let mut session = opened();
    let mut now = at(0);
    loop {
        now = now.plus_seconds(DAY);
        match policy.check(&session, now) {
            SessionState::Renew { last_seen_at, expires_at } => {
                session = Session { last_seen_at, expires_at, ..session };
            }
            SessionState::Live => panic!("a day is longer than an hour"),
            SessionState::Expired => break,
        }
    }
    assert_eq!(now, at(90 * DAY));
}

#[test]
fn a_shorter_limit_ends_sessions_opened_under_a_longer_one() {
    let strict = SessionPolicy { idle_s: HOUR, absolute_s: DAY, renew_every_s: 60 };
    assert_eq!(strict.check(&opened(), at(HOUR)), SessionState::Expired);
    let used = Session { last_seen_at: at(2 * DAY), ..opened() };
    assert_eq!(strict.check(&used, at(2 * DAY)), SessionState::Expired);
}

#[test]
fn a_longer_limit_does_not_bring_back_what_was_over() {
    let short = SessionPolicy { idle_s: HOUR, ..SessionPolicy::default() };
    let session =
        NewSession { hash: hash(1), user_agent: None, policy: short }.open(user(1), at(0));
    assert_eq!(SessionPolicy::default().check(&session, at(HOUR)), SessionState::Expired);
}

#[test]
fn user_agents_are_kept_printable_and_short() {
    assert_eq!(UserAgent::trimmed(" \n\0"), None);
    assert_eq!(UserAgent::trimmed(" curl/8\u{7}.0 ").unwrap().as_str(), "curl/8.0");
    assert_eq!(UserAgent::trimmed(&"é".repeat(999)).unwrap().as_str().chars().count(), 200);
}

proptest! {
    #[test]
    fn no_course_of_use_outlives_the_limits(
        idle_s in 1..500_i64,
        absolute_s in 1..2_000_i64,
        renew_every_s in 0..200_i64,
        pauses in prop::collection::vec(0..600_i64, 1..40),
    ) {
        let policy = SessionPolicy { idle_s, absolute_s, renew_every_s };
        let mut session =
            NewSession { hash: hash(1), user_agent: None, policy }.open(user(1), at(0));
        let mut now = Timestamp::from_micros(0);
        let mut over = false;
        for pause in pauses {
            let seen = session.last_seen_at;
            now = now.plus_seconds(pause);
            match policy.check(&session, now) {
                SessionState::Renew { last_seen_at, expires_at } => {
                    prop_assert!(!over && now < session.expires_at);
                    prop_assert!(now >= seen.plus_seconds(renew_every_s));
                    prop_assert!(expires_at <= at(absolute_s) && expires_at > now);
                    prop_assert_eq!(last_seen_at, now);
                    session = Session { last_seen_at, expires_at, ..session };
                }
                SessionState::Live => {
                    prop_assert!(!over && now < session.expires_at);
                    prop_assert!(now < seen.plus_seconds(renew_every_s));
                }
                SessionState::Expired => {
                    prop_assert!(now >= session.expires_at);
                    over = true;
                }
            }
        }
    }
}
