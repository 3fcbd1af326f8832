//! How often one may ask, and who is counted.

use std::num::NonZeroU32;
use std::sync::Arc;

use keelway_access::{RateLimit, RateLimits};
use keelway_local::LocalLimiter;
use serde_json::json;

use crate::app::{Setup, TestApp};

/// At most `limit` of everything in a minute.
pub(crate) fn at_most(limit: u32) -> impl FnOnce(&mut Setup) {
    move |setup| {
        let each = RateLimit {
            limit: NonZeroU32::new(limit).unwrap(),
            window_s: NonZeroU32::new(60).unwrap(),
        };
        let limits = RateLimits {
            guest: each,
            auth: each,
            build_submit: each,
            write: each,
            read: each,
            unknown_token: each,
        };
        let clock = setup.ports.clock.clone();
        setup.ports.limiter = Arc::new(LocalLimiter::new(limits, clock, 1_000));
    }
}

#[tokio::test]
async fn too_many_are_turned_away_until_time_has_passed() {
    let app = TestApp::spawn_with(at_most(2)).await;
    let ada = app.owner("ada@example.com").await;
    let mut table = Vec::new();
    for _ in 0..3 {
        let answer = app.get("/v1/me").by(&ada).send().await;
        table.push(format!(
            "{} | {} | {} | {} | {}",
            answer.verdict(),
            answer.header("ratelimit-policy"),
            answer.header("ratelimit"),
            answer.header("x-ratelimit-remaining"),
            answer.header("retry-after"),
        ));
    }
    insta::assert_snapshot!(table.join("\n"));
    app.clock.advance(30);
    assert_eq!(app.get("/v1/me").by(&ada).send().await.verdict(), "200");
}

#[tokio::test]
async fn everybody_is_counted_alone_and_reads_apart_from_changes() {
    let app = TestApp::spawn_with(at_most(1)).await;
    let ada = app.owner("ada@example.com").await;
    let bob = app.owner("bob@example.com").await;
    assert_eq!(app.get("/v1/me").by(&ada).send().await.verdict(), "200");
    assert_eq!(app.get("/v1/me").by(&ada).send().await.verdict(), "429 RATE_LIMITED");
    assert_eq!(app.get("/v1/me").by(&bob).send().await.verdict(), "200");
    let create = app.post("/v1/tenants").by(&ada).json(&json!({ "name": "One" })).send().await;
    assert_eq!(create.verdict(), "201");
}

#[tokio::test]
async fn guessing_tokens_is_counted_by_address() {
    let app = TestApp::spawn_with(at_most(1)).await;
    let guess = || app.get("/v1/me").header("authorization", "Bearer kws_guess").send();
    assert_eq!(guess().await.verdict(), "401 AUTH_REQUIRED");
    assert_eq!(guess().await.verdict(), "429 RATE_LIMITED");
}

#[tokio::test]
async fn probes_are_never_turned_away() {
    let app = TestApp::spawn_with(at_most(1)).await;
    for _ in 0..5 {
        assert_eq!(app.get("/readyz").send().await.verdict(), "200");
    }
}

#[tokio::test]
async fn a_forwarded_address_counts_only_behind_a_trusted_proxy() {
    let sign_in = |app: &TestApp, forwarded: &str| {
        let body = json!({ "email": "ada@example.com", "password": "wrong" });
        app.post("/v1/auth/sign-in").header("x-forwarded-for", forwarded).json(&body).send()
    };
    let open = TestApp::spawn_with(at_most(1)).await;
    assert_eq!(sign_in(&open, "198.51.100.1").await.verdict(), "401 WRONG_CREDENTIALS");
    assert_eq!(sign_in(&open, "198.51.100.2").await.verdict(), "429 RATE_LIMITED");

    let proxied = TestApp::spawn_with(|setup| {
        at_most(1)(setup);
        setup.http.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    assert_eq!(sign_in(&proxied, "198.51.100.1").await.verdict(), "401 WRONG_CREDENTIALS");
    assert_eq!(sign_in(&proxied, "198.51.100.2").await.verdict(), "401 WRONG_CREDENTIALS");
    let spoofed = sign_in(&proxied, "203.0.113.9, 198.51.100.1").await;
    assert_eq!(spoofed.verdict(), "429 RATE_LIMITED");
}
