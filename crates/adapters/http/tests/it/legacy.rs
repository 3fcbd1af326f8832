//! The paths of earlier clients.

use keelway_tiers::{Feature, Rollout};
use serde_json::json;

use crate::app::TestApp;
use crate::stream::Reader;
use crate::works::BAKERY;

#[tokio::test]
async fn earlier_clients_build_as_they_always_did() {
    let app = TestApp::spawn().await;
    let ask = json!({ "description": BAKERY });
    let parked = app.post("/api/v1/build").json(&ask).send().await;
    insta::assert_snapshot!("parked", parked.shown());
    let ada = app.owner("ada@example.com").await;
    let claim = json!({ "queueId": parked.json()["data"]["queueId"], "projectName": "Bakery" });
    let claimed = app.post("/api/v1/build/claim").by(&ada).json(&claim).send().await;
    insta::assert_snapshot!("claimed", claimed.shown());
    let id = claimed.json()["data"]["buildId"].as_str().unwrap().to_owned();
    app.work(&ada, &id).await;
    let found = app.get(&format!("/api/v1/build/{id}")).by(&ada).send().await.json();
    assert_eq!((&found["success"], &found["data"]["status"]), (&json!(true), &json!("deployed")));
    assert!(found["data"]["previewUrl"].is_string(), "{found}");
    let stream = app.get(&format!("/api/v1/build/{id}/stream")).by(&ada).stream().await;
    assert_eq!(Reader::of(stream).rest().await.last().unwrap().event, "build.completed");

    let keyed = || {
        let call = app.post("/api/v1/build").by(&ada).header("idempotency-key", "k");
        call.json(&ask).send()
    };
    let (first, again) = (keyed().await, keyed().await);
    assert_eq!((first.status.as_u16(), &first.bytes), (202, &again.bytes));
}

#[tokio::test]
async fn earlier_clients_meet_the_codes_they_know() {
    let app = TestApp::spawn_with(|setup| {
        setup.platform.gate.flags.set(Feature::AutoTenant, Rollout::OFF);
    })
    .await;
    let ada = app.owner("ada@example.com").await;
    let ben = app.person("ben@example.com").await;
    let ask = json!({ "description": BAKERY });
    let made = app.post("/api/v1/build").by(&ada).json(&ask).send().await.json();
    let same = json!({ "description": BAKERY, "projectId": made["data"]["projectId"] });
    let large = json!({ "description": BAKERY, "tier": "ultimate" });
    let unknown = json!({ "queueId": "que_2kq7h5e0r8s4t9v1w3x6y8z0a2" });
    let (build, claim) = ("/api/v1/build", "/api/v1/build/claim");
    let nobodys = "/api/v1/build/bld_01h455vb4pex5vsknk084sn02q";
    for (call, status, code) in [
        (app.post(build).by(&ada).json(&json!({ "description": "short" })), 400, "INVALID_INPUT"),
        (app.post(build).by(&ada).json(&json!({ "project_name": "x" })), 400, "INVALID_INPUT"),
        (app.post(build).by(&ben).json(&ask), 403, "NO_TENANT"),
        (app.post(build).by(&ada).json(&large), 403, "CREATE_FAILED"),
        (app.post(build).by(&ada).json(&same), 409, "START_FAILED"),
        (app.post(claim).json(&unknown), 401, "AUTH_300"),
        (app.post(claim).by(&ada).json(&unknown), 404, "CLAIM_FAILED"),
        (app.get(nobodys), 401, "AUTH_300"),
        (app.get(nobodys).by(&ada), 404, "INVALID_INPUT"),
    ] {
        let refused = call.send().await;
        let body = refused.json();
        assert_eq!((refused.status.as_u16(), &body["error"]["code"]), (status, &json!(code)));
        assert_eq!(body["success"], json!(false));
        assert!(body["error"]["message"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
    }
}
