//! Builds through the queue on PostgreSQL, beside jobs through the least that a queue could be.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures::StreamExt as _;
use keelway_builds::end::{End, Finish};
use keelway_builds::run::{Assignment, Take};
use keelway_builds::{BuildFailure, FailureReason};
use keelway_contract::Fixture;
use keelway_kernel::MicroUsd;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::ROUNDS;
use crate::bare::Pgbench;
use crate::load::repeat;
use crate::place::{Customers, Kind, Place};
use crate::report::{Row, median};

const TENANTS: usize = 64;
/// Workers, and clients of pgbench.
const WORKERS: u32 = 16;
const LENGTH: Duration = Duration::from_secs(2);
/// Builds of a round.
const BUILDS: usize = 2_000;

/// Leases the build whose turn it is.
pub async fn take(fx: &Fixture) -> anyhow::Result<Option<Assignment>> {
    let cmd = Take { worker: "bench".to_owned(), ttl_ms: 3_600_000 };
    Ok(fx.store.queue.take(cmd).await?)
}

/// Ends a build for good. That it failed spares us its files; all else is written as ever.
pub async fn finish(fx: &Fixture, taken: Assignment) -> anyhow::Result<()> {
    let failure = BuildFailure {
        reason: FailureReason::Internal,
        message: "It was for a measurement.".to_owned(),
        retryable: false,
    };
    let end = End::Failed { failure, charged: MicroUsd::ZERO, retry_after: None, jitter: 0 };
    let finish = Finish { lease: taken.lease, end };
    fx.store.queue.finish(finish).await.context("the end of a build")?;
    Ok(())
}

/// Puts builds into the queue, 64 at once.
pub async fn submit(fx: &Fixture, customers: &Customers, count: usize) -> anyhow::Result<()> {
    let submits = (0..count).map(async |number| {
        let wish = customers.wish(number, fx)?;
        fx.store.submissions.submit(wish).await.context("a submit")?;
        anyhow::Ok(())
    });
    let mut submits = futures::stream::iter(submits).buffer_unordered(64);
    while let Some(done) = submits.next().await {
        done?;
    }
    Ok(())
}

/// Takes and finishes what waits, by so many workers; how many a second.
async fn drain(fx: &Fixture) -> anyhow::Result<f64> {
    let started = Instant::now();
    let workers = (0..WORKERS).map(async |_| {
        let mut done = 0;
        while let Some(taken) = take(fx).await? {
            finish(fx, taken).await?;
            done += 1;
        }
        anyhow::Ok(done)
    });
    let done: u32 = futures::future::try_join_all(workers).await?.into_iter().sum();
    Ok(f64::from(done) / started.elapsed().as_secs_f64())
}

/// Submitting, and taking and finishing.
pub async fn steps() -> anyhow::Result<Vec<Row>> {
    let place = Place::open(Kind::Postgres, "steps").await?;
    let customers = place.customers(TENANTS).await?;
    let bare = Pgbench::open("jobs.sql").await?;
    let (mut limits, mut submits, mut drains) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        limits.push(bare.rate("queue.sql", WORKERS, LENGTH).await?);
        let (fx, started) = (place.fx(), Instant::now());
        submit(&fx, &customers, BUILDS).await?;
        submits.push(BUILDS as f64 / started.elapsed().as_secs_f64());
        drains.push(drain(&fx).await?);
    }
    place.check_books().await?;
    let limit = median(limits);
    Ok(vec![
        Row::against("take and finish a build, PostgreSQL", "/s", limit, median(drains)).noted(
            "16 workers, a commit a step, beside pgbench's enqueue, take, complete, 16 clients",
        ),
        Row::against("submit a build through the port, PostgreSQL", "/s", limit, median(submits))
            .noted("64 in flight"),
        Row::missing("the same beside graphile-worker", "it is no package of this system's"),
    ])
}

/// How long the snapshot is held before its effect is measured.
const HELD: Duration = Duration::from_secs(20);
const MEASURED: Duration = Duration::from_secs(5);

/// The life of builds while a session keeps the server from tidying up.
pub async fn old_snapshot() -> anyhow::Result<Vec<Row>> {
    let place = Place::open(Kind::Postgres, "snapshot").await?;
    let customers = place.customers(TENANTS).await?;
    let life = {
        let fx = place.fx();
        move |worker| {
            let (fx, customers) = (fx.clone(), customers.clone());
            async move {
                let wish = customers.wish(worker, &fx)?;
                fx.store.submissions.submit(wish).await.context("a submit")?;
                let Some(taken) = take(&fx).await? else { return Ok(()) };
                finish(&fx, taken).await
            }
        }
    };
    let workers = usize::try_from(WORKERS)?;
    repeat(workers, MEASURED, life.clone()).await?;
    let without = repeat(workers, MEASURED, life.clone()).await?;

    let database: PgConnectOptions = place.superuser()?.parse()?;
    let mut session = database.connect().await?;
    sqlx::raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM build_queue")
        .execute(&mut session)
        .await?;
    repeat(workers, HELD, life.clone()).await?;
    let with = repeat(workers, MEASURED, life).await?;
    sqlx::raw_sql("COMMIT").execute(&mut session).await?;
    session.close().await?;
    place.check_books().await?;
    let what = "life of a build, old snapshot held";
    Ok(vec![Row::against(what, "/s", without.per_second, with.per_second).noted(format!(
        "submit, take, finish by 16 workers, once, after {} s; limit: the same before",
        HELD.as_secs()
    ))])
}
