//! Previews and deployments, as anybody meets them.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use keelway_http::client::Cidr;
use keelway_http::{HttpSettings, http};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;

use crate::app::TestApp;
use crate::limits::at_most;
use crate::logs::log;

/// The sites' server beside the API's.
struct Sites {
    url: String,
    client: Client,
    server: ServerHandle,
}

impl Sites {
    /// Labels stand in the host, as in the test app's settings, or in the path.
    fn spawn(app: &TestApp, in_host: impl Into<Option<&'static str>>) -> Self {
        Self::behind(app, in_host, Vec::new())
    }

    /// The same behind proxies that are believed.
    fn behind(
        app: &TestApp,
        in_host: impl Into<Option<&'static str>>,
        trusted_proxies: Vec<Cidr>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let template = in_host.into().map_or(format!("{url}/{{label}}/"), str::to_owned);
        let address = Arc::new(move |label: &keelway_builds::SiteLabel| {
            template.replace("{label}", label.as_str())
        });
        let mut settings = HttpSettings::new("http://127.0.0.1:8080", address);
        settings.workers = std::num::NonZeroU32::new(1);
        settings.trusted_proxies = trusted_proxies;
        let server = http(app.platform.clone(), settings).serve_sites(listener).unwrap();
        let handle = server.handle();
        #[expect(clippy::disallowed_methods, reason = "the server ends with the test's runtime")]
        tokio::spawn(server);
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self { url, client, server: handle }
    }

    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    async fn get(&self, path: &str) -> Response {
        self.call(Method::GET, path).send().await.unwrap()
    }
}

