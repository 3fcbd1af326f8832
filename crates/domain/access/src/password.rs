//! Passwords: secret while in memory, argon2id once stored.
//!
//! Hashing takes tens of milliseconds and 19 MiB on purpose. Callers run it on a blocking
//! thread, few at a time, turn others away rather than queue without end, and keep the
//! [`HashingMemory`] between two hashes.

use crate::names::Email;
use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use keelway_kernel::Entropy;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;

/// Widely used passwords of eight characters and more, lower case, one a line.
const COMMON: &str = include_str!("common_passwords.txt");

/// A real hash of a password nobody knows, at today's cost.
const DUMMY: &str = "$argon2id$v=19$m=19456,t=2,p=1$nCTQ/pX3Gnb97/nnigVncQ$lcvykZJQnX49XBgDwmoHjWp97e5UrOvStZjLq3HuhUM";

/// Why a password was not accepted for a new account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Guessing all shorter ones is too cheap.
    #[error("must have at least {min} characters")]
    TooShort {
        /// The fewest characters.
        min: usize,
    },
    /// More than is ever hashed; never cut off silently.
    #[error("must have at most {max} bytes")]
    TooLong {
        /// The most bytes.
        max: usize,
    },
    /// Among those that are tried first.
    #[error("is one of the most common passwords")]
    Common,
    /// The e-mail address, or the part of it before the `@`.
    #[error("must not be the e-mail address")]
    SameAsEmail,
    /// U+0000, which some stores and systems take for the end of a text.
    #[error("must not contain NUL")]
    Nul,
}

/// A password as typed: neither trimmed nor cut.
///
/// Printing it for debugging shows nothing of it, and its memory is wiped when dropped.
#[derive(Debug, Clone)]
pub struct Password(SecretString);

impl Password {
    /// The fewest characters a new password has.
    pub const MIN: usize = 8;
    /// The most bytes that are ever hashed.
    pub const MAX_BYTES: usize = 1024;

    /// A password for a new account: long enough, not common, not the address.
    ///
    /// There are no rules about which kinds of characters it has: they make people predictable.
    pub fn choose(text: &str, email: &Email) -> Result<Self, PasswordError> {
        let password = Self::presented(text)?;
        if text.chars().count() < Self::MIN {
            return Err(PasswordError::TooShort { min: Self::MIN });
        }
        let lower = text.to_lowercase();
        if lower == email.key() || lower == email.local_part().to_ascii_lowercase() {
            return Err(PasswordError::SameAsEmail);
        }
        if COMMON.lines().any(|common| common == lower) {
            return Err(PasswordError::Common);
        }
        Ok(password)
    }

    /// A password presented at sign-in: only what cannot be hashed is refused.
    pub fn presented(text: &str) -> Result<Self, PasswordError> {
        if text.len() > Self::MAX_BYTES {
            return Err(PasswordError::TooLong { max: Self::MAX_BYTES });
        }
        if text.contains('\0') {
            return Err(PasswordError::Nul);
        }
        Ok(Self(SecretString::from(text)))
    }

    fn bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

/// A hash that cannot be made, or a stored text that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an argon2id hash")]
pub struct HashError;

/// An argon2id hash with its salt and cost, in PHC string form.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Memory in KiB, passes and lanes: OWASP's choice for a small server.
    const COST: (u32, u32, u32) = (19_456, 2, 1);

    /// Hashes `password` with 16 bytes of fresh salt.
    pub fn new(password: &Password, entropy: &dyn Entropy) -> Result<Self, HashError> {
        HashingMemory::default().hash(password, entropy)
    }

    /// A hash as a store kept it, of whatever cost.
    pub fn parse(text: &str) -> Result<Self, HashError> {
        let hash = phc::PasswordHash::new(text).map_err(|_| HashError)?;
        let known = hash.algorithm == Algorithm::Argon2id.ident()
            && Params::try_from(&hash).is_ok()
            && hash.salt.is_some()
            && hash.hash.is_some();
        if known { Ok(Self(text.to_owned())) } else { Err(HashError) }
    }

