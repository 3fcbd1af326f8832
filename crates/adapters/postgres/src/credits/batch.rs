//! Hot commands of the ledger, many in a few round trips.
//!
//! What a run of them rests on is loaded at once; each is decided in the order they came, on
//! what those before it left; what all of them changed is written at once. A refusal changes
//! nothing in memory, so there is nothing to undo. One command alone is a run of one.

use std::collections::BTreeSet;

use async_trait::async_trait;
use keelway_access::AuditEntry;
use keelway_credits::{Change, Decided};
use keelway_kernel::{Failure, HoldId, StoreError, TenantId, TenantScope, Timestamp};
use keelway_rows::credits::audited;
use tracing::Span;

use super::books::{Day, Due, Hot, Ledger};
use super::facts::load_ledger;
use super::save::save_told;
use crate::PostgresStore;
use crate::error::{Sql, Stop};
use crate::share::{Caller, Done, Job, Ran, line_up, met_another};
use crate::tx::{Connections, Reach, Tx, Work, unended};

impl PostgresStore {
    /// Runs a hot command with whatever else waits.
    pub(super) async fn decide<C: Hot>(
        &self,
        scope: TenantScope,
        cmd: C,
    ) -> Result<C::Done, Failure<C::Refusal>> {
        let (caller, answer) = Caller::new();
        let job = Waiting { decision: Decision::new(scope.tenant(), cmd), caller };
        let done = line_up(&self.0, Box::new(job), answer).await;
        done.map_err(Failure::from)
    }
}

/// What the commands of a run rest on.
pub(crate) struct Wanted {
    pub(super) now: Timestamp,
    pub(super) accounts: BTreeSet<TenantId>,
    pub(super) holds: BTreeSet<(TenantId, HoldId)>,
    pub(super) keys: BTreeSet<(TenantId, String)>,
    pub(super) days: BTreeSet<(TenantId, Day)>,
    /// Whose holds past their time.
    pub(super) due: BTreeSet<TenantId>,
}

impl Wanted {
    const fn at(now: Timestamp) -> Self {
        Self {
            now,
            accounts: BTreeSet::new(),
            holds: BTreeSet::new(),
            keys: BTreeSet::new(),
            days: BTreeSet::new(),
            due: BTreeSet::new(),
        }
    }
}

/// One command of a run, whatever it gives.
pub(crate) trait InRun: Send {
    fn ask(&self, wanted: &mut Wanted);

    /// Decides on the ledger, and leaves it as it is from then on.
    fn decide(&mut self, ledger: &mut Ledger, now: Timestamp) -> Saved;
}

/// What a decision left to save.
#[derive(Default)]
pub(crate) struct Saved {
    change: Option<Change>,
    told: Option<AuditEntry>,
}

/// Carries out a run of commands within a transaction that has their tenants' locks. If it
/// breaks, none of them was carried out.
pub(crate) async fn run(tx: &mut Tx, commands: &mut [&mut dyn InRun]) -> Sql<()> {
    let mut wanted = Wanted::at(tx.now);
    for command in commands.iter() {
        command.ask(&mut wanted);
    }
    let (mut ledger, mut ends) = load_ledger(tx, &wanted).await?;
    let (mut changes, mut entries) = (Vec::new(), Vec::new());
    for command in commands {
        let Saved { change, told } = command.decide(&mut ledger, tx.now);
        changes.extend(change);
        entries.extend(told);
    }
    if changes.is_empty() {
        return Ok(());
    }
    save_told(tx, &changes, &ends.seal(&entries)?).await
}

/// A command and what was decided.
struct Decision<C: Hot> {
    tenant: TenantId,
    cmd: C,
    done: Done<C::Done, C::Refusal>,
}

impl<C: Hot> Decision<C> {
    fn new(tenant: TenantId, cmd: C) -> Self {
        Self { tenant, cmd, done: None }
    }
}

/// A run of one.
fn alone<C: Hot>(tx: &mut Tx, (tenant, cmd): (TenantId, C)) -> Work<'_, C::Done, C::Refusal> {
    Box::pin(async move {
        let mut decision = Decision::new(tenant, cmd);
        run(tx, &mut [&mut decision]).await?;
        decision.done.unwrap_or_else(|| Err(Stop::Broken(unended())))
    })
}

impl<C: Hot> InRun for Decision<C> {
    fn ask(&self, wanted: &mut Wanted) {
        let (tenant, rests) = (self.tenant, self.cmd.rests_on());
        wanted.accounts.insert(tenant);
        wanted.holds.insert((tenant, rests.hold));
        wanted.keys.extend(rests.key.map(|key| (tenant, key.as_str().to_owned())));
        wanted.days.extend(rests.day.map(|day| (tenant, day)));
        wanted.due.extend((rests.due == Due::Ended).then_some(tenant));
    }

    fn decide(&mut self, ledger: &mut Ledger, now: Timestamp) -> Saved {
        let books = ledger.entry(self.tenant).or_default();
        let (done, saved) = match self.cmd.decide(books, now) {
            Ok(Decided::Now { change, outcome }) => {
                books.apply(&change);
                let (subject, actor) = (self.cmd.rests_on().hold, self.cmd.actor().clone());
                let told = C::ACTION
                    .map(|action| audited(action, subject.to_string(), &change, actor, now));
                (Ok(outcome), Saved { change: Some(change), told })
            }
            Ok(Decided::Already(outcome)) => (Ok(outcome), Saved::default()),
            Err(refusal) => (Err(Stop::Refused(refusal)), Saved::default()),
        };
        self.done = Some(done);
        saved
    }
}

/// A command in line.
struct Waiting<C: Hot> {
    decision: Decision<C>,
    caller: Caller<C::Done, C::Refusal>,
}

#[async_trait]
impl<C: Hot> Job for Waiting<C> {
    fn tenant(&self) -> TenantId {
        self.decision.tenant
    }

    fn span(&self) -> Span {
        self.caller.span()
    }

    fn in_run(&mut self) -> Option<&mut dyn InRun> {
        Some(&mut self.decision)
    }

    async fn run(&mut self, tx: &mut Tx) -> Ran {
        let Decision { tenant, cmd, .. } = &self.decision;
        let done = alone(tx, (*tenant, cmd.clone())).await;
        Ran::from(&*self.decision.done.insert(done))
    }

    async fn run_alone(&mut self, connections: &Connections) {
        let Decision { tenant, cmd, .. } = &self.decision;
        let reach = Reach::Tenants(vec![*tenant]);
        let done = connections.write(&reach, &(*tenant, cmd.clone()), &alone).await;
        self.decision.done = Some(done);
    }

    fn fail(&mut self, error: StoreError) {
        self.decision.done = Some(Err(Stop::Broken(error)));
    }

    fn met_another(&self) -> bool {
        met_another(&self.decision.done)
    }

    fn is_late(&self, connections: &Connections) -> bool {
        self.caller.is_late(connections)
    }

    fn answer(self: Box<Self>) {
        self.caller.tell(self.decision.done);
    }
}
