//! Random tokens that are shown once and kept only as hashes.

use crate::base62;
use keelway_kernel::Entropy;
use ring::digest;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;

/// 43 characters of base62 hold 256 bits.
const RANDOM_CHARACTERS: usize = 43;

/// A text that cannot be a token of the kind asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a {kind} token")]
pub struct TokenError {
    kind: &'static str,
}

/// SHA-256 of a token: what stores keep and look up by.
///
/// The token has 256 random bits, so its hash needs neither salt nor cost.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// A hash as a store kept it.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes to keep.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn of(text: &str) -> Self {
        Self(sha256(text.as_bytes()))
    }
}

/// Only the first bytes, enough to tell two apart in a log.
impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, ..] = self.0;
        write!(f, "TokenHash({first:02x}{second:02x}..)")
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

macro_rules! tokens {
    ($($(#[$doc:meta])* $name:ident, $prefix:literal, $kind:literal;)+) => {$(
        $(#[$doc])*
        ///
        /// Printing it for debugging shows nothing of it, and its memory is wiped when dropped.
        #[derive(Debug, Clone)]
        pub struct $name(SecretString);

        impl $name {
            /// What the text begins with, so that a leaked one is recognised by scanners.
            pub const PREFIX: &'static str = $prefix;

            /// A new one with 256 random bits.
            pub fn generate(entropy: &dyn Entropy) -> Self {
                let random = base62::random(RANDOM_CHARACTERS, entropy);
                Self(SecretString::from(format!("{}{random}", $prefix)))
            }

            /// Reads the text form; only its shape is checked.
            pub fn parse(text: &str) -> Result<Self, TokenError> {
                text.strip_prefix($prefix)
                    .filter(|random| base62::is_text(random, RANDOM_CHARACTERS))
                    .map(|_| Self(SecretString::from(text)))
                    .ok_or(TokenError { kind: $kind })
            }

            /// The text to hand to its holder, and to nobody else.
            pub fn expose(&self) -> &str {
                self.0.expose_secret()
            }

            /// What to store and look up by.
            pub fn hash(&self) -> TokenHash {
                TokenHash::of(self.expose())
            }
        }
    )+};
}

tokens! {
    /// Stands for a signed-in person: the cookie's value, or a bearer token for scripts.
    SessionToken, "kws_", "session";
    /// Opens one event stream, once, within a minute; for clients that cannot set headers.
    TicketToken, "kwt_", "ticket";
    /// Makes whoever holds it a member of one tenant, once.
    InvitationToken, "kwi_", "invitation";
    /// Makes whoever holds it one of the platform's own people, once.
    OwnerToken, "kwo_", "owner";
}
