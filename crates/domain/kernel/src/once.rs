//! Idempotency: one key, one effect, one reply.
//!
//! The record of a key is written in the transaction of its effect, so there is no moment
//! at which one exists without the other. Only effects are recorded: a refusal changes
//! nothing, leaves no record, and the same key may be tried again (ADR 0004).

/// What a caller chose to name one intent: 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// A key that is empty, longer than 255 characters, or not visible ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key has 1 to 255 visible ASCII characters")]
pub struct IdempotencyKeyError;

impl IdempotencyKey {
    /// Reads a header value; `"abc"` in quotes and bare `abc` are the same key.
    pub fn parse(text: &str) -> Result<Self, IdempotencyKeyError> {
        let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
        let visible = bare.bytes().all(|byte| byte.is_ascii_graphic());
        if bare.is_empty() || bare.len() > 255 || !visible {
            return Err(IdempotencyKeyError);
        }
        Ok(Self(bare.to_owned()))
    }

    /// The bare key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A keyed request, and how to answer it once it took effect.
///
/// `reply` is a plain function pointer: the store calls it inside the transaction on what
/// the decision returned and keeps the bytes, so a replay is equal to the byte.
#[derive(Clone)]
pub struct Keyed<T> {
    /// Whose key it is: tenant and person, or a guest's address. Keys of different owners
    /// never meet.
    pub owner: String,
    /// Method and route template, such as `POST /v1/builds`; part of the key's scope.
    pub route: &'static str,
    /// The caller's key.
    pub key: IdempotencyKey,
    /// SHA-256 over method, path, query, content type and raw body.
    pub fingerprint: [u8; 32],
    /// The request id of this very request; replays name the first one's.
    pub request_id: String,
    /// Renders the answer from the effect.
    pub reply: fn(&T) -> Reply,
}

impl<T> std::fmt::Debug for Keyed<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyed")
            .field("owner", &self.owner)
            .field("route", &self.route)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// An answer as it went over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Headers that belong to the answer, such as `location`.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
}

/// The result of a command that may have been sent before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Once<T> {
    /// The command took effect now.
    Fresh(T),
    /// The same keyed request took effect earlier; this is what was answered then.
    Replayed {
        /// The stored answer.
        reply: Reply,
        /// The request id under which the effect happened.
        first_request_id: String,
    },
}

/// How long a key is remembered.
pub const KEY_LIFETIME_SECONDS: i64 = 24 * 60 * 60;

/// The same key came with another request: nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the idempotency key was used for another request")]
pub struct KeyReused;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_and_bare_keys_are_the_same() {
        assert_eq!(IdempotencyKey::parse("\"a-1\""), IdempotencyKey::parse("a-1"));
    }

    #[test]
    fn unusable_keys_are_refused() {
        for text in ["", "\"\"", "a b", "é", "a\n", &"x".repeat(256)] {
            assert_eq!(IdempotencyKey::parse(text), Err(IdempotencyKeyError), "{text:?}");
        }
    }
}
