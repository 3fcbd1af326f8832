//! Workspaces.

use serde_json::json;

use crate::app::TestApp;

#[tokio::test]
async fn a_workspace_is_made_once_per_key() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada@example.com").await;
    let create = |key: &str| {
        let body = json!({ "name": "Analytical Bakery" });
        app.post("/v1/tenants").by(&ada).header("idempotency-key", key).json(&body).send()
    };
    let first = create("a-1").await;
    insta::assert_snapshot!(first.shown());
    let again = create("\"a-1\"").await;
    assert_eq!((again.status, &again.bytes), (first.status, &first.bytes));
    assert_eq!(again.header("idempotency-replayed"), "true");
    let other = create("a-2").await;
    assert_ne!(other.json()["id"], first.json()["id"]);

    let list = app.get("/v1/tenants").by(&ada).send().await.json();
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_key_is_good_for_one_request_only() {
    let app = TestApp::spawn().await;
    let ada = app.person("ada@example.com").await;
    let create = |name: &str| {
        let call = app.post("/v1/tenants").by(&ada).header("idempotency-key", "k");
        call.json(&json!({ "name": name })).send()
    };
    assert_eq!(create("One").await.verdict(), "201");
    let reused = create("Two").await;
    insta::assert_snapshot!(reused.shown());
}

#[tokio::test]
async fn several_workspaces_have_to_be_told_apart() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let made = app.post("/v1/tenants").by(&ada).json(&json!({ "name": "Two" })).send().await;
    let second = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(app.get("/v1/me").by(&ada).send().await.json()["tenant"], json!(null));
    let named = app.get("/v1/me").by(&ada).header("x-tenant", &second).send().await;
    assert_eq!(named.json()["tenant"], json!(second));

    let bob = app.owner("bob@example.com").await;
    for foreign in [bob.tenant.unwrap().to_string(), "ten_nonsense".to_owned()] {
        let refused = app.get("/v1/me").by(&ada).header("x-tenant", &foreign).send().await;
        assert_eq!(refused.verdict(), "404 NOT_FOUND");
    }
}
