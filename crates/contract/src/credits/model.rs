//! What a ledger would answer that had nothing to do but decide.

use keelway_credits::{
    Account, Change, Decided, Entry, Grant, GrantChange, Hold, HoldFacts, Operation, RefundFacts,
    ReserveFacts, Spent, decide,
};
use keelway_credits::{AddGrant, Commit, Refund, Release, Renew, Reserve};
use keelway_kernel::{Actor, Credits, GrantId, HoldId, TenantId, Timestamp};
use std::collections::BTreeMap;
use std::fmt::Debug;

/// One account's books in memory.
pub(super) struct Model {
    pub(super) account: Account,
    pub(super) entries: Vec<Entry>,
    holds: BTreeMap<HoldId, Hold>,
    grants: BTreeMap<GrantId, Grant>,
    operations: BTreeMap<String, Operation>,
}

/// A command of the ledger.
#[derive(Debug, Clone)]
pub(super) enum Command {
    Grant(AddGrant),
    Reserve(Reserve),
    Renew(Renew),
    Commit(Commit),
    Release(Release),
    Refund(Refund),
}

/// An answer in words; `Err` is a refusal.
pub(super) type Told = Result<String, String>;

pub(super) fn told<T: Debug, E: Debug>(answer: Result<T, E>) -> Told {
    answer.map(|answer| format!("{answer:?}")).map_err(|refusal| format!("{refusal:?}"))
}

impl Model {
    pub(super) fn new(tenant: TenantId) -> Self {
        Self {
            account: Account::new(tenant),
            entries: Vec::new(),
            holds: BTreeMap::new(),
            grants: BTreeMap::new(),
            operations: BTreeMap::new(),
        }
    }

    /// What the ledger has to answer at `now`.
    pub(super) fn run(&mut self, command: &Command, now: Timestamp) -> Told {
        match command {
            Command::Grant(cmd) => {
                let earlier = self.grants.get(&cmd.grant);
                self.take(decide::grant(&self.account, earlier, cmd, now))
            }
            Command::Reserve(_) if self.account.version == 0 => Err("AccountUnknown".into()),
            Command::Reserve(cmd) => {
                let due = self.due(now);
                let facts = ReserveFacts {
                    account: &self.account,
                    earlier: self.holds.get(&cmd.hold),
                    due: &due,
                    spent: self.spent(cmd),
                };
                self.take(decide::reserve(&facts, cmd, now))
            }
            Command::Renew(cmd) => match self.holds.get(&cmd.hold) {
                None => Err("HoldUnknown".into()),
                Some(hold) => self.take(decide::renew(&self.account, hold, cmd, now)),
            },
            Command::Commit(cmd) => match self.hold_facts(cmd.hold, cmd.key.as_str()) {
                None => Err("HoldUnknown".into()),
                Some(facts) => self.take(decide::commit(&facts, cmd, now)),
            },
            Command::Release(cmd) => match self.hold_facts(cmd.hold, cmd.key.as_str()) {
                None => Err("HoldUnknown".into()),
                Some(facts) => self.take(decide::release(&facts, cmd, now)),
            },
            Command::Refund(cmd) => match self.holds.get(&cmd.hold) {
                None => Err("HoldUnknown".into()),
                Some(hold) => {
                    let facts = RefundFacts {
                        account: &self.account,
                        hold,
                        earlier: self.grants.get(&cmd.grant),
                    };
                    self.take(decide::refund(&facts, cmd, now))
                }
            },
        }
    }

    fn hold_facts(&self, hold: HoldId, key: &str) -> Option<HoldFacts<'_>> {
        Some(HoldFacts {
            account: &self.account,
            hold: self.holds.get(&hold)?,
            earlier: self.operations.get(key),
        })
    }

    /// Ends what is past its time, as any number of sweeps would.
    pub(super) fn sweep(&mut self, actor: &Actor, now: Timestamp) {
        let change = decide::expire(&self.account, &self.due(now), actor, now);
        if let Some(change) = change.expect("sums that fit") {
            self.save(&change);
        }
    }

    fn due(&self, now: Timestamp) -> Vec<Hold> {
        let due = self.holds.values().filter(|hold| hold.is_due(now));
        due.cloned().collect()
    }

    fn spent(&self, cmd: &Reserve) -> Spent {
        let Some(caps) = &cmd.caps else { return Spent::default() };
        let weight = |counts: &dyn Fn(&Hold) -> bool| {
            let today = self.holds.values().filter(|hold| hold.opened_at >= caps.since);
            Credits::new(today.filter(|hold| counts(hold)).map(|hold| hold.weight().get()).sum())
        };
        Spent {
            tenant: weight(&|_| true),
            user: weight(&|hold| hold.user == cmd.user),
            project: weight(&|hold| hold.project == cmd.project),
        }
    }

    fn take<T: Debug, E: Debug>(&mut self, decided: Result<Decided<T>, E>) -> Told {
        told(decided.map(|decided| match decided {
            Decided::Now { change, outcome } => {
                self.save(&change);
                outcome
            }
            Decided::Already(outcome) => outcome,
        }))
    }

    fn save(&mut self, change: &Change) {
        self.account = self.account.clone().apply(change);
        self.entries.extend(change.entries.iter().cloned());
        for hold in &change.holds {
            self.holds.insert(hold.id, hold.clone());
        }
        for grant in &change.grants {
            match grant {
                GrantChange::New(grant) => {
                    self.grants.insert(grant.id, grant.clone());
                }
                GrantChange::Remaining { grant, remaining } => {
                    let known = self.grants.get_mut(grant);
                    known.expect("a known grant").remaining = *remaining;
                }
            }
        }
        if let Some(operation) = &change.operation {
            let key = operation.key.as_str().to_owned();
            self.operations.insert(key, operation.clone());
        }
    }
}
