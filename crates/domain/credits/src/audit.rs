//! Proves the ledger's invariants on stored books.

use crate::{Account, Entry, Hold, Reason};
use keelway_kernel::{Credits, HoldId, TenantId};

/// A sentence about the books that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// The balance is not what the entries come to.
    #[error("balance of {tenant} is {balance} and its entries sum to {entries}")]
    Balance {
        /// Whose.
        tenant: TenantId,
        /// As stored.
        balance: Credits,
        /// As added up.
        entries: i128,
    },
    /// Something is held for no open hold, or not held for one.
    #[error("{tenant} holds {held} and its open holds keep {holds}")]
    Held {
        /// Whose.
        tenant: TenantId,
        /// As stored.
        held: Credits,
        /// As added up.
        holds: i128,
    },
    /// More was held or spent than there is.
    #[error("{tenant} has {balance}, holds {held} and may overdraw {overdraft}")]
    Overspent {
        /// Whose.
        tenant: TenantId,
        /// As stored.
        balance: Credits,
        /// As stored.
        held: Credits,
        /// As stored.
        overdraft: Credits,
    },
    /// What is left of the grants is not what the balance says.
    #[error("balance of {tenant} is {balance} and its grants have {grants} left")]
    Grants {
        /// Whose.
        tenant: TenantId,
        /// As stored.
        balance: Credits,
        /// As added up.
        grants: i128,
    },
    /// An entry is missing, doubled, empty or carries a wrong balance.
    #[error("entry {seq} of {tenant} does not follow from the one before it")]
    Entry {
        /// Whose.
        tenant: TenantId,
        /// Which.
        seq: i64,
    },
    /// A hold does not agree with its entries or its own terminal record.
    #[error("hold {hold} does not agree with its entries")]
    Hold {
        /// Which.
        hold: HoldId,
    },
}

impl Account {
    /// What must be true of an account on its own, whatever led to it.
    pub fn check(&self) -> Vec<Violation> {
        let (tenant, balance, held) = (self.tenant, self.balance, self.held);
        let grants = sum(self.grants.iter().map(|grant| grant.remaining));
        let mut found = Vec::new();
        let floor = -i128::from(self.overdraft.get());
        if held < Credits::ZERO || i128::from(balance.get()) - i128::from(held.get()) < floor {
            let overdraft = self.overdraft;
            found.push(Violation::Overspent { tenant, balance, held, overdraft });
        }
        if grants != i128::from(balance.get().max(0)) {
            found.push(Violation::Grants { tenant, balance, grants });
        }
        found
    }
}

/// Everything wrong with one account's books; empty if they are in order.
///
/// Wants all holds of the account, and all entries in order of `seq`.
pub fn audit(account: &Account, holds: &[Hold], entries: &[Entry]) -> Vec<Violation> {
    let tenant = account.tenant;
    let mut found = account.check();

    let mut running = 0;
    for (seq, entry) in (1..).zip(entries) {
        running += i128::from(entry.amount.get());
        let right = entry.seq == seq && i128::from(entry.balance_after.get()) == running;
        if !right || entry.amount.is_zero() {
            found.push(Violation::Entry { tenant, seq: entry.seq });
        }
    }
    if entries.last().map_or(0, |entry| entry.seq) != account.last_entry {
        found.push(Violation::Entry { tenant, seq: account.last_entry });
    }
    if i128::from(account.balance.get()) != running {
        found.push(Violation::Balance { tenant, balance: account.balance, entries: running });
    }
    let kept = sum(holds.iter().map(Hold::outstanding));
    if i128::from(account.held.get()) != kept {
        found.push(Violation::Held { tenant, held: account.held, holds: kept });
    }
    found.extend(
        holds
            .iter()
            .filter(|hold| !agrees(hold, account.overdraft, entries))
            .map(|hold| Violation::Hold { hold: hold.id }),
    );
    found
}

fn agrees(hold: &Hold, overdraft: Credits, entries: &[Entry]) -> bool {
    let moved = |reason| {
        let of_hold = |entry: &&Entry| entry.hold == Some(hold.id) && entry.reason == reason;
        sum(entries.iter().filter(of_hold).map(|entry| entry.amount))
    };
    let (captured, refunded) = (i128::from(hold.captured.get()), i128::from(hold.refunded.get()));
    let limit = i128::from(hold.amount.credits().get()) + i128::from(overdraft.get());
    // Only a refund can change what was charged once a hold has ended, and only downwards.
    let final_charge = hold.state.ended().is_none_or(|ended| ended.charged >= hold.charged());
    -moved(Reason::Capture) == captured
        && moved(Reason::Refund) == refunded
        && (0..=limit).contains(&captured)
        && (0..=captured).contains(&refunded)
        && final_charge
}

fn sum(amounts: impl Iterator<Item = Credits>) -> i128 {
    amounts.map(|amount| i128::from(amount.get())).sum()
}
