//! A queue, its workers, and a build to run.

use std::fmt::Write;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keelway_builds::ports::{Signals, Topic};
use keelway_builds::project::{ProjectFacts, TenantFacts};
use keelway_builds::queue::Lane;
use keelway_builds::submit::{ProjectChoice, Submit, SubmitFacts, submit};
use keelway_builds::{
    AgentTask, BuildRequest, BuildTier, Description, EventBody, NewProject, ProjectName, Rules,
    SiteLabel,
};
use keelway_credits::{Account, AddGrant, Amount, GrantSource, Terms, decide};
use keelway_estimate::Estimate;
use keelway_kernel::{
    Actor, BuildId, Clock, GrantId, HoldId, MicroUsd, Period, ProjectId, TenantId, TenantScope,
    Tier, TimeZoneName, UserId,
};
use keelway_local::LocalSignals;
use keelway_tiers::{LimitTable, LimitsOverride};
use keelway_worker::{Ports, Worker, WorkerSettings};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::fakes::{Act, Agents, Host, STEADY, Shelf, Virtual};
use crate::gate::{Gate, Seeded};
use crate::queue::{MemoryQueue, Row, state};

pub(crate) struct World {
    pub(crate) gate: Arc<Gate>,
    pub(crate) queue: Arc<MemoryQueue>,
    pub(crate) agents: Arc<Agents>,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) host: Arc<Host>,
    pub(crate) signals: LocalSignals,
    pub(crate) settings: WorkerSettings,
    clock: Arc<Virtual>,
    entropy: Arc<Seeded>,
}

/// What a build is asked for with.
#[derive(Clone, Copy)]
pub(crate) struct Ask {
    pub(crate) agents: u32,
    pub(crate) conductor: bool,
    /// Credits held; 15 an agent if the estimate stands.
    pub(crate) held: i64,
}

pub(crate) const SMALL: Ask = Ask { agents: 5, conductor: true, held: 75 };
pub(crate) const LARGE: Ask = Ask { agents: 9, conductor: true, held: 135 };

impl World {
    pub(crate) fn new(script: impl Fn(&AgentTask) -> Act + Send + Sync + 'static) -> Self {
        let gate = Arc::new(Gate::default());
        let clock = Arc::new(Virtual(Instant::now()));
        let mut settings = WorkerSettings::new("worker-1");
        settings.slots = NonZeroUsize::MIN.saturating_add(1);
        Self {
            queue: Arc::new(MemoryQueue::new(Arc::clone(&gate), Arc::clone(&clock) as _)),
            agents: Arc::new(Agents::new(Arc::clone(&gate), Box::new(script))),
            shelf: Arc::new(Shelf { gate: Arc::clone(&gate), kept: Mutex::default() }),
            host: Arc::new(Host {
                gate: Arc::clone(&gate),
                failures: Mutex::default(),
                served: Mutex::default(),
            }),
            signals: LocalSignals::default(),
            entropy: Arc::new(Seeded::new(7)),
            gate,
            settings,
            clock,
        }
    }

    pub(crate) fn steady() -> Self {
        Self::new(|_| STEADY)
    }

    pub(crate) fn worker(&self) -> Worker {
        let ports = Ports {
            queue: Arc::clone(&self.queue) as _,
            agents: Arc::clone(&self.agents) as _,
            blobs: Arc::clone(&self.shelf) as _,
            deploy: Arc::clone(&self.host) as _,
            signals: Arc::new(self.signals.clone()),
            clock: Arc::clone(&self.clock) as _,
            entropy: Arc::clone(&self.entropy) as _,
        };
        Worker::new(ports, self.settings.clone())
    }

    pub(crate) fn ask(&self, ask: Ask) -> BuildId {
        let build = self.ask_quietly(ask);
        self.signals.notify(Topic::Work);
        build
    }

