//! The ledger's lines.

use keelway_kernel::{Actor, Credits, GrantId, HoldId, Timestamp};

/// Why credits moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Given to the tenant.
    Grant,
    /// Charged for use of a hold.
    Capture,
    /// Given back after a charge.
    Refund,
    /// Left because a grant lapsed.
    Expiry,
}

impl Reason {
    /// The account on the other side.
    pub const fn counter(self) -> Counter {
        match self {
            Self::Grant => Counter::Grants,
            Self::Capture => Counter::Revenue,
            Self::Refund => Counter::Refunds,
            Self::Expiry => Counter::Expired,
        }
    }
}

/// The other side of an entry: it moves by the same amount the other way, so the whole
/// ledger sums to zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counter {
    /// Where granted credits come from.
    Grants,
    /// Where captured credits go.
    Revenue,
    /// Where refunded credits come from.
    Refunds,
    /// Where lapsed credits go.
    Expired,
}

/// One line of the ledger; appended, never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// 1, 2, 3 ... without gaps within an account.
    pub seq: i64,
    /// What the wallet moved by; never zero.
    pub amount: Credits,
    /// Why.
    pub reason: Reason,
    /// The wallet's balance with this entry.
    pub balance_after: Credits,
    /// The hold that was charged or refunded.
    pub hold: Option<HoldId>,
    /// The grant that was made, charged or lapsed; absent on the part of a charge that only
    /// the overdraft covered.
    pub grant: Option<GrantId>,
    /// Who, and under which request.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
}

impl Entry {
    /// The account on the other side, which moves by minus `amount`.
    pub const fn counter(&self) -> Counter {
        self.reason.counter()
    }
}
