//! What every answer carries and every request is held to.

use std::fmt::Write as _;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::app::TestApp;

const PROMISED: [&str; 12] = [
    "cache-control",
    "content-security-policy",
    "content-type",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "referrer-policy",
    "strict-transport-security",
    "www-authenticate",
    "x-content-type-options",
    "x-frame-options",
    "allow",
];

#[tokio::test]
async fn every_answer_carries_its_headers() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let mut text = String::new();
    for (what, call) in [
        ("a public read", app.get("/v1")),
        ("a private read", app.get("/v1/me").by(&ada)),
        ("a refusal", app.get("/v1/me")),
        ("an unknown path", app.get("/nowhere")),
        ("a wrong method", app.call(Method::DELETE, "/v1/me")),
        ("a page", app.get("/docs")),
    ] {
        let answer = call.send().await;
        let _ = writeln!(text, "{what}: {}", answer.verdict());
        for name in PROMISED.iter().filter(|name| answer.headers.contains_key(**name)) {
            let _ = writeln!(text, "  {name}: {}", answer.header(name));
        }
        assert!(answer.header("x-request-id").starts_with("req_"), "{what}");
    }
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn tls_is_remembered_and_makes_cookies_secure() {
    let app = TestApp::spawn_with(|setup| {
        setup.http.public_url = "https://keelway.example".into();
    })
    .await;
    let answer = app.get("/v1").send().await;
    insta::assert_snapshot!(answer.header("strict-transport-security"), @"max-age=31536000; includeSubDomains");
    let ada = app.person("ada@example.com").await;
    let out = app.post("/v1/auth/sign-out").by(&ada).send().await;
    insta::assert_snapshot!(out.header("set-cookie"), @"__Host-keelway=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0");
    // A cookie without the prefix could have been set by a neighbouring host.
    let bob = app.person("bob@example.com").await;
    assert_eq!(app.get("/v1/me").with_cookie(&bob).send().await.verdict(), "401 AUTH_REQUIRED");
}

/// A page whose name was given this machine's address is on another machine's business.
#[tokio::test]
async fn under_a_name_that_is_not_this_machines_nothing_is_served() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let port = app.authority().split(':').nth(1).unwrap();
    let foreign = format!("evil.example:{port}");
    for path in ["/metrics", "/v1", "/docs", "/healthz", "/nowhere"] {
        let answer = app.get(path).header("host", &foreign).send().await;
        assert_eq!(answer.verdict(), "421 UNKNOWN_HOST", "{path}");
    }
    let origin = format!("http://{foreign}");
    let sent = app.post("/v1/auth/sign-out").by(&ada).header("host", &foreign);
    assert_eq!(sent.header("origin", &origin).send().await.verdict(), "421 UNKNOWN_HOST");
    let absolute = "GET http://evil.example/v1 HTTP/1.1\r\nhost: localhost\r\n\
                    connection: close\r\n\r\n";
    assert!(app.raw(absolute).await.starts_with("HTTP/1.1 421 "));
    for own in ["localhost", "127.0.0.1:1", "[::1]:8080"] {
        assert_eq!(app.get("/v1").header("host", own).send().await.verdict(), "200", "{own}");
    }
    let public = TestApp::spawn_with(|setup| {
        setup.http.public_url = "https://keelway.example".into();
    })
    .await;
    for host in ["keelway.example", "10.0.0.7:8080"] {
        assert_eq!(public.get("/v1").header("host", host).send().await.verdict(), "200", "{host}");
    }
}

#[tokio::test]
async fn a_request_keeps_the_name_it_came_with_if_that_is_one() {
    let app = TestApp::spawn().await;
    let long = "x".repeat(129);
    for (given, kept) in [("abc-1._Z", true), ("a b", false), ("<script>", false), (&*long, false)]
    {
        let answer = app.get("/v1/me").header("x-request-id", given).send().await;
        assert_eq!(answer.header("x-request-id") == given, kept, "{given}");
        assert_eq!(answer.json()["request_id"], answer.header("x-request-id"));
    }
    let first = app.get("/v1").send().await;
    let second = app.get("/v1").send().await;
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
}

