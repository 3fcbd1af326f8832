//! Clients who do not wait for the answer, and clients who never stop asking.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::json;

use crate::harness::books::{Books, Moment};
use crate::harness::{Api, House};

const BAKERY: &str = "A landing page for a bakery";

/// Sends a whole request and closes the connection without reading a byte of the answer.
fn send_and_hang_up(address: &str, owner: &Api, key: &str) {
    let body = json!({ "description": BAKERY }).to_string();
    let mut connection = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /v1/builds HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\
         Idempotency-Key: {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        owner.token(),
        body.len()
    );
    connection.write_all(head.as_bytes()).unwrap();
    connection.write_all(body.as_bytes()).unwrap();
}

#[tokio::test]
async fn a_client_that_hangs_up_leaves_nothing_half_done() {
    let house = House::new();
    let server = house.start().await;
    let owner = house.guest().sign_up("ada").await;
    let address = house.base().trim_start_matches("http://").to_owned();
    for n in 0..60 {
        send_and_hang_up(&address, &owner, &format!("gone-{n}"));
    }
    // The store still answers, and asking again with the same key finds what was done.
    let body = json!({ "description": BAKERY });
    for n in 0..60 {
        let ask = owner.ask(&reqwest::Method::POST, "/v1/builds").key(&format!("gone-{n}"));
        let build = ask.json(&body).answer().await.must(202);
        owner.ended(build["id"].as_str().unwrap()).await;
    }
    server.stop().await;
    let books = Books::of(&house).await;
    assert_eq!(books.count("SELECT COUNT(*) FROM builds").await, 60, "one build for each key");
    books.inspect(Moment::AtRest).await.must_be_sound();
}

#[tokio::test]
async fn a_request_that_is_no_http_harms_nobody() {
    let house = House::new();
    let server = house.start().await;
    let address = house.base().trim_start_matches("http://").to_owned();
    for garbage in ["\u{0}\u{1}\u{2}\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET\r\n\r\n"] {
        let mut connection = TcpStream::connect(&address).unwrap();
        connection.write_all(garbage.as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    let headers = "X: y\r\n".repeat(200);
    let mut connection = TcpStream::connect(&address).unwrap();
    let head = format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
    connection.write_all(head.as_bytes()).unwrap();
    let mut answer = [0; 12];
    connection.read_exact(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(house.guest().get("/healthz").await.status, 200);
    server.stop().await;
}

#[tokio::test]
async fn one_reader_opens_ten_streams_and_no_more() {
    let house = House::new().slow_agents(60_000);
    let server = house.start().await;
    let owner = house.guest().sign_up("ada").await;
    let build = owner.submit(BAKERY).await;
    let mut open = Vec::new();
    for _ in 0..10 {
        open.push(owner.follow(&build, 0).await);
    }
    let one_more = owner.get(&format!("/v1/builds/{build}/events/stream")).await;
    one_more.refused(429, "TOO_MANY_STREAMS");
    server.kill().await;
}
