//! From a guest's words to a running, downloadable app, paid for what it took.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use reqwest::Method;
use serde_json::{Value, json};
use zip::ZipArchive;

use crate::harness::api::{PASSWORD, email, is_terminal, text};
use crate::harness::books::{Books, Moment};
use crate::harness::sse::{Events, Frame};
use crate::harness::{Answer, Api, House, within};

async fn all(mut events: Events) -> Vec<Frame> {
    within("the stream ends with the build", async move {
        let mut frames = Vec::new();
        while let Some(frame) = events.next().await {
            frames.push(frame);
        }
        frames
    })
    .await
}

#[tokio::test]
async fn a_guest_describes_an_app_signs_up_claims_it_and_gets_it_running_and_as_a_zip() {
    let house = House::new().slow_agents(20);
    let server = house.start().await;
    let guest = house.guest();

    // A guest sees what it would take, and parks it.
    let asked = json!({ "description": "A landing page for a bakery in Lisbon called Pão" });
    let estimate = guest.post("/v1/estimate", &asked).await.must(200);
    assert_eq!(
        [
            &estimate["agents"],
            &estimate["tokens"],
            &estimate["cost_micro_usd"],
            &estimate["credits"]
        ],
        [5, 250_000, 750_000, 75]
    );
    assert_eq!(estimate["duration_text"], "15 minutes");
    let parked = guest.post("/v1/builds", &asked).await.must(202);
    assert_eq!(parked["queued"], true);
    let queue = text(&parked["queue_id"]);
    assert_eq!(parked["signup_url"], format!("/signup?queue={queue}"));
    assert_eq!(parked["preview"]["estimated_agents"], 5, "{parked}");
    assert_eq!(parked["preview"]["estimated_duration"], "15 minutes");
    assert_eq!(parked["preview"]["features"], json!(["Basic functionality"]));

    // Signing up makes a workspace with its first month's credits.
    let signed_up = guest
        .post(
            "/v1/auth/sign-up",
            &json!({
                "email": email("ada"), "password": PASSWORD, "workspace": "Pão & Co",
                "queue_id": queue,
            }),
        )
        .await
        .must(201);
    let owner = guest.bearing(signed_up["session_token"].as_str().unwrap());
    assert_eq!(owner.get("/v1/me").await.must(200)["user"]["email"], email("ada"));
    let before = owner.get("/v1/credits").await.must(200);

    // The claim makes it a build, once.
    let claim = json!({ "queue_id": queue, "project_name": "Pão" });
    let answer = owner.post("/v1/builds/claim", &claim).await;
    let claimed = answer.must(202);
    let build = text(&claimed["id"]);
    assert_eq!(answer.header("location"), format!("/v1/builds/{build}"));
    assert!(claimed["plan"].is_object() || claimed["plan"].is_array(), "{claimed}");
    owner.post("/v1/builds/claim", &claim).await.refused(409, "ALREADY_CLAIMED");

    // Anybody who is given a token may follow it; a ticket opens one stream.
    let pass = owner.post(&format!("/v1/builds/{build}/viewer-token"), &json!({})).await;
    let pass = pass.must(200);
    let viewer = guest.bearing(pass["token"].as_str().unwrap());
    let streamed = all(viewer.follow(&build, 0).await).await;
    let ticket = text(&pass["ticket"]);
    let with_ticket = format!("/v1/builds/{build}/events/stream?ticket={ticket}");
    let by_ticket = all(guest.ask(&Method::GET, &with_ticket).stream().await).await;
    guest.get(&with_ticket).await.refused(401, "AUTH_REQUIRED");
    assert!(!house.logged().contains(&ticket), "a ticket is in the log");
    let polled = owner.history(&build).await;
    for frames in [&streamed, &by_ticket] {
        let told: Vec<Value> = frames.iter().map(Frame::json).collect();
        assert_eq!(told, polled, "streams and polls tell the same");
    }
    for (seq, event) in (1..).zip(&polled) {
        assert_eq!(event["seq"], seq);
        assert_eq!(is_terminal(event["type"].as_str().unwrap()), seq == polled.len());
        assert!(!event["message"].as_str().unwrap().is_empty());
    }
    assert!(polled.iter().any(|event| event["message"].as_str().unwrap().contains("offline")));
    // A token for one build opens nothing else.
    viewer.get(&format!("/v1/builds/{build}/download")).await.refused(401, "AUTH_REQUIRED");

    let view = owner.get(&format!("/v1/builds/{build}")).await.must(200);
    assert_eq!(view["status"], "deployed", "{view:#}");
    assert_eq!(view["attempt"], 1);

    let files = snapshot(&owner, &view).await;
    previewed(&guest, &house, &view, &files).await;
    downloaded(&owner, &build, &files).await;
    paid(&owner, &build, &view, &before).await;

    // What is secret, or somebody's, is neither logged nor counted by name.
    let logged = house.logged();
    for secret in [PASSWORD, owner.token(), viewer.token()] {
        assert!(!logged.contains(secret), "a secret is in the log");
    }
    let metrics = String::from_utf8(guest.get("/metrics").await.body).unwrap();
    for mark in ["bld_", "ten_", "usr_", "prj_", "@example.com"] {
        assert!(!metrics.contains(mark), "{mark} in the metrics");
    }

    server.stop().await;
    let findings = Books::of(&house).await.inspect(Moment::AtRest).await;
    findings.must_be_sound();
}

