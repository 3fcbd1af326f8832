//! One tenant sees nothing of another, by any route there is.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::api::text;
use crate::harness::books::Books;
use crate::harness::{Answer, Api, House};

/// What a path's `{name}` stands for: an id that exists, and one like it that does not.
struct Ids {
    theirs: BTreeMap<&'static str, String>,
}

/// What is not there, of the same kind: the same prefix and another number.
fn random(id: &str) -> String {
    let (prefix, _) = id.split_once('_').unwrap();
    format!("{prefix}_01h455vb4pex5vsknk084sn02q")
}

impl Ids {
    async fn of(owner: &Api) -> Self {
        let build = owner.submit("A landing page for a bakery in Lisbon").await;
        let view = owner.ended(&build).await;
        let theirs = BTreeMap::from([
            ("builds", build),
            ("projects", text(&view["project_id"])),
            ("snapshots", text(&view["snapshot_id"])),
        ]);
        Self { theirs }
    }

    /// The path with ids in it: theirs, and such as nobody has; none if it takes no id.
    fn fill(&self, path: &str) -> Option<(String, String)> {
        let kind = path.split('/').nth(2)?;
        let id = self.theirs.get(kind)?;
        path.contains("{id}").then(|| {
            let path = path.replace("{path}", "index.html");
            (path.replace("{id}", id), path.replace("{id}", &random(id)))
        })
    }
}

async fn ask(api: &Api, method: &Method, path: &str, body: Option<&Value>) -> Answer {
    let ask = api.ask(method, path);
    match body {
        Some(body) => ask.json(body).answer().await,
        None => ask.answer().await,
    }
}

#[tokio::test]
async fn no_route_tells_one_tenant_anything_of_another() {
    let house = House::new();
    let server = house.start().await;
    let guest = house.guest();
    let ada = guest.sign_up("ada").await;
    let bea = guest.sign_up("bea").await;
    let ids = Ids::of(&ada).await;
    let marks: Vec<_> = ids.theirs.values().cloned().collect();
    let books = Books::of(&house).await;
    let state = || async {
        (
            books.count("SELECT COUNT(*) FROM build_events").await,
            books.count("SELECT COUNT(*) FROM builds").await,
            books.count("SELECT COUNT(*) FROM audit_log").await,
            books.count("SELECT COUNT(*) FROM viewer_tickets").await,
        )
    };
    let before = state().await;

    let document = guest.get("/v1/openapi.json").await.must(200);
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Ok(method) = Method::from_bytes(method.to_uppercase().as_bytes()) else { continue };
            let body = operation["requestBody"].is_object().then(|| json!({}));
            if let Some((theirs, nobodys)) = ids.fill(path) {
                let foreign = ask(&bea, &method, &theirs, body.as_ref()).await;
                let unknown = ask(&bea, &method, &nobodys, body.as_ref()).await;
                foreign.refused(404, "NOT_FOUND");
                assert_eq!(foreign.alike(), unknown.alike(), "{method} {path}");
                let stranger = ask(&guest, &method, &theirs, body.as_ref()).await;
                let nobody = ask(&guest, &method, &nobodys, body.as_ref()).await;
                stranger.refused(401, "AUTH_REQUIRED");
                assert_eq!(stranger.alike(), nobody.alike(), "{method} {path}");
                asked += 1;
            } else if method == Method::GET && !path.contains('{') && path != "/metrics" {
                let answer = bea.get(path).await;
                let body = String::from_utf8_lossy(&answer.body);
                for mark in &marks {
                    assert!(!body.contains(mark.as_str()), "{path} tells of {mark}");
                }
                asked += 1;
            }
        }
    }
    println!("{asked} operations asked");
    assert!(asked >= 12, "the document names too few routes to prove anything");

    // Ids in bodies and queries are no way round.
    let project = json!({ "description": "A landing page", "project_id": ids.theirs["projects"] });
    bea.post("/v1/builds", &project).await.refused(404, "NOT_FOUND");
    let filtered = format!("/v1/builds?project_id={}", ids.theirs["projects"]);
    let filtered = bea.get(&filtered).await;
    if filtered.status == 200 {
        assert_eq!(filtered.json()["data"], json!([]));
    } else {
        filtered.refused(404, "NOT_FOUND");
    }
    // Nor is saying that one belongs there.
    let tenant = ada.get("/v1/me").await.must(200)["tenant"].clone();
    let claimed = bea.ask(&Method::GET, "/v1/builds").header("x-tenant", tenant.as_str().unwrap());
    claimed.answer().await.refused(404, "NOT_FOUND");
    // Nor is a token for a build of one's own.
    let own = bea.submit("A landing page for a florist").await;
    let pass = bea.post(&format!("/v1/builds/{own}/viewer-token"), &json!({})).await.must(200);
    let theirs = format!("/v1/builds/{}/events", ids.theirs["builds"]);
    let viewer = guest.bearing(pass["token"].as_str().unwrap());
    viewer.get(&theirs).await.refused(404, "NOT_FOUND");
    let ticket = format!("{theirs}/stream?ticket={}", pass["ticket"].as_str().unwrap());
    let by_ticket = guest.get(&ticket).await;
    assert!([401, 404].contains(&by_ticket.status), "{by_ticket}");

    bea.ended(&own).await;
    let own_rows = books
        .count("SELECT COUNT(*) FROM build_events WHERE build_id = (SELECT MAX(id) FROM builds)")
        .await;
    let after = state().await;
    assert_eq!((after.0 - own_rows, after.1 - 1), (before.0, before.1), "nothing was changed");
    server.stop().await;
}
