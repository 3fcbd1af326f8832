//! Leases, cancellation and drain.

use std::time::Duration;

use keelway_builds::{BuildState, EventBody};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::fakes::Act;
use crate::gate::How;
use crate::queue::state;
use crate::world::{SMALL, World, history};

/// Agents that never end by themselves.
fn endless() -> World {
    World::new(|_| Act::Make { takes: Duration::from_hours(1000), cost: 1_000 })
}

/// Agents that end later than leases do.
fn slow() -> World {
    World::new(|_| Act::Make { takes: Duration::from_secs(100), cost: 1_000 })
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_as_long_as_the_build_runs() {
    let world = slow();
    let build = world.ask(SMALL);
    let row = world.finish(build).await;
    assert_eq!((state(&row), row.build.attempt), (BuildState::Deployed, 1));
}

#[tokio::test(start_paused = true)]
async fn a_worker_whose_lease_is_lost_stops_and_writes_nothing() {
    let world = slow();
    let build = world.ask(SMALL);
    let before = std::cell::RefCell::new(None);
    world
        .run_until(|| {
            let row = world.queue.row(build);
            if world.agents.running() == 1 && before.borrow().is_none() {
                world.queue.usurp(build);
                before.replace(Some(history(&row)));
            }
            before.borrow().is_some() && world.agents.running() == 0
        })
        .await;
    let row = world.queue.row(build);
    assert_eq!(Some(history(&row)), before.take());
    assert_eq!((state(&row), row.work.len()), (BuildState::Building, 0));
}

#[tokio::test(start_paused = true)]
async fn no_agent_starts_once_the_lease_is_lost() {
    // Quicker than any heartbeat.
    let world = World::new(|_| Act::Make { takes: Duration::from_millis(100), cost: 1_000 });
    let build = world.ask(SMALL);
    let usurped = std::cell::Cell::new(false);
    world
        .run_until(|| {
            if world.agents.running() == 1 && !usurped.replace(true) {
                world.queue.usurp(build);
            }
            usurped.get() && world.agents.running() == 0
        })
        .await;
    assert_eq!(world.agents.calls().len(), 1);
    assert_eq!(world.queue.row(build).work.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_cannot_renew_stops_before_its_lease_runs_out() {
    let world = endless();
    let build = world.ask(SMALL);
    world.gate.break_call("renew", How::Refuse, u32::MAX);
    let shutdown = CancellationToken::new();
    let worker = world.worker();
    let stopped = async {
        world.until(|| world.agents.running() == 1).await;
        let began = Instant::now();
        world.until(|| world.agents.running() == 0).await;
        shutdown.cancel();
        began.elapsed()
    };
    let ((), after) = tokio::join!(worker.run(shutdown.clone()), stopped);
    let (soon, late) = (Duration::from_secs(27), Duration::from_secs(28));
    assert!((soon..=late).contains(&after), "two seconds early: {after:?}");
    assert_eq!(state(&world.queue.row(build)), BuildState::Building);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_never_answers_does_not_keep_a_worker_going() {
    let mut world = endless();
    world.settings.lease_ttl = Duration::from_secs(3);
    world.ask(SMALL);
    let shutdown = CancellationToken::new();
    let worker = world.worker();
    let stopped = async {
        world.until(|| world.agents.running() == 1).await;
        // The next call is the renewal; the sweeper stands still for as long.
        world.gate.crash_at(world.gate.steps() + 1);
        let began = Instant::now();
        world.until(|| world.agents.running() == 0).await;
        began.elapsed()
    };
    let after = tokio::select! {
        () = worker.run(shutdown) => panic!("nobody told it to stop"),
        after = stopped => after,
    };
    assert!(after < Duration::from_millis(2_801), "{after:?}");
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_for_a_while_costs_nothing() {
    let world = slow();
    let build = world.ask(SMALL);
    world.gate.break_call("renew", How::Refuse, 10);
    let row = world.finish(build).await;
    assert_eq!((state(&row), row.build.attempt), (BuildState::Deployed, 1));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_build_stops_at_once_on_a_hint() {
    let world = endless();
    let build = world.ask(SMALL);
    let shutdown = CancellationToken::new();
    let worker = world.worker();
    let cancelled = async {
        world.until(|| world.agents.running() == 1).await;
        sleep(Duration::from_secs(1)).await;
        let began = Instant::now();
        world.cancel(build);
        world.until(|| state(&world.queue.row(build)).is_terminal()).await;
        shutdown.cancel();
        (began.elapsed(), world.agents.running())
    };
    let ((), (after, running)) = tokio::join!(worker.run(shutdown.clone()), cancelled);
    assert!(after < Duration::from_millis(300), "{after:?}");
    assert_eq!(running, 0);
    let row = world.queue.row(build);
    row.check();
    assert!(matches!(row.events.last().unwrap().body, EventBody::Cancelled { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_build_stops_within_one_heartbeat_without_a_hint() {
    let world = endless();
    let build = world.ask(SMALL);
    let shutdown = CancellationToken::new();
    let worker = world.worker();
    let cancelled = async {
        world.until(|| world.agents.running() == 1).await;
        let began = Instant::now();
        world.queue.call_off(build);
        world.until(|| state(&world.queue.row(build)).is_terminal()).await;
        shutdown.cancel();
        began.elapsed()
    };
    let ((), after) = tokio::join!(worker.run(shutdown.clone()), cancelled);
    assert!(after <= world.settings.lease_ttl / 3 + Duration::from_millis(10), "{after:?}");
    assert_eq!(state(&world.queue.row(build)), BuildState::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn a_build_called_off_between_two_attempts_starts_no_agent() {
    let world = endless();
    let build = world.ask(SMALL);
    world.queue.call_off(build);
    let row = world.finish(build).await;
    assert_eq!(world.agents.calls().len(), 0);
    insta::assert_snapshot!(history(&row), @r"
     1 build.queued
     2 build.started attempt 1
     3 build.cancelled 0 credits
    ");
}

#[tokio::test(start_paused = true)]
async fn a_drain_lets_builds_end_within_the_grace_period() {
    let world = World::steady();
    let build = world.ask(SMALL);
    world.run_until(|| world.agents.running() == 1).await;
    assert_eq!(state(&world.queue.row(build)), BuildState::Deployed);
}

#[tokio::test(start_paused = true)]
async fn a_drain_takes_no_more_and_hands_back_what_is_left() {
    let mut world = endless();
    world.settings.slots = std::num::NonZeroUsize::MIN;
    let builds = [world.ask(SMALL), world.ask(SMALL)];
    let shutdown = CancellationToken::new();
    let worker = world.worker();
    let drained = async {
        world.until(|| world.agents.running() == 1).await;
        let began = Instant::now();
        shutdown.cancel();
        began
    };
    let ((), began) = tokio::join!(worker.run(shutdown.clone()), drained);
    let grace = world.settings.grace;
    assert!((grace..grace + Duration::from_millis(50)).contains(&began.elapsed()));
    let rows = builds.map(|build| world.queue.row(build));
    for row in &rows {
        row.check();
        assert_eq!((state(row), row.build.failures), (BuildState::Queued, 0));
    }
    let handed_back = rows.iter().filter(|row| row.build.attempt == 1);
    assert!(handed_back.clone().count() == 1, "one was taken, the other was left alone");
    assert!(
        handed_back.filter_map(|row| row.events.last()).all(|e| e.body == EventBody::HandedBack)
    );
    assert_eq!(world.agents.running(), 0);
}
