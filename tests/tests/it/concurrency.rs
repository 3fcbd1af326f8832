//! Many builds at once, with fewer credits than they would take.

use std::collections::BTreeMap;

use futures::future::join_all;
use serde_json::json;

use crate::harness::books::{Books, Moment};
use crate::harness::{Answer, House};

const TENANTS: usize = 5;
const EACH: usize = 40;
/// What a tenant is given: four estimated landing pages.
const GIVEN: i64 = 300;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_builds_at_once_never_overspend_and_never_share_a_project() {
    let house = House::new()
        .set("TIERS_FREE_CREDITS_PER_MONTH", GIVEN)
        .set("TIERS_FREE_CONCURRENT_BUILDS", 2)
        .slow_agents(5);
    let server = house.start().await;
    let books = Books::of(&house).await;
    let mut owners = Vec::new();
    for n in 0..TENANTS {
        let owner = house.guest().sign_up(&format!("owner-{n}")).await;
        let shared = owner.post("/v1/projects", &json!({ "name": "Shared" })).await.must(201);
        owners.push((owner, shared["id"].clone()));
    }
    let submit = |n: usize| {
        let (owner, shared) = owners[n % TENANTS].clone();
        async move {
            let description = format!("A landing page for bakery number {n}");
            // Every other build wants the project that all of them share.
            let body = if (n / TENANTS).is_multiple_of(2) {
                json!({ "description": description, "project_id": shared })
            } else {
                json!({ "description": description })
            };
            (n % TENANTS, owner.post("/v1/builds", &body).await)
        }
    };
    let submitted = join_all((0..TENANTS * EACH).map(submit));
    // The books are sound at every commit, so also at any that is looked at meanwhile.
    let looked = async {
        let mut looks = 0;
        while books.count("SELECT COUNT(*) FROM builds WHERE ended_at IS NOT NULL").await < 8 {
            let findings = books.inspect(Moment::Live).await;
            assert!(findings.violations.is_empty(), "{findings}");
            looks += 1;
        }
        looks
    };
    let both = async { tokio::join!(submitted, looked) };
    let (answers, looks) = crate::harness::within("the load is over", Box::pin(both)).await;

    let mut counts = BTreeMap::<String, usize>::new();
    for (tenant, answer) in &answers {
        *counts.entry(verdict(answer)).or_default() += 1;
        if answer.status == 202 {
            owners[*tenant].0.ended(answer.json()["id"].as_str().unwrap()).await;
        }
    }
    println!("{counts:?}, {looks} looks meanwhile");
    assert!(counts["accepted"] >= TENANTS, "{counts:?}");
    assert!(counts["INSUFFICIENT_CREDITS"] > 0 && counts["PROJECT_LOCKED"] > 0, "{counts:?}");
    for (owner, _) in &owners {
        let credits = owner.get("/v1/credits").await.must(200);
        assert_eq!(credits["held"], 0, "{credits}");
        assert!((0..=GIVEN).contains(&credits["balance"].as_i64().unwrap()), "{credits}");
    }
    server.stop().await;
    let findings = books.inspect(Moment::AtRest).await;
    findings.must_be_sound();
    println!("{findings}");
}

/// Accepted, or refused for a reason that is right.
fn verdict(answer: &Answer) -> String {
    match answer.status {
        202 => "accepted".to_owned(),
        402 | 409 => answer.json()["code"].as_str().unwrap().to_owned(),
        _ => panic!("{answer}"),
    }
}
