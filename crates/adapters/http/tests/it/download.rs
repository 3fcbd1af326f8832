//! Taking a result away.

use std::fs;
use std::io::{Cursor, Read as _};

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::logs::log;
use crate::works::BAKERY;

#[tokio::test]
async fn the_archive_has_every_file_and_is_always_the_same() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let build = app.deployed(&ada).await;
    let path = format!("/v1/builds/{build}/download");
    let first = app.get(&path).by(&ada).send().await;
    assert_eq!(first.header("content-type"), "application/zip");
    let shown = app.build(&ada, &build).await;
    let project = format!("/v1/projects/{}", shown["project_id"].as_str().unwrap());
    let slug = app.get(&project).by(&ada).send().await.json()["slug"].clone();
    let name = format!("attachment; filename=\"{}.zip\"", slug.as_str().unwrap());
    assert_eq!(first.header("content-disposition"), name);

    let files = format!("/v1/snapshots/{}/files", shown["snapshot_id"].as_str().unwrap());
    let listed = app.get(&files).by(&ada).send().await.json();
    let listed: Vec<&Value> = listed["data"].as_array().unwrap().iter().collect();
    let mut archive = zip::ZipArchive::new(Cursor::new(first.bytes.clone())).unwrap();
    assert_eq!(archive.len(), listed.len());
    for (index, file) in listed.iter().enumerate() {
        let mut entry = archive.by_index(index).unwrap();
        let path = file["path"].as_str().unwrap().to_owned();
        assert_eq!(
            (entry.name().unwrap().as_ref(), entry.unix_mode()),
            (path.as_str(), Some(0o100_644))
        );
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        let served = app.get(&format!("{files}/{path}")).by(&ada).send().await;
        assert_eq!(bytes, served.bytes, "{path}");
    }

    app.clock.advance(3_600);
    let again = app.get(&path).by(&ada).send().await;
    assert_eq!((again.header("etag"), &again.bytes), (first.header("etag"), &first.bytes));
    let known = app.get(&path).by(&ada).header("if-none-match", first.header("etag"));
    let known = known.send().await;
    assert_eq!((known.status.as_u16(), known.bytes.len()), (304, 0));
    let head = app.call(Method::HEAD, &path).by(&ada).send().await;
    assert_eq!((head.status.as_u16(), head.bytes.len()), (200, 0));
    assert_eq!(head.header("etag"), first.header("etag"));
}

#[tokio::test]
async fn an_archive_begins_only_if_every_file_is_there() {
    let (lines, app) = (log(), TestApp::spawn().await);
    let ada = app.owner("ada@example.com").await;
    let build = app.deployed(&ada).await;
    let snapshot = app.build(&ada, &build).await["snapshot_id"].clone();
    let files = format!("/v1/snapshots/{}/files", snapshot.as_str().unwrap());
    let listed = app.get(&files).by(&ada).send().await.json();
    let last = listed["data"].as_array().unwrap().last().unwrap();
    let digest = last["digest"].as_str().unwrap().to_owned();
    let file = app.blob(&digest);
    let path = format!("/v1/builds/{build}/download");
    let download = |method| app.call(method, &path).by(&ada);

    let mut bytes = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    assert_eq!(download(Method::GET).send().await.verdict(), "500 INTERNAL");
    assert_eq!(download(Method::HEAD).send().await.status, 500);
    let said = lines.parsed();
    let said = said.iter().find(|line| line["fields"]["digest"] == *digest).expect("a line");
    assert_eq!((&said["level"], &said["fields"]["build"]), (&json!("ERROR"), &json!(build)));
    fs::write(&file, &bytes[1..]).unwrap();
    assert_eq!(download(Method::GET).send().await.verdict(), "500 INTERNAL", "cut short");

    // What only reading tells comes too late to be refused.
    bytes[0] ^= 1;
    fs::write(&file, &bytes).unwrap();
    assert_eq!(download(Method::HEAD).send().await.status, 200);
    assert!(download(Method::GET).try_send().await.is_err(), "nobody takes part for the whole");
    bytes[0] ^= 1;
    fs::write(&file, &bytes).unwrap();
    assert_eq!(download(Method::GET).send().await.status, 200);
}

#[tokio::test]
async fn there_is_nothing_to_take_before_the_end_or_after_a_bad_one() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let download = |id: &str| app.get(&format!("/v1/builds/{id}/download")).by(&ada).send();
    let waiting = app.queued(&ada).await;
    insta::assert_snapshot!("waiting", download(&waiting).await.shown());
    let script = json!({ "fail": "internal", "phase": "plan" });
    let asked = app.submit_with(&ada, &json!({ "description": BAKERY, "script": script })).await;
    let failed = asked.json()["id"].as_str().unwrap().to_owned();
    app.work(&ada, &failed).await;
    insta::assert_snapshot!("failed", download(&failed).await.shown());
}
