//! Credits given to an account.

use crate::{AddGrant, Amount, Granted, Refund};
use keelway_kernel::{Credits, GrantId, HoldId, Timestamp};

/// Where credits came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GrantSource {
    /// Included in the tenant's tier, once a period.
    Plan,
    /// Paid for on its own.
    Purchase,
    /// Given away.
    Promotion,
    /// Charged before and given back.
    Refund,
}

impl GrantSource {
    /// The usual burn priority: what cost the tenant least burns first.
    pub const fn usual_priority(self) -> u8 {
        match self {
            Self::Promotion => 10,
            Self::Plan => 20,
            Self::Refund => 30,
            Self::Purchase => 40,
        }
    }
}

/// A second life for part of a grant that expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rollover {
    /// The most that lives on.
    pub up_to: Credits,
    /// When that lapses too.
    pub until: Timestamp,
}

/// Under which conditions credits were given; never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Where they came from.
    pub source: GrantSource,
    /// Lower burns first.
    pub priority: u8,
    /// From this moment on they cannot be held any more; `None` is for ever.
    pub expires_at: Option<Timestamp>,
    /// What outlives `expires_at`, as the tier allows for plan grants.
    pub rollover: Option<Rollover>,
}

impl Terms {
    /// Credits of `source` that never expire, at the source's usual priority.
    pub const fn unlimited(source: GrantSource) -> Self {
        Self { source, priority: source.usual_priority(), expires_at: None, rollover: None }
    }

    /// When credits lose their right to stay, and how many keep it then.
    pub(crate) fn lapses(&self) -> impl Iterator<Item = (Timestamp, Credits)> + use<> {
        let rollover = self.rollover.filter(|_| self.expires_at.is_some());
        let kept = rollover.map_or(Credits::ZERO, |rollover| rollover.up_to.max(Credits::ZERO));
        let first = self.expires_at.map(|at| (at, kept));
        let second = rollover.map(|rollover| (rollover.until, Credits::ZERO));
        first.into_iter().chain(second)
    }
}

/// Credits given at one time under one set of terms. Only `remaining` ever changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Chosen by whoever gave it: the same id never gives twice.
    pub id: GrantId,
    /// How much was given.
    pub amount: Amount,
    /// How much was neither captured nor has left; 0 to `amount`.
    pub remaining: Credits,
    /// Under which conditions.
    pub terms: Terms,
    /// The hold whose charge it gives back, if it does.
    pub refunds: Option<HoldId>,
    /// When.
    pub granted_at: Timestamp,
}

impl Grant {
    /// What has lost its right to stay by `now`.
    pub fn lapsed(&self, now: Timestamp) -> Credits {
        let past = self.terms.lapses().filter(|(at, _)| *at <= now);
        past.map(|(_, kept)| self.beyond(kept)).max().unwrap_or(Credits::ZERO)
    }

    /// What remains over `kept`.
    pub(crate) fn beyond(&self, kept: Credits) -> Credits {
        Credits::new(self.remaining.get().saturating_sub(kept.get()).max(0))
    }

    /// Sorts grants into the order they are charged: priority, soonest expiry, oldest.
    pub fn burn_order(&self) -> impl Ord + use<> {
        let expiry = self.terms.expires_at.map_or(i64::MAX, Timestamp::as_micros);
        (self.terms.priority, expiry, self.granted_at, self.id)
    }

    /// What giving it answered, the same for ever.
    pub const fn granted(&self) -> Granted {
        Granted { grant: self.id, amount: self.amount, at: self.granted_at }
    }

    pub(crate) fn was_made_by(&self, cmd: &AddGrant) -> bool {
        self.amount == cmd.amount && self.terms == cmd.terms && self.refunds.is_none()
    }

    pub(crate) fn was_refunded_by(&self, cmd: &Refund) -> bool {
        self.amount == cmd.amount && self.refunds == Some(cmd.hold)
    }
}
