//! A change in the making. Balance and `held` move here and nowhere else: the balance only
//! together with an entry, `held` only together with a hold, so neither can drift.

use crate::{
    Account, Amount, Change, Decided, Entry, Grant, GrantChange, Granted, Hold, Operation, Reason,
    Receipt, Terms,
};
use keelway_kernel::{Actor, Credits, GrantId, HoldId, IdempotencyKey, MoneyError, Timestamp};

/// What an entry is about, besides its amount.
#[derive(Clone, Copy)]
struct About {
    reason: Reason,
    grant: Option<GrantId>,
    hold: Option<HoldId>,
}

/// A grant to be made.
#[derive(Clone, Copy)]
pub(crate) struct Gift {
    pub(crate) id: GrantId,
    pub(crate) amount: Amount,
    pub(crate) terms: Terms,
    pub(crate) refunds: Option<HoldId>,
}

pub(crate) struct Draft<'a> {
    pub(crate) account: Account,
    actor: &'a Actor,
    now: Timestamp,
    before: &'a Account,
    holds: Vec<Hold>,
    entries: Vec<Entry>,
}

impl<'a> Draft<'a> {
    /// Starts from `account` as time has left it: holds in `due` that timed out are ended and
    /// lapsed credits are gone. Every decision starts here, so none depends on when sweeps run.
    pub(crate) fn begin(
        account: &'a Account,
        due: &[Hold],
        actor: &'a Actor,
        now: Timestamp,
    ) -> Result<Self, MoneyError> {
        let mut draft = Self {
            account: account.clone(),
            actor,
            now,
            before: account,
            holds: Vec::new(),
            entries: Vec::new(),
        };
        for hold in due.iter().filter(|hold| hold.is_due(now)) {
            draft.save(hold, Hold { state: hold.state_at(now), ..hold.clone() })?;
        }
        draft.drop_lapsed()?;
        Ok(draft)
    }

    /// Lapsed credits leave in the order they lapsed, but never those that holds rely on.
    fn drop_lapsed(&mut self) -> Result<(), MoneyError> {
        let lapses = |grant: &Grant| {
            let id = grant.id;
            grant.terms.lapses().map(move |(at, kept)| (at, id, kept))
        };
        let mut past: Vec<_> = self.account.grants.iter().flat_map(lapses).collect();
        past.retain(|(at, ..)| *at <= self.now);
        past.sort();
        for (_, id, kept) in past {
            let free = self.account.free();
            let grant = self.account.grants.iter().find(|grant| grant.id == id).cloned();
            if let Some(grant) = grant.filter(|grant| grant.beyond(kept).min(free) > Credits::ZERO)
            {
                self.take(&grant, grant.beyond(kept).min(free), Reason::Expiry, None)?;
            }
        }
        Ok(())
    }

    /// Opens a hold: all of it is set aside.
    pub(crate) fn open(&mut self, hold: Hold) -> Result<(), MoneyError> {
        self.account.held = self.account.held.plus(hold.outstanding())?;
        self.holds.push(hold);
        Ok(())
    }

    /// Replaces a hold and moves `held` by the difference.
    pub(crate) fn save(&mut self, before: &Hold, after: Hold) -> Result<(), MoneyError> {
        let kept = self.account.held.minus(before.outstanding())?;
        self.account.held = kept.plus(after.outstanding())?;
        self.holds.push(after);
        Ok(())
    }

    /// Charges grants in burn order; what they do not cover is the overdraft's.
    pub(crate) fn burn(&mut self, used: Credits, hold: HoldId) -> Result<(), MoneyError> {
        let mut grants = self.account.grants.clone();
        grants.sort_by_key(Grant::burn_order);
        let mut owed = used;
        for grant in grants {
            let part = owed.min(grant.remaining);
            if part > Credits::ZERO {
                self.take(&grant, part, Reason::Capture, Some(hold))?;
                owed = owed.minus(part)?;
            }
        }
        if owed > Credits::ZERO {
            let about = About { reason: Reason::Capture, grant: None, hold: Some(hold) };
            self.post(Credits::ZERO.minus(owed)?, about)?;
        }
        Ok(())
    }

    /// Adds a grant; a debt takes its part of it at once.
    pub(crate) fn add(&mut self, gift: Gift) -> Result<Granted, MoneyError> {
        let Gift { id, amount, terms, refunds } = gift;
        let reason = if refunds.is_some() { Reason::Refund } else { Reason::Grant };
        self.post(amount.credits(), About { reason, grant: Some(id), hold: refunds })?;
        let remaining = amount.credits().min(self.account.balance).max(Credits::ZERO);
        let grant = Grant { id, amount, remaining, terms, refunds, granted_at: self.now };
        let granted = grant.granted();
        self.account.grants.push(grant);
        Ok(granted)
    }

    fn take(
        &mut self,
        grant: &Grant,
        part: Credits,
        reason: Reason,
        hold: Option<HoldId>,
    ) -> Result<(), MoneyError> {
        self.post(Credits::ZERO.minus(part)?, About { reason, grant: Some(grant.id), hold })?;
        let remaining = grant.remaining.minus(part)?;
        for known in self.account.grants.iter_mut().filter(|known| known.id == grant.id) {
            known.remaining = remaining;
        }
        Ok(())
    }

    fn post(&mut self, amount: Credits, about: About) -> Result<(), MoneyError> {
        self.account.balance = self.account.balance.plus(amount)?;
        self.account.last_entry += 1;
        self.entries.push(Entry {
            seq: self.account.last_entry,
            amount,
            reason: about.reason,
            balance_after: self.account.balance,
            hold: about.hold,
            grant: about.grant,
            actor: self.actor.clone(),
            at: self.now,
        });
        Ok(())
    }

    /// Whether there is nothing to save.
    pub(crate) fn is_empty(&self) -> bool {
        self.holds.is_empty() && self.entries.is_empty()
    }

    /// Saves the hold and records what became of it under the command's key.
    pub(crate) fn conclude(
        mut self,
        before: &Hold,
        after: Hold,
        key: &IdempotencyKey,
        request: String,
    ) -> Result<Decided<Receipt>, MoneyError> {
        let captured = after.captured.minus(before.captured)?;
        let unheld = before.outstanding().minus(after.outstanding())?;
        self.save(before, after)?;
        let receipt = Receipt {
            hold: before.id,
            captured,
            released: unheld.minus(captured.min(before.outstanding()))?,
            balance: self.account.balance,
            held: self.account.held,
            at: self.now,
        };
        let operation = Operation { key: key.clone(), request, receipt };
        Ok(Decided::Now { change: self.finish(Some(operation)), outcome: receipt })
    }

    /// The change as it stands.
    pub(crate) fn finish(self, operation: Option<Operation>) -> Change {
        let known = &self.before.grants;
        let changed = |grant: Grant| match known.iter().find(|known| known.id == grant.id) {
            None => Some(GrantChange::New(grant)),
            Some(known) if known.remaining == grant.remaining => None,
            Some(_) => Some(GrantChange::Remaining { grant: grant.id, remaining: grant.remaining }),
        };
        Change {
            tenant: self.account.tenant,
            version: self.before.version,
            balance: self.account.balance,
            held: self.account.held,
            last_entry: self.account.last_entry,
            grants: self.account.grants.into_iter().filter_map(changed).collect(),
            holds: self.holds,
            entries: self.entries,
            operation,
        }
    }
}
