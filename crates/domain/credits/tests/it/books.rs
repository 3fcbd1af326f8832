//! A ledger in memory that does what a store does: load facts, decide, save the change.

use keelway_credits::{
    Account, AddGrant, Change, Commit, CommitError, Decided, Entry, Grant, GrantChange, GrantError,
    Granted, Hold, HoldFacts, Lifetime, Operation, Purpose, Receipt, Refund, RefundError,
    RefundFacts, Release, ReleaseError, Renew, RenewError, Renewed, Reserve, ReserveError,
    ReserveFacts, Reserved, Settle, SettleError, Settled, Spent, Violation, audit, decide,
};
use keelway_kernel::{
    Actor, BuildId, Credits, GrantId, HoldId, IdempotencyKey, TenantId, Timestamp,
};
use std::collections::BTreeMap;
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Books {
    pub(crate) account: Account,
    pub(crate) holds: BTreeMap<HoldId, Hold>,
    pub(crate) grants: BTreeMap<GrantId, Grant>,
    pub(crate) operations: BTreeMap<String, Operation>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) now: Timestamp,
}

pub(crate) fn hold_id(n: u8) -> HoldId {
    HoldId::from_uuid(Uuid::from_u128(1_000 + u128::from(n)))
}

pub(crate) fn grant_id(n: u8) -> GrantId {
    GrantId::from_uuid(Uuid::from_u128(2_000 + u128::from(n)))
}

pub(crate) fn build_id(n: u8) -> BuildId {
    BuildId::from_uuid(Uuid::from_u128(3_000 + u128::from(n)))
}

pub(crate) fn key(n: u8) -> IdempotencyKey {
    IdempotencyKey::parse(&format!("key-{n}")).unwrap()
}

/// What others may charge and end, and what no test here is long enough to see timed out.
pub(crate) fn untimed() -> Purpose {
    let lifetime = Lifetime::from_millis(86_400_000).unwrap();
    Purpose::External { reference: "job".into(), lifetime }
}

pub(crate) fn actor() -> Actor {
    Actor { user: None, request_id: "req_test".into() }
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(0).plus_seconds(seconds)
}

impl Books {
    pub(crate) fn new(overdraft: i64) -> Self {
        let tenant = TenantId::from_uuid(Uuid::from_u128(1));
        Self {
            account: Account { overdraft: Credits::new(overdraft), ..Account::new(tenant) },
            holds: BTreeMap::new(),
            grants: BTreeMap::new(),
            operations: BTreeMap::new(),
            entries: Vec::new(),
            now: at(0),
        }
    }

    fn save(&mut self, change: &Change) {
        assert_eq!(change.version, self.account.version, "decided on stale facts");
        self.account = self.account.clone().apply(change);
        for hold in &change.holds {
            if let Some(before) = self.holds.insert(hold.id, hold.clone()) {
                let ended = before.state.ended();
                assert!(ended.is_none() || before.state == hold.state, "ended twice: {hold:?}");
            }
        }
        for grant in &change.grants {
            match grant {
                GrantChange::New(grant) => {
                    assert!(self.grants.insert(grant.id, grant.clone()).is_none());
                }
                GrantChange::Remaining { grant, remaining } => {
                    self.grants.get_mut(grant).unwrap().remaining = *remaining;
                }
            }
        }
        if let Some(operation) = &change.operation {
            let key = operation.key.as_str().to_owned();
            assert!(self.operations.insert(key, operation.clone()).is_none());
        }
        self.entries.extend(change.entries.iter().cloned());
    }

    fn take<T>(&mut self, decided: Decided<T>) -> T {
        match decided {
            Decided::Now { change, outcome } => {
                self.save(&change);
                outcome
            }
            Decided::Already(outcome) => outcome,
        }
    }

    pub(crate) fn grant(&mut self, cmd: &AddGrant) -> Result<Granted, GrantError> {
        let decided = decide::grant(&self.account, self.grants.get(&cmd.grant), cmd, self.now)?;
        Ok(self.take(decided))
    }

    pub(crate) fn reserve(&mut self, cmd: &Reserve) -> Result<Reserved, ReserveError> {
        let due = self.due();
        let facts = ReserveFacts {
            account: &self.account,
            earlier: self.holds.get(&cmd.hold),
            due: &due,
            spent: self.spent(cmd),
        };
        let decided = decide::reserve(&facts, cmd, self.now)?;
        Ok(self.take(decided))
    }

    fn spent(&self, cmd: &Reserve) -> Spent {
        let Some(caps) = cmd.caps else {
            return Spent::default();
        };
        let sum = |counts: &dyn Fn(&Hold) -> bool| {
            let today = self.holds.values().filter(|hold| hold.opened_at >= caps.since);
            Credits::new(today.filter(|hold| counts(hold)).map(|hold| hold.weight().get()).sum())
        };
        Spent {
            tenant: sum(&|_| true),
            user: sum(&|hold| hold.user == cmd.user),
            project: sum(&|hold| hold.project == cmd.project),
        }
    }

    pub(crate) fn renew(&mut self, cmd: &Renew) -> Result<Renewed, RenewError> {
        let hold = self.holds.get(&cmd.hold).ok_or(RenewError::HoldUnknown)?;
        let decided = decide::renew(&self.account, hold, cmd, self.now)?;
        Ok(self.take(decided))
    }

    pub(crate) fn commit(&mut self, cmd: &Commit) -> Result<Receipt, CommitError> {
        let facts = HoldFacts {
            account: &self.account,
            hold: self.holds.get(&cmd.hold).ok_or(CommitError::HoldUnknown)?,
            earlier: self.operations.get(cmd.key.as_str()),
        };
        let decided = decide::commit(&facts, cmd, self.now)?;
        Ok(self.take(decided))
    }

    pub(crate) fn release(&mut self, cmd: &Release) -> Result<Receipt, ReleaseError> {
        let facts = HoldFacts {
            account: &self.account,
            hold: self.holds.get(&cmd.hold).ok_or(ReleaseError::HoldUnknown)?,
            earlier: self.operations.get(cmd.key.as_str()),
        };
        let decided = decide::release(&facts, cmd, self.now)?;
        Ok(self.take(decided))
    }

    pub(crate) fn refund(&mut self, cmd: &Refund) -> Result<Granted, RefundError> {
        let facts = RefundFacts {
            account: &self.account,
            hold: self.holds.get(&cmd.hold).ok_or(RefundError::HoldUnknown)?,
            earlier: self.grants.get(&cmd.grant),
        };
        let decided = decide::refund(&facts, cmd, self.now)?;
        Ok(self.take(decided))
    }

    pub(crate) fn settle(&mut self, hold: HoldId, cmd: &Settle) -> Result<Settled, SettleError> {
        let decided = decide::settle(&self.account, &self.holds[&hold], cmd, self.now)?;
        Ok(self.take(decided))
    }

    pub(crate) fn sweep(&mut self) {
        let due = self.due();
        if let Some(change) = decide::expire(&self.account, &due, &actor(), self.now).unwrap() {
            self.save(&change);
        }
    }

    fn due(&self) -> Vec<Hold> {
        self.holds.values().filter(|hold| hold.is_due(self.now)).cloned().collect()
    }

    pub(crate) fn violations(&self) -> Vec<Violation> {
        let holds: Vec<Hold> = self.holds.values().cloned().collect();
        audit(&self.account, &holds, &self.entries)
    }
}
