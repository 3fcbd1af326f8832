//! Every interleaving of two workers, crashes, time and the sweep, on the real decisions.
//!
//! The promise: writes of a build come from one lease at a time. A mutant whose workers are
//! not fenced must break it, or the model would show nothing.

use std::hash::{Hash, Hasher};

use keelway_builds::end::{End, EndFacts, Finish, finish, overtake};
use keelway_builds::run::{Progress, Record, RecordFacts, Take, record, renew, take};
use keelway_builds::{BuildStatus, Lease, Phase};
use keelway_credits::HoldState;
use keelway_kernel::Timestamp;
use stateright::{Checker, Model, Property};

use crate::fixture::{START, queued, rules, scope};

const TTL_MS: i64 = 2_000;

struct Leases {
    /// Whether stores check the attempt; `false` is the mutant.
    fenced: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct State {
    facts: EndFacts,
    second: i64,
    leases: [Option<Lease>; 2],
    /// The attempt for which each accepted write was made, in order.
    writes: Vec<u32>,
    terminals: u32,
}

impl PartialEq for Leases {
    fn eq(&self, other: &Self) -> bool {
        self.fenced == other.fenced
    }
}

// Facts are plain data without a `Hash`; their debug form says all of it.
impl Hash for State {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        format!("{self:?}").hash(hasher);
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Act {
    Take(usize),
    Renew(usize),
    Write(usize),
    Finish(usize),
    Crash(usize),
    Tick,
    Sweep,
}

impl Leases {
    /// What the store sees of a worker's lease: without a fence, whatever the build has now.
    fn presented(&self, state: &State, worker: usize) -> Option<Lease> {
        let lease = state.leases[worker]?;
        if self.fenced {
            return Some(lease);
        }
        Some(Lease { attempt: state.facts.build.attempt, ..lease })
    }
}

fn at(second: i64) -> Timestamp {
    START.plus_seconds(second)
}

impl Model for Leases {
    type State = State;
    type Action = Act;

    fn init_states(&self) -> Vec<State> {
        let (_, facts) = queued();
        vec![State { facts, second: 0, leases: [None; 2], writes: Vec::new(), terminals: 0 }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Act>) {
        for worker in 0..2 {
            if state.leases[worker].is_some() {
                actions.extend([
                    Act::Renew(worker),
                    Act::Write(worker),
                    Act::Finish(worker),
                    Act::Crash(worker),
                ]);
            } else {
                actions.push(Act::Take(worker));
            }
        }
        actions.extend([Act::Tick, Act::Sweep]);
    }

    fn next_state(&self, last: &State, act: Act) -> Option<State> {
        let mut state = last.clone();
        let now = at(state.second);
        match act {
            Act::Take(worker) => {
                let ready = match &state.facts.build.status {
                    BuildStatus::Queued { retry_at, .. } => retry_at.is_none_or(|at| at <= now),
                    _ => false,
                };
                let cmd = Take { worker: worker.to_string(), ttl_ms: TTL_MS };
                let (build, _) = ready.then(|| take(&state.facts.build, &cmd, now).ok())??;
                state.leases[worker] = Some(Lease {
                    scope: scope(),
                    build: build.id,
                    attempt: build.attempt,
                    until: now.plus_millis(TTL_MS),
                });
                state.facts.build = build;
            }
            Act::Renew(worker) => {
                let lease = self.presented(&state, worker)?;
                let renewed = renew(&state.facts.build, &lease, TTL_MS, now).ok()?;
                if let BuildStatus::Building { lease_until, .. } = &mut state.facts.build.status {
                    *lease_until = renewed.lease.until;
                }
            }
            Act::Write(worker) => {
                let lease = self.presented(&state, worker)?;
                let facts =
                    RecordFacts { build: state.facts.build.clone(), kept: Vec::new(), live: None };
                let progress = vec![Progress::PhaseStarted(Phase::Plan)];
                let step = facts.build.recorded + 1;
                let change = record(&facts, &Record { lease, step, progress }, now).ok()??;
                state.facts.build = change.build;
                state.writes.push(last.leases[worker]?.attempt);
            }
            Act::Finish(worker) => {
                let lease = self.presented(&state, worker)?;
                let cmd = Finish { lease, end: End::Cancelled };
                let change = finish(&state.facts, &cmd, &rules(), now).ok()?;
                let settled = change.settled?;
                state.facts.account = state.facts.account.clone().apply(&settled);
                state.facts.hold = settled.holds[0].clone();
                state.facts.build = change.build;
                state.writes.push(last.leases[worker]?.attempt);
                state.terminals += 1;
            }
            Act::Crash(worker) => state.leases[worker] = None,
            Act::Tick => state.second += 1,
            Act::Sweep => {
                let change = overtake(&state.facts, &rules(), 0, now).ok()??;
                state.facts.build = change.build;
                if let Some(settled) = change.settled {
                    state.facts.account = state.facts.account.clone().apply(&settled);
                    state.facts.hold = settled.holds[0].clone();
                    state.terminals += 1;
                }
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("writes come from one lease after the other", |_, state: &State| {
                state.writes.is_sorted()
            }),
            Property::always("a build ends once, with its hold", |_, state: &State| {
                let ended = state.facts.build.status.state().is_terminal();
                state.terminals == u32::from(ended)
                    && ended == (state.facts.hold.state != HoldState::Open)
            }),
            Property::sometimes("a second attempt writes", |_, state: &State| {
                state.writes.contains(&2)
            }),
        ]
    }

    fn within_boundary(&self, state: &State) -> bool {
        state.second <= 4 && state.writes.len() <= 3 && state.facts.build.attempt <= 3
    }
}

#[test]
fn two_workers_never_write_side_by_side() {
    let checker = Leases { fenced: true }.checker().spawn_bfs().join();
    checker.assert_properties();
    assert!(checker.unique_state_count() > 1_000, "{} states", checker.unique_state_count());
}

#[test]
fn without_the_fence_they_would() {
    let checker = Leases { fenced: false }.checker().spawn_bfs().join();
    assert!(checker.discovery("writes come from one lease after the other").is_some());
}
