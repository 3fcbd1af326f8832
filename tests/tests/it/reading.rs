//! Lists page by page, answers that are known already, and waiting for news.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;

use crate::harness::api::text;
use crate::harness::{House, within};

const BAKERY: &str = "A landing page for a bakery";

#[tokio::test]
async fn pages_of_a_list_show_every_row_once_while_it_grows() {
    let house = House::new();
    let server = house.start().await;
    let owner = house.guest().sign_up("ada").await;
    let mut builds = Vec::new();
    for _ in 0..7 {
        builds.push(owner.submit(BAKERY).await);
    }
    let mut shown = Vec::new();
    let mut path = "/v1/builds?limit=2".to_owned();
    loop {
        let page = owner.get(&path).await.must(200);
        shown.extend(page["data"].as_array().unwrap().iter().map(|row| text(&row["id"])));
        // Newer rows come before the first page and move none of those that are left.
        owner.submit(BAKERY).await;
        if page["has_more"] == false {
            assert!(page["next_cursor"].is_null());
            break;
        }
        path = format!("/v1/builds?limit=2&cursor={}", text(&page["next_cursor"]));
    }
    builds.reverse();
    assert_eq!(shown, builds, "newest first, each once");
    let ledger = owner.get("/v1/credits/ledger?limit=1").await.must(200);
    assert_eq!(ledger["data"].as_array().unwrap().len(), 1);
    let unknown = owner.get("/v1/builds?limit=2&cursor=nonsense").await;
    unknown.refused(400, "VALIDATION_FAILED");
    server.kill().await;
}

#[tokio::test]
async fn what_is_known_is_not_sent_again_and_waiting_ends_with_news() {
    let house = House::new().slow_agents(50);
    let server = house.start().await;
    let owner = house.guest().sign_up("ada").await;
    let build = owner.submit(BAKERY).await;
    let path = format!("/v1/builds/{build}");
    let mut seen = BTreeSet::new();
    // A client that waits sees the build end without asking more often than it changes.
    let asked = within("the build ends", async {
        let mut known = owner.get(&path).await;
        for asked in 0..200 {
            let status = text(&known.json()["status"]);
            seen.insert(status.clone());
            if status == "deployed" {
                return asked;
            }
            let ask = owner.ask(&Method::GET, &path).header("prefer", "wait=30");
            let news = ask.header("if-none-match", known.header("etag")).answer().await;
            if news.status == 200 {
                known = news;
            } else {
                assert_eq!(news.status, 304, "{news}");
            }
        }
        panic!("asked 200 times, and it has not ended: {seen:?}");
    });
    let asked = asked.await;
    assert!(asked > 1, "it had ended before the first wait");
    let whole = owner.get(&path).await;
    let again = owner.ask(&Method::GET, &path).header("if-none-match", whole.header("etag"));
    let again = again.answer().await;
    assert_eq!((again.status, again.body.len()), (304, 0));

    // Polls for events wait too, and say when there is nothing more to come.
    let history = owner.history(&build).await;
    let after = format!("{path}/events?after={}", history.len());
    let none = owner.ask(&Method::GET, &after).header("prefer", "wait=30").answer().await;
    assert_eq!((&none.must(200)["data"], &none.json()["is_over"]), (&json!([]), &json!(true)));
    let beyond = format!("{path}/events?after={}", history.len() + 1);
    owner.get(&beyond).await.refused(400, "VALIDATION_FAILED");
    let over = owner.ask(&Method::GET, &format!("{path}/events/stream"));
    let over = over.header("last-event-id", &history.len().to_string()).answer().await;
    assert_eq!(over.status, 204, "an EventSource that has seen the end stops");
    server.stop().await;
}
