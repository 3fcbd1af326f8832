//! `cargo xtask migrate`: the configured database, brought to the newest schema.

use crate::shell;
use anyhow::Result;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Passed on to `keelway migrate up`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let up = ["run", "--quiet", "--locked", "--package=keelway", "--", "migrate", "up"];
    shell::run(shell::cargo(&up).args(&args.rest))
}
