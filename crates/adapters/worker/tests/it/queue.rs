//! A queue in memory, made of the domain's own decisions.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use keelway_builds::end::{EndChange, EndFacts, Finish, Finished, QueueChange, finish, overtake};
use keelway_builds::ports::BuildQueue;
use keelway_builds::run::{
    Assignment, LeaseLost, Record, RecordFacts, Recorded, Renewed, Take, record, renew, take,
};
use keelway_builds::submit::SubmitChange;
use keelway_builds::{
    AgentWork, Build, BuildState, BuildStatus, Event, Lease, Manifest, Project, Rules, Snapshot,
};
use keelway_credits::{Account, Hold, HoldState};
use keelway_kernel::{BuildId, Clock, Failure, MicroUsd, Millis, StoreError, TenantScope};
use keelway_tiers::LimitTable;

use crate::gate::Gate;

/// One build and all that belongs to it; each has a tenant of its own.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) build: Build,
    pub(crate) project: Project,
    pub(crate) events: Vec<Event>,
    pub(crate) work: Vec<AgentWork>,
    pub(crate) packaged: Option<(Snapshot, Manifest)>,
    pub(crate) account: Account,
    pub(crate) hold: Hold,
    ready: bool,
}

pub(crate) struct MemoryQueue {
    pub(crate) rows: Mutex<BTreeMap<BuildId, Row>>,
    pub(crate) gate: Arc<Gate>,
    clock: Arc<dyn Clock>,
    rules: Rules,
}

impl MemoryQueue {
    pub(crate) fn new(gate: Arc<Gate>, clock: Arc<dyn Clock>) -> Self {
        let rules = Rules::new(LimitTable::default());
        Self { rows: Mutex::default(), gate, clock, rules }
    }

    pub(crate) fn enqueue(&self, change: SubmitChange, account: Account) {
        let reserved = change.reserved;
        let row = Row {
            project: change.project,
            events: vec![change.event],
            work: Vec::new(),
            packaged: None,
            account: account.apply(&reserved),
            hold: reserved.holds[0].clone(),
            ready: true,
            build: change.build,
        };
        self.rows.lock().unwrap().insert(row.build.id, row);
    }

    pub(crate) fn row(&self, id: BuildId) -> Row {
        self.rows.lock().unwrap()[&id].clone()
    }

    /// Marks a build as called off, as the store does for a build that is being built.
    pub(crate) fn call_off(&self, id: BuildId) {
        self.rows.lock().unwrap().get_mut(&id).unwrap().build.cancel_requested = true;
    }

    /// Takes the lease away, as another worker's sweep would after a long pause.
    pub(crate) fn usurp(&self, id: BuildId) {
        self.rows.lock().unwrap().get_mut(&id).unwrap().build.attempt += 1;
    }

    fn on<T>(&self, lease: &Lease, change: impl FnOnce(&mut Row) -> T) -> T {
        let mut rows = self.rows.lock().unwrap();
        change(rows.get_mut(&lease.build).expect("leases are of builds there are"))
    }
}

impl Row {
    fn facts(&self) -> EndFacts {
        EndFacts {
            build: self.build.clone(),
            account: self.account.clone(),
            hold: self.hold.clone(),
            occupied: 0,
            limit: 1,
            pace_ms: 1_000,
        }
    }

    fn end(&mut self, change: EndChange) {
        self.build = change.build;
        self.events.extend(change.events);
        if let Some(settled) = change.settled {
            self.account = self.account.clone().apply(&settled);
            self.hold = settled.holds[0].clone();
        }
        self.ready = change.queue == QueueChange::Ready;
    }

    /// What every state of a build keeps, whatever happened to it.
    pub(crate) fn check(&self) {
        let seqs: Vec<i64> = self.events.iter().map(|event| event.seq).collect();
        assert_eq!(seqs, (1..=self.build.last_seq).collect::<Vec<_>>(), "events without gaps");
        let ended = self.build.status.state().is_terminal();
        let terminal = self.events.iter().filter(|event| event.body.is_terminal()).count();
        assert_eq!(terminal, usize::from(ended), "one terminal event if it has ended");
        assert!(!ended || self.events.last().unwrap().body.is_terminal(), "and that one last");
        assert_eq!(self.hold.state != HoldState::Open, ended, "its hold ends with it");
        let mut agents: Vec<u32> = self.work.iter().map(|work| work.agent.number).collect();
        agents.sort_unstable();
        agents.dedup();
        assert_eq!(agents.len(), self.work.len(), "no agent's work is kept twice");
    }

