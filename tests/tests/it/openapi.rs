//! The document describes the server that serves it.

use reqwest::Method;
use serde_json::Value;

use crate::harness::House;

#[tokio::test]
async fn every_operation_of_the_document_is_served_and_its_example_is_understood() {
    let house = House::new();
    let server = house.start().await;
    let guest = house.guest();
    let owner = guest.sign_up("ada").await;
    let answer = guest.get("/v1/openapi.json").await;
    let document = answer.must(200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let printed = house.run(&["openapi"]).await;
    assert_eq!(serde_json::from_slice::<Value>(&printed.stdout).unwrap(), document);

    let mut operations = 0;
    let mut examples = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (name, operation) in item.as_object().unwrap() {
            let Ok(method) = Method::from_bytes(name.to_uppercase().as_bytes()) else { continue };
            operations += 1;
            let what = format!("{method} {path}");
            assert!(operation["operationId"].is_string(), "{what} has no name");
            assert!(operation["responses"].is_object(), "{what} answers nothing");
            // A guest is never told that a route is missing: only that it is not for guests,
            // that the request is wrong, or that there is no such thing.
            let filled = path.replace("{id}", "nobody").replace("{path}", "index.html");
            let mut ask = guest.ask(&method, &filled);
            if operation["requestBody"].is_object() {
                ask = ask.json(&serde_json::json!({ "no such field": true }));
            }
            let answer = ask.answer().await;
            assert_ne!(answer.status, 405, "{what} is not served");
            assert!(answer.status < 500, "{answer}");
            if answer.status == 404 {
                assert!(path.contains('{'), "{what} is not served");
            }
            let status = answer.status.to_string();
            let told = &operation["responses"];
            assert!(told[&status].is_object(), "{what} answers {status}, undocumented");

            let body = &operation["requestBody"]["content"]["application/json"];
            if body.is_object() {
                let example = example(&document, body);
                let example = example.unwrap_or_else(|| panic!("{what} has no example"));
                // An example of somebody else's ids finds nothing; it must be understood.
                let understood = owner.ask(&method, &filled).json(example).answer().await;
                assert!(![400, 415, 422].contains(&understood.status), "{example}\n{understood}");
                assert!(understood.status < 500, "{understood}");
                examples += 1;
            }
        }
    }
    println!("{operations} operations, {examples} examples");
    assert!(operations >= 20 && examples >= 5, "{operations} operations, {examples} examples");

    // The pages that need no session.
    for path in ["/healthz", "/readyz", "/metrics", "/docs", "/v1"] {
        assert_eq!(guest.get(path).await.status, 200, "{path}");
    }
    let docs = String::from_utf8(guest.get("/docs").await.body).unwrap();
    assert!(!docs.contains("https://cdn") && !docs.contains("src=\"http"), "no CDN");
    server.stop().await;
}

/// The example of a media type, or of the schema it refers to.
fn example<'a>(document: &'a Value, body: &'a Value) -> Option<&'a Value> {
    let own = [&body["example"], &body["examples"][0]["value"]];
    if let Some(example) = own.into_iter().find(|example| !example.is_null()) {
        return Some(example);
    }
    let name = body["schema"]["$ref"].as_str()?.rsplit('/').next()?;
    let schema = &document["components"]["schemas"][name];
    let examples = [&schema["example"], &schema["examples"][0]];
    examples.into_iter().find(|example| !example.is_null())
}
