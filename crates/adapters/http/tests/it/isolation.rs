//! Nobody sees, or even finds out about, what is another tenant's. The cases are made from the
//! table, so a new route is tried the day it is added.

use std::collections::BTreeSet;

use keelway_http::guard::Access;
use keelway_http::openapi::{example_of_media, openapi_json};
use keelway_http::routes::{Row, table};
use keelway_kernel::{BuildId, Clock, ProjectId, SnapshotId};
use serde_json::Value;

use crate::app::{Answer, Call, Someone, TestApp};

/// Two tenants, one of which has something of everything.
struct World {
    app: TestApp,
    document: Value,
    ada: Someone,
    bob: Someone,
    build: String,
    project: String,
    snapshot: String,
}

impl World {
    async fn new() -> Self {
        let app = TestApp::spawn().await;
        let ada = app.owner("ada@example.com").await;
        let bob = app.owner("bob@example.com").await;
        let fixture = app.fixture();
        fixture.submitted(bob.owned()).await;
        let lease = fixture.taken().await.lease;
        let build = fixture.deployed(&lease, 10_000).await;
        Self {
            document: serde_json::from_str(&openapi_json()).unwrap(),
            build: build.id.to_string(),
            project: build.project.to_string(),
            snapshot: build.snapshot.unwrap().to_string(),
            app,
            ada,
            bob,
        }
    }

    /// Bob's id of the kind that the route takes, and one of the kind that nobody has.
    fn ids(&self, row: &Row) -> (String, String) {
        let (now, entropy) = (self.app.clock.now(), &*self.app.entropy);
        match row.path.trim_start_matches("/api").split('/').nth(2) {
            Some("builds" | "build") => {
                (self.build.clone(), BuildId::generate(now, entropy).to_string())
            }
            Some("projects") => {
                (self.project.clone(), ProjectId::generate(now, entropy).to_string())
            }
            Some("snapshots") => {
                (self.snapshot.clone(), SnapshotId::generate(now, entropy).to_string())
            }
            _ => panic!("{}: say here whose ids it takes", row.name),
        }
    }

    fn call(&self, row: &Row, id: &str) -> Call {
        let path = row.path.replace("{id}", id).replace("{path}", "index.html");
        let call = self.app.call(row.method.as_str().parse().unwrap(), &path);
        if !row.body {
            return call;
        }
        let method = row.method.as_str().to_ascii_lowercase();
        let operation = &self.document["paths"][&row.path][method];
        let media = &operation["requestBody"]["content"]["application/json"];
        call.json(&example_of_media(media, &self.document))
    }
}

/// All of an answer that a caller could tell two cases apart by.
fn told(answer: &Answer) -> String {
    let mut body = answer.json();
    if let Some(body) = body.as_object_mut() {
        body.remove("request_id");
        body.remove("timestamp");
    }
    format!("{} {body}", answer.status.as_u16())
}

fn of_one_thing(row: &Row) -> bool {
    row.path.contains("{id}") && row.access != Access::Public
}

#[tokio::test]
async fn another_tenants_things_do_not_exist() {
    let world = World::new().await;
    for row in table().rows().iter().filter(|row| of_one_thing(row)) {
        let (bobs, nobodys) = world.ids(row);
        let mut answers = BTreeSet::new();
        for id in [&*bobs, &*nobodys, "nonsense", "bld_", "%00"] {
            let answer = world.call(row, id).by(&world.ada).send().await;
            assert_eq!(answer.verdict(), "404 NOT_FOUND", "{} of {id}", row.name);
            answers.insert(told(&answer));
        }
        assert_eq!(answers.len(), 1, "{}: {answers:?}", row.name);
        // What Ada did not find is there.
        let own = world.call(row, &bobs).by(&world.bob).stream().await;
        assert_ne!(own.status().as_u16(), 404, "{}", row.name);
    }
}

#[tokio::test]
async fn who_is_not_signed_in_learns_nothing_of_ids() {
    let world = World::new().await;
    for row in table().rows() {
        if !matches!(row.access, Access::Session | Access::Tenant(_) | Access::Build(_)) {
            continue;
        }
        let ids = if row.path.contains("{id}") {
            let (bobs, nobodys) = world.ids(row);
            vec![bobs, nobodys, "nonsense".to_owned()]
        } else {
            vec![String::new()]
        };
        let mut answers = BTreeSet::new();
        for id in ids {
            let answer = world.call(row, &id).send().await;
            assert_eq!(answer.verdict(), "401 AUTH_REQUIRED", "{} of {id}", row.name);
            answers.insert(told(&answer));
        }
        assert_eq!(answers.len(), 1, "{}: {answers:?}", row.name);
    }
}

#[tokio::test]
async fn naming_another_tenant_opens_nothing() {
    let world = World::new().await;
    let bobs = world.bob.tenant.unwrap().to_string();
    for row in table().rows() {
        if !matches!(row.access, Access::Tenant(_) | Access::TenantOrGuest(_) | Access::Build(_)) {
            continue;
        }
        let id = if row.path.contains("{id}") { world.ids(row).0 } else { String::new() };
        let call = world.call(row, &id).by(&world.ada).header("x-tenant", &bobs);
        assert_eq!(call.send().await.verdict(), "404 NOT_FOUND", "{}", row.name);
    }
}

#[tokio::test]
async fn lists_hold_what_is_ones_own() {
    let world = World::new().await;
    for row in table().rows() {
        let is_list = matches!(row.access, Access::Tenant(_))
            && row.method == "GET"
            && !row.path.contains("{id}");
        if !is_list {
            continue;
        }
        let seen = world.call(row, "").by(&world.ada).send().await;
        let text = String::from_utf8_lossy(&seen.bytes).into_owned();
        for foreign in [&world.build, &world.project, &world.snapshot] {
            assert!(!text.contains(&**foreign), "{}: {foreign}", row.name);
        }
        assert!(!text.contains(&world.bob.tenant.unwrap().to_string()), "{}", row.name);
    }
}

#[tokio::test]
async fn a_viewer_token_opens_the_events_of_its_build_and_nothing_else() {
    let world = World::new().await;
    let path = format!("/v1/builds/{}/viewer-token", world.build);
    let pass = world.app.post(&path).by(&world.bob).send().await.json();
    let bearer = format!("Bearer {}", pass["token"].as_str().unwrap());
    let fixture = world.app.fixture();
    let other = fixture.submitted(world.bob.owned()).await.build.id.to_string();
    for row in table().rows() {
        let (id, expected) = match row.access {
            Access::Build(_) => (other.clone(), "404 NOT_FOUND"),
            Access::Session | Access::Tenant(_) | Access::Operator => {
                let takes_id = row.path.contains("{id}");
                (if takes_id { world.ids(row).0 } else { String::new() }, "401 AUTH_REQUIRED")
            }
            Access::Public | Access::SessionOptional | Access::TenantOrGuest(_) => continue,
        };
        let answer = world.call(row, &id).header("authorization", &bearer).send().await;
        assert_eq!(answer.verdict(), expected, "{}", row.name);
    }
}
