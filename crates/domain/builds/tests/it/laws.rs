//! Laws over every order in which workers, callers and time can act on one build.

use keelway_builds::cancel::{Cancel, CancelChange, cancel};
use keelway_builds::end::{End, EndChange, EndFacts, Finish, finish, overtake};
use keelway_builds::run::{Progress, Record, RecordFacts, Take, record, take};
use keelway_builds::{
    AgentWork, BuildFailure, BuildState, BuildStatus, Event, FailureReason, Lease, Manifest, Phase,
    SiteLabel, Usage,
};
use keelway_credits::HoldState;
use keelway_kernel::{Actor, Credits, DeploymentId, MicroUsd, SnapshotId, Timestamp};
use proptest::prelude::*;

use crate::fixture::{Fixed, START, queued, rules, scope};

/// What can happen next; workers are numbered and may hold leases long gone.
#[derive(Debug, Clone)]
enum Act {
    Take(usize),
    Work { worker: usize, agent: u32, cost: i64 },
    Package(usize),
    Deploy(usize),
    Fail { worker: usize, reason: FailureReason, retryable: bool, charged: i64 },
    HandBack(usize),
    Stopped(usize),
    Cancel,
    Pass { seconds: i64 },
    Sweep,
}

/// A store in miniature: it applies exactly what decisions return.
struct World {
    facts: EndFacts,
    now: Timestamp,
    leases: [Option<Lease>; 2],
    events: Vec<Event>,
    kept: Vec<u32>,
    endings: u32,
    requested_cancel: bool,
}

impl World {
    fn new() -> Self {
        let (submitted, facts) = queued();
        Self {
            facts,
            now: START,
            leases: [None; 2],
            events: vec![submitted.event],
            kept: Vec::new(),
            endings: 0,
            requested_cancel: false,
        }
    }

    fn save(&mut self, change: EndChange) {
        self.facts.build = change.build;
        self.events.extend(change.events);
        if let Some(settled) = change.settled {
            self.endings += 1;
            self.facts.hold = settled.holds[0].clone();
            self.facts.account = self.facts.account.clone().apply(&settled);
        }
    }

    fn finish(&mut self, worker: usize, end: End) {
        let Some(lease) = self.leases[worker] else { return };
        if let Ok(change) = finish(&self.facts, &Finish { lease, end }, &rules(), self.now) {
            self.save(change);
        }
    }

    fn record(&mut self, worker: usize, progress: Progress) {
        let Some(lease) = self.leases[worker] else { return };
        let facts =
            RecordFacts { build: self.facts.build.clone(), kept: self.kept.clone(), live: None };
        let step = self.facts.build.recorded + 1;
        let cmd = Record { lease, step, progress: vec![progress] };
        if let Ok(Some(change)) = record(&facts, &cmd, self.now) {
            self.facts.build = change.build;
            self.events.extend(change.events);
            self.kept.extend(change.work.iter().map(|work| work.agent.number));
        }
    }

    fn act(&mut self, act: &Act) {
        match *act {
            Act::Take(worker) => {
                let cmd = Take { worker: format!("w{worker}"), ttl_ms: 30_000 };
                let ready = match &self.facts.build.status {
                    BuildStatus::Queued { retry_at, .. } => {
                        retry_at.is_none_or(|at| at <= self.now)
                    }
                    _ => false,
                };
                if ready && let Ok((build, event)) = take(&self.facts.build, &cmd, self.now) {
                    self.leases[worker] = Some(Lease {
                        scope: scope(),
                        build: build.id,
                        attempt: build.attempt,
                        until: self.now.plus_millis(30_000),
                    });
                    self.facts.build = build;
                    self.events.push(event);
                }
            }
            Act::Work { worker, agent, cost } => {
                let plan = self.facts.build.plan();
                let spec = plan.agents[agent as usize % plan.agents.len()].clone();
                let work = AgentWork {
                    agent: spec,
                    usage: Usage {
                        provider: "test".to_owned(),
                        model: "test".to_owned(),
                        tokens_in: 10,
                        tokens_out: 20,
                        cost: MicroUsd::new(cost),
                    },
                    summary: "did".to_owned(),
                    files: Vec::new(),
                    started_at: self.now,
                    ended_at: self.now,
                };
                self.record(worker, Progress::AgentCompleted(work));
            }
            Act::Package(worker) => self.record(
                worker,
                Progress::Packaged {
                    id: SnapshotId::generate(self.now, &Fixed(8)),
                    preview: SiteLabel::random(&Fixed(8)),
                    manifest: Manifest::default(),
                },
            ),
            Act::Deploy(worker) => self.finish(
                worker,
                End::Deployed {
                    deployment: DeploymentId::generate(self.now, &Fixed(9)),
                    target: "local".to_owned(),
                    url: "http://127.0.0.1/".to_owned(),
                },
            ),
            Act::Fail { worker, reason, retryable, charged } => self.finish(
                worker,
                End::Failed {
                    failure: BuildFailure { reason, message: "It failed.".to_owned(), retryable },
                    charged: MicroUsd::new(charged),
                    retry_after: None,
                    jitter: 7,
                },
            ),
            Act::HandBack(worker) => self.finish(worker, End::HandedBack),
            Act::Stopped(worker) => self.finish(worker, End::Cancelled),
            Act::Cancel => {
                let cmd = Cancel {
                    scope: scope(),
                    actor: Actor { user: None, request_id: "req_cancel".to_owned() },
                    build: self.facts.build.id,
                    keyed: None,
                };
                match cancel(&self.facts, &cmd, &rules(), self.now) {
                    Ok(CancelChange::End(change)) => self.save(*change),
                    Ok(CancelChange::Mark { build, event }) => {
                        self.facts.build = *build;
                        self.events.push(event);
                        self.requested_cancel = true;
                    }
                    Ok(CancelChange::Nothing) | Err(_) => {}
                }
            }
            Act::Pass { seconds } => self.now = self.now.plus_seconds(seconds),
            Act::Sweep => {
                if let Ok(Some(change)) = overtake(&self.facts, &rules(), 7, self.now) {
                    self.save(change);
                }
            }
        }
    }