impl Drop for Sites {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

/// The label in a site's address.
fn label(url: &Value) -> String {
    let host = url.as_str().unwrap().strip_prefix("http://").unwrap();
    host.split('.').next().unwrap().to_owned()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

struct Served {
    app: TestApp,
    sites: Sites,
    preview: String,
    deployment: String,
}

async fn served() -> Served {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let build = app.deployed(&ada).await;
    let build = app.build(&ada, &build).await;
    let (preview, deployment) = (label(&build["preview_url"]), label(&build["deployment_url"]));
    let sites = Sites::spawn(&app, None);
    Served { app, sites, preview, deployment }
}

#[tokio::test]
async fn previews_and_deployments_serve_the_same_files_sandboxed() {
    let Served { app: _app, sites, preview, deployment } = served().await;
    assert_ne!(preview, deployment);
    for label in [&preview, &deployment] {
        let page = sites.get(&format!("/{label}/")).await;
        assert_eq!(page.status(), 200);
        let policy = header(&page, "content-security-policy").replace(label, "LABEL");
        let policy = policy.replace(&sites.url, "SITES").replace("; ", "\n");
        insta::assert_snapshot!("policy", policy);
        for (name, value) in [
            ("content-type", "text/html; charset=utf-8"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("access-control-allow-origin", "*"),
            ("cross-origin-resource-policy", "cross-origin"),
            ("cache-control", "no-cache"),
        ] {
            assert_eq!(header(&page, name), value, "{name}");
        }
        for absent in ["set-cookie", "service-worker-allowed", "access-control-allow-credentials"] {
            assert!(!page.headers().contains_key(absent), "{absent}");
        }
        let tag = header(&page, "etag").to_owned();
        let whole = page.text().await.unwrap();
        assert!(whole.starts_with("<!DOCTYPE html>") || whole.starts_with("<!doctype html>"));
        let named = sites.get(&format!("/{label}/index.html")).await;
        assert_eq!(named.text().await.unwrap(), whole);
        let known = sites.call(Method::GET, &format!("/{label}/")).header("if-none-match", &tag);
        let known = known.send().await.unwrap();
        assert_eq!((known.status().as_u16(), header(&known, "etag")), (304, &*tag));
        let head = sites.call(Method::HEAD, &format!("/{label}/")).send().await.unwrap();
        assert_eq!(header(&head, "content-length"), whole.len().to_string());
        assert_eq!(head.text().await.unwrap(), "");
    }
}

#[tokio::test]
async fn addresses_without_their_slash_are_led_to_it() {
    let Served { app: _app, sites, preview, .. } = served().await;
    let moved = sites.get(&format!("/{preview}")).await;
    assert_eq!(
        (moved.status().as_u16(), header(&moved, "location")),
        (308, &*format!("/{preview}/"))
    );
}

#[tokio::test]
async fn lost_visitors_get_the_sites_own_page_and_strangers_nothing() {
    let Served { app: _app, sites, preview, .. } = served().await;
    let lost = sites.get(&format!("/{preview}/no-such-page.html")).await;
    assert_eq!(
        (lost.status().as_u16(), header(&lost, "content-type")),
        (404, "text/html; charset=utf-8")
    );
    assert!(header(&lost, "content-security-policy").starts_with("sandbox allow-scripts"));

    // Relative links of that page would lead astray from below a folder.
    let deep = sites.get(&format!("/{preview}/no/such/page.html")).await;
    assert_eq!((deep.status().as_u16(), header(&deep, "cache-control")), (404, "no-store"));
    let root = format!("<a href=\"{}/{preview}/\">", sites.url);
    assert!(deep.text().await.unwrap().contains(&root));

    let mut answers = Vec::new();
    for path in [
        "/",
        "/favicon.ico",
        "/01h455vb4pex5vsknk084sn02q/",
        "/01h455vb4pex5vsknk084sn02q/a/b.html",
        "/nonsense/",
        "/../etc/passwd",
    ] {
        let nothing = sites.get(path).await;
        let mut headers = nothing.headers().clone();
        headers.remove("date");
        answers.push((nothing.status(), format!("{headers:?}"), nothing.text().await.unwrap()));
    }
    assert_eq!(answers[0].0, 404);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
}

#[tokio::test]
async fn a_file_that_is_gone_or_damaged_is_an_error_that_the_log_names() {
    let lines = log();
    let Served { app, sites, deployment, .. } = served().await;
    let path = format!("/{deployment}/");
    let tag = header(&sites.get(&path).await, "etag").to_owned();
    let digest = tag.trim_matches('"');
    for break_it in [
        |file| std::fs::write(file, "half").unwrap(),
        |file: PathBuf| {
            std::fs::remove_file(file).unwrap();
        },
    ] {
        break_it(app.blob(digest));
        let before = lines.parsed().len();
        let broken = sites.get(&path).await;
        assert_eq!(
            (broken.status().as_u16(), header(&broken, "content-type")),
            (500, "text/plain; charset=utf-8")
        );
        assert_eq!(header(&broken, "cache-control"), "no-store");
        assert!(!broken.headers().contains_key("retry-after"), "no retry mends it");
        let said = lines.parsed().split_off(before);
        let is_of_site = |line: &&Value| line["fields"]["site"] == *deployment;
        let said = said.iter().find(is_of_site).expect("a line with the site");
        let error = said["fields"]["error"].as_str().unwrap();
        assert!(said["level"] == "ERROR" && error.contains(digest), "{said}");
    }
}

#[tokio::test]
async fn hostile_paths_lead_nowhere() {
    let Served { app: _app, sites, preview, deployment } = served().await;
    for hostile in [
        "../",
        "%2e%2e/",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/etc/passwd",
        "%00",
        "index.html%00",
        "%ff%fe",
        "a\\b",
        "c:%5cwindows",
        ".git/config",
        "index.html/",
        &format!("../{deployment}/index.html"),
    ] {
        let authority = sites.url.trim_start_matches("http://");
        let mut socket = tokio::net::TcpStream::connect(authority).await.unwrap();
        let request =
            format!("GET /{preview}/{hostile} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        tokio::io::AsyncWriteExt::write_all(&mut socket, request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        tokio::io::AsyncReadExt::read_to_end(&mut socket, &mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer);
        assert!(
            answer.starts_with("HTTP/1.1 404") || answer.starts_with("HTTP/1.1 400"),
            "{hostile}: {answer}"
        );
    }
}

#[tokio::test]
async fn nothing_but_reading_is_possible() {
    let Served { app: _app, sites, preview, .. } = served().await;
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS, Method::PATCH] {
        let refused = sites.call(method, &format!("/{preview}/")).send().await.unwrap();
        assert_eq!((refused.status().as_u16(), header(&refused, "allow")), (405, "GET, HEAD"));
    }
}

#[tokio::test]
async fn the_label_may_stand_in_the_host() {
    let Served { app, preview, .. } = served().await;
    let sites = Sites::spawn(&app, "https://{label}.sites.test/");
    let get = |host: String, path: &str| sites.call(Method::GET, path).header("host", host).send();
    let page = get(format!("{preview}.sites.test"), "/").await.unwrap();
    assert_eq!(page.status(), 200);
    let own = format!("'self' https://{preview}.sites.test/");
    assert!(header(&page, "content-security-policy").contains(&own));
    for host in ["sites.test".to_owned(), format!("{preview}.evil.test"), "x.sites.test".to_owned()]
    {
        assert_eq!(get(host, "/").await.unwrap().status(), 404);
    }
    assert_eq!(get("sites.test".to_owned(), &format!("/{preview}/")).await.unwrap().status(), 404);
}

#[tokio::test]
async fn who_asks_too_often_waits_before_the_store_is_asked() {
    const UNKNOWN: &str = "/01h455vb4pex5vsknk084sn02q/";
    let app = TestApp::spawn_with(at_most(2)).await;
    let open = Sites::spawn(&app, None);
    // What needs no look-up takes nothing of the limit.
    assert_eq!(open.get("/nonsense/").await.status(), 404);
    assert_eq!(open.get(UNKNOWN).await.status(), 404);
    app.store.close().await;
    let away = open.get(UNKNOWN).await;
    assert_eq!((away.status().as_u16(), header(&away, "retry-after")), (503, "5"));
    for method in [Method::GET, Method::HEAD] {
        let call = open.call(method, UNKNOWN).header("x-forwarded-for", "198.51.100.1");
        let refused = call.send().await.unwrap();
        assert_eq!((refused.status().as_u16(), header(&refused, "retry-after")), (429, "30"));
        assert_eq!(header(&refused, "cache-control"), "no-store");
    }
    // One address has one count, whatever it reads.
    assert_eq!(app.get("/v1").send().await.verdict(), "429 RATE_LIMITED");
    app.clock.advance(30);
    assert_eq!(open.get(UNKNOWN).await.status(), 503);
}

#[tokio::test]
async fn visitors_behind_a_proxy_of_ours_are_counted_alone() {
    let app = TestApp::spawn_with(at_most(1)).await;
    let sites = Sites::behind(&app, None, vec!["127.0.0.0/8".parse().unwrap()]);
    for (visitor, status) in [("198.51.100.1", 404), ("198.51.100.1", 429), ("198.51.100.2", 404)] {
        let call = sites.call(Method::GET, "/01h455vb4pex5vsknk084sn02q/");
        let answer = call.header("x-forwarded-for", visitor).send().await.unwrap();
        assert_eq!(answer.status(), status, "{visitor}");
    }
}
