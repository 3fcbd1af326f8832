//! One key, one effect, one answer.

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::harness::books::{Books, Moment};
use crate::harness::{Answer, Api, House};

async fn submit(api: &Api, key: &str, description: &str) -> Answer {
    let body = json!({ "description": description });
    api.ask(&Method::POST, "/v1/builds").key(key).json(&body).answer().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_raced_by_64_requests_makes_one_build_and_one_answer() {
    const BAKERY: &str = "A landing page for a bakery";
    let house = House::new();
    let server = house.start().await;
    let owner = house.guest().sign_up("ada").await;
    let answers = join_all((0..64).map(|_| submit(&owner, "raced", BAKERY))).await;
    let build = answers[0].must(202)["id"].clone();
    let fresh = answers.iter().filter(|answer| !answer.headers.contains_key(REPLAYED)).count();
    assert_eq!(fresh, 1, "one request had the effect, all others its answer");
    for answer in &answers {
        assert_eq!((answer.status, &answer.body), (202, &answers[0].body), "{answer}");
        assert_eq!(answer.header("location"), answers[0].header("location"));
    }
    owner.ended(build.as_str().unwrap()).await;
    server.stop().await;

    let server = house.start().await;
    let replayed = submit(&owner, "raced", BAKERY).await;
    assert_eq!(replayed.body, answers[0].body, "the answer outlives the process");
    assert_eq!(replayed.header(REPLAYED), "true");
    submit(&owner, "raced", "Another bakery altogether")
        .await
        .refused(422, "IDEMPOTENCY_KEY_REUSED");

    // A key belongs to whoever sent it, and to the route it was sent to.
    let other = house.guest().sign_up("bea").await;
    let others = submit(&other, "raced", BAKERY).await;
    assert_ne!(others.must(202)["id"], build);
    let project = json!({ "name": "A bakery" });
    owner.ask(&Method::POST, "/v1/projects").key("raced").json(&project).answer().await.must(201);
    other.ended(others.json()["id"].as_str().unwrap()).await;
    server.stop().await;

    let books = Books::of(&house).await;
    assert_eq!(books.count("SELECT COUNT(*) FROM builds").await, 2);
    books.inspect(Moment::AtRest).await.must_be_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parked_request_claimed_by_many_at_once_becomes_one_build() {
    let house = House::new();
    let server = house.start().await;
    let guest = house.guest();
    let people = [guest.sign_up("ada").await, guest.sign_up("bea").await];
    let asked = json!({ "description": "A landing page for a bakery" });
    for _ in 0..5 {
        let parked = guest.post("/v1/builds", &asked).await.must(202);
        let claim = json!({ "queue_id": parked["queue_id"] });
        let claims = (0..16).map(|n| people[n % 2].post("/v1/builds/claim", &claim));
        let answers = join_all(claims).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers
            .iter()
            .enumerate()
            .partition(|(_, answer): &(usize, &Answer)| answer.status == 202);
        let [(winner, build)] = won[..] else { panic!("{answers:#?}") };
        for (number, answer) in lost {
            let problem = answer.refused(409, "ALREADY_CLAIMED");
            // What it became is for the winner's own eyes.
            if number % 2 == winner % 2 {
                assert_eq!(problem["data"]["build_id"], build.must(202)["id"]);
            } else {
                assert!(problem["data"].is_null(), "{problem}");
            }
        }
    }
    server.kill().await;
    let findings = Books::of(&house).await.inspect(Moment::Live).await;
    assert!(findings.violations.is_empty(), "{findings}");
}

const REPLAYED: &str = "idempotency-replayed";
