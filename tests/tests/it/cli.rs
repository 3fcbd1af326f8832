//! The command line, as a person or a script uses it.

use std::process::{Output, Stdio};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::harness::books::{Books, Moment};
use crate::harness::{House, within};
use crate::main_job::unzipped;

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn must(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}\n{}", out(output), err(output));
    out(output)
}

#[tokio::test]
async fn an_app_is_built_without_a_server() {
    let house = House::new();
    let bakery = "A landing page for a bakery in Lisbon";
    let built = house.run(&["build", bakery, "--local", "--out", "site.zip"]).await;
    must(&built, 0);
    let zip = std::fs::read(house.data_dir().join("site.zip")).unwrap();
    let files = unzipped(&zip);
    assert!(files.contains_key("index.html"), "{:?}", files.keys());
    assert!(String::from_utf8_lossy(&files["index.html"]).contains("Lisbon"));

    // A file is not replaced unless that is said, and nothing is begun before it is known.
    let refused = house.run(&["build", bakery, "--local", "--out", "site.zip"]).await;
    must(&refused, 2);
    assert!(err(&refused).contains("--force"));
    let again = ["build", bakery, "--local", "--out", "site.zip", "--force", "--json", "--quiet"];
    let again = house.run(&again).await;
    let report: Value = serde_json::from_str(&must(&again, 0)).unwrap();
    assert_eq!(report["status"], "deployed", "{report:#}");
    assert_eq!(unzipped(&std::fs::read(house.data_dir().join("site.zip")).unwrap()), files);

    must(&house.run(&["build", "short", "--local", "--out", "other.zip"]).await, 2);
    assert!(!house.data_dir().join("other.zip").exists());

    // A server makes the same bytes of the same words.
    let server = house.start().await;
    let owner = house.guest().sign_up("ada").await;
    let id = owner.submit(bakery).await;
    owner.ended(&id).await;
    assert_eq!(owner.get(&format!("/v1/builds/{id}/download")).await.body, zip);
    server.stop().await;

    Books::of(&house).await.inspect(Moment::AtRest).await.must_be_sound();
    let doctor = house.run(&["doctor", "--json"]).await;
    let report: Value = serde_json::from_str(&must(&doctor, 0)).unwrap();
    assert_eq!(report["violations"], serde_json::json!([]));
    assert!(!report["checked"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_local_build_that_was_killed_keeps_nobody_from_building() {
    let house = House::new().slow_agents(200);
    let args = ["build", "A landing page for a bakery", "--local", "--out", "site.zip"];
    let mut command = house.command(&args);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    within("the design begins", async {
        while !lines.next_line().await.unwrap().unwrap().starts_with("design") {}
    })
    .await;
    child.kill().await.unwrap();
    assert!(!house.data_dir().join("site.zip").exists(), "half a ZIP was left");
    must(&house.run(&["doctor"]).await, 0);

    must(&house.run(&args).await, 0);
    assert!(house.data_dir().join("site.zip").exists());
    must(&house.run(&["doctor"]).await, 0);
    let findings = Books::of(&house).await.inspect(Moment::Live).await;
    assert!(findings.violations.is_empty(), "{findings}");
}

#[tokio::test]
async fn what_an_app_would_take_is_said_without_building_it() {
    let house = House::new();
    let args = ["estimate", "A landing page for a bakery", "--json"];
    let estimate: Value = serde_json::from_str(&must(&house.run(&args).await, 0)).unwrap();
    assert_eq!((&estimate["agents"], &estimate["credits"]), (&5.into(), &75.into()));
    let large = "Dashboard with login and stripe payment, real-time chat";
    let large = house.run(&["estimate", large, "--tier", "professional"]).await;
    let said = must(&large, 0);
    assert!(said.contains("34") && said.contains("5.10") && said.contains("2 hours"), "{said}");
    must(&house.run(&["estimate", "short"]).await, 2);
    assert!(!house.database().exists(), "an estimate needs no database");
}

#[tokio::test]
async fn settings_show_where_they_come_from_and_unknown_ones_are_refused() {
    let secret = "k".repeat(40);
    let house = House::new().set("WORKER_SLOTS", 7).set("VIEWER_KEY", &secret);
    let shown = must(&house.run(&["config", "print"]).await, 0);
    let slots = shown.lines().find(|line| line.contains("worker.slots")).unwrap();
    assert!(slots.contains('7') && slots.contains("KEELWAY_WORKER_SLOTS"), "{slots}");
    assert!(!shown.contains(&secret), "a secret is shown");
    must(&house.run(&["config", "check"]).await, 0);

    let house = house.set("WORKER_SLTS", 7);
    let refused = house.run(&["config", "check"]).await;
    must(&refused, 2);
    assert!(err(&refused).contains("KEELWAY_WORKER_SLTS"), "{}", err(&refused));
    must(&house.run(&["serve"]).await, 2);
}

#[tokio::test]
async fn the_doctor_says_so_if_there_is_nothing_to_examine() {
    let house = House::new();
    must(&house.run(&["doctor"]).await, 2);
    must(&house.run(&["migrate", "status"]).await, 1);
    must(&house.run(&["migrate", "up"]).await, 0);
    must(&house.run(&["migrate", "status"]).await, 0);
    must(&house.run(&["doctor"]).await, 0);
    must(&house.run(&["no-such-command"]).await, 2);
    assert!(must(&house.run(&["completions", "bash"]).await, 0).contains("keelway"));
}

#[tokio::test]
async fn an_address_in_use_is_said_at_once() {
    let house = House::new();
    let server = house.start().await;
    let second = House::new().set("LISTEN", house.base().trim_start_matches("http://"));
    let refused = second.run(&["serve"]).await;
    must(&refused, 2);
    assert!(err(&refused).contains("in use"), "{}", err(&refused));
    server.stop().await;
}
