//! How long a sign-in lasts.

use crate::secret::{SessionToken, TokenHash, sha256};
use keelway_kernel::id::SessionId;
use keelway_kernel::{Timestamp, UserId};
use ring::hmac;
use std::fmt::Write as _;
use uuid::Uuid;

const DAY_S: i64 = 24 * 60 * 60;

/// How long sessions live; a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionPolicy {
    /// Seconds without use after which a session ends.
    pub idle_s: i64,
    /// Seconds after sign-in at which it ends however much it is used.
    pub absolute_s: i64,
    /// Seconds between two renewals, so that reading does not write every time.
    pub renew_every_s: i64,
}

impl Default for SessionPolicy {
    /// 30 days sliding, 90 days in all, renewed at most once an hour.
    fn default() -> Self {
        Self { idle_s: 30 * DAY_S, absolute_s: 90 * DAY_S, renew_every_s: 60 * 60 }
    }
}

/// The browser or program as it named itself: at most 200 characters, nothing unprintable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserAgent(String);

impl UserAgent {
    /// Keeps what is printable of `text`; `None` if nothing is.
    pub fn trimmed(text: &str) -> Option<Self> {
        let kept: String = text.trim().chars().filter(|c| !c.is_control()).take(200).collect();
        (!kept.is_empty()).then_some(Self(kept))
    }

    /// The text to show in the list of sessions.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A session about to be opened; the store adds the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// The hash of the token handed out.
    pub hash: TokenHash,
    /// What the person signs in with.
    pub user_agent: Option<UserAgent>,
    /// How long it may last.
    pub policy: SessionPolicy,
}

impl NewSession {
    /// The session as it is at `now`, its first moment.
    pub fn open(self, user: UserId, now: Timestamp) -> Session {
        Session {
            hash: self.hash,
            user,
            created_at: now,
            last_seen_at: now,
            expires_at: self.policy.expiry(now, now),
            user_agent: self.user_agent,
        }
    }
}

/// One sign-in of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The hash of its token; the token itself is kept nowhere.
    pub hash: TokenHash,
    /// Who signed in.
    pub user: UserId,
    /// When.
    pub created_at: Timestamp,
    /// The last renewal, at most one renewal interval before the last use.
    pub last_seen_at: Timestamp,
    /// From this moment on the session is over.
    pub expires_at: Timestamp,
    /// What the person signed in with.
    pub user_agent: Option<UserAgent>,
}

impl Session {
    /// The name by which the person ends it: follows from the hash and does not lead back.
    pub fn id(&self) -> SessionId {
        let mut bytes = b"keelway session id v1".to_vec();
        bytes.extend_from_slice(self.hash.as_bytes());
        let mut id = [0; 16];
        id.copy_from_slice(&sha256(&bytes)[..16]);
        SessionId::from_uuid(Uuid::from_bytes(id))
    }
}

/// A session's new token, for when its rights grow or its password changes: what was known of
/// it before is worth nothing after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// The session as it was presented.
    pub from: TokenHash,
    /// The hash of the token handed out instead.
    pub to: TokenHash,
    /// How long the new one may last.
    pub policy: SessionPolicy,
}

impl Rotation {
    /// The session that takes `old`'s place at `now`, its first moment.
    pub fn replace(self, old: Session, now: Timestamp) -> Session {
        let new = NewSession { hash: self.to, user_agent: old.user_agent, policy: self.policy };
        new.open(old.user, now)
    }
}

/// What a session is good for at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionState {
    /// Good, nothing to write.
    Live,
    /// Good, and to be stored with these later times.
    Renew {
        /// The new `last_seen_at`.
        last_seen_at: Timestamp,
        /// The new `expires_at`.
        expires_at: Timestamp,
    },
    /// Over: to be treated as if it did not exist.
    Expired,
}

impl SessionPolicy {
    /// Decides what `session` is good for at `now`.
    ///
    /// The limits hold as they are set now: a shorter one ends sessions opened under a longer.
    pub fn check(&self, session: &Session, now: Timestamp) -> SessionState {
        let limit = self.expiry(session.created_at, session.last_seen_at).min(session.expires_at);
        if now >= limit {
            return SessionState::Expired;
        }
        let renewed = self.expiry(session.created_at, now);
        let due = session.last_seen_at.plus_seconds(self.renew_every_s) <= now;
        if due {
            SessionState::Renew { last_seen_at: now, expires_at: renewed }
        } else {
            SessionState::Live
        }
    }

    fn expiry(&self, created_at: Timestamp, seen_at: Timestamp) -> Timestamp {
        seen_at.plus_seconds(self.idle_s).min(created_at.plus_seconds(self.absolute_s))
    }
}

/// The CSRF token follows from the session token, so it is stored nowhere and ends with it;
/// it does not lead back.
impl SessionToken {
    /// The token that forms carry and mutations with a cookie must present: 64 hex digits.
    pub fn csrf_token(&self) -> String {
        let tag = hmac::sign(&self.csrf_key(), CSRF_CONTEXT);
        tag.as_ref().iter().fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// Whether `presented` is this session's CSRF token; takes the same time either way.
    pub fn accepts_csrf(&self, presented: &str) -> bool {
        let expected = self.csrf_token();
        let key = self.csrf_key();
        hmac::verify(&key, presented.as_bytes(), hmac::sign(&key, expected.as_bytes()).as_ref())
            .is_ok()
    }

    fn csrf_key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.expose().as_bytes())
    }
}

const CSRF_CONTEXT: &[u8] = b"keelway csrf token v1";
