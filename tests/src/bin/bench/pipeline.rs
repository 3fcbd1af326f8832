//! Builds from submission to deployment, through HTTP, by the offline engine.

use std::time::Instant;

use futures::future::join_all;

use crate::place::{Kind, check_books};
use crate::report::Row;

/// Tenants side by side, and builds of each.
const TENANTS: usize = 20;
const BUILDS_EACH: usize = 2;

pub async fn builds() -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for kind in Kind::BOTH {
        let house = kind.house("builds").await?;
        let server = house.start().await;
        let mut owners = Vec::new();
        for number in 0..TENANTS {
            owners.push(house.guest().sign_up(&format!("tenant{number}")).await);
        }
        let started = Instant::now();
        let builds = owners.iter().flat_map(|owner| (0..BUILDS_EACH).map(move |_| owner));
        join_all(builds.map(async |owner| {
            let build = owner.submit("A landing page for a bakery").await;
            owner.ended(&build).await
        }))
        .await;
        let count = TENANTS * BUILDS_EACH;
        let per_minute = count as f64 / started.elapsed().as_secs_f64() * 60.0;
        server.stop().await;
        check_books(&house).await?;
        let what = format!("builds, submitted to deployed, {}", kind.with_redis());
        rows.push(Row::alone(what, "/min", per_minute).noted(format!(
            "{count} builds of 5 agents, {TENANTS} tenants, offline engine, one process, followed"
        )));
    }
    Ok(rows)
}
