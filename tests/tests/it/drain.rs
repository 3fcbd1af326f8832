//! Orderly shutdown, and readers who outlive it.

use serde_json::Value;

use crate::harness::api::is_terminal;
use crate::harness::books::{Books, Moment};
use crate::harness::sse::{Events, Frame};
use crate::harness::{Api, House, within};

const BAKERY: &str = "A landing page for a bakery in Lisbon";

async fn until(events: &mut Events, kind: &str) -> Vec<Frame> {
    let mut seen = Vec::new();
    within(kind, async {
        while let Some(frame) = events.next().await {
            let found = frame.event.as_deref() == Some(kind);
            seen.push(frame);
            if found {
                return;
            }
        }
        panic!("the stream ended before {kind}");
    })
    .await;
    seen
}

async fn kinds(owner: &Api, build: &str) -> Vec<String> {
    let kind = |event: &Value| event["type"].as_str().unwrap().to_owned();
    owner.history(build).await.iter().map(kind).collect()
}

#[tokio::test]
async fn shutting_down_hands_back_what_cannot_finish_and_the_next_start_continues_it() {
    let house = House::new().slow_agents(20_000).set("WORKER_GRACE_MS", 3_000);
    let server = house.start().await;
    let owner = house.guest().sign_up("ada").await;
    let build = owner.submit(BAKERY).await;
    let mut events = owner.follow(&build, 0).await;
    until(&mut events, "agent.started").await;

    events.retry = None;
    server.terminate().await;
    let ended = within("the stream ends", async { while events.next().await.is_some() {} });
    ended.await;
    assert!(events.retry.is_some(), "a reader is told when to come back");
    house.guest().get("/readyz").await.must(503);
    assert!(server.exited().await.success());

    let house = house.slow_agents(0);
    let server = house.start().await;
    let view = owner.ended(&build).await;
    assert_eq!(view["status"], "deployed");
    let kinds = kinds(&owner, &build).await;
    assert_eq!(kinds.iter().filter(|kind| *kind == "build.handed_back").count(), 1);
    assert!(!kinds.contains(&"build.retrying".to_owned()), "handing back is no failure");
    server.stop().await;
    Books::of(&house).await.inspect(Moment::AtRest).await.must_be_sound();
}

#[tokio::test]
async fn a_reader_of_a_build_that_nobody_runs_is_told_to_come_back_too() {
    let house = House::new().set("WORKER_ENABLED", "false");
    let server = house.start().await;
    let owner = house.guest().sign_up("ada").await;
    let build = owner.submit(BAKERY).await;
    let mut events = owner.follow(&build, 0).await;
    until(&mut events, "build.queued").await;
    events.retry = None;
    server.terminate().await;
    within("the stream ends", async { while events.next().await.is_some() {} }).await;
    assert!(events.retry.is_some(), "a reader is told when to come back");
    assert!(server.exited().await.success());
}

#[tokio::test]
async fn shutting_down_finishes_what_it_can() {
    let house = House::new().slow_agents(60).set("WORKER_GRACE_MS", 30_000);
    let server = house.start().await;
    let owner = house.guest().sign_up("ada").await;
    let build = owner.submit(BAKERY).await;
    until(&mut owner.follow(&build, 0).await, "agent.started").await;
    server.stop().await;

    let findings = Books::of(&house).await.inspect(Moment::AtRest).await;
    findings.must_be_sound();
    let server = house.start().await;
    assert_eq!(owner.ended(&build).await["status"], "deployed");
    assert!(!kinds(&owner, &build).await.contains(&"build.handed_back".to_owned()));
    server.stop().await;
}

#[tokio::test]
async fn a_reader_who_reconnects_across_restarts_sees_every_event_once_and_in_order() {
    let house = House::new().short_leases().slow_agents(60);
    let mut server = house.start().await;
    let owner = house.guest().sign_up("ada").await;
    let build = owner.submit(BAKERY).await;
    let mut seen: Vec<Frame> = Vec::new();
    for (kind, orderly) in [("phase.started", true), ("agent.completed", false)] {
        let mut events = owner.follow(&build, seen.last().map_or(0, Frame::seq)).await;
        seen.extend(until(&mut events, kind).await);
        if orderly {
            server.terminate().await;
            // Whatever is still told on the way out counts as seen.
            within("the stream ends", async {
                while let Some(frame) = events.next().await {
                    seen.push(frame);
                }
            })
            .await;
            assert!(server.exited().await.success());
        } else {
            server.kill().await;
        }
        server = house.start().await;
    }
    let mut events = owner.follow(&build, seen.last().map_or(0, Frame::seq)).await;
    within("the build ends", async {
        while let Some(frame) = events.next().await {
            seen.push(frame);
        }
    })
    .await;
    assert!(is_terminal(seen.last().unwrap().event.as_deref().unwrap()));
    let seen: Vec<Value> = seen.iter().map(Frame::json).collect();
    assert_eq!(seen, owner.history(&build).await);
    let places: Vec<i64> = seen.iter().map(|event| event["seq"].as_i64().unwrap()).collect();
    assert_eq!(places, (1..=i64::try_from(seen.len()).unwrap()).collect::<Vec<_>>());
    server.stop().await;
}