    /// Asks for a build, and the hint is lost.
    pub(crate) fn ask_quietly(&self, ask: Ask) -> BuildId {
        let (now, entropy) = (self.clock.now(), &*self.entropy);
        let tenant = TenantId::generate(now, entropy);
        #[expect(clippy::disallowed_methods, reason = "a test vouches for its own tenant")]
        let scope = TenantScope::assume(tenant);
        let grant = AddGrant {
            grant: GrantId::generate(now, entropy),
            amount: Amount::try_from(1_000).unwrap(),
            terms: Terms::unlimited(GrantSource::Plan),
            actor: Actor { user: None, request_id: "grant".into() },
        };
        let empty = Account::new(tenant);
        let granted = decide::grant(&empty, None, &grant, now).unwrap();
        let account = empty.apply(granted.change().unwrap());
        let facts = SubmitFacts {
            tenant: TenantFacts {
                tier: Tier::Free,
                own_limits: LimitsOverride::default(),
                month: Period::month_containing(now, &TimeZoneName::UTC),
            },
            builds_this_month: 0,
            project: None,
            new_project: ProjectFacts { projects: 0, slug_taken: false },
            lock: None,
            account: account.clone(),
            due: Vec::new(),
            lane: Lane { band: 255, virtual_time: 0, last_tag: 0, occupied: 0, limit: 1 },
            guest: None,
        };
        let cmd = Submit {
            scope,
            user: UserId::generate(now, entropy),
            request_id: "req-1".into(),
            build: BuildId::generate(now, entropy),
            hold: HoldId::generate(now, entropy),
            request: BuildRequest {
                description: Description::parse("A landing page for a bakery").unwrap(),
                tier: BuildTier::Starter,
                target_users: None,
                tech_constraints: None,
                use_conductor: ask.conductor,
                max_credits: None,
                script: None,
            },
            estimate: Estimate {
                tier: BuildTier::Starter,
                features: Vec::new(),
                agents: ask.agents,
                tokens: u64::from(ask.agents) * 50_000,
                cost: MicroUsd::new(ask.held * 10_000),
                minutes: ask.agents * 3,
                range: None,
            },
            project: ProjectChoice::New(NewProject {
                id: ProjectId::generate(now, entropy),
                name: ProjectName::parse("Bakery").unwrap(),
                site: SiteLabel::random(entropy),
            }),
            guest: None,
            keyed: None,
        };
        let change = submit(&facts, &cmd, &Rules::new(LimitTable::default()), now).unwrap();
        self.queue.enqueue(change, account);
        cmd.build
    }

    /// Calls a build off as the store and the use case together do.
    pub(crate) fn cancel(&self, build: BuildId) {
        self.queue.call_off(build);
        self.signals.notify(Topic::Build(build));
    }

    /// Runs a fresh worker until `build` has ended, and drains it.
    pub(crate) async fn finish(&self, build: BuildId) -> Row {
        self.run_until(|| state(&self.queue.row(build)).is_terminal()).await;
        let row = self.queue.row(build);
        row.check();
        row
    }

    /// Runs a fresh worker until `done`, and drains it.
    pub(crate) async fn run_until(&self, done: impl Fn() -> bool) {
        let (worker, shutdown) = (self.worker(), CancellationToken::new());
        let until = async {
            self.until(done).await;
            shutdown.cancel();
        };
        tokio::join!(worker.run(shutdown.clone()), until);
    }

    /// Waits in virtual time, up to an hour of it.
    pub(crate) async fn until(&self, done: impl Fn() -> bool) {
        let waiting = async {
            while !done() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_hours(1), waiting).await.expect("it comes to pass in time");
    }
}

/// A build's history, one line an event.
pub(crate) fn history(row: &Row) -> String {
    let mut lines = String::new();
    for event in &row.events {
        let subject = match &event.body {
            EventBody::Started { attempt } => format!("attempt {attempt}"),
            EventBody::PhaseStarted { phase } => phase.to_string(),
            EventBody::PhaseCompleted { phase, duration_ms } => format!("{phase} {duration_ms} ms"),
            EventBody::AgentStarted { agent, .. } | EventBody::AgentCompleted { agent, .. } => {
                agent.clone()
            }
            EventBody::Retrying { reason, .. } => format!("{reason:?}"),
            EventBody::Failed { reason, charged, .. } => format!("{reason:?} {charged} credits"),
            EventBody::Completed { charged, .. } | EventBody::Cancelled { charged } => {
                format!("{charged} credits")
            }
            _ => String::new(),
        };
        writeln!(lines, "{:>2} {} {subject}", event.seq, event.body.kind()).unwrap();
    }
    lines.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}
