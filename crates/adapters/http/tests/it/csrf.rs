//! Changes that a browser could be tricked into.

use serde_json::{Value, json};

use crate::app::{Someone, TestApp};

async fn csrf_token(app: &TestApp, who: &Someone) -> String {
    let me = app.get("/v1/me").with_cookie(who).send().await.json();
    me["csrf_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_cookie_alone_changes_nothing() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada@example.com").await;
    let bob = app.person("bob@example.com").await;
    let (right, others) = (csrf_token(&app, &ada).await, csrf_token(&app, &bob).await);
    let here = app.url.clone();
    let mut table = Vec::new();
    for (case, headers) in [
        ("nothing else", vec![]),
        ("token, but no word of the browser", vec![("x-csrf-token", &right)]),
        ("same origin", vec![("sec-fetch-site", &"same-origin".to_owned())]),
        (
            "same origin, token",
            vec![("sec-fetch-site", &"same-origin".to_owned()), ("x-csrf-token", &right)],
        ),
        (
            "same origin, somebody else's token",
            vec![("sec-fetch-site", &"same-origin".to_owned()), ("x-csrf-token", &others)],
        ),
        (
            "same site, token",
            vec![("sec-fetch-site", &"same-site".to_owned()), ("x-csrf-token", &right)],
        ),
        (
            "cross site, token",
            vec![("sec-fetch-site", &"cross-site".to_owned()), ("x-csrf-token", &right)],
        ),
        (
            "cross site, right origin, token",
            vec![
                ("sec-fetch-site", &"cross-site".to_owned()),
                ("origin", &here),
                ("x-csrf-token", &right),
            ],
        ),
        ("origin is the host, token", vec![("origin", &here), ("x-csrf-token", &right)]),
        (
            "origin is another port, token",
            vec![("origin", &"http://127.0.0.1:1".to_owned()), ("x-csrf-token", &right)],
        ),
        ("origin null, token", vec![("origin", &"null".to_owned()), ("x-csrf-token", &right)]),
    ] {
        let call = app.post("/v1/tenants").with_cookie(&ada).json(&json!({ "name": "One" }));
        let call = headers.iter().fold(call, |call, (name, value)| call.header(name, value));
        table.push(format!("{case:<36} {}", call.send().await.verdict()));
    }
    insta::assert_snapshot!(table.join("\n"));
}

#[tokio::test]
async fn a_bearer_token_needs_no_other_proof() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada@example.com").await;
    let call = app.post("/v1/tenants").by(&ada).header("sec-fetch-site", "cross-site");
    assert_eq!(call.json(&json!({ "name": "One" })).send().await.verdict(), "201");
}

#[tokio::test]
async fn signing_in_cannot_be_forged_either() {
    let app = TestApp::spawn().await;
    let body = json!({ "email": "ada@example.com", "password": "wrong and long" });
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        for path in ["/v1/auth/sign-in", "/v1/auth/sign-up"] {
            let refused = app.post(path).header(name, value).json(&body).send().await;
            assert_eq!(refused.verdict(), "403 CSRF_REJECTED", "{path} {name}");
        }
    }
    let honest = app.post("/v1/auth/sign-in").header("origin", &app.url).json(&body).send().await;
    assert_eq!(honest.verdict(), "401 WRONG_CREDENTIALS");
}

#[tokio::test]
async fn signing_out_with_a_cookie_needs_the_token_too() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada@example.com").await;
    let out = || app.post("/v1/auth/sign-out").with_cookie(&ada).header("origin", &app.url);
    assert_eq!(out().send().await.verdict(), "403 CSRF_REJECTED");
    let token = csrf_token(&app, &ada).await;
    assert_eq!(out().header("x-csrf-token", &token).send().await.verdict(), "204");
}

#[tokio::test]
async fn a_form_cannot_carry_json() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada@example.com").await;
    let mut table = Vec::new();
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json5",
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
    ] {
        let call = app.call(reqwest::Method::POST, "/v1/tenants").by(&ada);
        let call = call.header("content-type", content_type).text(r#"{"name":"One"}"#);
        table.push(format!("{content_type:<36} {}", call.send().await.verdict()));
    }
    insta::assert_snapshot!(table.join("\n"));
    let none: Value = app.post("/v1/tenants").by(&ada).text("{}").send().await.json();
    assert_eq!(none["code"], "UNSUPPORTED_MEDIA_TYPE");
}
