//! Tokens for following one build's events: `kwv1.<payload>.<mac>`, both base64url.
//!
//! There is one version and one algorithm and the token does not get to choose: anything but
//! `kwv1` is refused before anything is decoded.

use crate::headers::unix_seconds;
use crate::key::{KeyId, KeyRing, SharedKey};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use keelway_kernel::{BuildId, TenantId, Timestamp, UserId};
use serde::Deserialize;

const VERSION: &str = "kwv1";
const SCOPE: &str = "build:events";

/// Seconds from issue to the end.
pub const LIFETIME_S: i64 = 10 * 60;

/// Who may follow what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewerClaims {
    /// On whose behalf the token was issued.
    pub user: UserId,
    /// The tenant of the build.
    pub tenant: TenantId,
    /// The build.
    pub build: BuildId,
    /// The session that the token was issued from and ends with, by the SHA-256 of its own token;
    /// an API key has none, and neither have tokens of versions that did not name it.
    pub session: Option<[u8; 32]>,
}

/// Why a token opens nothing: for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ViewerTokenError {
    /// Not three parts, or parts that do not decode.
    #[error("not a viewer token")]
    Malformed,
    /// Another version, and so perhaps another algorithm.
    #[error("not a viewer token of version {VERSION}")]
    Version,
    /// Not signed by a key of ours.
    #[error("the signature does not match")]
    Mismatch,
    /// Not signed by a key of ours, as the token itself says: another server's, or made up.
    #[error("signed by an unknown key, {0}")]
    UnknownKey(KeyId),
    /// For something else than following events.
    #[error("not for {SCOPE}")]
    Scope,
    /// Its time is over.
    #[error("the viewer token has expired")]
    Expired,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    sub: UserId,
    tenant: TenantId,
    build_id: BuildId,
    exp: i64,
    scope: String,
    /// Base64url.
    sid: Option<String>,
    /// What the key is called: for the log of whoever does not have it. Older tokens lack it.
    #[serde(rename = "kid", default)]
    _kid: Option<String>,
}

/// All that is read of a token whose signature does not match.
#[derive(Deserialize)]
struct Named {
    kid: String,
}

impl ViewerClaims {
    /// A token for these claims, and the moment from which it opens nothing:
    /// [`LIFETIME_S`] after `now`.
    pub fn issue(&self, key: &SharedKey, now: Timestamp) -> (String, Timestamp) {
        let exp = unix_seconds(now) + LIFETIME_S;
        let mut payload = serde_json::json!({
            "sub": self.user,
            "tenant": self.tenant,
            "build_id": self.build,
            "exp": exp,
            "scope": SCOPE,
            "kid": key.id().as_str(),
        });
        if let Some(session) = self.session {
            payload["sid"] = BASE64.encode(session).into();
        }
        let signed = format!("{VERSION}.{}", BASE64.encode(payload.to_string()));
        let mac = BASE64.encode(key.tag(signed.as_bytes()));
        (format!("{signed}.{mac}"), moment(exp))
    }

    /// Reads a token: its signature first, then what it says, and the moment from which it opens
    /// nothing.
    pub fn verify(
        token: &str,
        keys: &KeyRing,
        now: Timestamp,
    ) -> Result<(Self, Timestamp), ViewerTokenError> {
        let (signed, mac) = token.rsplit_once('.').ok_or(ViewerTokenError::Malformed)?;
        let (version, payload) = signed.split_once('.').ok_or(ViewerTokenError::Malformed)?;
        if version != VERSION {
            return Err(ViewerTokenError::Version);
        }
        let mac = BASE64.decode(mac).map_err(|_| ViewerTokenError::Malformed)?;
        if keys.signer(None, signed.as_bytes(), &mac).is_none() {
            return Err(unsigned(payload, keys));
        }
        let payload = BASE64.decode(payload).map_err(|_| ViewerTokenError::Malformed)?;
        let payload: Payload =
            serde_json::from_slice(&payload).map_err(|_| ViewerTokenError::Malformed)?;
        if payload.scope != SCOPE {
            return Err(ViewerTokenError::Scope);
        }
        if payload.exp <= unix_seconds(now) {
            return Err(ViewerTokenError::Expired);
        }
        let session = payload.sid.map(|text| session(&text).ok_or(ViewerTokenError::Malformed));
        let claims = Self {
            user: payload.sub,
            tenant: payload.tenant,
            build: payload.build_id,
            session: session.transpose()?,
        };
        Ok((claims, moment(payload.exp)))
    }
}

const fn moment(exp: i64) -> Timestamp {
    Timestamp::from_micros(exp.saturating_mul(1_000_000))
}

fn session(text: &str) -> Option<[u8; 32]> {
    BASE64.decode(text).ok()?.try_into().ok()
}

fn unsigned(payload: &str, keys: &KeyRing) -> ViewerTokenError {
    let payload = BASE64.decode(payload).unwrap_or_default();
    let named =
        serde_json::from_slice(&payload).ok().and_then(|Named { kid }| KeyId::parse(&kid).ok());
    match named {
        Some(key) if !keys.knows(&key) => ViewerTokenError::UnknownKey(key),
        _ => ViewerTokenError::Mismatch,
    }
}