    /// The PHC string to store.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `password` is the one that was hashed; takes the same time either way.
    pub fn verify(&self, password: &Password) -> bool {
        HashingMemory::default().verify(self, password)
    }

    /// Whether the hash was made at another cost than today's, so that the next sign-in, which
    /// knows the password, should replace it.
    pub fn needs_rehash(&self) -> bool {
        let cost = phc::PasswordHash::new(&self.0)
            .ok()
            .filter(|hash| hash.version == Some(Version::V0x13.into()))
            .and_then(|hash| Params::try_from(&hash).ok())
            .map(|params| (params.m_cost(), params.t_cost(), params.p_cost()));
        cost != Some(Self::COST)
    }
}

/// Shows nothing: a hash is worth hours of guessing to whoever reads logs.
impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// Whether `presented` is the password behind `stored`; never for an unknown user.
///
/// Without a stored hash a fixed one is checked all the same, so that the time taken does not
/// tell who has an account.
pub fn check_password(stored: Option<&PasswordHash>, presented: &Password) -> bool {
    HashingMemory::default().check(stored, presented)
}

/// The blocks that hashes are made in, kept from one to the next: what many hashes in a row
/// take is what one takes.
#[derive(Default)]
pub struct HashingMemory(Vec<Block>);

impl HashingMemory {
    /// As [`PasswordHash::new`], in this memory.
    pub fn hash(
        &mut self,
        password: &Password,
        entropy: &dyn Entropy,
    ) -> Result<PasswordHash, HashError> {
        let mut salt = [0; 16];
        entropy.fill(&mut salt);
        let (memory, passes, lanes) = PasswordHash::COST;
        let params = Params::new(memory, passes, lanes, None).map_err(|_| HashError)?;
        let mut out = [0; Params::DEFAULT_OUTPUT_LEN];
        let salted = (Version::V0x13, &salt[..]);
        self.fill(password, salted, &params, &mut out).ok_or(HashError)?;
        let hash = phc::PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: (&params).try_into().map_err(|_| HashError)?,
            salt: Some(phc::Salt::new(&salt).map_err(|_| HashError)?),
            hash: Some(phc::Output::new(&out).map_err(|_| HashError)?),
        };
        Ok(PasswordHash(hash.to_string()))
    }

    /// As [`PasswordHash::verify`], in this memory.
    pub fn verify(&mut self, stored: &PasswordHash, password: &Password) -> bool {
        self.matches(stored, password).unwrap_or(false)
    }

    /// As [`check_password`], in this memory.
    pub fn check(&mut self, stored: Option<&PasswordHash>, presented: &Password) -> bool {
        if let Some(hash) = stored {
            return self.verify(hash, presented);
        }
        let _ = self.verify(&PasswordHash(DUMMY.to_owned()), presented);
        false
    }

    fn matches(&mut self, stored: &PasswordHash, password: &Password) -> Option<bool> {
        let hash = phc::PasswordHash::new(&stored.0).ok()?;
        let (expected, salt) = (hash.hash?, hash.salt?);
        let version = hash.version.unwrap_or(Version::V0x13.into());
        let salted = (Version::try_from(version).ok()?, &salt[..]);
        let params = Params::try_from(&hash).ok()?;
        let mut out = vec![0; expected.len()];
        self.fill(password, salted, &params, &mut out)?;
        // Outputs compare in constant time.
        Some(phc::Output::new(&out).ok()? == expected)
    }

    fn fill(
        &mut self,
        password: &Password,
        (version, salt): (Version, &[u8]),
        params: &Params,
        out: &mut [u8],
    ) -> Option<()> {
        let blocks = params.block_count();
        if self.0.len() < blocks {
            self.0.resize(blocks, Block::new());
        }
        Argon2::new(Algorithm::Argon2id, version, params.clone())
            .hash_password_into_with_memory(password.bytes(), salt, out, &mut self.0[..blocks])
            .ok()
    }
}

/// Shows nothing: what is in it came from passwords.
impl fmt::Debug for HashingMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashingMemory(..)")
    }
}
