//! One key, one effect, one answer, on every command about builds.

use serde_json::{Value, json};

use crate::app::{Answer, Someone, TestApp};
use crate::works::BAKERY;

async fn keyed(
    app: &TestApp,
    who: Option<&Someone>,
    path: &str,
    key: &str,
    body: &Value,
) -> Answer {
    let call = app.post(path).header("idempotency-key", key).json(body);
    let call = match who {
        Some(who) => call.by(who),
        None => call,
    };
    call.send().await
}

fn assert_replayed(first: &Answer, again: &Answer) {
    assert!(first.status.is_success(), "{first:?}");
    assert_eq!((again.status, &again.bytes), (first.status, &first.bytes));
    assert_eq!(again.header("location"), first.header("location"));
    let replayed = |answer: &Answer| answer.header("idempotency-replayed").to_owned();
    assert_eq!((replayed(first), replayed(again)), (String::new(), "true".to_owned()));
}

#[tokio::test]
async fn the_same_request_has_one_effect_and_one_answer() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let body = json!({ "description": BAKERY });
    let first = keyed(&app, Some(&ada), "/v1/builds", "b", &body).await;
    let build = first.json()["id"].as_str().unwrap().to_owned();
    app.clock.advance(60);
    app.work(&ada, &build).await;
    assert_replayed(&first, &keyed(&app, Some(&ada), "/v1/builds", "b", &body).await);

    let parked = keyed(&app, None, "/v1/builds", "g", &body).await;
    assert_replayed(&parked, &keyed(&app, None, "/v1/builds", "g", &body).await);

    let claim = json!({ "queue_id": parked.json()["queue_id"] });
    let claimed = keyed(&app, Some(&ada), "/v1/builds/claim", "c", &claim).await;
    assert_replayed(&claimed, &keyed(&app, Some(&ada), "/v1/builds/claim", "c", &claim).await);

    let build = claimed.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/builds/{build}/cancel");
    let cancelled = keyed(&app, Some(&ada), &path, "x", &json!({})).await;
    assert_replayed(&cancelled, &keyed(&app, Some(&ada), &path, "x", &json!({})).await);

    let project = json!({ "name": "Bakery" });
    let made = keyed(&app, Some(&ada), "/v1/projects", "p", &project).await;
    assert_replayed(&made, &keyed(&app, Some(&ada), "/v1/projects", "p", &project).await);

    let builds = app.get("/v1/builds").by(&ada).send().await.json();
    assert_eq!(builds["data"].as_array().unwrap().len(), 2);
    let projects = app.get("/v1/projects").by(&ada).send().await.json();
    assert_eq!(projects["data"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_double_click_gives_one_build() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let body = json!({ "description": BAKERY });
    let clicks = (0..8).map(|_| keyed(&app, Some(&ada), "/v1/builds", "k", &body));
    let answers = futures::future::join_all(clicks).await;
    assert!(answers.iter().all(|answer| answer.bytes == answers[0].bytes), "{answers:?}");
    assert_eq!(answers[0].verdict(), "202");
    let fresh = answers.iter().filter(|answer| answer.header("idempotency-replayed").is_empty());
    assert_eq!(fresh.count(), 1);
}

#[tokio::test]
async fn a_key_belongs_to_its_owner_its_route_and_its_request() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let ben = app.owner("ben@example.com").await;
    let body = json!({ "description": BAKERY });
    let first = keyed(&app, Some(&ada), "/v1/builds", "k", &body).await;
    let other = json!({ "description": "Another landing page entirely" });
    let reused = keyed(&app, Some(&ada), "/v1/builds", "k", &other).await;
    assert_eq!(reused.verdict(), "422 IDEMPOTENCY_KEY_REUSED");
    let dry = keyed(&app, Some(&ada), "/v1/builds?dry_run=true", "k", &body).await;
    assert_eq!(dry.verdict(), "200");
    let theirs = keyed(&app, Some(&ben), "/v1/builds", "k", &body).await;
    assert_ne!(theirs.json()["id"], first.json()["id"]);
    let project = keyed(&app, Some(&ada), "/v1/projects", "k", &json!({ "name": "Bakery" })).await;
    assert_eq!(project.verdict(), "201");
}

#[tokio::test]
async fn a_refusal_leaves_the_key_free() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let body = json!({ "description": BAKERY });
    let first = keyed(&app, Some(&ada), "/v1/builds", "one", &body).await;
    let project = first.json()["project_id"].clone();
    let same = json!({ "description": BAKERY, "project_id": project });
    let locked = keyed(&app, Some(&ada), "/v1/builds", "two", &same).await;
    assert_eq!(locked.verdict(), "409 PROJECT_LOCKED");
    app.work(&ada, first.json()["id"].as_str().unwrap()).await;
    assert_eq!(keyed(&app, Some(&ada), "/v1/builds", "two", &same).await.verdict(), "202");
}
