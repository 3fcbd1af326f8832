//! `cargo xtask chaos`: what becomes of many processes under load when they die.

use crate::setup::{self, Installing};
use crate::shell;
use anyhow::Result;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// On which store
    #[arg(long, default_value = "both", value_parser = ["sqlite", "postgres", "both"])]
    store: String,
    /// How many things happen on each
    #[arg(long, default_value_t = 50)]
    kills: u32,
    /// Does again what a run with this seed did
    #[arg(long)]
    seed: Option<u64>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let tools: &[setup::Tool] =
        if args.store == "sqlite" { &[] } else { &[setup::POSTGRES, setup::REDIS] };
    let setup = setup::prepare(tools, Installing::Allowed)?.whole()?;
    let build = ["build", "--locked", "--package=keelway", "--package=keelway-tests"];
    shell::run(shell::cargo(&build).args(["--bin=keelway", "--bin=chaos"]))?;
    let mut chaos = shell::command(shell::built("debug")?.join("chaos"));
    chaos.args(["--store", &args.store, "--kills", &args.kills.to_string()]);
    if let Some(seed) = args.seed {
        chaos.args(["--seed", &seed.to_string()]);
    }
    shell::run(chaos.envs(setup.environment()))
}
