//! Projects.

use serde_json::{Value, json};

use crate::app::TestApp;

#[tokio::test]
async fn a_project_is_made_and_found() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let create =
        |name: &str| app.post("/v1/projects").by(&ada).json(&json!({ "name": name })).send();
    let made = create(" Corner Bakery ").await;
    insta::assert_snapshot!("made", made.shown());
    let found = app.get(made.header("location")).by(&ada).send().await;
    assert_eq!(found.json(), made.json());
    app.clock.advance(1);
    let twin = create("Corner Bakery").await.json();
    assert_ne!(twin["slug"], made.json()["slug"]);
    assert_eq!(create("Third").await.verdict(), "201");
    insta::assert_snapshot!("one too many", create("Fourth").await.shown());
    assert_eq!(create("").await.json()["errors"][0]["pointer"], "/name");

    let page = app.get("/v1/projects?limit=2").by(&ada).send().await.json();
    let names = |page: &Value| -> Vec<String> {
        let rows = page["data"].as_array().unwrap().iter();
        rows.map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&page), ["Third", "Corner Bakery"]);
    let next = page["next_cursor"].as_str().unwrap();
    let rest = app.get(&format!("/v1/projects?cursor={next}")).by(&ada).send().await.json();
    assert_eq!(
        (names(&rest), &rest["has_more"]),
        (vec!["Corner Bakery".to_owned()], &json!(false))
    );
}

#[tokio::test]
async fn a_project_shows_what_is_served_of_it() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let build = app.deployed(&ada).await;
    let build = app.build(&ada, &build).await;
    let project = build["project_id"].as_str().unwrap();
    let found = app.get(&format!("/v1/projects/{project}")).by(&ada).send().await.json();
    assert_eq!(found["deployment_url"], build["deployment_url"]);
    assert_eq!(found["live_snapshot_id"], build["snapshot_id"]);
    let path = format!("/v1/projects/{project}/snapshots");
    let snapshots = app.get(&path).by(&ada).send().await.json();
    assert_eq!(snapshots["data"][0]["id"], build["snapshot_id"]);
    assert_eq!(snapshots["data"][0]["preview_url"], build["preview_url"]);
    assert_eq!(snapshots["data"].as_array().unwrap().len(), 1);
}
