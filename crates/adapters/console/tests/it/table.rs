//! The table of pages: who may open what, and how it is counted.

use keelway_http::guard::Access;
use keelway_http::routes::Row;
use reqwest::Method;

use crate::app::TestApp;

fn rows() -> Vec<&'static Row> {
    keelway_console::pages().routes.rows().iter().collect()
}

#[test]
fn who_may_open_what() {
    let mut rows = rows();
    rows.sort_by_key(|row| (&row.path, row.method.as_str()));
    let line = |row: &&Row| {
        let rate = row.rate.map_or("unlimited", |class| class.as_str());
        let keyed = if row.keyed { "keyed" } else { "" };
        let (method, access) = (row.method.as_str(), row.access.to_string());
        let line = format!("{method:<5} {:<44} {access:<28} {rate:<13} {keyed}", row.path);
        line.trim_end().to_owned()
    };
    let rows: Vec<String> = rows.iter().map(line).collect();
    insta::assert_snapshot!(rows.join("\n"));
}

#[test]
fn pages_are_pages_and_none_is_served_twice() {
    let mut names: Vec<&str> = rows().iter().map(|row| row.name.as_str()).collect();
    assert!(rows().iter().all(|row| row.is_page()));
    let api = keelway_http::routes::table().rows().iter().map(|row| row.name.as_str());
    names.extend(api);
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}

#[test]
fn a_workspace_in_the_path_asks_for_a_right_in_it_and_nothing_else_does() {
    for row in rows() {
        let asks = matches!(row.access, Access::Tenant(_) | Access::Build(_));
        assert_eq!(row.path.starts_with("/w/{workspace}"), asks, "{}", row.name);
    }
}

/// A path of the row in the workspace `slug`, with ids that nobody has.
pub(crate) fn path_in(row: &Row, slug: &str) -> String {
    let id = match row.path.split("/{id}").next().unwrap().rsplit('/').next() {
        Some("builds") => "bld_01h455vb4pex5vsknk084sn02q",
        Some("projects") => "prj_01h455vb4pex5vsknk084sn02q",
        Some("sessions") => "ses_01h455vb4pex5vsknk084sn02q",
        Some("invitations") => "inv_01h455vb4pex5vsknk084sn02q",
        _ => "usr_01h455vb4pex5vsknk084sn02q",
    };
    row.path
        .replace("{workspace}", slug)
        .replace("{id}", id)
        .replace("{snapshot}", "snp_01h455vb4pex5vsknk084sn02q")
        .replace("{path}", "index.html")
}

#[tokio::test]
async fn another_tenants_workspace_is_as_unknown_as_one_that_is_not_there() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let bob = app.owner("bob@example.com").await;
    let seen = |slug: String| {
        let (app, ada) = (&app, &ada);
        async move {
            let mut seen = Vec::new();
            for row in rows().into_iter().filter(|row| row.path.contains("{workspace}")) {
                let path = path_in(row, &slug);
                let answer = if row.method == Method::GET.as_str() {
                    app.get(&path).by(ada).header("x-request-id", "req_same").send().await
                } else {
                    let call = app.form(&path, ada, &[]).header("x-request-id", "req_same");
                    call.send().await
                };
                assert_eq!(answer.verdict(), "404 NOT_FOUND", "{} of {slug}", row.name);
                seen.push(answer.main().to_owned());
            }
            seen
        }
    };
    let foreign = seen(bob.slug.clone()).await;
    assert_eq!(foreign, seen("nowhere-at-all".to_owned()).await);
    assert_eq!(foreign, seen("No%20Slug".to_owned()).await);
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_asked_to_and_comes_back() {
    let app = TestApp::spawn().await;
    for row in rows() {
        let open = matches!(row.access, Access::Public | Access::SessionOptional);
        if open || row.method != Method::GET.as_str() {
            continue;
        }
        let path = path_in(row, "some-workspace");
        let answer = app.get(&path).send().await;
        assert_eq!(answer.verdict(), format!("303 /signin?next={path}"), "{}", row.name);
    }
}

#[tokio::test]
async fn every_form_is_refused_without_proof_that_it_is_ours() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let bob = app.owner("bob@example.com").await;
    let olga = app.operator("olga@example.com").await;
    let others = bob.token.csrf_token();
    for row in rows().into_iter().filter(|row| row.takes_forms()) {
        // For anybody but an operator there is no such page, whatever they send.
        let who = if row.access == Access::Operator { &olga } else { &ada };
        let (path, right) = (path_in(row, &who.slug), who.token.csrf_token());
        for (case, origin, csrf) in [
            ("no word of the browser", None, Some(&right)),
            ("another site", Some(("sec-fetch-site", "cross-site")), Some(&right)),
            ("a site next door", Some(("sec-fetch-site", "same-site")), Some(&right)),
            ("another origin", Some(("origin", "https://evil.example")), Some(&right)),
            ("no origin", Some(("origin", "null")), Some(&right)),
            ("no token", Some(("sec-fetch-site", "same-origin")), None),
            ("somebody else's token", Some(("sec-fetch-site", "same-origin")), Some(&others)),
        ] {
            // Nobody's session vouches for what a public form does.
            if row.access == Access::Public && case.contains("token") {
                continue;
            }
            let call = app.post(&path).by(who);
            let call =
                origin.into_iter().fold(call, |call, (name, value)| call.header(name, value));
            let token: Vec<(&str, &str)> =
                csrf.map(|token| ("csrf", token.as_str())).into_iter().collect();
            let answer = call.fields(&token).send().await;
            assert_eq!(answer.verdict(), "403 CSRF_REJECTED", "{} with {case}", row.name);
        }
        let json = app.post(&path).by(who).header("sec-fetch-site", "same-origin");
        let answer = json.body("application/json", "{}").send().await;
        assert_eq!(answer.verdict(), "415 UNSUPPORTED_MEDIA_TYPE", "{}", row.name);
    }
}
