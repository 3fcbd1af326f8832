//! The project's own commands: everything a contributor or CI runs, one file each.

mod bench;
mod chaos;
mod ci;
mod deny;
mod layers;
mod migrate;
mod openapi;
mod pages;
mod servers;
mod setup;
mod shell;
mod tally;
mod test;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about)]
struct Args {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Measure the figures, each beside the bare limit of this machine
    Bench(bench::Args),
    /// Kill, stop and restart everything under load, and check every promise
    Chaos(chaos::Args),
    /// Check everything that must hold before a change is taken
    Ci,
    /// Check that every dependency between crates is in the picture
    Layers,
    /// Bring the configured database to the newest schema
    Migrate(migrate::Args),
    /// Write docs/openapi.json from the routes
    Openapi(openapi::Args),
    /// Measure pages of the console and of built sites in Chromium
    Pages,
    /// Take the README's picture of the console from the running product
    Picture,
    /// Run PostgreSQL and Redis for tests started by hand, until Ctrl-C
    Servers,
    /// Install what the tests need, then run all of them
    Test(test::Args),
}

fn main() -> ExitCode {
    let outcome = match Args::parse().command {
        Task::Bench(args) => bench::run(&args),
        Task::Chaos(args) => chaos::run(&args),
        Task::Ci => ci::run(),
        Task::Layers => layers::run(),
        Task::Migrate(args) => migrate::run(&args),
        Task::Openapi(args) => openapi::run(&args),
        Task::Pages => pages::measure(),
        Task::Picture => pages::picture(),
        Task::Servers => servers::run(),
        Task::Test(args) => test::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
