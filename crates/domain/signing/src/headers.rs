//! The headers that carry a signature, and how a client makes them.

use crate::hex;
use crate::key::SharedKey;
use crate::request::RequestParts;
use keelway_kernel::{Entropy, Timestamp};

/// A prefix that does not fit into a header name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a header prefix has 1 to 32 lower-case letters and digits")]
pub struct PrefixError;

/// What the signature's headers are called; all lower-case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderNames {
    /// Signature of version 1, such as `x-keelway-signature`.
    pub v1: String,
    /// Signature of version 2, such as `x-keelway-signature-v2`.
    pub v2: String,
    /// Unix seconds.
    pub timestamp: String,
    /// What makes the request one of a kind.
    pub nonce: String,
    /// Which key signed.
    pub key_id: String,
}

impl HeaderNames {
    /// The names under `prefix`; `sheen` has a shorter one for version 2, which its clients send.
    pub fn with_prefix(prefix: &str) -> Result<Self, PrefixError> {
        let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if !(1..=32).contains(&prefix.len()) || !prefix.bytes().all(known) {
            return Err(PrefixError);
        }
        let v2 = if prefix == "sheen" { "sig-v2" } else { "signature-v2" };
        Ok(Self {
            v1: format!("x-{prefix}-signature"),
            v2: format!("x-{prefix}-{v2}"),
            timestamp: format!("x-{prefix}-timestamp"),
            nonce: format!("x-{prefix}-nonce"),
            key_id: format!("x-{prefix}-key-id"),
        })
    }
}

/// A text that is no nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a nonce has 16 to 64 letters, digits, hyphens and underscores")]
pub struct NonceError;

/// Makes a request one of a kind: 16 to 64 characters of `[A-Za-z0-9_-]`, which has room for 16
/// to 32 random bytes in hex or base64url.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nonce(String);

impl Nonce {
    /// Seconds for which a nonce is remembered: longer than any timestamp stays acceptable.
    pub const REMEMBERED_S: i64 = 10 * 60;

    /// 16 random bytes in hex.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes);
        Self(hex::encode(&bytes))
    }

    /// Checks a nonce from a header.
    pub fn parse(text: &str) -> Result<Self, NonceError> {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        if (16..=64).contains(&text.len()) && text.bytes().all(known) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NonceError)
        }
    }

    /// The text as it stands in the header.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The values of a request's signature headers, unread.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignatureHeaders {
    /// Under [`HeaderNames::v1`].
    pub v1: Option<String>,
    /// Under [`HeaderNames::v2`].
    pub v2: Option<String>,
    /// Under [`HeaderNames::timestamp`].
    pub timestamp: Option<String>,
    /// Under [`HeaderNames::nonce`].
    pub nonce: Option<String>,
    /// Under [`HeaderNames::key_id`].
    pub key_id: Option<String>,
}

impl SignatureHeaders {
    /// Collects the values by asking `value_of` for each name.
    pub fn read<'a>(names: &HeaderNames, value_of: impl Fn(&str) -> Option<&'a str>) -> Self {
        let read = |name: &str| value_of(name).map(str::to_owned);
        Self {
            v1: read(&names.v1),
            v2: read(&names.v2),
            timestamp: read(&names.timestamp),
            nonce: read(&names.nonce),
            key_id: read(&names.key_id),
        }
    }

    /// Names and values to send, those that are there.
    pub fn to_pairs(&self, names: &HeaderNames) -> Vec<(String, String)> {
        [
            (&names.v1, &self.v1),
            (&names.v2, &self.v2),
            (&names.timestamp, &self.timestamp),
            (&names.nonce, &self.nonce),
            (&names.key_id, &self.key_id),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.clone(), value.clone()?)))
        .collect()
    }
}

/// Signs a request as clients should: the whole of it, once.
pub fn sign_v2(
    key: &SharedKey,
    request: &RequestParts<'_>,
    nonce: &Nonce,
    now: Timestamp,
) -> SignatureHeaders {
    let seconds = unix_seconds(now);
    let canonical = request.canonical_v2(nonce, seconds);
    SignatureHeaders {
        v1: None,
        v2: Some(hex::encode(key.tag(canonical.as_bytes()).as_ref())),
        timestamp: Some(seconds.to_string()),
        nonce: Some(nonce.as_str().to_owned()),
        key_id: Some(key.id().as_str().to_owned()),
    }
}

/// Signs a request as old servers ask for it: body and time only, repeatable within the window.
pub fn sign_v1(key: &SharedKey, request: &RequestParts<'_>, now: Timestamp) -> SignatureHeaders {
    let seconds = unix_seconds(now);
    SignatureHeaders {
        v1: Some(hex::encode(key.tag(&request.canonical_v1(seconds)).as_ref())),
        timestamp: Some(seconds.to_string()),
        ..SignatureHeaders::default()
    }
}

pub(crate) const fn unix_seconds(moment: Timestamp) -> i64 {
    moment.as_micros().div_euclid(1_000_000)
}
