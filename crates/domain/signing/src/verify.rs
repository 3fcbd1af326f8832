//! Whether a signed request is to be believed.
//!
//! The order is: parse, timestamp, signature; and then, by the caller, the nonce. A forgery
//! never gets as far as burning one.

use crate::headers::{Nonce, SignatureHeaders};
use crate::hex;
use crate::key::{KeyId, KeyRing};
use crate::request::RequestParts;
use async_trait::async_trait;
use keelway_kernel::{Failure, StoreError, Timestamp};

/// Which version of the signature decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Version 1 decides; version 2 is checked, and where it would refuse is reported.
    Shadow,
    /// Either is enough.
    Dual,
    /// Version 2 only; version 1 is refused even if it is right.
    Enforce,
}

/// A text that names no mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of shadow, dual, enforce")]
pub struct ModeError;

impl std::str::FromStr for Mode {
    type Err = ModeError;

    fn from_str(text: &str) -> Result<Self, ModeError> {
        match text {
            "shadow" => Ok(Self::Shadow),
            "dual" => Ok(Self::Dual),
            "enforce" => Ok(Self::Enforce),
            _ => Err(ModeError),
        }
    }
}

/// One of the headers, whatever its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// The signature of version 1.
    V1,
    /// The signature of version 2.
    V2,
    /// The time of signing.
    Timestamp,
    /// The nonce.
    Nonce,
    /// The key's name.
    KeyId,
}

/// Why a request is not believed: for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A header that is needed is not there.
    #[error("no {0:?} header")]
    Missing(Header),
    /// A header is not of its form.
    #[error("malformed {0:?} header")]
    Malformed(Header),
    /// Signed too long ago.
    #[error("signed {age_s} s ago")]
    Stale {
        /// How long ago.
        age_s: i64,
    },
    /// Signed in the future, further than clocks go wrong.
    #[error("signed {ahead_s} s in the future")]
    Early {
        /// How far.
        ahead_s: i64,
    },
    /// Signed with a key that is not, or no longer, ours.
    #[error("unknown key")]
    UnknownKey,
    /// Not what the key would sign for this request.
    #[error("the signature does not match")]
    Mismatch,
    /// Version 1 where only version 2 counts.
    #[error("version 1 is retired")]
    VersionRetired,
}

impl Refusal {
    /// The code that the answer carries: all that a caller learns.
    pub const fn code(self) -> &'static str {
        match self {
            Self::VersionRetired => "SIGNATURE_VERSION_RETIRED",
            Self::Missing(_)
            | Self::Malformed(_)
            | Self::Stale { .. }
            | Self::Early { .. }
            | Self::UnknownKey
            | Self::Mismatch => "SIGNATURE_INVALID",
        }
    }
}

/// A request whose signature holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verified {
    /// By version 1, which has no nonce: the request may be a repetition.
    V1 {
        /// Whose signature it is.
        key: KeyId,
    },
    /// By version 2; to be believed once [`ReplayGuard::remember`] has taken the nonce.
    V2 {
        /// Whose signature it is.
        key: KeyId,
        /// What must not have been seen before under this key.
        nonce: Nonce,
    },
}

/// The decision, and what version 2 would have said where it did not decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What holds.
    pub decision: Result<Verified, Refusal>,
    /// In [`Mode::Shadow`], why version 2 would refuse: to be logged and counted.
    pub shadow: Option<Refusal>,
}

/// Seconds for which a signature stays good.
pub const MAX_AGE_S: i64 = 120;
/// Seconds that a signer's clock may be ahead of ours. Less than the age, because every second
/// here lets a signature live a second longer.
pub const MAX_AHEAD_S: i64 = 30;

/// Decides whether a request is to be believed, up to its nonce.
pub fn verify(
    request: &RequestParts<'_>,
    headers: &SignatureHeaders,
    keys: &KeyRing,
    mode: Mode,
    now: Timestamp,
) -> Verdict {
    let v1 = || check_v1(request, headers, keys, now);
    let v2 = || check_v2(request, headers, keys, now);
    let (decision, shadow) = match mode {
        Mode::Shadow => (v1(), v2().err()),
        Mode::Dual if headers.v2.is_none() => (v1(), None),
        Mode::Dual => (v2().or_else(|refusal| v1().map_err(|_| refusal)), None),
        Mode::Enforce if headers.v2.is_none() && headers.v1.is_some() => {
            (Err(Refusal::VersionRetired), None)
        }
        Mode::Enforce => (v2(), None),
    };
    Verdict { decision, shadow }
}

