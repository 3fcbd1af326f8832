//! Waiting longer after each wrong password.

use crate::secret::sha256;
use keelway_kernel::{Timestamp, UserId};

/// SHA-256 of an e-mail address in lower case, or of a person's id.
///
/// Attempts to sign in are counted by address, known or not, so that waiting tells nothing about who has
/// an account; and hashed, because people mistype other secrets into that field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptKey([u8; 32]);

impl AttemptKey {
    /// Under which a signed-in person's attempts to show their password again are counted: apart
    /// from the address, where strangers could use them up. No id is an address.
    pub fn of_person(user: UserId) -> Self {
        Self(sha256(user.to_string().as_bytes()))
    }

    pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes to keep.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Attempts under one key since the last one that succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// How many.
    pub failures: u32,
    /// When the last one was made.
    pub last_at: Timestamp,
}

/// Too many wrong passwords under this key; nothing was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts; try again in {retry_after_s} seconds")]
pub struct TooManyAttempts {
    /// Seconds until the next attempt is admitted, at least 1.
    pub retry_after_s: u32,
}

impl Attempts {
    /// Wrong passwords that cost no waiting: everybody mistypes.
    pub const FREE: u32 = 5;
    /// The longest wait, in seconds.
    pub const LONGEST_DELAY_S: u32 = 15 * 60;
    /// Seconds of quiet after which attempts are forgotten, and their row may be deleted.
    pub const FORGOTTEN_AFTER_S: i64 = 24 * 60 * 60;

    /// Decides whether another attempt may be made, and what to store before it is.
    ///
    /// Every attempt counts as failed until a sign-in clears the count: were it counted only
    /// afterwards, a thousand at once would all find the count at zero. A refused attempt
    /// changes nothing, so trying early does not lengthen the wait.
    pub fn admit(stored: Option<Self>, now: Timestamp) -> Result<Self, TooManyAttempts> {
        let Some(past) = stored.filter(|past| !past.is_forgotten(now)) else {
            return Ok(Self { failures: 1, last_at: now });
        };
        // A clock set back must not make anybody wait longer than the delay itself.
        let waited_ms = now.millis_since(past.last_at).max(0);
        let left_ms = i64::from(past.delay_s()) * 1000 - waited_ms;
        if left_ms <= 0 {
            return Ok(Self { failures: past.failures.saturating_add(1), last_at: now });
        }
        let retry_after_s = u32::try_from((left_ms + 999) / 1000).unwrap_or(Self::LONGEST_DELAY_S);
        Err(TooManyAttempts { retry_after_s })
    }

    /// Seconds to wait after the last attempt: none, then 1, 2, 4 and so on.
    pub fn delay_s(&self) -> u32 {
        let Some(excess) = self.failures.checked_sub(Self::FREE + 1) else {
            return 0;
        };
        1_u32.checked_shl(excess).map_or(Self::LONGEST_DELAY_S, |s| s.min(Self::LONGEST_DELAY_S))
    }

    /// Whether the attempts lie so far back that they no longer count.
    pub fn is_forgotten(&self, now: Timestamp) -> bool {
        self.last_at.plus_seconds(Self::FORGOTTEN_AFTER_S) <= now
    }
}
