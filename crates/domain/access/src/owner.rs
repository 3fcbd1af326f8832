//! How the platform gets the first of its own people: a link that is good for one person, once.
//!
//! There is at most one link at a time. Whoever can start the platform, or reach its database,
//! can have one made; nobody else can, and there is no password to begin with.

use keelway_kernel::Timestamp;

/// The one link that is out; its token is kept as a hash, apart from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnerLink {
    /// From this moment on it is dead.
    pub expires_at: Timestamp,
}

/// Why a link is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// The platform starts: only while it has none of its own people.
    Start,
    /// Somebody with the database in their hands asks for it.
    LockedOut,
}

/// Why a link made nobody an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedeemError {
    /// There is no such link: it was used, replaced by a newer one, or is too old.
    #[error("the link is no longer good")]
    LinkDead,
    /// The address has an account: its holder signs in first and then follows the link.
    #[error("the e-mail address has an account")]
    EmailTaken,
    /// The session that was presented ended meanwhile.
    #[error("the session is over")]
    SessionOver,
}

impl OwnerLink {
    /// Seconds from its making to its end.
    pub const LIFETIME_S: i64 = 24 * 60 * 60;

    /// Decides whether a link is made at `now`, in place of the one that may be out.
    pub fn issue(occasion: Occasion, staff: u64, now: Timestamp) -> Option<Self> {
        let due = match occasion {
            Occasion::Start => staff == 0,
            Occasion::LockedOut => true,
        };
        due.then(|| Self { expires_at: now.plus_seconds(Self::LIFETIME_S) })
    }

    /// Whether the link that a token leads to makes an owner at `now`.
    pub fn redeem(link: Option<Self>, now: Timestamp) -> Result<(), RedeemError> {
        link.filter(|link| now < link.expires_at).map(|_| ()).ok_or(RedeemError::LinkDead)
    }
}
