//! Callers that go away.

use keelway_builds::end::End;
use keelway_builds::run::{Progress, Record};
use keelway_builds::{BuildState, FailureReason};
use keelway_kernel::{Once, Tier};

use super::setup::{Retry, TTL_S, cancel, failed, reply};
use crate::{Fixture, abandon};

crate::cases! {
    build_fault_cases in builds::faults:
    five_hundred_abandoned_commands_leave_no_half_effect,
    a_submission_whose_answer_was_lost_is_found_by_its_key,
    books_are_in_order_at_every_moment,
}

async fn five_hundred_abandoned_commands_leave_no_half_effect(fx: Fixture) {
    let owned = fx.rich(Tier::Enterprise).await;
    let mut abandoned = 0;
    let mut round = 0;
    while abandoned < 500 {
        round += 1;
        let polls = || fx.entropy.below(4);
        let mut count = |gone: bool| abandoned += u32::from(gone);
        let submit = fx.submit(owned);
        let id = submit.build;
        count(abandon(polls(), fx.store.submissions.submit(submit)).await.is_none());
        count(abandon(polls(), fx.find_taken()).await.is_none());
        if let Some(taken) = fx.find_taken().await {
            let (queue, lease) = (&fx.store.queue, taken.lease);
            let (_, _, packaged) = fx.packaged("Fresh bread");
            let work = Progress::AgentCompleted(fx.work(1, 10_000));
            let record = Record { lease, step: 1, progress: vec![work, packaged] };
            count(abandon(polls(), queue.record(record)).await.is_none());
            count(abandon(polls(), queue.renew(&lease, 30_000)).await.is_none());
            let end = match round % 4 {
                0 => End::Cancelled,
                1 => End::HandedBack,
                2 => failed(FailureReason::Provider, Retry::Possible),
                _ => fx.live(),
            };
            count(abandon(polls(), fx.finish(&lease, end)).await.is_none());
        }
        let cancel = cancel(owned, id);
        count(abandon(polls(), fx.store.submissions.cancel(cancel)).await.is_none());
        count(abandon(polls(), fx.store.queue.sweep(round)).await.is_none());
        if round % 10 == 0 {
            fx.clock.advance(TTL_S);
        }
    }
    // The store goes on as if nothing had happened.
    fx.swept().await;
    let submitted = fx.submitted(owned).await;
    assert_eq!(submitted.build.status.state(), BuildState::Queued);
    let inspection = fx.store.inspector.inspect().await.unwrap();
    assert_eq!(inspection.violations, []);
}

async fn a_submission_whose_answer_was_lost_is_found_by_its_key(fx: Fixture) {
    for _ in 0..50 {
        let owned = fx.funded(100).await;
        let mut cmd = fx.submit(owned);
        cmd.keyed = Some(fx.keyed(reply));
        let _ = abandon(fx.entropy.below(4), fx.store.submissions.submit(cmd.clone())).await;
        let answer = fx.store.submissions.submit(cmd.clone()).await.unwrap();
        let body = match answer {
            Once::Fresh(submitted) => reply(&submitted).body,
            Once::Replayed { reply, .. } => reply.body,
        };
        assert!(String::from_utf8(body).unwrap().starts_with(&cmd.build.to_string()));
        assert_eq!(fx.credits(owned.scope).await.1, 75);
    }
}

async fn books_are_in_order_at_every_moment(fx: Fixture) {
    let inspector = fx.store.inspector.clone();
    let watch = async {
        loop {
            let inspection = inspector.inspect().await.unwrap();
            assert_eq!(inspection.violations, []);
            let builds = inspection.checked.iter().find(|(name, _)| *name == "I5");
            if builds.is_some_and(|(_, builds)| *builds == 40) {
                break;
            }
        }
    };
    let work = async {
        let owned = fx.rich(Tier::Enterprise).await;
        for _ in 0..40 {
            fx.submitted(owned).await;
            let taken = fx.taken().await;
            fx.deployed(&taken.lease, 10_000).await;
        }
    };
    tokio::join!(watch, work);
}
