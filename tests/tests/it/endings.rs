//! Every way a build can end, and what each of them costs.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::books::{Books, Moment};
use crate::harness::{Api, House, within};

const BAKERY: &str = "A landing page for a bakery";

async fn ended(owner: &Api, body: &Value) -> Value {
    let build = owner.post("/v1/builds", body).await.must(202);
    owner.ended(build["id"].as_str().unwrap()).await
}

fn captured(view: &Value) -> i64 {
    view["credits"]["captured"].as_i64().unwrap()
}

/// What a cost comes to in credits, rounded up once.
fn price(view: &Value) -> i64 {
    (view["cost_micro_usd"].as_i64().unwrap() + 9_999) / 10_000
}

#[tokio::test]
async fn every_ending_is_charged_by_the_policy() {
    let house = House::new();
    let server = house.start().await;
    let owner = house.guest().sign_up("ada").await;

    let delivered = ended(&owner, &json!({ "description": BAKERY })).await;
    assert_eq!(delivered["status"], "deployed");
    assert_eq!(captured(&delivered), price(&delivered));

    // The provider failed once and took 0.03 USD for it: the build runs, and that is part of it.
    let charged = json!({ "fail": "provider", "phase": "design", "times": 1,
                          "charged_micro_usd": 30_000 });
    let retried = ended(&owner, &json!({ "description": BAKERY, "script": charged })).await;
    assert_eq!((&retried["status"], &retried["attempt"]), (&json!("deployed"), &json!(2)));
    assert_eq!(captured(&retried), price(&retried));
    assert!(price(&retried) >= price(&delivered) + 2, "{retried:#}");

    // It never worked: the caller pays what the provider took, and not more.
    let charged = json!({ "fail": "provider", "phase": "design", "times": 9,
                          "charged_micro_usd": 30_000 });
    let failed = ended(&owner, &json!({ "description": BAKERY, "script": charged })).await;
    assert_eq!(failed["status"], "failed");
    assert_eq!(failed["failure"]["reason"], "provider_failed");
    assert_eq!(captured(&failed), price(&failed));
    assert!(price(&failed) >= 9, "three calls of 0.03 USD: {failed:#}");

    // It was our own failure: what the agents used until then is ours to pay.
    let ours = json!({ "fail": "internal", "phase": "verify" });
    let ours = ended(&owner, &json!({ "description": BAKERY, "script": ours })).await;
    assert_eq!(ours["failure"]["reason"], "internal_error");
    assert!(price(&ours) > 0, "its agents did work: {ours:#}");
    assert_eq!(captured(&ours), 0);

    // What was set aside is used up: it stops there, and never costs more.
    let capped = ended(&owner, &json!({ "description": BAKERY, "max_credits": 1 })).await;
    assert_eq!(capped["credits"]["held"], 1, "{capped:#}");
    assert!(captured(&capped) <= 1, "{capped:#}");

    server.stop().await;
    Books::of(&house).await.inspect(Moment::AtRest).await.must_be_sound();
}

#[tokio::test]
async fn a_build_called_off_ends_within_a_heartbeat_and_costs_what_it_used() {
    let house = House::new().slow_agents(30_000).set("TIERS_FREE_CONCURRENT_BUILDS", 1);
    let server = house.start().await;
    let owner = house.guest().sign_up("ada").await;
    let running = owner.submit(BAKERY).await;
    let waiting = owner.submit(BAKERY).await;
    let mut events = owner.follow(&running, 0).await;
    within("an agent starts", async {
        while events.next().await.unwrap().event.as_deref() != Some("agent.started") {}
    })
    .await;

    let cancel = |build: &str| format!("/v1/builds/{build}/cancel");
    let stopped = owner.ask(&Method::POST, &cancel(&waiting)).answer().await.must(202);
    assert_eq!(stopped["status"], "cancelled", "one that waits ends at once");
    owner.ask(&Method::POST, &cancel(&running)).answer().await.must(202);
    // An agent would take half a minute: it is stopped in the middle.
    let view = owner.ended(&running).await;
    assert_eq!(view["status"], "cancelled");
    assert_eq!(captured(&view), price(&view));
    owner.ask(&Method::POST, &cancel(&running)).answer().await.must(202);
    server.stop().await;
    Books::of(&house).await.inspect(Moment::AtRest).await.must_be_sound();
}

#[tokio::test]
async fn failures_cannot_be_scripted_in_production() {
    let house = House::new().set("MODE", "production");
    let server = house.start().await;
    let owner = house.guest().sign_up("ada").await;
    let script = json!({ "fail": "internal", "phase": "verify" });
    let refused =
        owner.post("/v1/builds", &json!({ "description": BAKERY, "script": script })).await;
    let problem = refused.refused(400, "VALIDATION_FAILED");
    assert_eq!(problem["errors"][0]["pointer"], "/script", "{problem:#}");
    server.stop().await;
}
