//! Signatures of webhooks as Standard Webhooks has them: `v1,` and the base64 of HMAC-SHA256
//! over `id.timestamp.body`.

use crate::headers::unix_seconds;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use keelway_kernel::{Entropy, Timestamp};
use ring::hmac;
use std::fmt;

const PREFIX: &str = "whsec_";

/// Seconds that a delivery's timestamp may be off, either way.
pub const TOLERANCE_S: i64 = 5 * 60;

/// A text that is no webhook secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a webhook secret is whsec_ and the base64 of 24 to 64 bytes")]
pub struct WebhookSecretError;

/// Why a delivery is not signed, or not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// An id that is empty or holds a dot: dots part the signed string.
    #[error("a webhook id is visible ASCII without dots")]
    Id,
    /// A timestamp that is no number, or too far from now.
    #[error("the timestamp is outside of the tolerance")]
    Timestamp,
    /// None of the signatures is ours.
    #[error("no signature matches")]
    Mismatch,
}

/// What one endpoint's deliveries are signed with.
#[derive(Clone)]
pub struct WebhookSecret {
    key: hmac::Key,
}

impl WebhookSecret {
    /// A new secret's text, to be shown to the endpoint's owner and stored encrypted.
    pub fn generate(entropy: &dyn Entropy) -> String {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes);
        format!("{PREFIX}{}", BASE64.encode(bytes))
    }

    /// Reads a secret's text.
    pub fn parse(text: &str) -> Result<Self, WebhookSecretError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(WebhookSecretError)?;
        let bytes = BASE64.decode(encoded).map_err(|_| WebhookSecretError)?;
        if !(24..=64).contains(&bytes.len()) {
            return Err(WebhookSecretError);
        }
        Ok(Self { key: hmac::Key::new(hmac::HMAC_SHA256, &bytes) })
    }

    /// The value of `webhook-signature` for a delivery sent at `now`.
    pub fn sign(&self, id: &str, now: Timestamp, body: &[u8]) -> Result<String, WebhookError> {
        let message = message(id, unix_seconds(now), body)?;
        Ok(format!("v1,{}", BASE64.encode(hmac::sign(&self.key, &message))))
    }

    /// Whether a delivery is ours: `id`, `timestamp` and `signatures` as in its headers.
    ///
    /// `signatures` may hold several, parted by spaces, while secrets rotate; one has to match.
    pub fn verify(&self, delivery: &Delivery<'_>, now: Timestamp) -> Result<(), WebhookError> {
        let sent_s: i64 = delivery.timestamp.parse().map_err(|_| WebhookError::Timestamp)?;
        if sent_s.abs_diff(unix_seconds(now)) > TOLERANCE_S.unsigned_abs() {
            return Err(WebhookError::Timestamp);
        }
        let message = message(delivery.id, sent_s, delivery.body)?;
        delivery
            .signatures
            .split(' ')
            .filter_map(|signature| BASE64.decode(signature.strip_prefix("v1,")?).ok())
            .any(|tag| hmac::verify(&self.key, &message, &tag).is_ok())
            .then_some(())
            .ok_or(WebhookError::Mismatch)
    }
}

/// A delivery as it arrived.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// The header `webhook-id`.
    pub id: &'a str,
    /// The header `webhook-timestamp`.
    pub timestamp: &'a str,
    /// The header `webhook-signature`.
    pub signatures: &'a str,
    /// The body to the byte.
    pub body: &'a [u8],
}

/// Shows nothing.
impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(..)")
    }
}

fn message(id: &str, timestamp_s: i64, body: &[u8]) -> Result<Vec<u8>, WebhookError> {
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'.') {
        return Err(WebhookError::Id);
    }
    Ok([format!("{id}.{timestamp_s}.").as_bytes(), body].concat())
}
