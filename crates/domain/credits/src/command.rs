//! What a caller can ask of the ledger. No command carries a time: the store's clock says
//! when it happens, inside the transaction.

use crate::{Amount, Purpose, Terms};
use keelway_kernel::{
    Actor, Credits, GrantId, HoldId, IdempotencyKey, ProjectId, Timestamp, UserId,
};

/// Give credits. Idempotent by `grant`; the first grant of a tenant opens its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddGrant {
    /// The id of this gift, chosen by the giver.
    pub grant: GrantId,
    /// How much.
    pub amount: Amount,
    /// Under which conditions.
    pub terms: Terms,
    /// Who gives it.
    pub actor: Actor,
}

/// Set credits aside. Idempotent by `hold`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserve {
    /// The id of this reservation, chosen by the caller.
    pub hold: HoldId,
    /// How much.
    pub amount: Amount,
    /// What for.
    pub purpose: Purpose,
    /// Whose daily cap it counts against.
    pub user: Option<UserId>,
    /// Which project's daily cap it counts against.
    pub project: Option<ProjectId>,
    /// The caps in force; not part of the body that a retry must repeat.
    pub caps: Option<DailyCaps>,
    /// Who asks.
    pub actor: Actor,
}

/// The most that may be spent in one calendar day of the tenant. `None` is no cap.
///
/// A hold past its time counts until somebody has ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyCaps {
    /// When the day began, in the tenant's time zone.
    pub since: Timestamp,
    /// When the next one begins.
    pub resets_at: Timestamp,
    /// For everything the tenant does.
    pub tenant: Option<Credits>,
    /// For [`Reserve::user`].
    pub user: Option<Credits>,
    /// For [`Reserve::project`].
    pub project: Option<Credits>,
}

/// The sums of [`Hold::weight`](crate::Hold::weight) over holds opened since the day began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    /// By the tenant.
    pub tenant: Credits,
    /// By [`Reserve::user`]; zero without one.
    pub user: Credits,
    /// For [`Reserve::project`]; zero without one.
    pub project: Credits,
}

/// Keep an external hold for another lifetime from now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renew {
    /// Which.
    pub hold: HoldId,
    /// Who asks.
    pub actor: Actor,
}

/// Whether more commits may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Finality {
    /// More may follow; the rest stays held.
    Partial,
    /// The last one; the rest is released.
    Final,
}

/// Charge what was used of a hold. Idempotent by `key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The caller's name for this very charge.
    pub key: IdempotencyKey,
    /// Which hold.
    pub hold: HoldId,
    /// What was used since the last commit; zero or more.
    pub used: Credits,
    /// Whether more may follow.
    pub finality: Finality,
    /// Who asks.
    pub actor: Actor,
}

/// Let go what a hold still keeps. Idempotent by `key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The caller's name for this very release.
    pub key: IdempotencyKey,
    /// Which hold.
    pub hold: HoldId,
    /// Who asks.
    pub actor: Actor,
}

/// Give back what was captured of a hold, wholly or in part. Idempotent by `grant`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// The id of the grant that the credits come back as, chosen by the giver; never a hold's
    /// UUID, which [`Settle`] uses.
    pub grant: GrantId,
    /// Which hold.
    pub hold: HoldId,
    /// How much.
    pub amount: Amount,
    /// Who gives it back.
    pub actor: Actor,
}

/// End a hold at exactly `charge`, whatever was committed before: what ending a build does.
///
/// Idempotent by the hold, which ends once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settle {
    /// What the tenant pays in all; zero or more.
    pub charge: Credits,
    /// Who ends it.
    pub actor: Actor,
}

impl Commit {
    /// The body in words, which a retry must repeat.
    pub fn request(&self) -> String {
        let finality = match self.finality {
            Finality::Partial => "partial",
            Finality::Final => "final",
        };
        format!("commit {} of {} {finality}", self.used, self.hold)
    }
}

impl Release {
    /// The body in words, which a retry must repeat.
    pub fn request(&self) -> String {
        format!("release {}", self.hold)
    }
}
