//! Shared secrets, and two of them while one replaces the other.

use crate::hex;
use ring::hmac;
use std::fmt;

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A shorter secret is the weakest part of the signature.
    #[error("a shared secret has at least {min} bytes, not {length}")]
    TooShort {
        /// The fewest bytes.
        min: usize,
        /// The bytes there were.
        length: usize,
    },
    /// A name that does not fit into a header.
    #[error("a key id has 1 to 64 letters, digits, dots, hyphens and underscores")]
    BadId,
}

/// What a shared key is called on the wire: 1 to 64 characters of `[A-Za-z0-9._-]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(String);

impl KeyId {
    /// Checks a key's name.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if (1..=64).contains(&text.len()) && text.bytes().all(known) {
            Ok(Self(text.to_owned()))
        } else {
            Err(KeyError::BadId)
        }
    }

    /// A name for a secret that nobody named, the same wherever the secret is, and of no use for
    /// finding it out.
    pub fn of_secret(secret: &[u8]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let tag = hmac::sign(&key, b"keelway key id");
        Self(hex::encode(&tag.as_ref()[..8]))
    }

    /// The name as it stands in the header.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A secret that both sides know, with its name.
#[derive(Clone)]
pub struct SharedKey {
    id: KeyId,
    hmac: hmac::Key,
}

impl SharedKey {
    /// The fewest bytes a secret has: as many as the hash behind the signature.
    pub const MIN_BYTES: usize = 32;

    /// A key of `secret`, its bytes taken as they are and never decoded.
    pub fn new(id: KeyId, secret: &[u8]) -> Result<Self, KeyError> {
        if secret.len() < Self::MIN_BYTES {
            return Err(KeyError::TooShort { min: Self::MIN_BYTES, length: secret.len() });
        }
        Ok(Self { id, hmac: hmac::Key::new(hmac::HMAC_SHA256, secret) })
    }

    /// The key's name.
    pub const fn id(&self) -> &KeyId {
        &self.id
    }

    pub(crate) fn tag(&self, message: &[u8]) -> hmac::Tag {
        hmac::sign(&self.hmac, message)
    }

    fn verifies(&self, message: &[u8], tag: &[u8]) -> bool {
        hmac::verify(&self.hmac, message, tag).is_ok()
    }
}

/// Shows the name and nothing of the secret.
impl fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The keys that are valid now: one, or two while the second is being retired.
#[derive(Debug, Clone)]
pub struct KeyRing {
    /// What is signed with.
    pub current: SharedKey,
    /// What is still accepted.
    pub previous: Option<SharedKey>,
}

impl KeyRing {
    /// A ring that accepts one key.
    pub const fn of(current: SharedKey) -> Self {
        Self { current, previous: None }
    }

    fn keys(&self) -> impl Iterator<Item = &SharedKey> {
        std::iter::once(&self.current).chain(&self.previous)
    }

    pub(crate) fn knows(&self, id: &KeyId) -> bool {
        self.keys().any(|key| key.id == *id)
    }

    /// The key that made `tag` over `message`; only the one called `id`, if one is named.
    pub(crate) fn signer(&self, id: Option<&KeyId>, message: &[u8], tag: &[u8]) -> Option<&KeyId> {
        self.keys()
            .filter(|key| id.is_none_or(|id| key.id == *id))
            .find(|key| key.verifies(message, tag))
            .map(SharedKey::id)
    }
}
