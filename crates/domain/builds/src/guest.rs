//! What a guest parks before signing up.

use keelway_kernel::{BuildId, QueueId, Timestamp};

use crate::BuildRequest;

/// How long a parked request waits to be claimed.
pub const GUEST_LIFETIME_SECONDS: i64 = 60 * 60;

/// A request parked by somebody without a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestEntry {
    /// Its id; whoever knows it may claim it.
    pub id: QueueId,
    /// What was asked for.
    pub request: BuildRequest,
    /// The build it became, once claimed.
    pub claimed: Option<BuildId>,
    /// When it was parked.
    pub created_at: Timestamp,
    /// From when on it can no longer be claimed.
    pub expires_at: Timestamp,
}

/// Why a parked request cannot be claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// There is none of this id.
    #[error("no such request is parked")]
    Unknown,
    /// Somebody claimed it before.
    #[error("the request was claimed before")]
    AlreadyClaimed {
        /// What it became.
        build: BuildId,
    },
    /// It waited longer than an hour.
    #[error("the request expired")]
    Expired {
        /// Since when.
        since: Timestamp,
    },
}

/// Decides whether `entry` may become a build now.
pub fn claim(entry: Option<&GuestEntry>, now: Timestamp) -> Result<&GuestEntry, ClaimError> {
    let entry = entry.ok_or(ClaimError::Unknown)?;
    match entry.claimed {
        Some(build) => Err(ClaimError::AlreadyClaimed { build }),
        None if now >= entry.expires_at => Err(ClaimError::Expired { since: entry.expires_at }),
        None => Ok(entry),
    }
}
