//! The documentation as pages.

use keelway_http::Code;

use crate::app::TestApp;

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn the_page_lists_every_operation_and_needs_nobody_else() {
    let app = TestApp::spawn().await;
    let docs = app.get("/docs").send().await;
    let page = text(&docs.bytes);
    for row in keelway_http::routes::table().rows() {
        assert!(page.contains(&format!("<h3><code>{}</code></h3>", row.name)), "{}", row.name);
    }
    for forbidden in ["<script", " style=", " onclick", "src=", "href=\"http", "@import"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert_eq!(app.get("/docs/style.css").send().await.verdict(), "200");
    assert!(docs.header("content-security-policy").contains("style-src 'self'"));
}

#[tokio::test]
async fn every_code_has_its_page_where_its_type_points() {
    let app = TestApp::spawn().await;
    for code in Code::ALL {
        let page = app.get(&format!("/docs/errors/{}", code.as_str())).send().await;
        assert_eq!(page.verdict(), "200", "{code:?}");
        assert!(text(&page.bytes).contains(&format!("<h1>{}</h1>", code.as_str())), "{code:?}");
    }
    let problem = app.get("/v1/me").send().await.json();
    assert_eq!(app.get(problem["type"].as_str().unwrap()).send().await.verdict(), "200");
    assert_eq!(app.get("/docs/errors/NO_SUCH_CODE").send().await.verdict(), "404 NOT_FOUND");
}

#[tokio::test]
async fn the_document_is_served_as_it_is_kept() {
    let app = TestApp::spawn().await;
    let served = app.get("/v1/openapi.json").send().await;
    assert_eq!(text(&served.bytes), keelway_http::openapi_json());
    assert_eq!(served.json()["openapi"], "3.1.0");
}

#[tokio::test]
async fn the_main_job_comes_first() {
    let app = TestApp::spawn().await;
    let docs = app.get("/docs?utm_source=mail").send().await;
    let (index, _) = text(&docs.bytes).split_once("</nav>").unwrap();
    let groups: Vec<&str> =
        index.split("<h2>").skip(1).map(|group| group.split('<').next().unwrap()).collect();
    assert_eq!(groups[..4], ["auth", "tenants", "estimate", "builds"]);
    assert_eq!(groups.last(), Some(&"about"));
}
