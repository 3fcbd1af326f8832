//! Keys for programs: recognisable, checkable without a store, shown once.
//!
//! `kw_live_` + 30 random base62 characters (178 bits) + the CRC-32 of both in six base62
//! digits. The checksum is no protection: it tells a mistyped key from an unknown one without
//! asking the store, and lets scanners report leaked keys without false alarms.

use crate::base62;
use crate::permission::Permission;
use crate::secret::TokenHash;
use keelway_kernel::{ApiKeyId, Entropy, TenantId, Timestamp, UserId};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeSet;

const PREFIX: &str = "kw_live_";
const RANDOM_CHARACTERS: usize = 30;
const CHECKSUM_CHARACTERS: usize = 6;

/// A text that is no API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyError {
    /// Another prefix, length or alphabet.
    #[error("not of the form kw_live_ followed by 36 letters and digits")]
    Shape,
    /// The right form, but mistyped or cut and filled up.
    #[error("the checksum does not match; the key was mistyped")]
    Checksum,
}

/// A key's text, whole.
///
/// Printing it for debugging shows nothing of it, and its memory is wiped when dropped.
#[derive(Debug, Clone)]
pub struct ApiKey(SecretString);

impl ApiKey {
    /// A new key.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let body = format!("{PREFIX}{}", base62::random(RANDOM_CHARACTERS, entropy));
        let sum = checksum(&body);
        Self(SecretString::from(body + &sum))
    }

    /// Reads a key and checks its checksum.
    pub fn parse(text: &str) -> Result<Self, ApiKeyError> {
        let digits = text.strip_prefix(PREFIX).ok_or(ApiKeyError::Shape)?;
        if !base62::is_text(digits, RANDOM_CHARACTERS + CHECKSUM_CHARACTERS) {
            return Err(ApiKeyError::Shape);
        }
        let (body, sum) = text.split_at(text.len() - CHECKSUM_CHARACTERS);
        if checksum(body) == sum {
            Ok(Self(SecretString::from(text)))
        } else {
            Err(ApiKeyError::Checksum)
        }
    }

    /// The text to show its maker, once.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What to store and look up by.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.expose())
    }

    /// The first characters, for people to tell their keys apart; stored in the clear.
    pub fn hint(&self) -> &str {
        &self.expose()[..PREFIX.len() + 4]
    }
}

fn checksum(body: &str) -> String {
    base62::six_digits(crc32fast::hash(body.as_bytes()))
}

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = $text:literal [$($permission:ident),+];)+) => {
        /// What a key may be made for; each stands for a few permissions.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum KeyScope {
            $($(#[$doc])* $name,)+
        }

        impl KeyScope {
            /// Every scope, in the table's order.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$name),+];

            /// The name on the wire and in stores.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            /// What it allows.
            pub const fn permissions(self) -> &'static [Permission] {
                match self {
                    $(Self::$name => &[$(Permission::$permission),+],)+
                }
            }
        }
    };
}

scopes! {
    /// See projects, builds and their events; take snapshots away.
    BuildsRead = "builds:read" [ViewProjects, ViewBuilds, ViewBuildEvents, DownloadSnapshot, IssueViewerToken];
    /// Begin projects, start and stop builds.
    BuildsWrite = "builds:write" [CreateProject, SubmitBuild, CancelBuild];
    /// See balance and ledger.
    CreditsRead = "credits:read" [ViewCredits];
    /// Reserve and use credits.
    CreditsWrite = "credits:write" [SpendCredits];
    /// Read the audit log.
    AuditRead = "audit:read" [ViewAudit];
}

/// A text that names no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of builds:read, builds:write, credits:read, credits:write, audit:read")]
pub struct KeyScopeError;

impl std::str::FromStr for KeyScope {
    type Err = KeyScopeError;

    fn from_str(text: &str) -> Result<Self, KeyScopeError> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or(KeyScopeError)
    }
}

/// A key as stored: everything but the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRecord {
    /// The name under which it is listed and revoked.
    pub id: ApiKeyId,
    /// The hash of its text.
    pub hash: TokenHash,
    /// The tenant it opens.
    pub tenant: TenantId,
    /// Who made it.
    pub created_by: UserId,
    /// What it was made for.
    pub scopes: BTreeSet<KeyScope>,
    /// From this moment on it opens nothing; never, if absent.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Why a known key opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyRefused {
    /// Its time is over.
    #[error("the key has expired")]
    Expired,
    /// Somebody took it back.
    #[error("the key was revoked")]
    Revoked,
}

impl ApiKeyRecord {
    /// Decides whether the key opens anything at `now`.
    ///
    /// A revoked key stays revoked whatever the clock says.
    pub fn check(&self, now: Timestamp) -> Result<(), ApiKeyRefused> {
        if self.revoked_at.is_some() {
            return Err(ApiKeyRefused::Revoked);
        }
        match self.expires_at {
            Some(end) if end <= now => Err(ApiKeyRefused::Expired),
            Some(_) | None => Ok(()),
        }
    }
}
