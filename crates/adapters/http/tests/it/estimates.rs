//! What a described app will take.

use serde_json::json;

use crate::app::TestApp;
use crate::works::BAKERY;

#[tokio::test]
async fn anybody_is_told_what_an_app_will_take() {
    let app = TestApp::spawn().await;
    for (name, body) in [
        ("a bakery", json!({ "description": "A landing page for a bakery" })),
        (
            "a dashboard",
            json!({
                "description": "Dashboard with login and stripe payment, real-time chat",
                "tier": "professional",
            }),
        ),
    ] {
        let estimate = app.post("/v1/estimate").json(&body).send().await;
        insta::assert_snapshot!(name, estimate.shown());
    }
}

#[tokio::test]
async fn all_that_is_wrong_is_named_at_once() {
    let app = TestApp::spawn().await;
    let body = json!({ "description": "  too short ", "tier": "free" });
    let refused = app.post("/v1/estimate").json(&body).send().await;
    insta::assert_snapshot!(refused.shown());
}

#[tokio::test]
async fn a_workspace_learns_from_its_own_builds() {
    let app = TestApp::spawn().await;
    let tier = keelway_kernel::Tier::Starter;
    let ada = app.owner_of("ada@example.com", tier, 10_000).await;
    let estimate = |who| {
        let call = app.post("/v1/estimate").json(&json!({ "description": BAKERY }));
        let call = match who {
            Some(who) => call.by(who),
            None => call,
        };
        async { call.send().await.json() }
    };
    assert_eq!(estimate(Some(&ada)).await.get("range"), None);
    let build = app.deployed(&ada).await;
    let project = app.build(&ada, &build).await["project_id"].clone();
    for _ in 1..20 {
        let again = json!({ "description": BAKERY, "project_id": project });
        let id = app.submit_with(&ada, &again).await.json()["id"].as_str().unwrap().to_owned();
        app.work(&ada, &id).await;
    }
    // What was read before is believed for three seconds.
    app.clock.advance(3);
    let learned = estimate(Some(&ada)).await;
    assert_eq!(learned["range"]["builds"], 20);
    assert_eq!(learned["range"]["p10"]["agents"], learned["agents"]);
    // Others learn of figures, and of nothing else.
    assert_eq!(estimate(None).await["range"], learned["range"]);
}
