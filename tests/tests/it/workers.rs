//! Workers in processes of their own, beside a server that only serves.

use std::collections::BTreeSet;

use futures::future::join_all;

use crate::harness::books::{Books, Moment};
use crate::harness::dice::Dice;
use crate::harness::sse::Events;
use crate::harness::{House, within};

const BAKERY: &str = "A landing page for a bakery";

#[tokio::test]
async fn what_a_killed_worker_leaves_another_one_finishes() {
    let house = House::new().short_leases().slow_agents(150).set("WORKER_ENABLED", "false");
    let server = house.start().await;
    let owner = house.guest().sign_up("ada").await;
    let build = owner.submit(BAKERY).await;
    let mut events = owner.follow(&build, 0).await;
    let doomed = house.work();
    until(&mut events, "agent.completed").await;
    doomed.kill().await;

    let successor = house.work();
    let view = owner.ended(&build).await;
    assert_eq!((&view["status"], &view["attempt"]), (&"deployed".into(), &2.into()), "{view:#}");
    // A reader who stayed on the line has noticed nothing but the attempt.
    let told = within("the stream ends", async {
        let mut last = None;
        while let Some(frame) = events.next().await {
            last = frame.event;
        }
        last
    });
    assert_eq!(told.await.as_deref(), Some("build.completed"));
    successor.stop().await;
    server.stop().await;
    Books::of(&house).await.inspect(Moment::AtRest).await.must_be_sound();
}

#[tokio::test]
async fn a_worker_that_slept_through_the_end_of_its_lease_writes_nothing_more() {
    // A worker whose hands are full leaves the store alone between two steps.
    let house = House::new()
        .short_leases()
        .slow_agents(150)
        .set("WORKER_ENABLED", "false")
        .set("WORKER_SLOTS", 1);
    let server = house.start().await;
    let owner = house.guest().sign_up("ada").await;
    let build = owner.submit(BAKERY).await;
    let mut events = owner.follow(&build, 0).await;
    let sleeper = house.work();
    let books = Books::of(&house).await;
    // Not inside a transaction, which would keep everybody waiting.
    loop {
        until(&mut events, "agent.started").await;
        sleeper.freeze().await;
        if books.is_writable().await {
            break;
        }
        sleeper.thaw().await;
    }
    let successor = house.work();
    until(&mut events, "build.started").await;
    // Both are awake now, and each believes that the build is its own.
    sleeper.thaw().await;
    let view = owner.ended(&build).await;
    assert_eq!((&view["status"], &view["attempt"]), (&"deployed".into(), &2.into()), "{view:#}");
    sleeper.stop().await;
    successor.stop().await;
    server.stop().await;
    books.inspect(Moment::AtRest).await.must_be_sound();
}

async fn until(events: &mut Events, kind: &str) {
    within(kind, async { while events.next().await.unwrap().event.as_deref() != Some(kind) {} })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_workers_never_do_the_same_work_twice() {
    let mut dice = Dice::thrown("workers");
    let house = House::new().short_leases().slow_agents(30);
    let server = house.start().await;
    let owner = house.guest().sign_up("ada").await;
    let mut workers = vec![house.work(), house.work()];
    let mut builds = Vec::new();
    for round in 0..4 {
        builds.extend(join_all((0..4).map(|_| owner.submit(BAKERY))).await);
        let mut events = owner.follow(builds.last().unwrap(), 0).await;
        let steps = 2 + dice.below(8);
        within("a build goes on", async {
            for _ in 0..steps {
                events.next().await;
            }
        })
        .await;
        workers.swap_remove(round % 2).kill().await;
        workers.push(house.work());
    }
    let mut ends = BTreeSet::new();
    for build in &builds {
        ends.insert(owner.ended(build).await["status"].as_str().unwrap().to_owned());
    }
    assert!(ends.contains("deployed"), "{ends:?}");
    for worker in workers {
        worker.stop().await;
    }
    server.stop().await;
    let findings = Books::of(&house).await.inspect(Moment::AtRest).await;
    println!("{} builds {ends:?}; {findings}", builds.len());
    findings.must_be_sound();
}
