//! Figures of Keelway beside the bare limit of the same machine, in one run.
//!
//! Started by `cargo xtask bench`. Machines are noisy: every pair runs in turns, medians are
//! quoted, and the ratio is what counts. Nothing here asserts: a figure is looked at, a test
//! passes or fails.

#![expect(clippy::disallowed_methods, reason = "a bench measures time and reads the environment")]

mod http;
mod ledger;
mod ledger_postgres;
mod load;
mod pipeline;
mod process;
mod report;

use report::Row;

/// Rounds of each figure; odd, so that there is a middle one.
const ROUNDS: usize = 5;

fn main() -> anyhow::Result<()> {
    if std::env::args().nth(1).as_deref() == Some("empty-server") {
        return http::serve_empty();
    }
    let runtime = tokio::runtime::Runtime::new()?;
    if std::env::args().nth(1).as_deref() == Some("ledger-postgres") {
        println!("{}", report::table(&runtime.block_on(ledger_postgres::reserves())?));
        return Ok(());
    }
    let mut rows: Vec<Row> = vec![estimates()];
    runtime.block_on(async {
        rows.extend(process::start_and_memory().await?);
        rows.extend(ledger::reserves().await?);
        rows.push(ledger::events().await?);
        rows.extend(ledger_postgres::reserves().await?);
        rows.push(http::session_read().await?);
        rows.push(pipeline::builds().await?);
        anyhow::Ok(())
    })?;
    println!("{}", report::table(&rows));
    Ok(())
}

/// Estimates of one typical sentence, on one core.
fn estimates() -> Row {
    let table = keelway_estimate::EstimateTable::default();
    let Ok(estimator) = keelway_estimate::Estimator::new(table) else {
        return Row::missing("estimates", "the default table is refused");
    };
    let text = "Dashboard with login and stripe payment, real-time chat";
    let rates = (0..ROUNDS).map(|_| {
        let started = std::time::Instant::now();
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
    Row::alone("estimates, one core", "/s", report::median(rates))
}
