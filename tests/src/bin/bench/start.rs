//! The real binary as a process: from its start until it is ready, and what it holds in memory.

use std::time::Instant;

use anyhow::Context as _;
use futures::future::join_all;
use keelway_tests::Server;

use crate::ROUNDS;
use crate::place::Kind;
use crate::report::{Row, median};

/// Readers who wait for events, ten of each person.
const READERS: usize = 500;

/// Start to ready on a used database, and memory once idle.
pub async fn rows() -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for kind in Kind::BOTH {
        let house = kind.house("start").await?;
        house.start().await.stop().await;
        let guest = house.guest();
        let (mut ready, mut memory) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let started = Instant::now();
            let server = house.start().await;
            while guest.get("/readyz").await.status != 200 {}
            ready.push(started.elapsed().as_secs_f64() * 1_000.0);
            memory.push(resident_kib(&server)? / 1_024.0);
            server.stop().await;
        }
        let name = kind.with_redis();
        rows.push(Row::alone(format!("start to ready, {name}"), " ms", median(ready)));
        rows.push(Row::alone(format!("memory, idle, {name}"), " MiB", median(memory)));
    }
    rows.push(readers().await?);
    Ok(rows)
}

/// What each reader of a build that waits adds to the server's memory.
async fn readers() -> anyhow::Result<Row> {
    let house = Kind::Sqlite.house("readers").await?.set("WORKER_ENABLED", "false");
    let server = house.start().await;
    let mut builds = Vec::new();
    for number in 0..READERS / 10 {
        let owner = house.guest().sign_up(&format!("person{number}")).await;
        let build = owner.submit("A landing page for a bakery").await;
        builds.push((owner, build));
    }
    let before = resident_kib(&server)?;
    let readers = (0..READERS).map(|number| {
        let (owner, build) = &builds[number / 10];
        owner.follow(build, 0)
    });
    let mut readers = join_all(readers).await;
    join_all(readers.iter_mut().map(keelway_tests::sse::Events::next)).await;
    let each = (resident_kib(&server)? - before) / READERS as f64;
    drop(readers);
    server.stop().await;
    Ok(Row::alone("memory of an idle reader", " KiB", each)
        .noted(format!("{READERS} readers of events, with all that a connection takes")))
}

/// Resident memory.
fn resident_kib(server: &Server) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid()))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("VmRSS")?;
    Ok(line.split_whitespace().nth(1).context("a size")?.parse()?)
}
