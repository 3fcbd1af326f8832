//! What machines ask about the process.

use std::net::TcpListener;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use keelway_http::settings::MetricsAccess;
use keelway_http::{Helper, HttpSettings, http};
use keelway_kernel::StoreError;

use crate::app::TestApp;

#[tokio::test]
async fn ready_means_that_the_store_answers_and_nobody_asked_to_stop() {
    let app = TestApp::spawn().await;
    let answer = app.get("/readyz").send().await;
    assert_eq!(answer.json(), serde_json::json!({ "status": "ready", "degraded": [] }));
    assert_eq!(answer.header("cache-control"), "no-store");
    app.drain.begin();
    insta::assert_snapshot!(app.get("/readyz").send().await.shown());
    assert_eq!(app.get("/healthz").send().await.verdict(), "200");

    let closed = TestApp::spawn().await;
    closed.store.close().await;
    let answer = closed.get("/readyz").send().await;
    assert_eq!(answer.verdict(), "503 STORE_UNAVAILABLE");
    assert_eq!(closed.get("/healthz").send().await.verdict(), "200");
}

#[tokio::test]
async fn what_a_process_can_do_without_is_named_and_keeps_it_from_nothing() {
    let well = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&well);
    let app = TestApp::spawn_with(|setup| {
        let is_well = Arc::new(move || asked.load(Ordering::Relaxed));
        setup.http.helpers = vec![Helper { name: "redis", is_well }];
    })
    .await;
    for (is_well, status, degraded) in
        [(true, "ready", &[][..]), (false, "degraded", &["redis"]), (true, "ready", &[])]
    {
        well.store(is_well, Ordering::Relaxed);
        let answer = app.get("/readyz").send().await;
        assert_eq!(answer.verdict(), "200");
        let expected = serde_json::json!({ "status": status, "degraded": degraded });
        assert_eq!(answer.json(), expected);
    }
    app.store.close().await;
    app.clock.advance(1);
    assert_eq!(app.get("/readyz").send().await.verdict(), "503 STORE_UNAVAILABLE");
}

#[tokio::test]
async fn the_store_is_asked_once_however_many_want_to_know() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let app = TestApp::spawn_with(|setup| crate::broken::counted(setup, count)).await;
    for times in 1..=2 {
        let calls = (0..20).map(|_| app.get("/readyz").send());
        for answer in futures::future::join_all(calls).await {
            assert_eq!(answer.verdict(), "200");
        }
        assert_eq!(asked.load(Ordering::Relaxed), times);
        app.clock.advance(1);
    }
}

#[tokio::test]
async fn a_process_that_serves_nothing_else_answers_probes() {
    let app = TestApp::spawn().await;
    let mut settings = HttpSettings::new("http://127.0.0.1", Arc::new(|_| String::new()));
    settings.workers = NonZeroU32::new(1);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = http(app.platform.clone(), settings).serve_probes(listener).unwrap();
    let handle = server.handle();
    #[expect(clippy::disallowed_methods, reason = "the server ends with the test's runtime")]
    tokio::spawn(server);
    for (path, status) in
        [("/healthz", 200), ("/readyz", 200), ("/metrics", 200), ("/v1", 404), ("/v1/me", 404)]
    {
        let answer = reqwest::get(format!("http://{address}{path}")).await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
    }
    handle.stop(false).await;
}

#[tokio::test]
async fn a_broken_store_is_not_the_callers_fault_and_tells_nothing() {
    let gone: fn() -> StoreError = || StoreError::Unavailable("disk sda1".into());
    for (error, verdict, retry_after) in [
        (gone, "503 STORE_UNAVAILABLE", "5"),
        (|| StoreError::Contended, "503 STORE_CONTENDED", "1"),
        (|| StoreError::corrupt("session", "sda1"), "500 INTERNAL", ""),
    ] {
        let app = TestApp::spawn_with(|setup| crate::broken::sessions(setup, error)).await;
        let ada = app.person("ada@example.com").await;
        let answer = app.get("/v1/me").by(&ada).send().await;
        assert_eq!((&*answer.verdict(), answer.header("retry-after")), (verdict, retry_after));
        assert!(!answer.shown().contains("sda1"), "{}", answer.shown());
    }
}

#[tokio::test]
async fn requests_are_measured_by_route_and_never_by_id() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).unwrap();
    let app = TestApp::spawn_with(|setup| {
        setup.http.metrics = Some(handle);
        setup.http.helpers = vec![Helper { name: "redis", is_well: Arc::new(|| false) }];
    })
    .await;
    let ada = app.owner("ada@example.com").await;
    app.get("/v1/me").by(&ada).send().await;
    app.get("/docs/errors/NOT_FOUND").send().await;
    app.get("/nowhere/at/all").send().await;
    let text = String::from_utf8(app.get("/metrics").send().await.bytes).unwrap();
    let mut counts: Vec<&str> =
        text.lines().filter(|line| line.starts_with("keelway_http_requests_total{")).collect();
    counts.sort_unstable();
    insta::assert_snapshot!(counts.join("\n"));
    assert!(text.contains("keelway_http_request_duration_seconds"), "{text}");
    for line in ["keelway_up{part=\"store\"} 1", "keelway_up{part=\"redis\"} 0"] {
        assert!(text.contains(line), "{text}");
    }
}

#[tokio::test]
async fn whoever_asks_through_a_proxy_is_told_of_no_metrics() {
    let app = TestApp::spawn().await;
    let asked = || app.get("/metrics").header("x-forwarded-for", "127.0.0.1").send();
    assert_eq!(asked().await.verdict(), "404 NOT_FOUND");
    let open = TestApp::spawn_with(|setup| setup.http.metrics_access = MetricsAccess::Anyone).await;
    let asked = || open.get("/metrics").header("x-forwarded-for", "127.0.0.1").send();
    assert_eq!(asked().await.verdict(), "200");
}

#[tokio::test]
async fn the_index_names_features_and_endpoints() {
    let app = TestApp::spawn().await;
    let index = app.get("/v1").send().await.json();
    assert_eq!(index["features"]["GUEST_MODE"], true);
    let endpoints = index["endpoints"].as_array().unwrap();
    assert_eq!(endpoints.len(), keelway_http::routes::table().rows().len());
}