    fn check(&self) {
        let build = &self.facts.build;
        // Events are 1, 2, 3 ... and a terminal one is the last.
        for (place, event) in (1..).zip(&self.events) {
            assert_eq!(event.seq, place);
            let last = event.seq == build.last_seq;
            assert!(!event.body.is_terminal() || last, "{event:?} is not the last");
        }
        assert_eq!(build.last_seq, i64::try_from(self.events.len()).unwrap());

        // The build and its hold end together, once.
        let ended = build.status.state().is_terminal();
        assert_eq!(ended, self.facts.hold.state != HoldState::Open);
        assert_eq!(self.endings, u32::from(ended));
        assert_eq!(ended, self.events.last().unwrap().body.is_terminal());

        // Never charged beyond the policy.
        let charged = build.captured;
        assert!(charged <= build.held && charged >= Credits::ZERO);
        assert_eq!(self.facts.account.balance, Credits::new(300 - charged.get()));
        let free = match &build.status {
            BuildStatus::Failed { failure, .. } => {
                !matches!(failure.reason, FailureReason::Provider | FailureReason::Budget)
            }
            BuildStatus::Deployed { .. } | BuildStatus::Cancelled { .. } => false,
            BuildStatus::Queued { .. }
            | BuildStatus::Building { .. }
            | BuildStatus::Expired { .. } => true,
        };
        assert!(!free || charged.is_zero(), "{build:?}");
        if build.status.state() == BuildState::Deployed && build.used.cost > MicroUsd::ZERO {
            assert!(charged >= Credits::new(1), "deployed and free");
        }
        // A failure is retried at most twice.
        assert!(build.failures <= rules().max_attempts);
    }
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let worker = 0..2_usize;
    let act = prop_oneof![
        4 => worker.clone().prop_map(Act::Take),
        6 => (worker.clone(), 0..6_u32, 0..400_000_i64)
            .prop_map(|(worker, agent, cost)| Act::Work { worker, agent, cost }),
        2 => worker.clone().prop_map(Act::Package),
        2 => worker.clone().prop_map(Act::Deploy),
        2 => (worker.clone(), 0..FailureReason::ALL.len(), any::<bool>(), 0..50_000_i64).prop_map(
            |(worker, reason, retryable, charged)| Act::Fail {
                worker,
                reason: FailureReason::ALL[reason],
                retryable,
                charged,
            }
        ),
        1 => worker.clone().prop_map(Act::HandBack),
        1 => worker.prop_map(Act::Stopped),
        1 => Just(Act::Cancel),
        3 => (0..100_i64).prop_map(|seconds| Act::Pass { seconds }),
        1 => Just(Act::Pass { seconds: 100_000 }),
        3 => Just(Act::Sweep),
    ];
    proptest::collection::vec(act, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn events_money_and_state_agree_whatever_happens(acts in acts()) {
        let mut world = World::new();
        world.check();
        for act in &acts {
            world.act(act);
            world.check();
        }
    }

    #[test]
    fn work_kept_once_is_never_paid_twice(cost in 1..100_000_i64, repeats in 1..5_usize) {
        let mut world = World::new();
        world.act(&Act::Take(0));
        for _ in 0..repeats {
            world.act(&Act::Work { worker: 0, agent: 2, cost });
        }
        prop_assert_eq!(world.facts.build.used.cost, MicroUsd::new(cost));
    }

    #[test]
    fn a_stale_lease_changes_nothing(late in 0..10_usize) {
        let mut world = World::new();
        world.act(&Act::Take(0));
        world.act(&Act::Pass { seconds: 30 });
        world.act(&Act::Sweep);
        world.act(&Act::Pass { seconds: 300 });
        world.act(&Act::Take(1));
        let before = (world.facts.build.clone(), world.events.len());
        let stale = [
            Act::Work { worker: 0, agent: 1, cost: 5 },
            Act::Package(0),
            Act::Deploy(0),
            Act::HandBack(0),
            Act::Stopped(0),
        ];
        world.act(&stale[late % stale.len()]);
        prop_assert_eq!(before, (world.facts.build.clone(), world.events.len()));
        prop_assert_eq!(world.facts.build.phase, None::<Phase>);
    }
}

#[test]
fn a_worker_lost_three_times_fails_the_build_and_costs_nothing() {
    let mut world = World::new();
    for _ in 0..3 {
        world.act(&Act::Take(0));
        world.act(&Act::Work { worker: 0, agent: 0, cost: 90_000 });
        world.act(&Act::Pass { seconds: 31 });
        world.act(&Act::Sweep);
        world.act(&Act::Pass { seconds: 400 });
    }
    let BuildStatus::Failed { failure, .. } = &world.facts.build.status else {
        panic!("{:?}", world.facts.build.status);
    };
    assert_eq!(failure.reason, FailureReason::WorkerLost);
    assert_eq!(world.facts.build.captured, Credits::ZERO);
    assert_eq!(world.facts.account.balance, Credits::new(300));
}
