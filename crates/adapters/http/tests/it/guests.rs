//! Building without a session, and claiming it afterwards.

use keelway_tiers::{Feature, Rollout};
use serde_json::{Value, json};

use crate::app::{Answer, Call, Setup, Someone, TestApp};
use crate::works::BAKERY;

async fn park(app: &TestApp) -> String {
    let parked = app.post("/v1/builds").json(&json!({ "description": BAKERY })).send().await;
    assert_eq!(parked.verdict(), "202");
    parked.json()["queue_id"].as_str().unwrap().to_owned()
}

fn claim(app: &TestApp, who: &Someone, queue: &str) -> Call {
    app.post("/v1/builds/claim").by(who).json(&json!({ "queue_id": queue }))
}

#[tokio::test]
async fn a_guest_is_shown_what_would_be_built() {
    let app = TestApp::spawn().await;
    let parked = app.post("/v1/builds").json(&json!({ "description": BAKERY })).send().await;
    insta::assert_snapshot!(parked.shown());
}

#[tokio::test]
async fn a_parked_request_becomes_a_build_once() {
    let app = TestApp::spawn().await;
    let queue = park(&app).await;
    let ada = app.owner("ada@example.com").await;
    let claimed = claim(&app, &ada, &queue).send().await;
    insta::assert_snapshot!("claimed", claimed.shown());
    insta::assert_snapshot!("claimed again", claim(&app, &ada, &queue).send().await.shown());
    let bob = app.owner("bob@example.com").await;
    let told = claim(&app, &bob, &queue).send().await;
    assert_eq!(
        (told.verdict().as_str(), &told.json()["data"]),
        ("409 ALREADY_CLAIMED", &json!(null))
    );
    let id = claimed.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(app.build(&ada, &id).await["description"], BAKERY);
}

#[tokio::test]
async fn of_claims_at_the_same_time_one_succeeds() {
    let app = TestApp::spawn().await;
    let queue = park(&app).await;
    let ada = app.owner_of("ada@example.com", keelway_kernel::Tier::Starter, 2_000).await;
    let claims = (0..8).map(|_| claim(&app, &ada, &queue).send());
    let mut verdicts: Vec<String> =
        futures::future::join_all(claims).await.iter().map(Answer::verdict).collect();
    verdicts.sort();
    assert_eq!(verdicts[0], "202");
    assert_eq!(verdicts[1..], vec!["409 ALREADY_CLAIMED".to_owned(); 7]);
}

#[tokio::test]
async fn an_hour_later_it_is_gone() {
    let app = TestApp::spawn().await;
    let queue = park(&app).await;
    let ada = app.owner("ada@example.com").await;
    app.clock.advance(60 * 60);
    insta::assert_snapshot!(claim(&app, &ada, &queue).send().await.shown());
}

#[tokio::test]
async fn what_was_never_parked_cannot_be_claimed() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let unknown = "que_2kq7h5e0r8s4t9v1w3x6y8z0a2";
    assert_eq!(claim(&app, &ada, unknown).send().await.verdict(), "404 NOT_FOUND");
    let nonsense = claim(&app, &ada, "nonsense").send().await;
    assert_eq!(nonsense.json()["errors"][0]["pointer"], "/queue_id");
    let guest = app.post("/v1/builds/claim").json(&json!({ "queue_id": unknown })).send().await;
    assert_eq!(guest.verdict(), "401 AUTH_REQUIRED");
}

#[tokio::test]
async fn whoever_has_no_workspace_makes_one_first() {
    let app = TestApp::spawn_with(with(Feature::AutoTenant, Rollout::OFF)).await;
    let queue = park(&app).await;
    let ada = app.person("ada@example.com").await;
    let refused = claim(&app, &ada, &queue).send().await;
    insta::assert_snapshot!(refused.shown());
    assert_eq!(app.submit(&ada).await.verdict(), "403 NO_TENANT");
    app.post("/v1/tenants").by(&ada).json(&json!({ "name": "Bakery" })).send().await;
    assert_eq!(claim(&app, &ada, &queue).send().await.verdict(), "202");
}

fn with(feature: Feature, rollout: Rollout) -> impl FnOnce(&mut Setup) {
    move |setup| setup.platform.gate.flags.set(feature, rollout)
}

#[tokio::test]
async fn with_auto_tenant_a_claim_makes_one_workspace() {
    let app = TestApp::spawn_with(with(Feature::AutoTenant, Rollout::ON)).await;
    let queues = [park(&app).await, park(&app).await, park(&app).await];
    let ada = app.person("ada@example.com").await;
    let claims =
        queues.iter().map(|queue| claim(&app, &ada, queue).header("idempotency-key", queue).send());
    let answers = futures::future::join_all(claims).await;
    assert!(answers.iter().all(|answer| answer.verdict() == "202"), "{answers:?}");
    let tenants = app.get("/v1/tenants").by(&ada).send().await.json();
    let names: Vec<&Value> =
        tenants["data"].as_array().unwrap().iter().map(|row| &row["tenant"]["name"]).collect();
    assert_eq!(names, ["My workspace"]);
    // The workspace came between the claim and its repetition.
    let again = claim(&app, &ada, &queues[0]).header("idempotency-key", &queues[0]).send().await;
    assert_eq!((again.status, &again.bytes), (answers[0].status, &answers[0].bytes));
}

#[tokio::test]
async fn with_auto_tenant_a_first_build_makes_one_workspace() {
    let app = TestApp::spawn_with(with(Feature::AutoTenant, Rollout::ON)).await;
    let ada = app.person("ada@example.com").await;
    let body = json!({ "description": BAKERY });
    let told = app.post("/v1/builds?dry_run=true").by(&ada).json(&body).send().await;
    assert_eq!(told.verdict(), "200");
    assert_eq!(app.get("/v1/tenants").by(&ada).send().await.json()["data"], json!([]));
    let submit = || app.post("/v1/builds").by(&ada).json(&body).header("idempotency-key", "first");
    let first = submit().send().await;
    assert_eq!(first.verdict(), "202");
    // The workspace came between the request and its repetition.
    let again = submit().send().await;
    assert_eq!((again.status, &again.bytes), (first.status, &first.bytes));
    let builds = app.get("/v1/builds").by(&ada).send().await.json();
    assert_eq!(builds["data"].as_array().unwrap().len(), 1);
    let tenants = app.get("/v1/tenants").by(&ada).send().await.json();
    assert_eq!(tenants["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn without_guest_mode_guests_are_sent_to_sign_in() {
    let app = TestApp::spawn_with(with(Feature::GuestMode, Rollout::OFF)).await;
    let refused = app.post("/v1/builds").json(&json!({ "description": BAKERY })).send().await;
    insta::assert_snapshot!(refused.shown());
}
