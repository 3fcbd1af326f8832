//! `cargo xtask bench`: figures of the release build, beside what the machine can do.

use crate::shell;
use anyhow::Result;

pub(crate) fn run() -> Result<()> {
    let build = ["build", "--locked", "--release", "--package=keelway", "--package=keelway-tests"];
    shell::run(shell::cargo(&build).args(["--bin=keelway", "--bin=bench"]))?;
    shell::run(&mut shell::command(shell::built("release")?.join("bench")))
}