    /// What the work that is kept cost.
    pub(crate) fn cost(&self) -> MicroUsd {
        MicroUsd::new(self.work.iter().map(|work| work.usage.cost.get()).sum())
    }
}

#[async_trait]
impl BuildQueue for MemoryQueue {
    async fn take(&self, cmd: Take) -> Result<Option<Assignment>, StoreError> {
        let take_one = || {
            let now = self.clock.now();
            let mut rows = self.rows.lock().unwrap();
            let row = rows.values_mut().find(|row| row.ready)?;
            let (build, event) = take(&row.build, &cmd, now).unwrap();
            row.build = build;
            row.events.push(event);
            row.ready = false;
            #[expect(
                clippy::disallowed_methods,
                reason = "a store vouches for the lease it grants"
            )]
            let scope = TenantScope::assume(row.build.tenant);
            let until = now.plus_millis(cmd.ttl_ms);
            Some(Assignment {
                lease: Lease { scope, build: row.build.id, attempt: row.build.attempt, until },
                build: row.build.clone(),
                project: row.project.clone(),
                work: row.work.clone(),
                packaged: row.packaged.clone(),
            })
        };
        self.gate.pass("take", take_one).await
    }

    async fn renew(&self, lease: &Lease, ttl_ms: Millis) -> Result<Renewed, Failure<LeaseLost>> {
        let renew_it = || {
            self.on(lease, |row| {
                let renewed = renew(&row.build, lease, ttl_ms, self.clock.now())?;
                if let BuildStatus::Building { lease_until, .. } = &mut row.build.status {
                    *lease_until = renewed.lease.until;
                }
                Ok(renewed)
            })
        };
        self.gate.pass("renew", renew_it).await?.map_err(Failure::Rejected)
    }

    async fn record(&self, cmd: Record) -> Result<Recorded, Failure<LeaseLost>> {
        let record_it = || {
            self.on(&cmd.lease, |row| {
                let kept = row.work.iter().map(|work| work.agent.number).collect();
                let facts = RecordFacts { build: row.build.clone(), kept, live: row.project.live };
                if let Some(change) = record(&facts, &cmd, self.clock.now())? {
                    row.build = change.build;
                    row.events.extend(change.events);
                    row.work.extend(change.work);
                    row.packaged = change.snapshot.or(row.packaged.take());
                }
                let cancel_requested = row.build.cancel_requested;
                Ok(Recorded { last_seq: row.build.last_seq, cancel_requested })
            })
        };
        self.gate.pass("record", record_it).await?.map_err(Failure::Rejected)
    }

    async fn finish(&self, cmd: Finish) -> Result<Finished, Failure<LeaseLost>> {
        let finish_it = || {
            self.on(&cmd.lease, |row| {
                let ended = finish(&row.facts(), &cmd, &self.rules, self.clock.now());
                let change = ended.map_err(|failure| match failure {
                    Failure::Rejected(lost) => lost,
                    Failure::Store(error) => panic!("books in disorder: {error}"),
                })?;
                row.end(change);
                Ok(Finished { build: row.build.clone() })
            })
        };
        self.gate.pass("finish", finish_it).await?.map_err(Failure::Rejected)
    }

    async fn sweep(&self, jitter: u64) -> Result<u64, StoreError> {
        let sweep_all = || {
            let now = self.clock.now();
            let mut touched = 0;
            for row in self.rows.lock().unwrap().values_mut() {
                if let BuildStatus::Queued { retry_at, .. } = row.build.status
                    && !row.ready
                    && retry_at.is_none_or(|at| at <= now)
                {
                    row.ready = true;
                    touched += 1;
                }
                if let Some(change) = overtake(&row.facts(), &self.rules, jitter, now).unwrap() {
                    row.end(change);
                    touched += 1;
                }
            }
            touched
        };
        self.gate.pass("sweep", sweep_all).await
    }
}

pub(crate) fn state(row: &Row) -> BuildState {
    row.build.status.state()
}
