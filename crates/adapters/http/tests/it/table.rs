//! The table of routes: who may call what, how it is counted, and that all of it is documented.

use std::collections::BTreeSet;

use keelway_http::Code;
use keelway_http::openapi::{ANYWHERE, openapi_json};
use keelway_http::routes::{QueryUse, Row, table};
use serde_json::Value;

use crate::app::TestApp;

fn document() -> Value {
    serde_json::from_str(&openapi_json()).unwrap()
}

fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, operation)| {
            (format!("{} {path}", method.to_uppercase()), operation)
        })
    });
    all.collect()
}

#[test]
fn who_may_call_what() {
    let mut rows: Vec<_> = table().rows().iter().collect();
    rows.sort_by_key(|row| (&row.path, row.method.as_str()));
    let line = |row: &&Row| {
        let rate = row.rate.map_or("unlimited", |class| class.as_str());
        let keyed = if row.keyed { "keyed" } else { "" };
        let (method, access) = (row.method.as_str(), row.access.to_string());
        let line = format!("{method:<5} {:<36} {access:<28} {rate:<13} {keyed}", row.path);
        line.trim_end().to_owned()
    };
    let rows: Vec<String> = rows.iter().map(line).collect();
    insta::assert_snapshot!(rows.join("\n"));
}

#[test]
fn what_is_served_is_what_is_documented() {
    let document = document();
    let documented: BTreeSet<String> =
        operations(&document).into_iter().map(|(name, _)| name).collect();
    let served: BTreeSet<String> = table().rows().iter().map(|row| row.name.clone()).collect();
    assert_eq!(documented, served);
    assert_eq!(served.len(), table().rows().len(), "a route is served twice");
}

#[test]
fn every_operation_says_what_a_caller_has_to_know() {
    let document = document();
    let (mut ids, mut missing) = (BTreeSet::new(), Vec::new());
    for (name, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap_or_default();
        assert!(!id.is_empty() && ids.insert(id), "{name}: operationId {id:?}");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{name}");
        assert!(operation["security"].is_array(), "{name}: no security");
        let tags = operation["tags"].as_array().unwrap();
        let known = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]);
        let known: Vec<&Value> = known.collect();
        assert!(tags.len() == 1 && known.contains(&&tags[0]), "{name}: tags {tags:?}");
        let success = operation["responses"].as_object().unwrap();
        assert!(success.keys().any(|status| status.starts_with('2')), "{name}: no success");
        for (place, media) in json_bodies(operation) {
            let example = keelway_http::openapi::example_of_media(media, &document);
            if example.is_null() {
                missing.push(format!("{name}: no example of the {place}"));
            }
        }
    }
    assert_eq!(missing, [""; 0]);
}

fn json_bodies(operation: &Value) -> Vec<(String, &Value)> {
    let request = &operation["requestBody"]["content"]["application/json"];
    let responses = operation["responses"].as_object().into_iter().flatten();
    let answers = responses
        .filter(|(status, _)| status.starts_with('2'))
        .map(|(status, response)| (status.clone(), &response["content"]["application/json"]));
    let all = std::iter::once(("request".to_owned(), request)).chain(answers);
    all.filter(|(_, media)| !media.is_null()).collect()
}

#[test]
fn every_reference_leads_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str));
                map.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = Vec::new();
    references(&document, &mut found);
    for reference in found {
        let pointer = reference.trim_start_matches('#');
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn every_code_is_documented_where_it_can_be_met() {
    let document = document();
    let mut met: BTreeSet<Code> = ANYWHERE.into_iter().collect();
    for (_, operation) in operations(&document) {
        for response in operation["responses"].as_object().unwrap().values() {
            let examples = response["content"]["application/problem+json"]["examples"].as_object();
            met.extend(
                examples.into_iter().flatten().map(|(code, _)| code.parse::<Code>().unwrap()),
            );
        }
    }
    let missing: Vec<Code> = Code::ALL.into_iter().filter(|code| !met.contains(code)).collect();
    assert_eq!(missing, []);
}

#[test]
fn every_code_has_a_page_that_speaks_of_it() {
    for code in Code::ALL {
        let (page, name) = (code.page(), code.as_str());
        let status = code.status().as_u16();
        assert!(page.starts_with(&format!("# {name}\n\n{status} {}\n", code.title())), "{name}");
        for part in ["\n## Cause\n\n", "\n## What to do\n\n"] {
            assert!(page.split_once(part).is_some_and(|(_, text)| text.len() > 10), "{name}{part}");
        }
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/errors");
    for file in std::fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let code = name.trim_end_matches(".md").parse::<Code>();
        assert!(code.is_ok(), "{name} explains no code");
    }
}

#[tokio::test]
async fn a_query_that_is_not_read_is_refused() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    for row in table().rows().iter().filter(|row| row.query != QueryUse::Ignored) {
        let viewer = row.path.replace("{id}", "bld_01h455vb4pex5vsknk084sn02q");
        let method = row.method.as_str().parse().unwrap();
        let call = app.call(method, &format!("{viewer}?colour=red")).by(&ada);
        let refused = call.json(&serde_json::json!({})).send().await;
        let expected = ["400 VALIDATION_FAILED", "404 NOT_FOUND"];
        assert!(expected.contains(&&*refused.verdict()), "{}: {}", row.name, refused.verdict());
    }
    let body = serde_json::json!({ "name": "Second" });
    let refused = app.post("/v1/tenants?dry_run=true").by(&ada).json(&body).send().await;
    assert_eq!(refused.json()["errors"][0]["pointer"], "?dry_run");
    let tenants = app.get("/v1/tenants").by(&ada).send().await.json();
    assert_eq!(tenants["data"].as_array().unwrap().len(), 1);
}