fn check_v1(
    request: &RequestParts<'_>,
    headers: &SignatureHeaders,
    keys: &KeyRing,
    now: Timestamp,
) -> Result<Verified, Refusal> {
    let tag = signature(headers.v1.as_deref(), Header::V1)?;
    let timestamp_s = timestamp(headers)?;
    let key_id = key_id(headers)?;
    check_time(timestamp_s, now)?;
    let message = request.canonical_v1(timestamp_s);
    let key = signer(keys, key_id.as_ref(), &message, &tag)?;
    Ok(Verified::V1 { key })
}

fn check_v2(
    request: &RequestParts<'_>,
    headers: &SignatureHeaders,
    keys: &KeyRing,
    now: Timestamp,
) -> Result<Verified, Refusal> {
    let tag = signature(headers.v2.as_deref(), Header::V2)?;
    let timestamp_s = timestamp(headers)?;
    let nonce = headers.nonce.as_deref().ok_or(Refusal::Missing(Header::Nonce))?;
    let nonce = Nonce::parse(nonce).map_err(|_| Refusal::Malformed(Header::Nonce))?;
    let key_id = key_id(headers)?;
    check_time(timestamp_s, now)?;
    let message = request.canonical_v2(&nonce, timestamp_s);
    let key = signer(keys, key_id.as_ref(), message.as_bytes(), &tag)?;
    Ok(Verified::V2 { key, nonce })
}

fn signature(value: Option<&str>, header: Header) -> Result<[u8; 32], Refusal> {
    let text = value.ok_or(Refusal::Missing(header))?;
    hex::decode_32(text).ok_or(Refusal::Malformed(header))
}

/// Only digits, and not so many that anything could overflow.
fn timestamp(headers: &SignatureHeaders) -> Result<i64, Refusal> {
    let text = headers.timestamp.as_deref().ok_or(Refusal::Missing(Header::Timestamp))?;
    let canonical = (1..=12).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| canonical).ok_or(Refusal::Malformed(Header::Timestamp))
}

fn key_id(headers: &SignatureHeaders) -> Result<Option<KeyId>, Refusal> {
    headers
        .key_id
        .as_deref()
        .map(|text| KeyId::parse(text).map_err(|_| Refusal::Malformed(Header::KeyId)))
        .transpose()
}

fn check_time(timestamp_s: i64, now: Timestamp) -> Result<(), Refusal> {
    let age_ms = now.millis_since(Timestamp::from_micros(timestamp_s * 1_000_000));
    if age_ms > MAX_AGE_S * 1000 {
        Err(Refusal::Stale { age_s: age_ms / 1000 })
    } else if age_ms < -MAX_AHEAD_S * 1000 {
        Err(Refusal::Early { ahead_s: -age_ms / 1000 })
    } else {
        Ok(())
    }
}

fn signer(
    keys: &KeyRing,
    id: Option<&KeyId>,
    message: &[u8],
    tag: &[u8],
) -> Result<KeyId, Refusal> {
    if id.is_some_and(|id| !keys.knows(id)) {
        return Err(Refusal::UnknownKey);
    }
    keys.signer(id, message, tag).cloned().ok_or(Refusal::Mismatch)
}

/// The nonce was seen before under this key: the request is a repetition (`401`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the nonce was used before")]
pub struct Replayed;

/// Remembers nonces; asked only about requests whose signature holds.
#[async_trait]
pub trait ReplayGuard: Send + Sync {
    /// Takes a nonce for [`Nonce::REMEMBERED_S`].
    ///
    /// Of two requests with one nonce under one key, at the same time or not, never both get
    /// through. A guard that cannot tell fails: it never lets a request through unchecked, and
    /// never forgets a nonce early to make room.
    async fn remember(&self, key: &KeyId, nonce: &Nonce) -> Result<(), Failure<Replayed>>;

    /// Deletes nonces whose time is over and says how many.
    async fn sweep(&self) -> Result<u64, StoreError>;
}
