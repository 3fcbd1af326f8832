//! `cargo xtask bench`: figures of the release build, beside what the machine can do.

use crate::servers::Servers;
use crate::setup::{self, Installing};
use crate::shell;
use anyhow::Result;
use std::ffi::OsString;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Chosen by the bench itself: --only WORD
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    all: Vec<OsString>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let tools = &[setup::POSTGRES, setup::REDIS];
    let setup = setup::prepare(tools, Installing::Allowed)?.whole()?;
    let build = ["build", "--locked", "--release", "--package=keelway", "--package=keelway-tests"];
    shell::run(shell::cargo(&build).args(["--bin=keelway", "--bin=bench"]))?;
    let servers = Servers::start(&setup)?;
    let environment = setup.environment().chain(servers.environment());
    let bench = shell::built("release")?.join("bench");
    shell::run(shell::command(bench).args(&args.all).envs(environment))
}
