//! A read behind a session, beside an empty handler of the same web server.

use std::process::Stdio;
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Context as _;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::ROUNDS;
use crate::load::rate;
use crate::process::{Server, post};
use crate::report::{Row, median};

const CONNECTIONS: usize = 64;
const LENGTH: Duration = Duration::from_secs(2);

/// Settings that let a load through: the limiter counts, but never refuses.
pub const UNLIMITED: &[(&str, &str)] = &[
    ("KEELWAY_RATE_LIMITS_READ_LIMIT", "100000000"),
    ("KEELWAY_RATE_LIMITS_AUTH_LIMIT", "100000000"),
    ("KEELWAY_RATE_LIMITS_WRITE_LIMIT", "100000000"),
    ("KEELWAY_RATE_LIMITS_BUILD_SUBMIT_LIMIT", "100000000"),
    ("KEELWAY_LOG_LEVEL", "warn"),
];

/// Runs the empty handler until killed; prints where it listens.
pub fn serve_empty() -> anyhow::Result<()> {
    actix_web::rt::System::new().block_on(async {
        let app = || App::new().route("/", web::get().to(HttpResponse::Ok));
        let server = HttpServer::new(app).bind(("127.0.0.1", 0))?;
        println!("{}", server.addrs()[0]);
        server.run().await?;
        anyhow::Ok(())
    })
}

/// Signs somebody up with a workspace and gives their bearer header.
pub async fn sign_up(address: &str, who: &str) -> anyhow::Result<String> {
    let body = json!({
        "email": format!("{who}@example.com"),
        "password": "correct horse battery",
        "workspace": who,
    });
    let (status, body) = post(address, "/v1/auth/sign-up", "", &body.to_string()).await?;
    anyhow::ensure!(status == 201, "sign-up answered {status}: {body}");
    let body: Value = serde_json::from_str(&body)?;
    let token = body["session_token"].as_str().context("a session token")?;
    Ok(format!("Authorization: Bearer {token}\r\n"))
}

pub async fn session_read() -> anyhow::Result<Row> {
    let mut empty = Command::new(std::env::current_exe()?)
        .arg("empty-server")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let stdout = empty.stdout.take().context("its output")?;
    let bare = BufReader::new(stdout).lines().next_line().await?.context("an address")?;

    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path(), UNLIMITED).await?;
    let auth = sign_up(&server.address, "reader").await?;
    let read = format!("GET /v1/tenants HTTP/1.1\r\nHost: {}\r\n{auth}\r\n", server.address);
    let nothing = format!("GET / HTTP/1.1\r\nHost: {bare}\r\n\r\n");

    let (mut limits, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        limits.push(rate(&bare, &nothing, CONNECTIONS, LENGTH).await?);
        ours.push(rate(&server.address, &read, CONNECTIONS, LENGTH).await?);
    }
    Ok(Row::against("read behind a session, over HTTP", "/s", median(limits), median(ours)).noted(
        "GET /v1/tenants beside an empty actix handler, 64 connections, one machine for both ends",
    ))
}
