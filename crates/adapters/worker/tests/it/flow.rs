//! What a build goes through when nothing goes wrong.

use std::time::Duration;

use keelway_builds::BuildState;
use keelway_kernel::BuildId;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::fakes::{Act, STEADY};
use crate::queue::state;
use crate::world::{Ask, LARGE, SMALL, World, history};

#[tokio::test(start_paused = true)]
async fn a_build_goes_through_its_phases_in_order() {
    let world = World::steady();
    let build = world.ask(SMALL);
    let row = world.finish(build).await;
    insta::assert_snapshot!(history(&row), @r"
     1 build.queued
     2 build.started attempt 1
     3 engine.selected
     4 phase.started plan
     5 agent.started architect
     6 agent.completed architect
     7 phase.completed plan 1000 ms
     8 phase.started design
     9 agent.started designer
    10 agent.completed designer
    11 phase.completed design 1000 ms
    12 phase.started scaffold
    13 agent.started scaffolder
    14 agent.completed scaffolder
    15 phase.completed scaffold 1000 ms
    16 phase.started implement
    17 agent.started implementer
    18 agent.completed implementer
    19 phase.completed implement 1000 ms
    20 phase.started verify
    21 agent.started reviewer
    22 agent.completed reviewer
    23 phase.completed verify 1000 ms
    24 phase.started package
    25 snapshot.created
    26 phase.completed package 0 ms
    27 phase.started deploy
    28 phase.completed deploy 0 ms
    29 deployment.succeeded
    30 build.completed 1 credits
    ");
    assert_eq!(row.build.used.cost, row.cost());
    assert_eq!(row.build.captured.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn with_the_conductor_agents_of_a_phase_run_side_by_side_up_to_the_bound() {
    let world = World::steady();
    let build = world.ask(LARGE);
    let row = world.finish(build).await;
    let most = world.agents.calls().iter().map(|call| call.beside + 1).max();
    assert_eq!(most, Some(world.settings.side_by_side.get()));
    assert_eq!(state(&row), BuildState::Deployed);
}

#[tokio::test(start_paused = true)]
async fn without_the_conductor_agents_run_one_after_the_other() {
    let world = World::steady();
    let build = world.ask(Ask { conductor: false, ..LARGE });
    world.finish(build).await;
    let calls = world.agents.calls();
    assert!(calls.iter().all(|call| call.beside == 0));
    let order: Vec<&str> = calls.iter().map(|call| call.agent.as_str()).collect();
    assert_eq!(order[..4], ["architect", "designer", "scaffolder", "implementer-1"]);
}

#[tokio::test(start_paused = true)]
async fn agents_see_the_files_of_earlier_phases_whatever_order_their_makers_ended_in() {
    // The earlier an implementer begins, the later it ends.
    let world = World::new(|task| Act::Make {
        takes: Duration::from_secs(u64::from(20 - task.agent.number)),
        cost: 1_000,
    });
    let build = world.ask(LARGE);
    let row = world.finish(build).await;
    let calls = world.agents.calls();
    let saw = |agent: &str| calls.iter().find(|call| call.agent == agent).unwrap().saw.clone();
    assert_eq!(saw("architect"), [""; 0]);
    assert_eq!(saw("implementer-5"), ["architect.txt", "designer.txt", "scaffolder.txt"]);
    assert_eq!(saw("reviewer").len(), 8);
    assert_eq!(row.packaged.unwrap().0.files, 9);
    assert_eq!(world.host.served.lock().unwrap()[0].len(), 9);
}

/// How long after its acceptance a worker that stands idle starts a build.
async fn start_after(world: &World, ask: impl FnOnce() -> BuildId) -> i64 {
    let (worker, shutdown) = (world.worker(), CancellationToken::new());
    let asked = async {
        // Between two polls and two sweeps.
        sleep(Duration::from_millis(10_100)).await;
        let build = ask();
        world.until(|| state(&world.queue.row(build)).is_terminal()).await;
        shutdown.cancel();
        build
    };
    let ((), build) = tokio::join!(worker.run(shutdown.clone()), asked);
    let events = world.queue.row(build).events;
    events[1].at.millis_since(events[0].at)
}

#[tokio::test(start_paused = true)]
async fn a_hint_starts_a_build_at_once_and_polling_finds_one_without() {
    let world = World::steady();
    assert_eq!(start_after(&world, || world.ask(SMALL)).await, 0);
    let quiet = World::steady();
    let waited = start_after(&quiet, || quiet.ask_quietly(SMALL)).await;
    assert!((1..=1_000).contains(&waited), "{waited}");
}

#[tokio::test(start_paused = true)]
async fn slots_bound_how_many_builds_run_at_one_time() {
    let world = World::new(|_| STEADY);
    let builds = [SMALL; 5].map(|ask| world.ask(ask));
    let ended = |build: &_| state(&world.queue.row(*build)).is_terminal();
    let running = || builds.iter().filter(|b| state(&world.queue.row(**b)) == BuildState::Building);
    world
        .run_until(|| {
            assert!(running().count() <= world.settings.slots.get());
            builds.iter().all(ended)
        })
        .await;
    for build in builds {
        world.queue.row(build).check();
    }
}

/// The app runs a worker on the many-threaded runtime.
#[test]
fn a_running_worker_may_move_between_threads() {
    fn movable<T: Send>(_: &T) {}
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let worker = World::steady().worker();
        movable(&worker.run(CancellationToken::new()));
    });
}
