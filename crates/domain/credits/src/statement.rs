//! How an account stands, and for how long it will last.

use crate::{Account, Grant};
use keelway_kernel::{Credits, Timestamp};
use std::num::NonZeroU32;

/// What was charged lately, refunds taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecentUse {
    /// The sum.
    pub charged: Credits,
    /// Over how many days.
    pub days: NonZeroU32,
}

impl RecentUse {
    /// Over how many days stores look back; fewer for a younger account.
    pub const LOOK_BACK_DAYS: u32 = 14;

    /// The whole days that `available` lasts at this pace; `None` if nothing is being spent.
    pub fn days_left(&self, available: Credits) -> Option<u64> {
        let spent = u128::try_from(self.charged.get()).ok().filter(|spent| *spent > 0)?;
        let available = u128::try_from(available.get()).unwrap_or(0);
        u64::try_from(available * u128::from(self.days.get()) / spent).ok()
    }
}

/// An account as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The sum of all entries.
    pub balance: Credits,
    /// What open holds keep aside.
    pub held: Credits,
    /// What can be held now.
    pub available: Credits,
    /// What is left of each grant, in the order they burn.
    pub grants: Vec<Grant>,
    /// The whole days that `available` lasts at the recent pace; `None` if nothing is spent.
    pub days_left: Option<u64>,
}

impl Statement {
    /// Draws up the statement of `account` at `now`.
    pub fn new(account: &Account, recent: &RecentUse, now: Timestamp) -> Self {
        let available = account.available(now);
        let mut grants = account.grants.clone();
        grants.sort_by_key(Grant::burn_order);
        Self {
            balance: account.balance,
            held: account.held,
            available,
            grants,
            days_left: recent.days_left(available),
        }
    }
}
