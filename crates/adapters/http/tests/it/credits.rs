//! What a workspace has, and where it went.

use serde_json::json;

use crate::app::TestApp;

#[tokio::test]
async fn the_account_is_shown_with_its_grants_and_prices() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    app.queued(&ada).await;
    let credits = app.get("/v1/credits").by(&ada).send().await;
    insta::assert_snapshot!(credits.shown());
}

#[tokio::test]
async fn the_ledger_adds_up() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let build = app.deployed(&ada).await;
    let captured = app.build(&ada, &build).await["credits"]["captured"].as_i64().unwrap();
    let balance = app.get("/v1/credits").by(&ada).send().await.json()["balance"].as_i64().unwrap();
    let page = app.get("/v1/credits/ledger?limit=1").by(&ada).send().await.json();
    let charge = &page["data"][0];
    assert_eq!((&charge["reason"], &charge["amount"]), (&json!("capture"), &json!(-captured)));
    assert_eq!(charge["balance_after"], balance);
    assert_eq!(charge["counter_account"], "revenue");
    let next = page["next_cursor"].as_str().unwrap();
    let page = app.get(&format!("/v1/credits/ledger?cursor={next}")).by(&ada).send().await.json();
    assert_eq!((&page["data"][0]["amount"], &page["has_more"]), (&json!(300), &json!(false)));
    assert_eq!(balance, 300 - captured);
}

#[tokio::test]
async fn the_ledger_is_exported_whole_and_without_formulas() {
    let app = TestApp::spawn().await;
    let ada = app.owner_of("ada@example.com", keelway_kernel::Tier::Starter, 2_000).await;
    for _ in 0..2 {
        let body = json!({ "description": crate::works::BAKERY });
        let call = app.post("/v1/builds").by(&ada).header("x-request-id", "-1.2").json(&body);
        let id = call.send().await.json()["id"].as_str().unwrap().to_owned();
        app.work(&ada, &id).await;
    }
    let by_query = app.get("/v1/credits/ledger?format=csv&limit=1").by(&ada).send().await;
    let by_header =
        app.get("/v1/credits/ledger").by(&ada).header("accept", "text/csv").send().await;
    assert_eq!(by_query.bytes, by_header.bytes);
    assert_eq!(by_query.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(by_query.header("content-disposition"), "attachment; filename=\"ledger.csv\"");
    let text = String::from_utf8(by_query.bytes).unwrap();
    let lines: Vec<Vec<&str>> = text
        .strip_suffix("\r\n")
        .unwrap()
        .split("\r\n")
        .map(|line| line.split(',').collect())
        .collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(lines.iter().all(|line| line.len() == 10), "{text}");
    assert_eq!(lines[0][..4], ["seq", "time", "reason", "amount"]);
    assert_eq!([lines[1][2], lines[2][2], lines[3][2]], ["capture", "capture", "grant"]);
    assert!(lines[1][3].starts_with('-'), "{text}");
    assert_eq!(lines[1][9], "\"'-1.2\"");
    let json = app.get("/v1/credits/ledger?format=json").by(&ada).header("accept", "text/csv");
    assert!(json.send().await.json()["data"].is_array());
}
