//! Asking for builds, reading them, calling them off.

use std::sync::Arc;

use keelway_builds::SiteLabel;
use keelway_http::settings::HttpSettings;
use keelway_kernel::Tier;
use keelway_platform::Mode;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, redact};
use crate::works::BAKERY;

#[tokio::test]
async fn a_build_is_accepted_with_its_plan_and_its_place() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let body = json!({
        "description": BAKERY,
        "project_name": "Corner Bakery",
        "tier": "starter",
        "target_users": " People who are hungry ",
        "tech_constraints": "",
        "use_conductor": false,
        "max_credits": 40,
    });
    let accepted = app.submit_with(&ada, &body).await;
    insta::assert_snapshot!("accepted", accepted.shown());
    let found = app.get(accepted.header("location")).by(&ada).send().await;
    insta::assert_snapshot!("waiting", found.shown());
}

#[tokio::test]
async fn all_that_is_wrong_is_named_at_once() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let body = json!({
        "description": " too short ",
        "project_id": "bld_01h455vb4pex5vsknk084sn02q",
        "project_name": "",
        "tier": "free",
        "target_users": "x".repeat(2_001),
        "max_credits": 0,
        "script": { "fail": "provider", "phase": "lunch", "charged_micro_usd": -1 },
    });
    let refused = app.submit_with(&ada, &body).await;
    insta::assert_snapshot!(refused.shown());
    for (description, verdict) in [
        ("x".repeat(10), "202"),
        ("é".repeat(10_000), "202"),
        ("x".repeat(10_001), "400 VALIDATION_FAILED"),
        ("0123456789\u{0}".to_owned(), "422 NUL_CHARACTER"),
    ] {
        let answer = app.post("/v1/builds").json(&json!({ "description": description }));
        assert_eq!(answer.send().await.verdict(), verdict);
    }
}

#[tokio::test]
async fn failures_are_scripted_in_development_only() {
    let app = TestApp::spawn_with(|setup| setup.platform.mode = Mode::Production).await;
    let ada = app.owner("ada@example.com").await;
    let script = json!({ "fail": "internal", "phase": "design" });
    let refused = app.submit_with(&ada, &json!({ "description": BAKERY, "script": script })).await;
    assert_eq!(refused.json()["errors"][0]["code"], "DEVELOPMENT_ONLY");
}

#[tokio::test]
async fn what_keeps_a_build_from_being_accepted_says_what_helps() {
    let app = TestApp::spawn().await;
    let poor = app.owner_of("poor@example.com", Tier::Free, 74).await;
    insta::assert_snapshot!("too few credits", app.submit(&poor).await.shown());

    let ada = app.owner("ada@example.com").await;
    let large = json!({ "description": BAKERY, "tier": "ultimate" });
    insta::assert_snapshot!("too large", app.submit_with(&ada, &large).await.shown());
    let unknown = json!({ "description": BAKERY, "project_id": "prj_01h455vb4pex5vsknk084sn02q" });
    insta::assert_snapshot!("unknown project", app.submit_with(&ada, &unknown).await.shown());
    for _ in 0..3 {
        app.queued(&ada).await;
    }
    insta::assert_snapshot!("too many projects", app.submit(&ada).await.shown());
}

#[tokio::test]
async fn a_project_has_one_active_build() {
    let app = TestApp::spawn().await;
    let ada = app.owner_of("ada@example.com", Tier::Starter, 2_000).await;
    let made = app.post("/v1/projects").by(&ada).json(&json!({ "name": "Bakery" })).send().await;
    let body = json!({ "description": BAKERY, "project_id": made.json()["id"] });
    let answers = futures::future::join_all((0..6).map(|_| app.submit_with(&ada, &body))).await;
    let mut verdicts: Vec<String> = answers.iter().map(Answer::verdict).collect();
    verdicts.sort();
    assert_eq!(verdicts[0], "202");
    assert_eq!(verdicts[1..], vec!["409 PROJECT_LOCKED".to_owned(); 5]);
    let locked = answers.iter().find(|answer| answer.code() == "PROJECT_LOCKED").unwrap();
    insta::assert_snapshot!(locked.shown());
    let credits = app.get("/v1/credits").by(&ada).send().await.json();
    assert_eq!(credits["held"], 75);
}

