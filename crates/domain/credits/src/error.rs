//! Why a command was refused. A refusal changes nothing and is not recorded: the same
//! command may succeed later.

use crate::HoldState;
use keelway_kernel::{BuildId, Credits, HoldId, MoneyError, Timestamp};

/// The hold has ended, or its time has run out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("hold {hold} is not open")]
pub struct NotOpen {
    /// Which.
    pub hold: HoldId,
    /// How it ended.
    pub state: HoldState,
}

/// The hold is a build's: what was used of it is charged, and the rest let go, as the build ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("hold {hold} belongs to build {build} and ends with it")]
pub struct OfBuild {
    /// Which.
    pub hold: HoldId,
    /// Whose.
    pub build: BuildId,
}

/// Why credits were not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// They would have lapsed before they arrived.
    #[error("the grant expired at {at}")]
    Expired {
        /// When.
        at: Timestamp,
    },
    /// The grant id was used for another grant.
    #[error("the grant id was used for another grant")]
    KeyReused,
    /// The balance would leave 64 bits.
    #[error(transparent)]
    TooLarge(#[from] MoneyError),
}

/// Whose daily cap was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CapScope {
    /// The tenant's.
    Tenant,
    /// The person's.
    User,
    /// The project's.
    Project,
}

/// Why credits were not set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReserveError {
    /// The tenant was never granted anything.
    #[error("the tenant has no account")]
    AccountUnknown,
    /// There is less than asked for.
    #[error("{needed} credits are needed and {available} are available")]
    Insufficient {
        /// What could be held now; below zero while an overdraft is in use.
        available: Credits,
        /// What was asked for.
        needed: Credits,
    },
    /// The day's allowance would be exceeded.
    #[error("{needed} more credits exceed today's cap of {cap}, {spent} of which are used")]
    DailyCap {
        /// Whose.
        scope: CapScope,
        /// The allowance.
        cap: Credits,
        /// What of it is spent or set aside.
        spent: Credits,
        /// What was asked for.
        needed: Credits,
        /// When the next day begins.
        resets_at: Timestamp,
    },
    /// The hold id was used for another reservation.
    #[error("the hold id was used for another reservation")]
    KeyReused,
    /// A sum would leave 64 bits.
    #[error(transparent)]
    TooLarge(#[from] MoneyError),
}

/// Why a hold was not renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RenewError {
    /// The tenant has no such hold.
    #[error("the hold is unknown")]
    HoldUnknown,
    /// It has ended.
    #[error(transparent)]
    NotOpen(#[from] NotOpen),
    /// It belongs to a build and lives as long as that.
    #[error("a build's hold has no time to renew")]
    Untimed,
    /// A sum would leave 64 bits.
    #[error(transparent)]
    TooLarge(#[from] MoneyError),
}

/// Why use was not charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// The tenant has no such hold.
    #[error("the hold is unknown")]
    HoldUnknown,
    /// It is a build's.
    #[error(transparent)]
    OfBuild(#[from] OfBuild),
    /// It has ended.
    #[error(transparent)]
    NotOpen(#[from] NotOpen),
    /// Use below zero.
    #[error("use cannot be negative")]
    Negative,
    /// More than was set aside and the overdraft allows.
    #[error("{used} credits were used and at most {most} can be charged")]
    OverHold {
        /// What was to be charged.
        used: Credits,
        /// The most that can be.
        most: Credits,
    },
    /// The key was used for another operation.
    #[error("the key was used for another operation")]
    KeyReused,
    /// A sum would leave 64 bits.
    #[error(transparent)]
    TooLarge(#[from] MoneyError),
}

/// Why a hold was not let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseError {
    /// The tenant has no such hold.
    #[error("the hold is unknown")]
    HoldUnknown,
    /// It is a build's.
    #[error(transparent)]
    OfBuild(#[from] OfBuild),
    /// It has ended.
    #[error(transparent)]
    NotOpen(#[from] NotOpen),
    /// The key was used for another operation.
    #[error("the key was used for another operation")]
    KeyReused,
    /// A sum would leave 64 bits.
    #[error(transparent)]
    TooLarge(#[from] MoneyError),
}

/// Why nothing was given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefundError {
    /// The tenant has no such hold.
    #[error("the hold is unknown")]
    HoldUnknown,
    /// More than the tenant paid.
    #[error("{asked} credits exceed the {charged} that were charged")]
    OverCharge {
        /// What was to be given back.
        asked: Credits,
        /// What was charged and not given back yet.
        charged: Credits,
    },
    /// The grant id was used for another grant.
    #[error("the grant id was used for another grant")]
    KeyReused,
    /// A sum would leave 64 bits.
    #[error(transparent)]
    TooLarge(#[from] MoneyError),
}

/// Why a hold was not ended at a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SettleError {
    /// It ended before, at another charge.
    #[error(transparent)]
    NotOpen(#[from] NotOpen),
    /// A charge below zero.
    #[error("a charge cannot be negative")]
    Negative,
    /// More than was set aside and the overdraft allows.
    #[error("{charge} credits exceed the {most} that can be charged")]
    OverHold {
        /// What was to be charged in all.
        charge: Credits,
        /// The most that can be.
        most: Credits,
    },
    /// A sum would leave 64 bits.
    #[error(transparent)]
    TooLarge(#[from] MoneyError),
}
