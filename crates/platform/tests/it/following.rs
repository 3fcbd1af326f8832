//! How often whoever follows a build reads.

use std::sync::atomic::Ordering;

use futures::FutureExt as _;
use keelway_builds::ports::{BuildQueue, Topic};
use keelway_builds::run::{Progress, Record, Take};
use keelway_builds::{Phase, ProjectName};
use keelway_platform::builds::ForProject;
use keelway_platform::permit::right::{SubmitBuild, ViewBuildEvents};

use crate::house::{House, request};

#[tokio::test]
async fn a_hint_is_followed_by_one_read() {
    let house = House::new().await;
    let owner = house.owner("ada@example.com").await;
    let permit = owner.permit::<SubmitBuild>();
    let project = ForProject::Named(ProjectName::parse("Bread").unwrap());
    house.platform.submit_build(&permit, request(), project, None).await.unwrap();
    let take = Take { worker: "worker-1".into(), ttl_ms: 30_000 };
    let lease = house.store.take(take).await.unwrap().unwrap().lease;
    let append = async |step| {
        let progress = vec![Progress::PhaseStarted(Phase::Plan)];
        house.store.record(Record { lease, step, progress }).await.unwrap();
        house.platform.ports().signals.notify(Topic::Build(lease.build));
    };
    let reads = || house.reads.load(Ordering::SeqCst);

    let permit = owner.permit::<ViewBuildEvents>();
    let mut feed = house.platform.follow(&permit, lease.build, 0);
    assert_eq!((feed.next().await.unwrap().len(), reads()), (2, 1));
    assert!(feed.next().now_or_never().is_none());
    assert_eq!(reads(), 1, "it waits for a hint");
    append(1).await;
    assert_eq!((feed.next().await.unwrap().len(), reads()), (1, 2));
    assert!(feed.next().now_or_never().is_none());
    assert_eq!(reads(), 2);

    append(2).await;
    for given_up in 3..5 {
        assert!(feed.next().now_or_never().is_none());
        assert_eq!(reads(), given_up, "whoever gave a read up waits for no other hint");
    }
    assert_eq!((feed.next().await.unwrap().len(), reads()), (1, 5));
}
