//! What a decision returns: everything a store must save, and nothing else.

use crate::{Amount, Entry, Grant, Hold};
use keelway_kernel::{Credits, GrantId, HoldId, IdempotencyKey, TenantId, Timestamp};

/// A decision that is not a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one lives at a time; a box would cost more")]
pub enum Decided<T> {
    /// The command takes effect: save `change`, then answer `outcome`.
    Now {
        /// What to save, in one transaction.
        change: Change,
        /// What to answer.
        outcome: T,
    },
    /// The same command took effect before: save nothing, answer what was answered then.
    Already(T),
}

impl<T> Decided<T> {
    /// The answer, whenever it took effect.
    pub fn outcome(&self) -> &T {
        match self {
            Self::Now { outcome, .. } | Self::Already(outcome) => outcome,
        }
    }

    /// What to save, if anything.
    pub fn change(&self) -> Option<&Change> {
        match self {
            Self::Now { change, .. } => Some(change),
            Self::Already(_) => None,
        }
    }
}

/// The rows to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Whose account.
    pub tenant: TenantId,
    /// The version the decision rests on: save only over this one, as `version + 1`.
    pub version: i64,
    /// The account's balance from now on.
    pub balance: Credits,
    /// What it holds from now on.
    pub held: Credits,
    /// Its newest entry from now on.
    pub last_entry: i64,
    /// Holds as they are from now on, new or known by their id, each once.
    pub holds: Vec<Hold>,
    /// Grants that are new or have less left, each once.
    pub grants: Vec<GrantChange>,
    /// Lines to append, in order.
    pub entries: Vec<Entry>,
    /// The record by which a repeated command is known.
    pub operation: Option<Operation>,
}

/// What happened to a grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantChange {
    /// It was made: insert it, and fail if the id is taken.
    New(Grant),
    /// It has this much left.
    Remaining {
        /// Which.
        grant: GrantId,
        /// What is left of it, zero or more.
        remaining: Credits,
    },
}

/// The record of a keyed command, unique by tenant and key and kept as long as the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// The caller's key.
    pub key: IdempotencyKey,
    /// The body in words; a retry must repeat it exactly.
    pub request: String,
    /// What was answered.
    pub receipt: Receipt,
}

impl Operation {
    /// The recorded answer, if `request` is what was asked then.
    pub(crate) fn answer(&self, request: &str) -> Option<Receipt> {
        (self.request == request).then_some(self.receipt)
    }
}

/// What a commit or release did, and how the account stood after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// Of which hold.
    pub hold: HoldId,
    /// Charged by this command.
    pub captured: Credits,
    /// Let go by this command.
    pub released: Credits,
    /// The balance right after.
    pub balance: Credits,
    /// What was held right after.
    pub held: Credits,
    /// When.
    pub at: Timestamp,
}

/// Credits were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted {
    /// As which grant.
    pub grant: GrantId,
    /// How much.
    pub amount: Amount,
    /// When.
    pub at: Timestamp,
}

/// Credits were set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reserved {
    /// In which hold.
    pub hold: HoldId,
    /// How much.
    pub amount: Amount,
    /// When.
    pub opened_at: Timestamp,
    /// When the hold times out unless renewed; `None` for a build's.
    pub expires_at: Option<Timestamp>,
}

/// A hold lives on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewed {
    /// Which.
    pub hold: HoldId,
    /// Until when, unless renewed again.
    pub expires_at: Timestamp,
}

/// A hold was ended at its final charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// Which.
    pub hold: HoldId,
    /// What the tenant paid in all.
    pub charged: Credits,
    /// When.
    pub at: Timestamp,
}
