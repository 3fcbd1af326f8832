//! `cargo xtask chaos`: what becomes of many processes under load when they die.

use crate::setup::{self, Installing};
use crate::shell;
use anyhow::Result;
use std::ffi::OsString;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Chosen by the chaos itself: --store sqlite|postgres|both, --kills N, --seed S
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    all: Vec<OsString>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let tools = &[setup::POSTGRES, setup::REDIS];
    let setup = setup::prepare(tools, Installing::Allowed)?.whole()?;
    let build = ["build", "--locked", "--package=keelway", "--package=keelway-tests"];
    shell::run(shell::cargo(&build).args(["--bin=keelway", "--bin=chaos"]))?;
    let chaos = shell::built("debug")?.join("chaos");
    shell::run(shell::command(chaos).args(&args.all).envs(setup.environment()))
}
