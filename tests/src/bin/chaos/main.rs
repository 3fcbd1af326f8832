//! `cargo xtask chaos`: everything that can happen to many processes, for as long as wanted.

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use keelway_tests::chaos::{self, Plan, Setting};
use keelway_tests::dice::Dice;

/// Kills, stops and restarts processes and servers under load, and checks every promise.
#[derive(Debug, Parser)]
struct Args {
    /// On which store
    #[arg(long, value_enum, default_value_t = Store::Both)]
    store: Store,
    /// How many things happen on each
    #[arg(long, default_value_t = 50)]
    kills: usize,
    /// Does again what a run with this seed did
    #[arg(long)]
    seed: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Store {
    Sqlite,
    Postgres,
    Both,
}

impl Store {
    const fn settings(self) -> &'static [Setting] {
        match self {
            Self::Sqlite => &[Setting::Sqlite],
            Self::Postgres => &[Setting::Postgres],
            Self::Both => &[Setting::Sqlite, Setting::Postgres],
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let seed = args.seed.unwrap_or_else(Dice::new_seed);
    println!("seed {seed}");
    let mut code = ExitCode::SUCCESS;
    for setting in args.store.settings() {
        let report = chaos::run(Plan { setting: *setting, faults: args.kills, seed }).await;
        println!("{report}");
        if !report.is_sound() {
            code = ExitCode::FAILURE;
        }
    }
    code
}
