//! Figures of Keelway beside the bare limit of the same machine, in one run.
//!
//! Started by `cargo xtask bench`, which starts the servers. Machines are noisy: what is held
//! against each other runs in turns, medians are quoted, and the ratio is what counts. After
//! every load the books are checked. Nothing here asserts a figure: it is looked at, a test
//! passes or fails.

#![expect(clippy::disallowed_methods, reason = "a bench measures time and reads the environment")]
#![expect(clippy::cast_precision_loss, reason = "counts here are small, and figures are rounded")]

mod backlog;
mod bare;
mod events;
mod http;
mod ledger;
mod ledger_postgres;
mod limits;
mod load;
mod pipeline;
mod place;
mod queue;
mod report;
mod start;
mod wake;

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::time::Instant;

use clap::Parser as _;
use futures::FutureExt as _;
use report::Row;

/// Rounds of each figure; odd, so that there is a middle one.
const ROUNDS: usize = 5;

#[derive(clap::Parser)]
struct Args {
    /// Only what has this word in its name
    #[arg(long, value_name = "WORD", default_value = "")]
    only: String,
}

type Rows = Pin<Box<dyn Future<Output = anyhow::Result<Vec<Row>>>>>;
type Measure = fn() -> Rows;

/// What there is to measure.
const SUBJECTS: [(&str, Measure); 13] = [
    ("start", || Box::pin(start::rows())),
    ("estimates", || Box::pin(async { estimates() })),
    ("reserves-sqlite", || Box::pin(ledger::reserves())),
    ("reserves-postgres", || Box::pin(ledger_postgres::reserves())),
    ("submits", || Box::pin(http::submits())),
    ("queue", || Box::pin(queue::steps())),
    ("backlog-pages", || Box::pin(backlog::rows())),
    ("snapshot", || Box::pin(queue::old_snapshot())),
    ("wake", || Box::pin(wake::rows())),
    ("reads", || Box::pin(http::reads())),
    ("limits", || Box::pin(limits::rows())),
    ("events", || Box::pin(events::rows())),
    ("pipeline", || Box::pin(pipeline::builds())),
];

/// What cannot be measured yet, and why.
const ABSENT: [(&str, &str); 4] = [
    ("credit reserve over HTTP", "no request reserves credits and does nothing else"),
    ("take and finish, batched", "a worker takes one build at a time; commits are shared above"),
    ("webhooks from the queue", "there are no webhooks yet"),
    ("metering of a model call", "no provider is called yet"),
];

fn main() -> anyhow::Result<()> {
    if std::env::args().nth(1).as_deref() == Some("empty-server") {
        return http::serve_empty();
    }
    let only = Args::parse().only;
    let runtime = tokio::runtime::Runtime::new()?;
    let mut rows = Vec::new();
    for (name, measure) in SUBJECTS {
        if name.contains(&only) {
            let started = Instant::now();
            rows.extend(runtime.block_on(measured(name, measure())));
            eprintln!("{name}: {:.0} s", started.elapsed().as_secs_f64());
        }
    }
    if only.is_empty() {
        rows.extend(ABSENT.map(|(what, why)| Row::missing(what, why)));
    }
    println!("{}", report::table(&rows));
    Ok(())
}

/// What fails leaves a row that says why, and the others go on.
async fn measured(name: &str, measure: Rows) -> Vec<Row> {
    match AssertUnwindSafe(measure).catch_unwind().await {
        Ok(Ok(rows)) => rows,
        Ok(Err(error)) => vec![Row::missing(name, format!("{error:#}").replace('\n', " "))],
        Err(_) => vec![Row::missing(name, "it panicked; see above")],
    }
}

/// Estimates of one typical sentence, on one core.
fn estimates() -> anyhow::Result<Vec<Row>> {
    let estimator = keelway_estimate::Estimator::new(keelway_estimate::EstimateTable::default())?;
    let text = "Dashboard with login and stripe payment, real-time chat";
    let rates = (0..ROUNDS).map(|_| {
        let started = Instant::now();
        let mut agents = 0_u64;
        let times = 200_000;
        for _ in 0..times {
            let estimate = estimator
                .estimate(std::hint::black_box(text), keelway_kernel::BuildTier::Professional);
            agents += u64::from(estimate.agents);
        }
        std::hint::black_box(agents);
        f64::from(times) / started.elapsed().as_secs_f64()
    });
    Ok(vec![Row::alone("estimates, one core", "/s", report::median(rates))])
}
