//! Every way to be told no, with what helps.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::api::{PASSWORD, email, text};
use crate::harness::books::Books;
use crate::harness::{Api, House};

const BAKERY: &str = "A landing page for a bakery";
const NOBODYS: &str = "bld_01h455vb4pex5vsknk084sn02q";

async fn person(guest: &Api, name: &str) -> Api {
    let body = json!({ "email": email(name), "password": PASSWORD });
    let answer = guest.post("/v1/auth/sign-up", &body).await.must(201);
    guest.bearing(answer["session_token"].as_str().unwrap())
}

fn pointers(problem: &Value) -> Vec<String> {
    problem["errors"].as_array().unwrap().iter().map(|error| text(&error["pointer"])).collect()
}

#[tokio::test]
async fn what_cannot_be_read_is_named_by_its_place() {
    let house = House::new();
    let server = house.start().await;
    let owner = house.guest().sign_up("ada").await;
    for (body, expected) in [
        (json!({ "description": "short" }), vec!["/description"]),
        (json!({ "description": "x".repeat(10_001) }), vec!["/description"]),
        (json!({}), vec!["/description"]),
        (json!({ "description": BAKERY, "colour": "red" }), vec!["/colour"]),
        (json!({ "description": BAKERY, "tier": "gold" }), vec!["/tier"]),
        (json!({ "description": BAKERY, "max_credits": -1 }), vec!["/max_credits"]),
        (json!({ "description": BAKERY, "project_id": "prj_nonsense" }), vec!["/project_id"]),
    ] {
        let problem = owner.post("/v1/builds", &body).await.refused(400, "VALIDATION_FAILED");
        assert_eq!(pointers(&problem), expected, "{problem:#}");
        for error in problem["errors"].as_array().unwrap() {
            assert!(error["code"].is_string() && error["message"].is_string(), "{error}");
        }
    }
    let two = json!({ "email": "nobody", "password": "short" });
    let problem = house.guest().post("/v1/auth/sign-up", &two).await;
    assert_eq!(pointers(&problem.refused(400, "VALIDATION_FAILED")), ["/email", "/password"]);

    let builds = || owner.ask(&Method::POST, "/v1/builds");
    let raw = |body: &str| builds().header("content-type", "application/json").body(body);
    raw("{\"description\":").answer().await.refused(400, "MALFORMED_JSON");
    let nul = json!({ "description": "A landing page\u{0} for a bakery" });
    owner.post("/v1/builds", &nul).await.refused(422, "NUL_CHARACTER");
    let form = builds().header("content-type", "application/x-www-form-urlencoded");
    form.body("description=bakery").answer().await.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    let long = json!({ "description": "x".repeat(2 << 20) });
    owner.post("/v1/builds", &long).await.refused(413, "PAYLOAD_TOO_LARGE");
    owner.get("/v1/builds?limit=101").await.refused(400, "VALIDATION_FAILED");
    owner.get("/v1/builds?cursor=%00").await.refused(422, "NUL_CHARACTER");
    server.stop().await;
}

#[tokio::test]
async fn nobody_in_particular_gets_nothing_in_particular() {
    let house = House::new();
    let server = house.start().await;
    let guest = house.guest();
    let owner = guest.sign_up("ada").await;
    let build = owner.submit(BAKERY).await;

    guest.get("/v1/builds").await.refused(401, "AUTH_REQUIRED");
    guest.bearing("no-such-token").get("/v1/builds").await.refused(401, "AUTH_REQUIRED");
    let wrong = json!({ "email": email("ada"), "password": "not the password" });
    guest.post("/v1/auth/sign-in", &wrong).await.refused(401, "WRONG_CREDENTIALS");
    guest.post("/v1/auth/sign-up", &wrong).await.refused(409, "EMAIL_TAKEN");

    let homeless = person(&guest, "bea").await;
    homeless.get("/v1/builds").await.refused(403, "NO_TENANT");
    let parked = guest.post("/v1/builds", &json!({ "description": BAKERY })).await.must(202);
    let claim = json!({ "queue_id": parked["queue_id"] });
    homeless.post("/v1/builds/claim", &claim).await.refused(403, "NO_TENANT");
    homeless.post("/v1/tenants", &json!({ "name": "Bea" })).await.must(201);
    homeless.post("/v1/builds/claim", &claim).await.must(202);

    let foreign = homeless.get(&format!("/v1/builds/{build}")).await;
    foreign.refused(404, "NOT_FOUND");
    let random = homeless.get(&format!("/v1/builds/{NOBODYS}")).await;
    assert_eq!(foreign.alike(), random.alike(), "nothing tells a foreign id from none");
    homeless
        .post("/v1/builds/claim", &json!({ "queue_id": "que_01h455vb4pex5vsknk084sn02q" }))
        .await
        .refused(404, "NOT_FOUND");
    guest.get("/v1/no-such-path").await.refused(404, "NOT_FOUND");
    guest.ask(&Method::DELETE, "/v1/estimate").answer().await.refused(405, "METHOD_NOT_ALLOWED");

    owner.ended(&build).await;
    let cancel = owner.post(&format!("/v1/builds/{build}/cancel"), &json!({})).await;
    let problem = cancel.refused(409, "INVALID_TRANSITION");
    assert_eq!(problem["data"], json!({ "from": "deployed", "to": "cancelled" }));

    owner.post("/v1/auth/sign-out", &json!({})).await.must(204);
    owner.get("/v1/me").await.refused(401, "AUTH_REQUIRED");
    server.stop().await;
}

