//! Servers, workers, PostgreSQL and Redis die at random under load; no promise is broken.

use crate::harness::chaos::{Plan, Setting, run, run_with};
use crate::harness::dice::Dice;

fn plan(setting: Setting, faults: usize) -> Plan {
    Plan { setting, faults, seed: Dice::thrown("chaos").next() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_processes_on_one_file_survive_fifty_deaths() {
    let report = run(plan(Setting::Sqlite, 50)).await;
    println!("{report}");
    report.must_be_sound();
    assert_eq!(report.faults(), 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_processes_on_postgres_and_redis_survive_fifty_deaths() {
    let report = run(plan(Setting::Postgres, 50)).await;
    println!("{report}");
    report.must_be_sound();
    assert_eq!(report.faults(), 50);
}

/// Ways to lose what was promised, each with how it shows.
const SABOTAGE: [(&str, &str); 4] = [
    (
        "I10 one key",
        "DELETE FROM idempotency_keys WHERE key IN (SELECT MAX(key) FROM idempotency_keys)",
    ),
    ("I7 readers", "DELETE FROM build_events WHERE seq = 2"),
    ("I11 claims", "UPDATE guest_entries SET claimed_build_id = NULL"),
    ("I2", "UPDATE credit_accounts SET held = held + 1"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promise_that_is_broken_meanwhile_is_noticed() {
    let sabotage = SABOTAGE.map(|(_, sql)| sql);
    let report = run_with(plan(Setting::Sqlite, 2), &sabotage).await;
    let missed = SABOTAGE.map(|(promise, _)| promise);
    let missed: Vec<_> = missed.iter().filter(|promise| !report.names(promise)).collect();
    assert!(missed.is_empty(), "{missed:?} are not in {report}");
}
