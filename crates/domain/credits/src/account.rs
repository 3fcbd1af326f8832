//! The state of one tenant's wallet.

use crate::{Change, Grant, GrantChange};
use keelway_kernel::{Credits, TenantId, Timestamp};

/// One tenant's wallet as a decision needs it: locked, and all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Whose it is; a tenant has exactly one.
    pub tenant: TenantId,
    /// The sum of all entries; below zero only by use of the overdraft.
    pub balance: Credits,
    /// What open holds still keep aside.
    pub held: Credits,
    /// How far captures may exceed their holds, by contract; zero or more, usually zero.
    pub overdraft: Credits,
    /// The number of the newest entry; entries are 1, 2, 3 ... without gaps.
    pub last_entry: i64,
    /// Grows by one with each change, so that a save can be guarded; 0 was never saved.
    pub version: i64,
    /// Every grant with something left, lapsed ones included, in any order. Together they
    /// are worth the balance, or nothing while it is negative.
    pub grants: Vec<Grant>,
}

impl Account {
    /// An empty wallet, as it is before the first grant.
    pub const fn new(tenant: TenantId) -> Self {
        Self {
            tenant,
            balance: Credits::ZERO,
            held: Credits::ZERO,
            overdraft: Credits::ZERO,
            last_entry: 0,
            version: 0,
            grants: Vec::new(),
        }
    }

    /// What can be held at `now`: neither held already nor lapsed.
    ///
    /// Does not depend on whether a sweep has taken lapsed credits out yet. Below zero while
    /// the overdraft is in use.
    pub fn available(&self, now: Timestamp) -> Credits {
        let free = self.free();
        let lapsed =
            self.grants.iter().map(|grant| grant.lapsed(now).get()).fold(0, i64::saturating_add);
        Credits::new(free.get() - lapsed.clamp(0, free.get().max(0)))
    }

    /// The balance less what is held, lapsed credits included.
    pub(crate) const fn free(&self) -> Credits {
        Credits::new(self.balance.get().saturating_sub(self.held.get()))
    }

    /// The wallet once `change` is saved; stores use it to decide a batch in memory.
    #[must_use]
    pub fn apply(mut self, change: &Change) -> Self {
        for grant in &change.grants {
            match grant {
                GrantChange::New(grant) => self.grants.push(grant.clone()),
                GrantChange::Remaining { grant, remaining } => {
                    for known in self.grants.iter_mut().filter(|known| known.id == *grant) {
                        known.remaining = *remaining;
                    }
                }
            }
        }
        self.grants.retain(|grant| grant.remaining > Credits::ZERO);
        Self {
            balance: change.balance,
            held: change.held,
            last_entry: change.last_entry,
            version: change.version + 1,
            ..self
        }
    }
}