#[tokio::test]
async fn a_rehearsal_tells_and_changes_nothing() {
    let app = TestApp::spawn().await;
    let poor = app.owner_of("poor@example.com", Tier::Free, 60).await;
    let rehearse = |body: Value| app.post("/v1/builds?dry_run=true").by(&poor).json(&body).send();
    let told = rehearse(json!({ "description": BAKERY })).await;
    insta::assert_snapshot!("told", told.shown());
    let capped = rehearse(json!({ "description": BAKERY, "max_credits": 60 })).await.json();
    assert_eq!(capped["credits"], json!({ "required": 60, "available": 60, "sufficient": true }));
    let large = rehearse(json!({ "description": BAKERY, "tier": "ultimate" })).await;
    assert_eq!(large.verdict(), "403 FEATURE_NOT_IN_TIER");
    let guest = app.post("/v1/builds?dry_run=true").json(&json!({ "description": BAKERY }));
    assert_eq!(guest.send().await.json()["credits"]["sufficient"], json!(null));

    let made = app.submit_with(&poor, &json!({ "description": BAKERY, "max_credits": 60 })).await;
    let project = made.json()["project_id"].clone();
    let locked = rehearse(json!({ "description": BAKERY, "project_id": project })).await;
    assert_eq!(locked.verdict(), "409 PROJECT_LOCKED");
    let builds = app.get("/v1/builds").by(&poor).send().await.json();
    assert_eq!(builds["data"].as_array().unwrap().len(), 1);
    let wrong = app.post("/v1/builds?dry_run=maybe").by(&poor).json(&json!({})).send().await;
    assert_eq!(wrong.json()["errors"][0]["pointer"], "?dry_run");
}

#[tokio::test]
async fn a_rehearsal_is_refused_as_the_build_would_be() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    for _ in 0..3 {
        app.queued(&ada).await;
    }
    let body = json!({ "description": BAKERY });
    let rehearsed = app.post("/v1/builds?dry_run=true").by(&ada).json(&body).send().await;
    assert_eq!(rehearsed.verdict(), "429 PLAN_LIMIT_EXCEEDED");
    assert_eq!(rehearsed.json()["data"], app.submit(&ada).await.json()["data"]);
}

#[tokio::test]
async fn rehearsing_to_call_a_build_off_calls_nothing_off() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let id = app.queued(&ada).await;
    let path = format!("/v1/builds/{id}/cancel?dry_run=true");
    insta::assert_snapshot!("would cancel", app.post(&path).by(&ada).send().await.shown());
    assert_eq!(app.build(&ada, &id).await["status"], "queued");
    let done = app.deployed(&app.owner("bob@example.com").await).await;
    let late = app.post(&format!("/v1/builds/{done}/cancel?dry_run=true")).by(&ada).send().await;
    assert_eq!(late.verdict(), "404 NOT_FOUND");
}

#[tokio::test]
async fn a_build_runs_from_its_description_to_its_address() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let id = app.deployed(&ada).await;
    let build = app.build(&ada, &id).await;
    for phase in build["phases"].as_array().unwrap() {
        assert_eq!(phase["state"], "completed", "{phase}");
        assert!(phase["started_at"].is_string() && phase["completed_at"].is_string(), "{phase}");
    }
    let credit = |name: &str| build["credits"][name].as_i64().unwrap();
    assert_eq!(credit("held"), credit("captured") + credit("released"));
    assert!(credit("captured") > 0, "{build}");
    let cost = build["cost_micro_usd"].as_i64().unwrap();
    assert_eq!(credit("captured"), (cost + 9_999) / 10_000);
    assert!(build["tokens"]["in"].as_u64().unwrap() > 0);
    assert_eq!((&build["failure"], &build["position"]), (&json!(null), &json!(null)));
    let shown = redact(json!({
        "preview_url": build["preview_url"],
        "deployment_url": build["deployment_url"],
        "download_url": build["download_url"],
        "snapshot_id": build["snapshot_id"],
        "ended_at": build["ended_at"],
        "attempt": build["attempt"],
    }));
    insta::assert_json_snapshot!(shown);

    let costs = app.get(&format!("/v1/builds/{id}/costs")).by(&ada).send().await.json();
    let sum = |rows: &Value, of: &[&str]| -> i64 {
        let value = |row: &Value| of.iter().fold(row, |value, key| &value[key]).as_i64().unwrap();
        rows.as_array().unwrap().iter().map(value).sum()
    };
    assert_eq!(sum(&costs["phases"], &["total", "cost_micro_usd"]), cost);
    assert_eq!(costs["total"]["cost_micro_usd"], cost);
    assert_eq!(costs["failed_calls_cost_micro_usd"], 0);
    assert_eq!(costs["credits"], build["credits"]);
    let agents: Vec<&str> = costs["phases"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|phase| phase["agents"].as_array().unwrap())
        .map(|agent| agent["agent"].as_str().unwrap())
        .collect();
    assert_eq!(agents, ["architect", "designer", "scaffolder", "implementer", "reviewer"]);
}

