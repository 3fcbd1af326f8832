//! How often each step of a build goes to the server and back.
//!
//! That is what bounds a worker, and how long its tenant's lock keeps others waiting.

use std::sync::Arc;

use keelway_builds::cancel::Cancel;
use keelway_builds::end::{End, Finish};
use keelway_builds::run::{Progress, Record, Take};
use keelway_builds::{BlobRef, BuildFailure, FailureReason, Lease, Manifest, Phase, SiteLabel};
use keelway_contract::{Fixture, actor};
use keelway_kernel::{Clock as _, DeploymentId, MicroUsd, Reply, SnapshotId};
use keelway_patch::FilePath;
use keelway_postgres::{PostgresSettings, Time};

use crate::between::Between;
use crate::database::Database;
use crate::opened::Opened;

/// What an agent's page was frozen as.
fn packaged(fx: &Fixture) -> Progress {
    let mut manifest = Manifest::default();
    let index = FilePath::parse("index.html").unwrap();
    manifest.insert(index, BlobRef::of(b"Fresh bread")).unwrap();
    let id = SnapshotId::generate(fx.clock.now(), &*fx.entropy);
    Progress::Packaged { id, preview: SiteLabel::random(&*fx.entropy), manifest }
}

fn deployed(fx: &Fixture) -> End {
    End::Deployed {
        deployment: DeploymentId::generate(fx.clock.now(), &*fx.entropy),
        target: "local".into(),
        url: "http://site.localhost/".into(),
    }
}

fn failed(retryable: bool) -> End {
    let failure = BuildFailure {
        reason: FailureReason::Provider,
        message: "It did not work.".into(),
        retryable,
    };
    End::Failed { failure, charged: MicroUsd::ZERO, retry_after: None, jitter: 0 }
}

fn answered() -> Reply {
    Reply { status: 202, headers: vec![], body: vec![] }
}

/// The steps of some builds, and what each asked.
async fn life(fx: &Fixture, between: &Between) -> Vec<(&'static str, Vec<String>)> {
    let mut told = Vec::new();
    let mut note = |step| told.push((step, between.asked()));
    let queue = &fx.store.queue;
    let owned = fx.funded(1_000).await;
    let take = async || {
        let take = Take { worker: "worker-1".into(), ttl_ms: 60_000 };
        queue.take(take).await.unwrap().expect("a build")
    };
    let record = async |lease: Lease, step, progress| {
        queue.record(Record { lease, step, progress: vec![progress] }).await.unwrap();
    };
    let finish = async |lease, end| {
        fx.clock.advance(7);
        queue.finish(Finish { lease, end }).await.unwrap();
    };

    fx.store.submissions.submit(fx.submit(owned)).await.unwrap();
    between.asked();
    let lease = take().await.lease;
    note("take");
    queue.renew(&lease, 60_000).await.unwrap();
    note("renew");
    record(lease, 1, Progress::PhaseStarted(Phase::Plan)).await;
    note("record a phase");
    record(lease, 2, packaged(fx)).await;
    note("record a snapshot");
    finish(lease, failed(true)).await;
    note("fail for now");
    fx.clock.advance(3_600);
    let lease = take().await.lease;
    note("wake and take again");
    finish(lease, deployed(fx)).await;
    note("deploy");

    let mut submit = fx.submit(owned);
    submit.keyed = Some(fx.keyed(|_| answered()));
    fx.store.submissions.submit(submit.clone()).await.unwrap();
    note("submit");
    fx.store.submissions.submit(submit).await.unwrap();
    note("submit again");
    let lease = take().await.lease;
    between.asked();
    finish(lease, failed(false)).await;
    note("fail");

    let owned = fx.funded(1_000).await;
    let cancel = async |build| {
        let keyed = Some(fx.keyed(|_| answered()));
        let cancel = Cancel { scope: owned.scope, actor: actor(), build, keyed };
        fx.store.submissions.cancel(cancel).await.unwrap();
    };
    let build = fx.submitted(owned).await.build.id;
    let lease = take().await.lease;
    between.asked();
    cancel(build).await;
    note("cancel what runs");
    finish(lease, failed(false)).await;
    note("end what was cancelled");
    let build = fx.submitted(owned).await.build.id;
    between.asked();
    cancel(build).await;
    note("cancel what waits");
    assert!(queue.take(Take { worker: "worker-1".into(), ttl_ms: 1 }).await.unwrap().is_none());
    note("take nothing");
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_of_a_build_takes_so_many_round_trips() {
    let opened = Opened::new().await;
    let between = Between::default();
    let mut settings = PostgresSettings::new(between.url(&opened.database).await);
    // Statements are prepared for a connection.
    settings.connections = 1;
    let (clock, entropy) = (opened.fx.clock.clone(), opened.fx.entropy.clone());
    let store = Database::store_of(&settings, Time::Given(clock.clone()), entropy.clone());
    let store = crate::ports(Arc::new(store), opened.database.clone());
    let fx = Fixture { clock, entropy, store };

    // Once more, with every statement prepared.
    life(&fx, &between).await;
    let asked = life(&fx, &between).await;
    let often: Vec<_> = asked.iter().map(|(step, asked)| (*step, asked.len())).collect();
    assert_eq!(
        often,
        [
            ("take", 4),
            ("renew", 4),
            ("record a phase", 4),
            ("record a snapshot", 4),
            ("fail for now", 4),
            ("wake and take again", 13),
            ("deploy", 4),
            ("submit", 5),
            ("submit again", 3),
            ("fail", 4),
            ("cancel what runs", 5),
            ("end what was cancelled", 4),
            ("cancel what waits", 5),
            ("take nothing", 4),
        ],
        "{asked:#?}"
    );
}
