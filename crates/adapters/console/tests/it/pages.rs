//! What is the same on every page.

use reqwest::Method;

use crate::app::TestApp;

#[tokio::test]
async fn a_page_is_shown() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let landing = app.get("/").send().await;
    assert_eq!(landing.verdict(), "200", "{}", landing.text);
    assert_eq!(
        app.get("/").by(&ada).send().await.verdict(),
        format!("303 {}", ada.at("/projects"))
    );
    let projects = app.get(&ada.at("/projects")).by(&ada).send().await;
    assert_eq!(projects.verdict(), "200", "{}", projects.text);
}

#[tokio::test]
async fn the_policy_lets_nothing_run_that_is_not_ours() {
    let app = TestApp::spawn().await;
    let page = app.get("/").send().await;
    let nonce = page.between("nonce=\"", "\"").unwrap();
    assert_eq!(nonce.len(), 32);
    let expected = format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self'; \
         img-src 'self' data:; connect-src 'self'; form-action 'self'; \
         frame-src http://*.sites.test; base-uri 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types keelway; report-uri /csp-reports"
    );
    assert_eq!(page.header("content-security-policy"), expected);
    assert_eq!(page.header("cache-control"), "no-store");
    // With any stricter one, a form that is sent over plain HTTP comes from the origin `null`.
    assert_eq!(page.header("referrer-policy"), "same-origin");
    let again = app.get("/").send().await;
    assert_ne!(again.between("nonce=\"", "\"").unwrap(), nonce);
    for part in ["<style", " style=", " onclick=", "javascript:"] {
        assert!(!page.text.contains(part), "{part}");
    }
}

#[tokio::test]
async fn a_report_is_counted_and_answered_with_nothing() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).unwrap();
    let app = TestApp::spawn().await;
    let report = r#"{"csp-report":{"effective-directive":"script-src-elem"}}"#;
    let sent = app.post("/csp-reports").body("application/csp-report", report).send().await;
    assert_eq!((sent.status, sent.text.as_str()), (204, ""));
    let large = "x".repeat(17 * 1024);
    let sent = app.post("/csp-reports").body("application/csp-report", &large).send().await;
    assert_eq!(sent.verdict(), "413 PAYLOAD_TOO_LARGE");
    let text = handle.render();
    let counts: Vec<&str> =
        text.lines().filter(|line| line.starts_with("keelway_csp_reports_total")).collect();
    assert_eq!(counts, ["keelway_csp_reports_total{directive=\"script-src-elem\"} 1"]);
}

#[tokio::test]
async fn a_problem_says_what_happened_what_to_do_and_which_request() {
    let app = TestApp::spawn().await;
    let lost = app.get("/nowhere").header("x-request-id", "req_lost").send().await;
    assert_eq!(lost.verdict(), "404 NOT_FOUND");
    assert_eq!(lost.header("x-request-id"), "req_lost");
    for part in ["req_lost", "Check the address.", "href=\"/\""] {
        assert!(lost.main().contains(part), "{part}: {}", lost.text);
    }
    assert!(lost.header("content-security-policy").contains("'strict-dynamic'"));
    let wrong = app.get("/preview").send().await;
    assert_eq!(
        (wrong.verdict().as_str(), wrong.header("allow")),
        ("405 METHOD_NOT_ALLOWED", "POST")
    );
}

#[tokio::test]
async fn programs_are_refused_in_json_except_by_pages() {
    let app = TestApp::spawn().await;
    for (path, accept, is_page) in [
        ("/nowhere", "text/html,application/xhtml+xml,*/*;q=0.8", true),
        ("/nowhere", "application/json", false),
        ("/nowhere", "application/json, text/html", false),
        ("/nowhere", "*/*", false),
        ("/v1/me", "text/html", false),
        ("/assets/nothing", "application/json", true),
    ] {
        let refused = app.program(Method::GET, path).header("accept", accept).send().await;
        let html = refused.header("content-type") == "text/html; charset=utf-8";
        let json = refused.header("content-type") == "application/problem+json";
        assert_eq!((html, json), (is_page, !is_page), "{path} for {accept}");
    }
}

#[tokio::test]
async fn a_fragment_is_the_main_part_of_the_same_page() {
    let app = TestApp::spawn().await;
    let (page, part) =
        (app.get("/").send().await, app.get("/").header("x-fragment", "1").send().await);
    assert_eq!(part.text, format!("<main{}</main>", page.main()));
    assert_eq!((page.header("vary"), part.header("vary")), ("x-fragment", "x-fragment"));
}

#[tokio::test]
async fn assets_are_named_by_their_content_and_kept_for_ever() {
    let app = TestApp::spawn().await;
    let page = app.get("/").send().await;
    let sheet = page.between("rel=\"stylesheet\" href=\"", "\"").unwrap().to_owned();
    let plain = app.get(&sheet).send().await;
    assert_eq!(plain.status, 200);
    assert_eq!(plain.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(plain.header("content-type"), "text/css; charset=utf-8");
    let packed = app.get(&sheet).header("accept-encoding", "gzip").send().await;
    assert_eq!(
        (packed.header("content-encoding"), packed.header("vary")),
        ("gzip", "accept-encoding")
    );
    assert!(packed.text.len() < plain.text.len());
    assert_eq!(app.get("/assets/console.css").send().await.verdict(), "404 NOT_FOUND");
    assert_eq!(app.get("/favicon.svg").send().await.header("content-type"), "image/svg+xml");
}
