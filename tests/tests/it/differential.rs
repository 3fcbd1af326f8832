//! One script, two servers, one answer: whatever is asked of a server on SQLite and of one on
//! PostgreSQL, they say the same, byte for byte, and keep the same rows.
//!
//! A script is about a few new people and their workspaces. Its steps are requests of every
//! operation of the API and of the console, and what workers, other services and the clock do
//! meanwhile. Both servers have one clock and draw the same numbers, so nothing is normalised
//! but the `Date` header. A difference is reported with the fewest steps that lead to it.

mod api;
mod ask;
mod database;
mod hands;
mod known;
mod pages;
mod pair;
mod rows;
mod script;
mod shrink;

use std::collections::BTreeSet;

use keelway_http::routes::{Row, table};

use crate::harness::dice::Dice;
use database::Database;
use known::Known;
use pair::Pair;
use script::{Step, Tally, at_rest, doings, script, take};
use shrink::Shows;

/// How many scripts share a pair of stores: enough to meet strangers, few enough to be compared
/// row by row after each.
const SCRIPTS_OF_A_PAIR: usize = 10;

/// After so many differences the rest most likely has the same causes.
const ENOUGH: usize = 3;

/// Runs scripts and says how often what was done; panics with the first differences.
async fn run(seeds: &[u64]) -> Tally {
    let (mut tally, mut rows) = (Tally::default(), 0);
    let (database, mut differences) = (Database::fresh().await, Vec::new());
    for seeds in seeds.chunks(SCRIPTS_OF_A_PAIR) {
        match together(&database, seeds, &mut tally).await {
            Ok(found) => rows += found,
            Err(difference) => differences.push(difference),
        }
        if differences.len() == ENOUGH {
            break;
        }
    }
    println!("{} scripts, {} steps, {rows} rows compared", seeds.len(), tally.steps());
    for (name, (tried, done)) in &tally.0 {
        println!("{done:>6} of {tried:>6} {name}");
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    tally
}

/// Runs scripts one after the other on one pair of stores, and says how many rows were compared.
async fn together(database: &Database, seeds: &[u64], tally: &mut Tally) -> Result<usize, String> {
    let (pair, mut known) = (Pair::on(database).await, Known::default());
    let (mut history, mut rows): (Vec<Step>, _) = (Vec::new(), 0);
    for seed in seeds {
        let mut taken = Ok(());
        for step in script(*seed) {
            history.push(step);
            taken = take(step, &pair, &mut known, tally).await;
            if taken.is_err() {
                break;
            }
        }
        let mut shows = Shows::InAnswers;
        if taken.is_ok() {
            shows = Shows::InRows;
            taken = at_rest(&pair).await.map(|found| rows += found);
        }
        if let Err(difference) = taken {
            pair.close().await;
            println!("script {seed}: {:?}\n{difference}", history.last());
            let report = shrink::report(database, history, difference, shows).await;
            return Err(format!("script {seed}: {report}"));
        }
    }
    pair.close().await;
    Ok(rows)
}

async fn run_some(scripts: usize, what: &str) {
    let mut dice = Dice::thrown(what);
    let seeds: Vec<u64> = (0..scripts).map(|_| dice.next()).collect();
    let tally = run(&seeds).await;
    // What is refused whenever it is asked for is not tested; what is rare may be unlucky.
    let never = |name: &str| match tally.0.get(name) {
        Some((tried, done)) => *done == 0 && *tried >= 60,
        None => true,
    };
    let never: Vec<&str> = doings().map(|doing| doing.name).filter(|name| never(name)).collect();
    assert!(never.is_empty(), "no script did these: {never:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_cannot_tell_sqlite_from_postgres() {
    run_some(250, "differential").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_scripts_cannot_tell_sqlite_from_postgres() {
    run_some(250, "more of differential").await;
}

#[test]
fn every_operation_is_asked_of_sqlite_and_postgres_or_left_out_for_a_reason() {
    let rows = table().rows().iter().chain(keelway_console::pages().routes.rows());
    let served: BTreeSet<&str> = rows.map(|row: &Row| row.name.as_str()).collect();
    let asked = api::ALL.iter().chain(pages::ALL).map(|doing| doing.name);
    let left_out = api::LEFT_OUT.iter().chain(pages::LEFT_OUT).map(|(name, why)| {
        assert!(!why.is_empty(), "{name} is left out without a reason");
        *name
    });
    let listed: Vec<&str> = asked.chain(left_out).collect();
    let known: BTreeSet<&str> = listed.iter().copied().collect();
    assert_eq!(known.len(), listed.len(), "something is listed twice");
    assert_eq!(known, served, "scripts and routes differ");
}