#[tokio::test]
async fn what_is_served_here_is_told_with_todays_address() {
    let app = TestApp::spawn_with(|setup| {
        let address = |label: &SiteLabel| format!("http://{}.moved.test/", label.as_str());
        setup.http = HttpSettings::new("http://127.0.0.1", Arc::new(address));
    })
    .await;
    let ada = app.owner("ada@example.com").await;
    let id = app.deployed(&ada).await;
    let build = app.build(&ada, &id).await;
    let url = build["deployment_url"].as_str().unwrap();
    assert!(url.ends_with(".moved.test/"), "{url}");
    let listed = app.get("/v1/builds").by(&ada).send().await.json();
    assert_eq!(listed["data"][0]["deployment_url"], url);
    let project = format!("/v1/projects/{}", build["project_id"].as_str().unwrap());
    assert_eq!(app.get(&project).by(&ada).send().await.json()["deployment_url"], url);
}

#[tokio::test]
async fn a_build_that_failed_says_why_and_costs_what_the_policy_says() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let script = json!({ "fail": "internal", "phase": "design" });
    let asked = app.submit_with(&ada, &json!({ "description": BAKERY, "script": script })).await;
    let id = asked.json()["id"].as_str().unwrap().to_owned();
    app.work(&ada, &id).await;
    let build = app.build(&ada, &id).await;
    assert_eq!(build["status"], "failed");
    let states: Vec<&str> = build["phases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|phase| phase["state"].as_str().unwrap())
        .collect();
    assert_eq!(states[..3], ["completed", "stopped", "pending"]);
    insta::assert_json_snapshot!(json!({
        "failure": build["failure"], "credits": build["credits"],
        "preview_url": build["preview_url"], "deployment_url": build["deployment_url"],
    }));
}

#[tokio::test]
async fn a_waiting_build_is_called_off_at_once_and_an_ended_one_never() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let id = app.queued(&ada).await;
    let cancel = |id: &str| app.post(&format!("/v1/builds/{id}/cancel")).by(&ada).send();
    let cancelled = cancel(&id).await;
    insta::assert_snapshot!("cancelled", cancelled.shown());
    let again = cancel(&id).await;
    assert_eq!(
        (again.status, again.json()["status"].clone()),
        (cancelled.status, json!("cancelled"))
    );
    assert_eq!(app.get("/v1/credits").by(&ada).send().await.json()["available"], 300);

    let done = app.deployed(&ada).await;
    insta::assert_snapshot!("too late", cancel(&done).await.shown());
}

#[tokio::test]
async fn whoever_waits_is_answered_when_the_build_changes() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let id = app.queued(&ada).await;
    let path = format!("/v1/builds/{id}");
    let first = app.get(&path).by(&ada).send().await;
    let tag = first.header("etag").to_owned();
    let now = app.get(&path).by(&ada).header("if-none-match", &tag).send().await;
    assert_eq!((now.status.as_u16(), now.header("preference-applied")), (304, ""));

    let waiting = app.get(&path).by(&ada).header("if-none-match", &tag);
    let waiting = waiting.header("prefer", "wait=30").send();
    let cancelling = app.post(&format!("{path}/cancel")).by(&ada).send();
    let (changed, _) = tokio::join!(waiting, cancelling);
    assert_eq!(
        (changed.status.as_u16(), changed.json()["status"].clone()),
        (200, json!("cancelled"))
    );
    assert_eq!(changed.header("preference-applied"), "wait=30");
    // An ended build changes no more.
    let over = app.get(&path).by(&ada).header("prefer", "wait=60").send().await;
    assert_eq!(over.header("preference-applied"), "wait=30");
    assert_eq!(over.json()["status"], "cancelled");
    // Whoever has an older state is answered at once.
    let behind = app.get(&path).by(&ada).header("if-none-match", &tag);
    assert_eq!(behind.header("prefer", "wait=30").send().await.status, 200);
}

