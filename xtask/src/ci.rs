//! `cargo xtask ci`: what `.ci/run` runs, cheapest first.

use crate::setup::{self, Installing};
use crate::{deny, layers, openapi, shell, test};
use anyhow::{Context as _, Result};
use std::time::{Duration, Instant};

pub(crate) fn run() -> Result<()> {
    let mut times = Times::default();
    let outcome = steps(&mut times);
    println!("\n{}", times.table());
    let report = outcome?;
    println!("\n{report}");
    report.verdict()
}

fn steps(times: &mut Times) -> Result<test::Report> {
    times.step("format", || shell::run(&mut shell::cargo(&["fmt", "--all", "--check"])))?;
    times.step("layers", layers::run)?;
    times.step("deny", deny::run)?;
    times.step("clippy", || {
        let lint = [
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--keep-going",
            "--",
            "-Dwarnings",
        ];
        shell::run(&mut shell::cargo(&lint))
    })?;
    times.step("docs", || {
        let doc = ["doc", "--workspace", "--no-deps", "--locked"];
        shell::run(shell::cargo(&doc).env("RUSTDOCFLAGS", "-D warnings"))
    })?;
    let keelway = times.step("build", test::build)?;
    if openapi::is_kept() {
        times.step("openapi", || openapi::compare(&mut shell::command(keelway)))?;
    }
    let setup = times.step("setup", || setup::prepare(setup::ALL, Installing::Allowed))?;
    times.step("test", || test::all(setup, &[]))
}

/// How long each step took, the failed one included.
#[derive(Default)]
struct Times(Vec<(&'static str, Duration)>);

impl Times {
    #[expect(clippy::disallowed_methods, reason = "reports how long a step took")]
    fn step<T>(&mut self, name: &'static str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        println!("\n== {name}");
        let start = Instant::now();
        let outcome = work().with_context(|| format!("step {name}"));
        self.0.push((name, start.elapsed()));
        outcome
    }

    fn table(&self) -> String {
        let total = self.0.iter().map(|(_, time)| *time).sum();
        let rows = self.0.iter().copied().chain([("total", total)]);
        rows.map(|(name, time)| format!("{name:8} {:7.1} s", time.as_secs_f64()))
            .collect::<Vec<_>>()
            .join("\n")
    }
}
