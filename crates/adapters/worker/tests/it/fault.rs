//! Failures: whose they are, and what they cost.

use std::ops::Range;
use std::time::Duration;

use keelway_builds::ports::DeployFailure;
use keelway_builds::{AgentFailure, AgentTask, BuildState, BuildStatus, FailureReason, Phase};
use keelway_kernel::{Credits, MicroUsd};
use tokio::time::Instant;

use crate::fakes::{Act, STEADY};
use crate::gate::How;
use crate::queue::{Row, state};
use crate::world::{Ask, LARGE, SMALL, World, history};

fn provider(retryable: bool, retry_after: Option<i64>) -> Act {
    Act::Fail(AgentFailure::Provider {
        message: "it is overloaded".into(),
        retryable,
        charged: MicroUsd::new(20_000),
        retry_after,
    })
}

fn fails_at(
    phase: Phase,
    attempts: u32,
    act: impl Fn() -> Act + Send + Sync + 'static,
) -> impl Fn(&AgentTask) -> Act + Send + Sync + 'static {
    move |task| if task.agent.phase == phase && task.attempt <= attempts { act() } else { STEADY }
}

fn lines(row: &Row, of: Range<usize>) -> String {
    history(row).lines().collect::<Vec<_>>()[of].join("\n")
}

fn reason(row: &Row) -> FailureReason {
    match &row.build.status {
        BuildStatus::Failed { failure, .. } => failure.reason,
        other => panic!("it did not fail: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_asks_to_wait_is_waited_for_and_earlier_work_is_kept() {
    let world = World::new(fails_at(Phase::Design, 1, || provider(true, Some(7_000))));
    let build = world.ask(SMALL);
    let row = world.finish(build).await;
    insta::assert_snapshot!(lines(&row, 7..16), @r"
     8 phase.started design
     9 agent.started designer
    10 build.retrying Provider
    11 build.started attempt 2
    12 engine.selected
    13 phase.started design
    14 agent.started designer
    15 agent.completed designer
    16 phase.completed design 1000 ms
    ");
    let waited = row.events[10].at.millis_since(row.events[9].at);
    assert!((7_000..=9_000).contains(&waited), "until the next sweep: {waited}");
    let architects = world.agents.calls().iter().filter(|c| c.agent == "architect").count();
    assert_eq!(architects, 1);
    assert_eq!(row.build.used.cost.get(), row.cost().get() + 20_000);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_keeps_failing_ends_the_build_charged_for_what_it_charged() {
    let world = World::new(fails_at(Phase::Design, u32::MAX, || provider(true, None)));
    let build = world.ask(SMALL);
    let row = world.finish(build).await;
    assert_eq!((reason(&row), row.build.attempt), (FailureReason::Provider, 3));
    assert_eq!(row.build.captured, Credits::new(7), "61,000 micro-dollars, rounded up");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_refuses_is_not_asked_again() {
    let world = World::new(fails_at(Phase::Plan, u32::MAX, || provider(false, None)));
    let build = world.ask(SMALL);
    let row = world.finish(build).await;
    assert_eq!((reason(&row), row.build.attempt), (FailureReason::Provider, 1));
}

#[tokio::test(start_paused = true)]
async fn work_that_runs_beside_a_passing_failure_is_kept() {
    let world = World::new(|task| match (task.agent.name().as_str(), task.attempt) {
        ("implementer-1", 1) => provider(true, None),
        ("implementer-2", _) => Act::Make { takes: Duration::from_secs(9), cost: 1_000 },
        _ => STEADY,
    });
    let build = world.ask(LARGE);
    let row = world.finish(build).await;
    assert_eq!(state(&row), BuildState::Deployed);
    let mut agents: Vec<_> = world.agents.calls().into_iter().map(|call| call.agent).collect();
    agents.sort();
    agents.dedup();
    assert_eq!((agents.len(), world.agents.calls().len()), (9, 10), "only the one that failed");
    let calls = world.agents.calls();
    let again = calls.iter().rfind(|call| call.agent == "implementer-1").unwrap();
    assert_eq!(again.saw, ["architect.txt", "designer.txt", "scaffolder.txt"], "as the first time");
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_panics_is_our_failure_and_costs_nothing() {
    let world = World::new(fails_at(Phase::Verify, u32::MAX, || Act::Panic));
    let build = world.ask(SMALL);
    let row = world.finish(build).await;
    assert_eq!((reason(&row), row.build.attempt), (FailureReason::Internal, 3));
    assert_eq!(row.build.captured, Credits::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_build_stops_where_its_credits_end_and_pays_for_what_it_used() {
    let spender = Act::Make { takes: Duration::from_secs(1), cost: 20_000 };
    let Act::Make { takes, cost } = spender else { unreachable!() };
    let world = World::new(move |_| Act::Make { takes, cost });
    let build = world.ask(Ask { held: 5, ..SMALL });
    let row = world.finish(build).await;
    assert_eq!((reason(&row), row.build.attempt), (FailureReason::Budget, 1));
    let budgets: Vec<i64> = world.agents.calls().iter().map(|call| call.budget.get()).collect();
    assert_eq!(budgets, [50_000, 30_000, 10_000]);
    assert_eq!(row.work.len(), 3, "the work that reached the end of the credits is kept too");
    assert_eq!(row.build.captured, Credits::new(5));
}

#[tokio::test(start_paused = true)]
async fn agents_side_by_side_are_never_promised_more_than_is_left() {
    let world = World::steady();
    let build = world.ask(Ask { held: 40, ..LARGE });
    world.finish(build).await;
    let together: i64 = world
        .agents
        .calls()
        .iter()
        .filter(|call| call.agent.starts_with("implementer") && call.agent != "implementer-5")
        .map(|call| call.budget.get())
        .sum();
    assert!((300_000..=397_000).contains(&together), "{together}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_cut_short_by_its_budget_is_not_made_again() {
    let cut = || Act::Fail(AgentFailure::Budget { charged: MicroUsd::new(740_000) });
    let world = World::new(fails_at(Phase::Design, u32::MAX, cut));
    let build = world.ask(SMALL);
    let row = world.finish(build).await;
    assert_eq!((reason(&row), row.build.attempt), (FailureReason::Budget, 1));
    assert_eq!(row.build.captured, Credits::new(75));
}

#[tokio::test(start_paused = true)]
async fn files_that_do_not_fit_together_fail_before_they_are_kept() {
    let world = World::new(|task| match (task.agent.name().as_str(), task.attempt) {
        ("designer", 1) => Act::Write("ARCHITECT.txt"),
        _ => STEADY,
    });
    let build = world.ask(SMALL);
    let row = world.finish(build).await;
    assert_eq!((state(&row), row.build.attempt), (BuildState::Deployed, 2));
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_never_ends_is_given_up() {
    let hangs = || Act::Make { takes: Duration::from_hours(1000), cost: 1 };
    let world = World::new(fails_at(Phase::Plan, 1, hangs));
    let build = world.ask(SMALL);
    let row = world.finish(build).await;
    assert_eq!((state(&row), row.build.attempt), (BuildState::Deployed, 2));
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_fails_is_tried_again_without_any_agent() {
    let world = World::steady();
    let failure = DeployFailure { message: "no route".into(), retryable: true };
    world.host.failures.lock().unwrap().push(failure);
    let build = world.ask(SMALL);
    let row = world.finish(build).await;
    insta::assert_snapshot!(lines(&row, 26..34), @r"
    27 phase.started deploy
    28 build.retrying Deployment
    29 build.started attempt 2
    30 engine.selected
    31 phase.started deploy
    32 phase.completed deploy 0 ms
    33 deployment.succeeded
    34 build.completed 1 credits
    ");
    assert_eq!(world.agents.calls().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_is_refused_is_our_failure_and_costs_nothing() {
    let world = World::steady();
    let failure = DeployFailure { message: "no such bucket".into(), retryable: false };
    world.host.failures.lock().unwrap().push(failure);
    let build = world.ask(SMALL);
    let row = world.finish(build).await;
    assert_eq!((reason(&row), row.build.captured), (FailureReason::Deployment, Credits::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_for_a_while_is_asked_again() {
    for call in ["take", "record", "finish", "put", "sweep"] {
        let world = World::steady();
        world.gate.break_call(call, How::Refuse, 3);
        let build = world.ask(SMALL);
        let row = world.finish(build).await;
        assert_eq!((state(&row), row.build.attempt), (BuildState::Deployed, 1), "{call}");
    }
}

#[tokio::test(start_paused = true)]
async fn lost_replies_make_nothing_twice_and_end_nothing_twice() {
    for call in ["record", "finish", "put", "renew"] {
        let world = World::steady();
        world.gate.break_call(call, How::LoseReply, 2);
        let build = world.ask(SMALL);
        let row = world.finish(build).await;
        assert_eq!((state(&row), row.build.attempt), (BuildState::Deployed, 1), "{call}");
        assert_eq!((row.build.used.cost, world.agents.calls().len()), (row.cost(), 5), "{call}");
        let begun = row.events.iter().filter(|event| event.body.kind() == "agent.started");
        assert_eq!(begun.count(), 5, "{call}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_taken_build_whose_reply_was_lost_is_taken_again_after_its_lease() {
    let world = World::steady();
    world.gate.break_call("take", How::LoseReply, 1);
    let build = world.ask(SMALL);
    let began = Instant::now();
    let row = world.finish(build).await;
    assert_eq!((state(&row), row.build.attempt), (BuildState::Deployed, 2));
    assert!(began.elapsed() < Duration::from_mins(1));
}

#[tokio::test(start_paused = true)]
async fn blobs_that_cannot_be_kept_are_our_failure_and_cost_nothing() {
    let world = World::steady();
    world.gate.break_call("put", How::Refuse, u32::MAX);
    let build = world.ask(SMALL);
    let row = world.finish(build).await;
    assert_eq!((reason(&row), row.build.captured), (FailureReason::Internal, Credits::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_build_that_cannot_be_recorded_is_left_to_the_next_worker() {
    let world = World::steady();
    let build = world.ask(SMALL);
    world.gate.break_call("record", How::Refuse, 40);
    let row = world.finish(build).await;
    assert_eq!(state(&row), BuildState::Deployed, "{}", history(&row));
    assert!(row.build.attempt > 1);
}

#[tokio::test(start_paused = true)]
async fn a_loop_that_falls_over_is_started_again_and_its_builds_go_on() {
    for call in ["take", "sweep"] {
        let world = World::steady();
        let build = world.ask(SMALL);
        world.gate.break_call(call, How::Panic, 1);
        let row = world.finish(build).await;
        assert_eq!((state(&row), row.build.attempt), (BuildState::Deployed, 1), "{call}");
    }
    // The loop falls over while the first build runs.
    let world = World::steady();
    let first = world.ask(SMALL);
    let fell = std::cell::Cell::new(false);
    world
        .run_until(|| {
            if world.agents.running() == 1 && !fell.replace(true) {
                world.gate.break_call("take", How::Panic, 3);
            }
            state(&world.queue.row(first)).is_terminal()
        })
        .await;
    let row = world.queue.row(first);
    assert_eq!((state(&row), row.build.attempt), (BuildState::Deployed, 1));
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_that_falls_over_is_our_failure_and_tried_again() {
    for call in ["record", "put"] {
        let world = World::steady();
        world.gate.break_call(call, How::Panic, 1);
        let build = world.ask(SMALL);
        let row = world.finish(build).await;
        assert_eq!((state(&row), row.build.failures), (BuildState::Deployed, 1), "{call}");
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_failures_side_by_side_ours_decides_what_is_charged() {
    let world = World::new(|task| match task.agent.name().as_str() {
        "implementer-1" => provider(true, None),
        "implementer-2" => Act::Panic,
        _ => STEADY,
    });
    let build = world.ask(LARGE);
    let row = world.finish(build).await;
    assert_eq!((reason(&row), row.build.captured), (FailureReason::Internal, Credits::ZERO));
}
