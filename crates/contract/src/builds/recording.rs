//! What a running build writes.

use keelway_builds::run::{LeaseLost, Progress, Record};
use keelway_builds::{BuildStatus, EventBody, Lease, Phase};
use keelway_kernel::MicroUsd;

use super::setup::TTL_S;
use crate::{Fixture, race, rejected};

crate::cases! {
    build_recording_cases in builds::recording:
    taking_writes_who_until_when_and_that_it_started,
    events_are_one_to_n_without_gaps_and_in_order,
    a_step_is_never_written_twice_however_often_it_is_sent,
    a_step_whose_forerunner_was_never_written_is_refused,
    the_same_agents_work_is_never_kept_twice,
    kept_work_reads_back_as_it_was_written,
    only_the_first_snapshot_of_a_build_is_kept,
    writing_nothing_changes_nothing,
}

async fn taking_writes_who_until_when_and_that_it_started(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    let build = fx.build(owned.scope, taken.build.id).await;
    assert_eq!(build, taken.build);
    let until = fx.now().plus_seconds(TTL_S);
    assert_eq!(taken.lease.until, until);
    let worker = "worker-1".to_owned();
    assert_eq!(build.status, BuildStatus::Building { worker, lease_until: until });
    assert_eq!((build.attempt, build.started_at), (1, Some(fx.now())));
    assert_eq!(fx.events(owned.scope, build.id).await, ["build.queued", "build.started"]);
    assert_eq!(taken.project, fx.project(owned.scope, build.project).await);
    assert_eq!((taken.work.len(), taken.packaged), (0, None));
}

async fn events_are_one_to_n_without_gaps_and_in_order(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    let work = fx.work(1, 10_000);
    let hostile =
        "a line\r\nevent: build.completed\n\u{2028}data: \"</script>\" \u{202e}😀".to_owned();
    let progress = vec![
        Progress::Engine { introduction: hostile.clone() },
        Progress::PhaseStarted(Phase::Plan),
        Progress::AgentStarted(work.agent.clone()),
        Progress::AgentCompleted(work),
        Progress::PhaseCompleted { phase: Phase::Plan, duration_ms: 12 },
    ];
    let recorded = fx.record(&taken.lease, progress).await.unwrap();
    let kinds = fx.events(owned.scope, taken.build.id).await;
    assert_eq!(i64::try_from(kinds.len()), Ok(recorded.last_seq));
    assert_eq!(
        kinds[2..],
        ["engine.selected", "phase.started", "agent.started", "agent.completed", "phase.completed"]
    );
    let events = fx.store.builds.events(owned.scope, taken.build.id, 2, 1).await.unwrap();
    assert_eq!(events[0].body, EventBody::Engine { introduction: hostile });
    assert_eq!(fx.build(owned.scope, taken.build.id).await.phase, Some(Phase::Plan));
}

fn starting(lease: Lease, step: u32) -> Record {
    let progress = vec![Progress::PhaseStarted(Phase::Plan), Progress::PhaseStarted(Phase::Design)];
    Record { lease, step, progress }
}

async fn a_step_is_never_written_twice_however_often_it_is_sent(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    for step in 1..=3 {
        let answers = race(20, |_| {
            let (fx, cmd) = (fx.clone(), starting(taken.lease, step));
            async move { fx.store.queue.record(cmd).await.unwrap().last_seq }
        })
        .await;
        assert_eq!(answers, [2 + 2 * i64::from(step); 20]);
    }
    let build = fx.build(owned.scope, taken.build.id).await;
    assert_eq!((build.recorded, build.last_seq), (3, 8));
    assert_eq!(fx.events(owned.scope, build.id).await.len(), 8);
}

async fn a_step_whose_forerunner_was_never_written_is_refused(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    assert_eq!(rejected(fx.store.queue.record(starting(taken.lease, 2)).await), LeaseLost);
    assert_eq!(fx.build(owned.scope, taken.build.id).await, taken.build);
}

async fn the_same_agents_work_is_never_kept_twice(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    let work = fx.work(3, 50_000);
    for _ in 0..3 {
        let twice = vec![
            Progress::AgentCompleted(work.clone()),
            Progress::AgentCompleted(fx.work(3, 90_000)),
        ];
        fx.record(&taken.lease, twice).await.unwrap();
    }
    let build = fx.build(owned.scope, taken.build.id).await;
    assert_eq!(build.used.cost, MicroUsd::new(50_000));
    assert_eq!((build.used.tokens_in, build.used.tokens_out), (1_000, 500));
    assert_eq!(fx.store.builds.work(owned.scope, build.id).await.unwrap(), [work]);
    assert_eq!(build.last_seq, 3);
}

async fn kept_work_reads_back_as_it_was_written(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    let mut works = vec![fx.work(1, 0), fx.work(2, 7), fx.work(3, 1_000_000)];
    works[1].files.clear();
    let more = works[0].files.clone();
    works[2].files.extend(more);
    works[2].summary = "Ünïcode ✓ \"quoted\"".into();
    // Written in any order, read in the plan's.
    let progress = works.iter().rev().cloned().map(Progress::AgentCompleted).collect();
    fx.record(&taken.lease, progress).await.unwrap();
    assert_eq!(fx.store.builds.work(owned.scope, taken.build.id).await.unwrap(), works);
    let other = fx.funded(100).await;
    assert_eq!(fx.store.builds.work(other.scope, taken.build.id).await.unwrap(), []);
}

async fn only_the_first_snapshot_of_a_build_is_kept(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    let (first, _, packaged) = fx.packaged("First");
    let (second, _, again) = fx.packaged("Second");
    fx.record(&taken.lease, vec![packaged]).await.unwrap();
    fx.record(&taken.lease, vec![again]).await.unwrap();
    assert_eq!(fx.build(owned.scope, taken.build.id).await.snapshot, Some(first));
    assert_eq!(fx.store.projects.find_snapshot(owned.scope, second).await.unwrap(), None);
}

async fn writing_nothing_changes_nothing(fx: Fixture) {
    let (owned, taken) = fx.running().await;
    let recorded = fx.record(&taken.lease, vec![]).await.unwrap();
    assert_eq!(recorded.last_seq, 2);
    assert_eq!(fx.build(owned.scope, taken.build.id).await, taken.build);
}
