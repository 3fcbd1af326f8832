//! A server that builds nothing and a worker that serves nothing, on one data directory.

use std::net::TcpListener;

use crate::harness::books::{Books, Moment};
use crate::harness::{Api, House, within};

#[tokio::test]
async fn what_a_worker_builds_a_server_serves() {
    let probes = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let house = House::new().set("WORKER_ENABLED", "false").set("WORKER_LISTEN", probes);
    let server = house.start().await;
    let owner = house.guest().sign_up("ada").await;
    let build = owner.submit("A landing page for a bakery in Lisbon").await;
    let view = owner.get(&format!("/v1/builds/{build}")).await.must(200);
    assert_eq!(view["status"], "queued", "a server that was told not to does not build");

    let worker = house.work();
    let view = owner.ended(&build).await;
    assert_eq!(view["status"], "deployed");
    let page = house.guest().get(view["deployment_url"].as_str().unwrap()).await;
    assert_eq!(page.status, 200, "{page}");
    assert!(page.header("content-type").starts_with("text/html"), "{page}");

    // The worker answers for itself, and for nothing else.
    let asked = Api::at(format!("http://{probes}"));
    let ready = asked.get("/readyz").await.must(200);
    assert_eq!(ready, serde_json::json!({ "status": "ready", "degraded": [] }));
    let metrics = asked.get("/metrics").await;
    let text = String::from_utf8(metrics.body).unwrap();
    assert!(text.contains("build_latency_seconds"), "{text}");
    assert_eq!(asked.get("/v1/builds").await.status, 404);

    worker.stop().await;
    assert_eq!(owner.get("/readyz").await.status, 200, "the server goes on");
    server.stop().await;
    Books::of(&house).await.inspect(Moment::AtRest).await.must_be_sound();
}

#[tokio::test]
async fn a_worker_that_is_told_to_stop_says_so_while_its_builds_end() {
    let probes = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let house = House::new()
        .slow_agents(20_000)
        .set("WORKER_ENABLED", "false")
        .set("WORKER_GRACE_MS", 3_000)
        .set("WORKER_LISTEN", probes);
    let server = house.start().await;
    let owner = house.guest().sign_up("ada").await;
    let build = owner.submit("A landing page for a bakery in Lisbon").await;
    let worker = house.work();
    let mut events = owner.follow(&build, 0).await;
    let begun =
        async { while events.next().await.unwrap().event.as_deref() != Some("agent.started") {} };
    within("an agent starts", begun).await;

    let asked = Api::at(format!("http://{probes}"));
    asked.get("/readyz").await.must(200);
    worker.terminate().await;
    let refused = async {
        while asked.get("/readyz").await.status == 200 {
            tokio::task::yield_now().await;
        }
    };
    within("the worker is no longer ready", refused).await;
    asked.get("/readyz").await.refused(503, "DRAINING");
    assert!(worker.exited().await.success());
    let handed_back = async {
        while events.next().await.unwrap().event.as_deref() != Some("build.handed_back") {}
    };
    within("the build is handed back", handed_back).await;
    server.stop().await;
    Books::of(&house).await.inspect(Moment::Live).await.must_be_sound();
}