/// The snapshot's files, each read by its path.
async fn snapshot(owner: &Api, view: &Value) -> BTreeMap<String, Vec<u8>> {
    let id = text(&view["snapshot_id"]);
    let listed = owner.get(&format!("/v1/snapshots/{id}/files")).await.must(200);
    let mut files = BTreeMap::new();
    for file in listed["data"].as_array().unwrap() {
        let path = text(&file["path"]);
        let content = owner.get(&format!("/v1/snapshots/{id}/files/{path}")).await;
        assert_eq!(content.status, 200, "{content}");
        assert_eq!(file["bytes"], content.body.len(), "{path}");
        files.insert(path, content.body);
    }
    assert!(files.contains_key("index.html"), "{:?}", files.keys());
    let pages = files.keys().filter(|path| path.contains(".html")).count();
    assert!(pages > 1, "a site of several pages: {:?}", files.keys());
    let home = String::from_utf8(files["index.html"].clone()).unwrap();
    assert!(home.contains("Pão") && home.contains("Lisbon"), "it speaks of what was asked");
    let project = text(&view["project_id"]);
    let snapshots = owner.get(&format!("/v1/projects/{project}/snapshots")).await.must(200);
    assert_eq!(snapshots["data"][0]["id"], id);
    files
}

/// The preview and the deployment serve exactly the snapshot, from another origin, harmless.
async fn previewed(guest: &Api, house: &House, view: &Value, files: &BTreeMap<String, Vec<u8>>) {
    for address in ["preview_url", "deployment_url"] {
        let url = text(&view[address]);
        assert!(url.starts_with(&house.sites()), "{url} is not on the sites' own origin");
        assert!(!url.starts_with(&house.base()));
        let home = guest.get(&url).await;
        assert_eq!(home.status, 200, "{home}");
        assert_eq!(home.body, files["index.html"]);
        sandboxed(&home);
        assert!(home.header("content-type").starts_with("text/html"));
        for (path, bytes) in files {
            let file = guest.get(&format!("{url}{path}")).await;
            assert_eq!((file.status, &file.body), (200, bytes), "{path}");
            sandboxed(&file);
        }
        assert_eq!(guest.get(&format!("{url}no-such-page.html")).await.status, 404);
    }
    let elsewhere = guest.get(&format!("{}/v1/me", house.sites())).await;
    assert_eq!(elsewhere.status, 404, "the sites' origin serves no API");
}

fn sandboxed(answer: &Answer) {
    let policy = answer.header("content-security-policy");
    let sandbox = policy.split(';').map(str::trim).find(|part| part.starts_with("sandbox"));
    assert_eq!(sandbox, Some("sandbox allow-scripts allow-forms"), "{policy}");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert!(!answer.headers.contains_key("set-cookie"), "{answer}");
}

/// The ZIP holds the same files, and is the same bytes each time.
async fn downloaded(owner: &Api, build: &str, files: &BTreeMap<String, Vec<u8>>) {
    let path = format!("/v1/builds/{build}/download");
    let zip = owner.get(&path).await;
    assert_eq!(zip.status, 200, "{zip}");
    assert_eq!(zip.header("content-type"), "application/zip");
    assert!(zip.header("content-disposition").starts_with("attachment"));
    let etag = zip.header("etag").to_owned();
    assert!(etag.starts_with('"'), "a strong validator: {etag}");
    assert_eq!(owner.get(&path).await.body, zip.body);
    let known = owner.ask(&Method::GET, &path).header("if-none-match", &etag).answer().await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    assert_eq!(&unzipped(&zip.body), files);
}

pub(crate) fn unzipped(zip: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(zip)).unwrap();
    let files = archive.len();
    let read = |index| {
        let mut file = archive.by_index(index).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        (file.name().unwrap().into_owned(), bytes)
    };
    (0..files).map(read).collect()
}

/// What was charged is what was used, rounded up once, and the ledger says so.
async fn paid(owner: &Api, build: &str, view: &Value, before: &Value) {
    let credits = &view["credits"];
    let captured = credits["captured"].as_i64().unwrap();
    let costs = owner.get(&format!("/v1/builds/{build}/costs")).await.must(200);
    let phases = costs["phases"].as_array().unwrap();
    let agents: Vec<&Value> =
        phases.iter().flat_map(|phase| phase["agents"].as_array().unwrap()).collect();
    assert_eq!(agents.len(), 5, "{costs:#}");
    let sum =
        |at: &str| agents.iter().map(|agent| agent.pointer(at).unwrap().as_i64().unwrap()).sum();
    let total = &costs["total"];
    let cost: i64 = sum("/cost_micro_usd");
    let (tokens_in, tokens_out): (i64, i64) = (sum("/tokens/in"), sum("/tokens/out"));
    assert_eq!(total["cost_micro_usd"], cost, "{costs:#}");
    assert_eq!(total["tokens"], json!({ "in": tokens_in, "out": tokens_out }), "{costs:#}");
    assert!(tokens_in > 0 && tokens_out > 0);
    assert_eq!(costs["failed_calls_cost_micro_usd"], 0);
    assert_eq!(captured, (cost + 9_999) / 10_000, "rounded up once");
    assert!(captured > 0 && captured <= 75);
    assert_eq!(credits["held"], 75, "what was set aside: {view:#}");
    assert_eq!(credits["released"], 75 - captured, "{view:#}");

    let after = owner.get("/v1/credits").await.must(200);
    let balance = |credits: &Value| credits["balance"].as_i64().unwrap();
    assert_eq!(balance(&after), balance(before) - captured);
    assert_eq!(after["held"], 0);
    let ledger = owner.get("/v1/credits/ledger?limit=100").await.must(200);
    let entries = ledger["data"].as_array().unwrap();
    let total: i64 = entries.iter().map(|entry| entry["amount"].as_i64().unwrap()).sum();
    assert_eq!(total, balance(&after), "{ledger:#}");
}
