//! A worker that vanishes at any step, and the one that comes after it.

use keelway_builds::{BuildState, Event, EventBody, Phase};
use tokio_util::sync::CancellationToken;

use crate::fakes::{Act, STEADY};
use crate::queue::{Row, state};
use crate::world::{Ask, SMALL, World, history};

const ASK: Ask = Ask { agents: 6, held: 90, ..SMALL };

/// Runs a worker that vanishes at `step`; then a second one to the end.
async fn crash_at(world: &World, step: u64) -> (Row, bool) {
    let build = world.ask(ASK);
    world.gate.crash_at(step);
    let worker = world.worker();
    let crashed = tokio::select! {
        () = worker.run(CancellationToken::new()) => unreachable!("nobody told it to stop"),
        () = world.gate.crashed.notified() => true,
        () = world.until(|| state(&world.queue.row(build)).is_terminal()) => false,
    };
    world.gate.crash_at(0);
    tokio::task::yield_now().await;
    assert_eq!(world.agents.running(), 0, "its agents went with it");
    (world.finish(build).await, crashed)
}

/// How often the work that was kept was made: once each, or the kept one is another.
fn paid_once(world: &World, row: &Row) {
    let after_kept = |agent: &str| {
        let kept = row.events.iter().position(|event| {
            matches!(&event.body, EventBody::AgentCompleted { agent: done, .. } if done == agent)
        });
        let later = &row.events[kept.expect("every agent's work is kept")..];
        later
            .iter()
            .any(|e| matches!(&e.body, EventBody::AgentStarted { agent: a, .. } if a == agent))
    };
    for call in world.agents.calls() {
        assert!(!after_kept(&call.agent), "{} ran after its work was kept", call.agent);
    }
    assert_eq!(row.build.used.cost, row.cost());
    // Only the placing is done again by the next worker, if need be.
    let completed = |phase: Phase| {
        let is =
            |e: &&Event| matches!(e.body, EventBody::PhaseCompleted { phase: p, .. } if p == phase);
        row.events.iter().filter(is).count()
    };
    for phase in &Phase::ALL[..6] {
        assert_eq!(completed(*phase), 1, "{phase}: {}", history(row));
    }
    assert!((1..=2).contains(&completed(Phase::Deploy)), "{}", history(row));
}

#[tokio::test(start_paused = true)]
async fn whatever_step_a_worker_dies_at_the_next_one_finishes() {
    let mut step = 0;
    loop {
        step += 1;
        let world = World::new(|_| STEADY);
        let (row, crashed) = crash_at(&world, step).await;
        assert_eq!(state(&row), BuildState::Deployed, "step {step}: {}", history(&row));
        assert!(row.build.attempt <= 2, "step {step}");
        paid_once(&world, &row);
        if !crashed {
            break;
        }
    }
    assert!(step > 60, "only {step} steps were tried");
}

#[tokio::test(start_paused = true)]
async fn whatever_step_a_worker_dies_at_a_failure_stays_one() {
    let mut step = 0;
    loop {
        step += 1;
        let world = World::new(|task| if task.agent.number == 5 { Act::Panic } else { STEADY });
        let (row, crashed) = crash_at(&world, step).await;
        assert_eq!(state(&row), BuildState::Failed, "step {step}: {}", history(&row));
        assert_eq!((row.build.failures, row.build.captured.get()), (3, 0), "step {step}");
        if !crashed {
            break;
        }
    }
    assert!(step > 60, "only {step} steps were tried");
}
