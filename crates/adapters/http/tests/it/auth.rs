//! Signing up, in and out.

use std::num::NonZeroU32;
use std::sync::Arc;

use keelway_access::RateLimits;
use keelway_local::LocalLimiter;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp};

fn ada() -> Value {
    json!({
        "email": "ada@example.com",
        "password": "a long and quiet river",
        "name": "Ada",
        "workspace": "Analytical Bakery",
    })
}

async fn sign_up(app: &TestApp, body: &Value) -> Answer {
    app.post("/v1/auth/sign-up").json(body).send().await
}

#[tokio::test]
async fn signing_up_gives_a_session_that_works_as_cookie_and_as_bearer() {
    let app = TestApp::spawn().await;
    let answer = sign_up(&app, &ada()).await;
    insta::assert_snapshot!(answer.shown());
    let token = answer.json()["session_token"].as_str().unwrap().to_owned();
    let cookie = answer.header("set-cookie").replace(&token, "[token]");
    insta::assert_snapshot!(
        cookie,
        @"keelway_session=[token]; HttpOnly; SameSite=Lax; Path=/; Max-Age=7776000"
    );

    let bearer = app.get("/v1/me").header("authorization", &format!("Bearer {token}"));
    insta::assert_snapshot!("me_by_bearer", bearer.send().await.shown());
    let by_cookie = app.get("/v1/me").header("cookie", &format!("keelway_session={token}"));
    insta::assert_snapshot!("me_by_cookie", by_cookie.send().await.shown());
}

#[tokio::test]
async fn signing_up_twice_signs_in_and_never_takes_an_account_over() {
    let app = TestApp::spawn().await;
    let first = sign_up(&app, &ada()).await.json();
    let again = sign_up(&app, &ada()).await;
    assert_eq!((again.status.as_u16(), &again.json()["user"]), (201, &first["user"]));
    let mut other = ada();
    other["password"] = json!("another quiet river");
    insta::assert_snapshot!(sign_up(&app, &other).await.shown());
}

#[tokio::test]
async fn every_mistake_is_named_at_once() {
    let app = TestApp::spawn().await;
    let body = json!({
        "email": "ada", "password": "short", "name": " ", "workspace": "x".repeat(81), "queue_id": "q",
    });
    insta::assert_snapshot!(sign_up(&app, &body).await.shown());
}

#[tokio::test]
async fn signing_in_answers_alike_for_known_and_unknown_addresses() {
    let app = TestApp::spawn().await;
    sign_up(&app, &ada()).await;
    let sign_in = |email: &str, password: &str| {
        let body = json!({ "email": email, "password": password });
        app.post("/v1/auth/sign-in").header("x-request-id", "r").json(&body).send()
    };
    let right = sign_in("ADA@example.com", "a long and quiet river").await;
    assert_eq!(right.verdict(), "200");
    let wrong = sign_in("ada@example.com", "wrong").await;
    let unknown = sign_in("nobody@example.com", "wrong").await;
    assert_eq!(wrong.json(), unknown.json());
    insta::assert_snapshot!(wrong.shown());
}

#[tokio::test]
async fn guessing_has_to_wait() {
    let app = TestApp::spawn().await;
    let body = json!({ "email": "nobody@example.com", "password": "wrong" });
    let sign_in = || app.post("/v1/auth/sign-in").json(&body).send();
    for _ in 0..6 {
        assert_eq!(sign_in().await.verdict(), "401 WRONG_CREDENTIALS");
    }
    insta::assert_snapshot!(sign_in().await.shown());
}

#[tokio::test]
async fn signing_in_ends_the_session_it_replaces() {
    let app = TestApp::spawn().await;
    let before = sign_up(&app, &ada()).await.json()["session_token"].as_str().unwrap().to_owned();
    let body = json!({ "email": "ada@example.com", "password": "a long and quiet river" });
    let cookie = format!("keelway_session={before}");
    let signed_in = app.post("/v1/auth/sign-in").header("cookie", &cookie).json(&body).send().await;
    assert_eq!(signed_in.verdict(), "200");
    let old = app.get("/v1/me").header("cookie", &cookie).send().await;
    assert_eq!(old.verdict(), "401 AUTH_REQUIRED");
    assert!(old.header("set-cookie").contains("Max-Age=0"), "{}", old.header("set-cookie"));
}

#[tokio::test]
async fn signing_up_ends_the_session_it_replaces() {
    let app = TestApp::spawn().await;
    for by_cookie in [true, false] {
        let bob = app.person(&format!("bob-{by_cookie}@example.com")).await;
        let call = app.post("/v1/auth/sign-up");
        let call = if by_cookie { call.with_cookie(&bob) } else { call.by(&bob) };
        assert_eq!(call.json(&ada()).send().await.verdict(), "201");
        let old = app.get("/v1/me").by(&bob).send().await;
        assert_eq!(old.verdict(), "401 AUTH_REQUIRED", "by cookie: {by_cookie}");
    }
}

#[tokio::test]
async fn many_who_sign_up_at_once_are_served_or_told_to_come_back() {
    let app = TestApp::spawn_with(|setup| {
        let mut rates = RateLimits::default();
        rates.auth.limit = NonZeroU32::new(1_000).unwrap();
        setup.ports.limiter = Arc::new(LocalLimiter::new(rates, setup.ports.clock.clone(), 10));
    })
    .await;
    let sign_ups = (0..40).map(|number| {
        let mut body = ada();
        body["email"] = json!(format!("ada-{number}@example.com"));
        let app = &app;
        async move { sign_up(app, &body).await.verdict() }
    });
    let verdicts = futures::future::join_all(sign_ups).await;
    assert!(verdicts.contains(&"201".to_owned()), "{verdicts:?}");
    let expected = ["201", "503 BUSY"];
    assert!(verdicts.iter().all(|verdict| expected.contains(&&**verdict)), "{verdicts:?}");
}

#[tokio::test]
async fn signing_out_ends_the_session_everywhere() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let out = app.post("/v1/auth/sign-out").by(&ada).send().await;
    assert_eq!((out.verdict().as_str(), out.bytes.len()), ("204", 0));
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    insta::assert_snapshot!(app.get("/v1/me").by(&ada).send().await.shown());
}
