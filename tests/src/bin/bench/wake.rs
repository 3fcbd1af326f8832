//! How soon a build that was asked for is begun, where nothing else is to do.

use anyhow::Context as _;
use keelway_kernel::{Clock as _, Timestamp};
use keelway_tests::House;

use crate::place::{Kind, WallClock, check_books};
use crate::report::{Row, median};

const BUILDS: usize = 60;

pub async fn rows() -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for kind in Kind::BOTH {
        let house = kind.house("wake").await?;
        let (server, worker) = match kind {
            Kind::Sqlite => (house.start().await, None),
            Kind::Postgres => {
                let server = house.serve_at(house.door()).await.context("a server")?;
                (server, Some(house.work()))
            }
        };
        let took = begin(&house).await?;
        if let Some(worker) = worker {
            worker.stop().await;
        }
        server.stop().await;
        check_books(&house).await?;
        let what = format!("submitted to begun, {}, p50", kind.with_redis());
        rows.push(Row::alone(what, " ms", median(took)).noted(match kind {
            Kind::Sqlite => "from the answer to the submit to the worker's first words",
            Kind::Postgres => "the same, server and worker two processes",
        }));
    }
    Ok(rows)
}

/// From the answer until the first event that the worker wrote once the build was its own. Its
/// time is that of the transaction that wrote it, so one more has ended before.
async fn begin(house: &House) -> anyhow::Result<Vec<f64>> {
    let owner = house.guest().sign_up("ada").await;
    let mut took = Vec::new();
    for _ in 0..BUILDS {
        let build = owner.submit("A landing page for a bakery").await;
        let answered = WallClock.now();
        owner.ended(&build).await;
        let events = owner.events(&build, 0).await;
        let started = events.iter().position(|event| event["type"] == "build.started");
        let first = events.get(started.context("a start")? + 1).context("an event")?;
        let time = Timestamp::parse(first["time"].as_str().unwrap_or_default());
        let micros = time.context("a time")?.as_micros() - answered.as_micros();
        took.push(micros as f64 / 1_000.0);
    }
    Ok(took)
}
