//! The files of a snapshot.

use serde_json::Value;

use crate::app::TestApp;

#[tokio::test]
async fn files_are_listed_and_read_but_never_run() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let build = app.deployed(&ada).await;
    let snapshot = app.build(&ada, &build).await["snapshot_id"].as_str().unwrap().to_owned();
    let files = app.get(&format!("/v1/snapshots/{snapshot}/files")).by(&ada).send().await.json();
    let files = files["data"].as_array().unwrap().clone();
    assert!(files.iter().any(|file| file["path"] == "index.html"), "{files:?}");
    let text = |file: &Value, key: &str| file[key].as_str().unwrap().to_owned();
    for file in &files {
        let path = format!("/v1/snapshots/{snapshot}/files/{}", text(file, "path"));
        let read = app.get(&path).by(&ada).send().await;
        assert_eq!(read.status, 200, "{path}");
        assert_eq!(read.bytes.len() as u64, file["bytes"].as_u64().unwrap());
        assert_eq!(read.header("etag"), format!("\"{}\"", text(file, "digest")));
        let served = read.header("content-type");
        assert!(["text/plain; charset=utf-8", "application/octet-stream"].contains(&served));
        assert!(read.header("content-disposition").starts_with("attachment; "));
        assert!(read.header("content-security-policy").starts_with("sandbox; "));
        assert_eq!(read.header("x-content-type-options"), "nosniff");
        let again = app.get(&path).by(&ada).header("if-none-match", read.header("etag"));
        assert_eq!(again.send().await.status, 304);
    }
    let head = format!("/v1/snapshots/{snapshot}/files/index.html");
    let head = app.call(reqwest::Method::HEAD, &head).by(&ada).send().await;
    assert_eq!((head.status.as_u16(), head.bytes.len()), (200, 0));
    for hostile in [
        "",
        "nothing.html",
        "INDEX.HTML",
        "index.html/",
        "./index.html",
        "%2e%2e/index.html",
        "..%2f..%2fetc%2fpasswd",
        "index.html%00",
        "%ff",
        "a%5cb",
        "//index.html",
    ] {
        let path = format!("/v1/snapshots/{snapshot}/files/{hostile}");
        // Written out by hand: clients tidy such paths up before they send them.
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\nconnection: close\r\n\r\n",
            app.authority(),
            ada.token.expose(),
        );
        let answer = app.raw(&request).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{hostile}: {answer}");
    }
}
