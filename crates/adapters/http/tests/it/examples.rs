//! The examples in the document have the shape of the answers that are given.

use std::collections::BTreeMap;

use keelway_http::openapi_json;
use serde_json::{Value, json};

use crate::app::TestApp;

/// Everything that is documented by an example, asked for once.
async fn answers() -> BTreeMap<&'static str, Value> {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let mut answers = BTreeMap::new();
    let wish = json!({ "description": "A landing page for a bakery", "max_credits": 100 });
    let rehearsal = app.post("/v1/builds?dry_run=true").by(&ada).json(&wish).send().await;
    answers.insert("submit_build 200", rehearsal.json());
    let accepted = app.post("/v1/builds").by(&ada).json(&wish).send().await.json();
    let fixture = app.fixture();
    let lease = fixture.taken().await.lease;
    fixture.deployed(&lease, 10_000).await;
    let (id, project) = (text(&accepted["id"]), text(&accepted["project_id"]));
    answers.insert("submit_build 202", accepted);
    let build = app.get(&format!("/v1/builds/{id}")).by(&ada).send().await.json();
    let snapshot = text(&build["snapshot_id"]);
    answers.insert("get_build 200", build);
    for (name, path) in [
        ("list_builds 200", "/v1/builds".to_owned()),
        ("get_build_costs 200", format!("/v1/builds/{id}/costs")),
        ("list_events 200", format!("/v1/builds/{id}/events")),
        ("get_credits 200", "/v1/credits".to_owned()),
        ("list_ledger 200", "/v1/credits/ledger".to_owned()),
        ("list_projects 200", "/v1/projects".to_owned()),
        ("get_project 200", format!("/v1/projects/{project}")),
        ("list_snapshots 200", format!("/v1/projects/{project}/snapshots")),
        ("list_files 200", format!("/v1/snapshots/{snapshot}/files")),
    ] {
        answers.insert(name, app.get(&path).by(&ada).send().await.json());
    }
    let named = json!({ "name": "Corner Bakery" });
    let parked = app.post("/v1/builds").json(&wish).send().await.json();
    let claim = json!({ "queue_id": parked["queue_id"] });
    for (name, path, body) in [
        ("issue_viewer_token 200", format!("/v1/builds/{id}/viewer-token"), json!({})),
        ("estimate 200", "/v1/estimate".to_owned(), json!({ "description": wish["description"] })),
        ("create_project 201", "/v1/projects".to_owned(), named),
        ("claim_build 202", "/v1/builds/claim".to_owned(), claim),
    ] {
        answers.insert(name, app.post(&path).by(&ada).json(&body).send().await.json());
    }
    let waiting = text(&answers["claim_build 202"]["id"]);
    let path = format!("/v1/builds/{waiting}/cancel?dry_run=true");
    answers.insert("cancel_build 200", app.post(&path).by(&ada).send().await.json());
    let cancelled = app.post(&format!("/v1/builds/{waiting}/cancel")).by(&ada).send().await;
    answers.insert("cancel_build 202", cancelled.json());
    answers
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Field names and kinds; what is null once may be anything another time.
fn compare(at: &str, kept: &Value, given: &Value, differences: &mut Vec<String>) {
    match (kept, given) {
        (Value::Object(kept), Value::Object(given)) if !at.ends_with("/data/0/data") => {
            let names =
                |map: &serde_json::Map<String, Value>| map.keys().cloned().collect::<Vec<_>>();
            if names(kept) != names(given) {
                differences.push(format!("{at}: {:?} instead of {:?}", names(kept), names(given)));
            }
            for (name, kept) in kept {
                let given = given.get(name).unwrap_or(&Value::Null);
                compare(&format!("{at}/{name}"), kept, given, differences);
            }
        }
        (Value::Array(kept), Value::Array(given)) => {
            if let (Some(kept), Some(given)) = (kept.first(), given.first()) {
                compare(&format!("{at}/0"), kept, given, differences);
            }
        }
        (Value::Null, _) | (_, Value::Null) => {}
        (kept, given) if std::mem::discriminant(kept) != std::mem::discriminant(given) => {
            differences.push(format!("{at}: {kept} instead of {given}"));
        }
        _ => {}
    }
}

#[tokio::test]
async fn an_example_has_the_shape_of_the_answer() {
    let document: Value = serde_json::from_str(&openapi_json()).unwrap();
    let mut answers = answers().await;
    let mut differences = Vec::new();
    let operations = document["paths"].as_object().unwrap().values();
    for operation in operations.flat_map(|item| item.as_object().unwrap().values()) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let name = format!("{} {status}", operation["operationId"].as_str().unwrap());
            let kept = &response["content"]["application/json"]["example"];
            match answers.remove(&*name) {
                Some(given) => compare(&name, kept, &given, &mut differences),
                None => assert!(kept.is_null() || name == "openapi 200", "{name} is not asked for"),
            }
        }
    }
    assert_eq!(differences, [""; 0]);
    assert!(answers.is_empty(), "no such operation: {:?}", answers.keys());
}