#[tokio::test]
async fn oversized_requests_are_refused() {
    let app = TestApp::spawn().await;
    let many = (0..65).fold(app.get("/v1"), |call, n| call.header(&format!("x-{n}"), "1"));
    let heavy = app.get("/v1").header("x-heavy", &"x".repeat(17 * 1024));
    let long = app.get(&format!("/v1?{}", "x".repeat(9 * 1024)));
    let large = app.post("/v1/auth/sign-in").body(vec![b' '; 1024 * 1024 + 1]);
    let mut table = Vec::new();
    for (what, call) in [
        ("65 headers", many),
        ("17 KiB of headers", heavy),
        ("9 KiB of address", long),
        ("1 MiB and a byte", large),
    ] {
        table.push(format!("{what:<20} {}", call.send().await.verdict()));
    }
    insta::assert_snapshot!(table.join("\n"));
}

/// Without a length up front, reading stops at the limit.
#[tokio::test]
async fn an_endless_body_is_cut_off() {
    let app = TestApp::spawn().await;
    let chunk = Ok::<_, std::io::Error>(vec![b' '; 64 * 1024]);
    let endless = futures::stream::iter(std::iter::repeat_with(move || match &chunk {
        Ok(chunk) => Ok(chunk.clone()),
        Err(error) => Err(std::io::Error::from(error.kind())),
    }));
    let body = reqwest::Body::wrap_stream(futures::StreamExt::take(endless, 1_000));
    let sent = app.post("/v1/auth/sign-in").body(body).try_send().await;
    // The server may hang up before the client has read the answer; it never takes it all.
    if let Ok(answer) = sent {
        assert_eq!(answer.verdict(), "413 PAYLOAD_TOO_LARGE");
    }
    assert_eq!(app.get("/v1").send().await.verdict(), "200");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let app =
        TestApp::spawn_with(|setup| setup.http.body_timeout = Duration::from_millis(20)).await;
    let head = "POST /v1/auth/sign-in HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                content-length: 100\r\nconnection: close\r\n\r\n{";
    let answer = app.raw(head).await;
    assert!(answer.contains(" 408 ") && answer.contains("REQUEST_TIMEOUT"), "{answer}");
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let app =
        TestApp::spawn_with(|setup| setup.http.head_timeout = Duration::from_millis(20)).await;
    let answer = app.raw("GET /v1 HTTP/1.1\r\nhost: x\r\nx-slow: ").await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test]
async fn a_read_that_changed_nothing_is_not_sent_again() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let first = app.get("/v1/me").by(&ada).send().await;
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.len() == 34, "{tag}");
    for known in [tag.clone(), format!("\"x\", W/{tag}"), "*".to_owned()] {
        let again = app.get("/v1/me").by(&ada).header("if-none-match", &known).send().await;
        assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0), "{known}");
        assert_eq!(again.header("etag"), tag);
    }
    let other = app.get("/v1/me").by(&ada).header("if-none-match", "\"x\"").send().await;
    assert_eq!(other.bytes, first.bytes);
}

#[tokio::test]
async fn head_answers_like_get_without_a_body() {
    let app = TestApp::spawn().await;
    let get = app.get("/v1").send().await;
    let head = app.call(Method::HEAD, "/v1").send().await;
    assert_eq!((head.status, head.bytes.len()), (get.status, 0));
    assert_eq!(head.header("etag"), get.header("etag"));
}

#[tokio::test]
async fn a_handler_that_panics_is_our_mistake_and_says_nothing() {
    let app = TestApp::spawn_with(crate::broken::panicking_sessions).await;
    let ada = app.person("ada@example.com").await;
    for call in [app.get("/v1/me"), app.post("/v1/tenants").json(&json!({ "name": "One" }))] {
        let answer = call.by(&ada).send().await;
        assert_eq!(answer.verdict(), "500 INTERNAL");
        assert!(!answer.shown().contains("secret"), "{}", answer.shown());
    }
    assert_eq!(app.get("/v1").send().await.verdict(), "200");
}

#[tokio::test]
async fn a_change_goes_on_when_its_caller_hangs_up() {
    let (app, gate) = crate::broken::gated().await;
    let ada = app.person("ada@example.com").await;
    let body = json!({ "name": "One" });
    let call = app.post("/v1/tenants").by(&ada).header("idempotency-key", "k").json(&body);
    // The request is in the handler when its caller goes.
    tokio::select! {
        _ = call.send() => panic!("answered before the gate was opened"),
        () = gate.reached() => {}
    }
    gate.open();
    let again = app.post("/v1/tenants").by(&ada).header("idempotency-key", "k").json(&body);
    gate.left().await;
    assert_eq!(again.send().await.header("idempotency-replayed"), "true");
}
