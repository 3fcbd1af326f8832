//! Builds from submission to deployment, through HTTP, by the offline engine.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::http::{UNLIMITED, sign_up};
use crate::process::{Server, get, post};
use crate::report::Row;

/// Tenants side by side; a new one may run one build at a time, and has credits for four.
const TENANTS: usize = 20;
const BUILDS_EACH: usize = 2;

pub async fn builds() -> anyhow::Result<Row> {
    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path(), UNLIMITED).await?;
    let mut tenants = Vec::new();
    for tenant in 0..TENANTS {
        tenants.push(sign_up(&server.address, &format!("tenant{tenant}")).await?);
    }
    let started = Instant::now();
    let mut builds = Vec::new();
    for auth in &tenants {
        for number in 0..BUILDS_EACH {
            let body =
                json!({ "description": format!("A landing page for bakery number {number}") });
            let (status, reply) =
                post(&server.address, "/v1/builds", auth, &body.to_string()).await?;
            ensure!(status == 202, "submit answered {status}: {reply}");
            let reply: Value = serde_json::from_str(&reply)?;
            builds.push((auth, reply["id"].as_str().context("an id")?.to_owned()));
        }
    }
    for (auth, id) in &builds {
        loop {
            let path = format!("/v1/builds/{id}");
            let wait = format!("{auth}Prefer: wait=10\r\n");
            let (status, reply) = get(&server.address, &path, &wait).await?;
            ensure!(status == 200, "a build answered {status}: {reply}");
            let reply: Value = serde_json::from_str(&reply)?;
            match reply["status"].as_str() {
                Some("deployed") => break,
                Some("queued" | "building") => {}
                other => anyhow::bail!("a build ended as {other:?}: {reply}"),
            }
            ensure!(started.elapsed() < Duration::from_mins(10), "the builds take too long");
        }
    }
    let took = started.elapsed().as_secs_f64();
    let count = f64::from(u32::try_from(builds.len())?);
    Ok(Row::alone("builds, submitted to deployed", "/min", count / took * 60.0).noted(format!(
        "{count} builds of 5 agents, {TENANTS} tenants, offline engine, one process"
    )))
}