#[tokio::test]
async fn credits_that_do_not_suffice_come_with_the_package_that_does() {
    let house = House::new().set("TIERS_FREE_CREDITS_PER_MONTH", 100).slow_agents(60_000);
    let server = house.start().await;
    let owner = house.guest().sign_up("ada").await;
    let first = owner.submit(BAKERY).await;
    let refused = owner.post("/v1/builds", &json!({ "description": BAKERY })).await;
    let problem = refused.refused(402, "INSUFFICIENT_CREDITS");
    assert_eq!(problem["detail"], "50 more credits are needed");
    let data = &problem["data"];
    assert_eq!((&data["required"], &data["available"]), (&json!(75), &json!(25)), "{problem:#}");
    let package = &data["recommendation"];
    assert!(package["package"].is_string() && package["cost_usd"].is_string(), "{problem:#}");
    assert!(package["credits"].as_i64().unwrap() >= 50, "{problem:#}");
    // It was only held: stopping the build gives back what it did not use.
    owner.post(&format!("/v1/builds/{first}/cancel"), &json!({})).await.must(202);
    assert_eq!(owner.ended(&first).await["status"], "cancelled");
    owner.submit(BAKERY).await;
    server.stop().await;
}

#[tokio::test]
async fn a_project_under_construction_says_who_holds_it() {
    let house = House::new().slow_agents(60_000);
    let server = house.start().await;
    let owner = house.guest().sign_up("ada").await;
    let project = owner.post("/v1/projects", &json!({ "name": "Bakery" })).await.must(201);
    let body = json!({ "description": BAKERY, "project_id": project["id"] });
    let first = owner.post("/v1/builds", &body).await.must(202);
    let problem = owner.post("/v1/builds", &body).await.refused(409, "PROJECT_LOCKED");
    let data = &problem["data"];
    assert_eq!(data["build_id"], first["id"], "{problem:#}");
    let me = owner.get("/v1/me").await.must(200);
    assert_eq!(data["holder"], me["user"]["id"], "{problem:#}");
    assert!(data["since"].is_string(), "{problem:#}");
    server.stop().await;
}

#[tokio::test]
async fn a_parked_request_expires_after_its_hour() {
    let house = House::new();
    let server = house.start().await;
    let guest = house.guest();
    let owner = guest.sign_up("ada").await;
    let parked = guest.post("/v1/builds", &json!({ "description": BAKERY })).await.must(202);
    let books = Books::of(&house).await;
    // The server's clock cannot be moved from here, but the hour can.
    let moved = "UPDATE guest_entries SET expires_at = created_at + 1";
    assert_eq!(books.meddle(moved).await, 1);
    let claim = json!({ "queue_id": parked["queue_id"] });
    owner.post("/v1/builds/claim", &claim).await.refused(410, "QUEUE_EXPIRED");
    server.stop().await;
}

#[tokio::test]
async fn what_the_tier_does_not_include_names_the_tier_that_does() {
    let house = House::new().set("TIERS_FREE_BUILDS_PER_MONTH", 1);
    let server = house.start().await;
    let owner = house.guest().sign_up("ada").await;
    let large = json!({ "description": BAKERY, "tier": "professional" });
    let problem = owner.post("/v1/builds", &large).await.refused(403, "FEATURE_NOT_IN_TIER");
    assert_eq!(problem["data"]["required_tier"], "professional");
    let build = owner.submit(BAKERY).await;
    owner.ended(&build).await;
    let again = owner.post("/v1/builds", &json!({ "description": BAKERY })).await;
    let problem = again.refused(429, "PLAN_LIMIT_EXCEEDED");
    let data = &problem["data"];
    assert_eq!((&data["limit"], &data["used"]), (&json!(1), &json!(1)), "{problem:#}");
    assert!(data["resets_at"].is_string() && data["required_tier"].is_string(), "{problem:#}");
    server.stop().await;
}

#[tokio::test]
async fn too_many_requests_are_told_when_to_come_back() {
    let house = House::new()
        .set("RATE_LIMITS_GUEST_LIMIT", 2)
        .set("RATE_LIMITS_BUILD_SUBMIT_LIMIT", 2)
        .set("RATE_LIMITS_BUILD_SUBMIT_WINDOW_S", 3_600);
    let server = house.start().await;
    let guest = house.guest();
    let owner = guest.sign_up("ada").await;
    for asks in [&guest, &owner] {
        for _ in 0..2 {
            asks.post("/v1/builds", &json!({ "description": BAKERY })).await.must(202);
        }
        let refused = asks.post("/v1/builds", &json!({ "description": BAKERY })).await;
        refused.refused(429, "RATE_LIMITED");
        let seconds: u32 = refused.header("retry-after").parse().unwrap();
        assert!((1..=3_600).contains(&seconds), "{refused}");
        assert_eq!(refused.header("x-ratelimit-remaining"), "0");
    }
    // What a stranger claims about where they come from does not help them.
    let spoofed = guest.ask(&Method::POST, "/v1/builds").header("x-forwarded-for", "203.0.113.9");
    let spoofed = spoofed.json(&json!({ "description": BAKERY })).answer().await;
    spoofed.refused(429, "RATE_LIMITED");
    server.stop().await;
}

#[tokio::test]
async fn without_guest_mode_guests_are_asked_to_sign_in() {
    let house = House::new().set("FEATURE_GUEST_MODE", "off");
    let server = house.start().await;
    let refused = house.guest().post("/v1/builds", &json!({ "description": BAKERY })).await;
    refused.refused(401, "AUTH_REQUIRED");
    server.stop().await;
}
