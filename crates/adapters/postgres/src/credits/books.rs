//! Accounts in memory, as decisions of a batch see and leave them.

use std::collections::{BTreeMap, HashMap};

use keelway_access::AuditAction;
use keelway_credits::{
    Account, Change, Commit, CommitError, Decided, Hold, HoldFacts, Operation, Receipt, Release,
    ReleaseError, Renew, RenewError, Renewed, Reserve, ReserveError, ReserveFacts, Reserved, Spent,
    decide,
};
use keelway_kernel::{
    Actor, Credits, HoldId, IdempotencyKey, ProjectId, TenantId, Timestamp, UserId,
};

/// Accounts by their tenant.
pub(crate) type Ledger = BTreeMap<TenantId, Books>;

/// What is known of one account: all that the commands of a batch rest on.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Books {
    pub(super) account: Option<Account>,
    /// The holds that commands name, and those that are past their time.
    pub(super) holds: BTreeMap<HoldId, Hold>,
    pub(super) operations: HashMap<IdempotencyKey, Operation>,
    pub(super) spent: BTreeMap<Day, Spent>,
}

/// What a daily cap looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day {
    pub(super) since: Timestamp,
    pub(super) user: Option<UserId>,
    pub(super) project: Option<ProjectId>,
}

impl Day {
    fn of(cmd: &Reserve) -> Option<Self> {
        let caps = cmd.caps.as_ref()?;
        Some(Self { since: caps.since, user: cmd.user, project: cmd.project })
    }

    /// Counts what a hold weighs more than before.
    fn count(&self, spent: &mut Spent, hold: &Hold, more: i64) {
        let add = |sum: &mut Credits| *sum = Credits::new(sum.get().saturating_add(more));
        if hold.opened_at < self.since {
            return;
        }
        add(&mut spent.tenant);
        if self.user.is_some() && self.user == hold.user {
            add(&mut spent.user);
        }
        if self.project.is_some() && self.project == hold.project {
            add(&mut spent.project);
        }
    }
}

impl Books {
    /// The books once `change` is saved: what loading them again would find.
    pub(super) fn apply(&mut self, change: &Change) {
        self.account = self.account.take().map(|account| account.apply(change));
        for hold in &change.holds {
            let before = self.holds.insert(hold.id, hold.clone());
            let weighed = before.map_or(0, |before| before.weight().get());
            for (day, spent) in &mut self.spent {
                day.count(spent, hold, hold.weight().get() - weighed);
            }
        }
        let done = change.operation.iter();
        self.operations.extend(done.map(|done| (done.key.clone(), done.clone())));
    }

    /// Open holds past their time, in the order in which they are always loaded.
    fn due(&self, now: Timestamp) -> Vec<Hold> {
        let mut due: Vec<_> = self.holds.values().filter(|hold| hold.is_due(now)).collect();
        due.sort_by_key(|hold| (hold.expires_at, hold.id));
        due.into_iter().cloned().collect()
    }

    fn with_hold(&self, hold: HoldId) -> Option<(&Account, &Hold)> {
        self.account.as_ref().zip(self.holds.get(&hold))
    }

    fn hold_facts(&self, hold: HoldId, key: &IdempotencyKey) -> Option<HoldFacts<'_>> {
        let (account, hold) = self.with_hold(hold)?;
        Some(HoldFacts { account, hold, earlier: self.operations.get(key) })
    }
}

/// What a command rests on beside its account.
pub(super) struct Rests<'a> {
    pub(super) hold: HoldId,
    pub(super) key: Option<&'a IdempotencyKey>,
    pub(super) day: Option<Day>,
    pub(super) due: Due,
}

/// Whether a command ends holds that are past their time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    Ended,
    Left,
}

/// A command of the ledger that comes often: it rests on little, and makes no grants.
pub(crate) trait Hot: Clone + Send + Sync + 'static {
    type Done: Copy + Send + 'static;
    type Refusal: Send + 'static;

    /// How the audit log calls it, if it is told.
    const ACTION: Option<AuditAction>;

    fn rests_on(&self) -> Rests<'_>;

    fn decide(&self, books: &Books, now: Timestamp) -> Result<Decided<Self::Done>, Self::Refusal>;

    fn actor(&self) -> &Actor;
}

impl Hot for Reserve {
    type Done = Reserved;
    type Refusal = ReserveError;
    const ACTION: Option<AuditAction> = Some(AuditAction::CreditsHeld);

    fn rests_on(&self) -> Rests<'_> {
        Rests { hold: self.hold, key: None, day: Day::of(self), due: Due::Ended }
    }

    fn decide(&self, books: &Books, now: Timestamp) -> Result<Decided<Reserved>, ReserveError> {
        let day = Day::of(self).and_then(|day| books.spent.get(&day));
        let facts = ReserveFacts {
            account: books.account.as_ref().ok_or(ReserveError::AccountUnknown)?,
            earlier: books.holds.get(&self.hold),
            due: &books.due(now),
            spent: day.copied().unwrap_or_default(),
        };
        decide::reserve(&facts, self, now)
    }

    fn actor(&self) -> &Actor {
        &self.actor
    }
}

impl Hot for Renew {
    type Done = Renewed;
    type Refusal = RenewError;
    const ACTION: Option<AuditAction> = None;

    fn rests_on(&self) -> Rests<'_> {
        Rests { hold: self.hold, key: None, day: None, due: Due::Left }
    }

    fn decide(&self, books: &Books, now: Timestamp) -> Result<Decided<Renewed>, RenewError> {
        let (account, hold) = books.with_hold(self.hold).ok_or(RenewError::HoldUnknown)?;
        decide::renew(account, hold, self, now)
    }

    fn actor(&self) -> &Actor {
        &self.actor
    }
}

impl Hot for Commit {
    type Done = Receipt;
    type Refusal = CommitError;
    const ACTION: Option<AuditAction> = Some(AuditAction::CreditsCaptured);

    fn rests_on(&self) -> Rests<'_> {
        Rests { hold: self.hold, key: Some(&self.key), day: None, due: Due::Left }
    }

    fn decide(&self, books: &Books, now: Timestamp) -> Result<Decided<Receipt>, CommitError> {
        let facts = books.hold_facts(self.hold, &self.key).ok_or(CommitError::HoldUnknown)?;
        decide::commit(&facts, self, now)
    }

    fn actor(&self) -> &Actor {
        &self.actor
    }
}

impl Hot for Release {
    type Done = Receipt;
    type Refusal = ReleaseError;
    const ACTION: Option<AuditAction> = Some(AuditAction::CreditsReleased);

    fn rests_on(&self) -> Rests<'_> {
        Rests { hold: self.hold, key: Some(&self.key), day: None, due: Due::Left }
    }

    fn decide(&self, books: &Books, now: Timestamp) -> Result<Decided<Receipt>, ReleaseError> {
        let facts = books.hold_facts(self.hold, &self.key).ok_or(ReleaseError::HoldUnknown)?;
        decide::release(&facts, self, now)
    }

    fn actor(&self) -> &Actor {
        &self.actor
    }
}