#[tokio::test]
async fn lists_are_filtered_and_go_on_where_they_stopped() {
    let app = TestApp::spawn().await;
    let ada = app.owner_of("ada@example.com", Tier::Starter, 2_000).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        app.clock.advance(1);
        ids.insert(0, app.queued(&ada).await);
    }
    app.post(&format!("/v1/builds/{}/cancel", ids[1])).by(&ada).send().await;
    let list = |query: String| {
        let call = app.get(&format!("/v1/builds{query}")).by(&ada).send();
        async {
            let body = call.await.json();
            let rows = body["data"].as_array().unwrap();
            let ids: Vec<String> =
                rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
            (ids, body)
        }
    };
    let (first, page) = list("?limit=2".to_owned()).await;
    assert_eq!((&first[..], &page["has_more"]), (&ids[..2], &json!(true)));
    let next = page["next_cursor"].as_str().unwrap();
    let (rest, page) = list(format!("?limit=3&cursor={next}")).await;
    assert_eq!((&rest[..], &page["has_more"]), (&ids[2..], &json!(false)));
    assert_eq!(list("?status=cancelled".to_owned()).await.0, ids[1..2]);
    let project = app.build(&ada, &ids[3]).await["project_id"].as_str().unwrap().to_owned();
    assert_eq!(list(format!("?project_id={project}&status=queued")).await.0, ids[3..4]);
    for query in ["limit=0", "limit=101", "status=lost", "project_id=x", "cursor=x", "colour=red"] {
        let refused = app.get(&format!("/v1/builds?{query}")).by(&ada).send().await;
        let name = query.split('=').next().unwrap();
        assert_eq!(refused.verdict(), "400 VALIDATION_FAILED", "{query}");
        if name != "colour" {
            assert_eq!(refused.json()["errors"][0]["pointer"], format!("?{name}"));
        }
    }
}

#[tokio::test]
async fn what_belongs_to_others_is_not_there() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let eve = app.owner("eve@example.com").await;
    let build = app.deployed(&ada).await;
    let shown = app.build(&ada, &build).await;
    let (project, snapshot) = (&shown["project_id"], &shown["snapshot_id"]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let reads = [
        format!("/v1/builds/{build}"),
        format!("/v1/builds/{build}/costs"),
        format!("/v1/builds/{build}/download"),
        format!("/v1/builds/{build}/events"),
        format!("/v1/builds/{build}/events/stream"),
        format!("/v1/projects/{}", text(project)),
        format!("/v1/projects/{}/snapshots", text(project)),
        format!("/v1/snapshots/{}/files", text(snapshot)),
        format!("/v1/snapshots/{}/files/index.html", text(snapshot)),
    ];
    for path in &reads {
        let foreign = app.get(path).by(&eve).send().await;
        let unknown =
            path.replace(&build[20..], "00000000000").replace(&text(project)[20..], "00000000000");
        let unknown = unknown.replace(&text(snapshot)[20..], "00000000000");
        let unknown = app.get(&unknown).by(&eve).send().await;
        let body = |answer: &Answer| {
            let mut body = answer.json();
            body["request_id"] = json!(null);
            body
        };
        assert_eq!(foreign.verdict(), "404 NOT_FOUND", "{path}");
        assert_eq!(body(&foreign), body(&unknown), "{path}");
        assert_eq!(app.get(path).send().await.verdict(), "401 AUTH_REQUIRED", "{path}");
        assert!(app.get(path).by(&ada).send().await.status.is_success(), "{path}");
    }
    for action in ["cancel", "viewer-token"] {
        let foreign = app.post(&format!("/v1/builds/{build}/{action}")).by(&eve).send().await;
        assert_eq!(foreign.verdict(), "404 NOT_FOUND", "{action}");
    }
    let into = json!({ "description": BAKERY, "project_id": project });
    assert_eq!(app.submit_with(&eve, &into).await.verdict(), "404 NOT_FOUND");
    let listed = app.get(&format!("/v1/builds?project_id={}", text(project))).by(&eve).send().await;
    assert_eq!(listed.json()["data"], json!([]));
}
