//! `cargo xtask pages`: Lighthouse, paint, shift and bytes of pages of a release build.

use crate::setup::{self, Installing};
use crate::shell;
use anyhow::{Result, bail};

pub(crate) fn run() -> Result<()> {
    let setup = setup::prepare(Installing::Allowed)?;
    if !setup.has_browser() {
        bail!("there is no browser to measure in");
    }
    shell::run(&mut shell::cargo(&["build", "--release", "--locked", "--package", "keelway"]))?;
    let mut node = shell::command("node");
    node.current_dir(setup::tools()).arg("pages.mjs");
    node.env("KEELWAY_TEST_BINARY", shell::built("release")?.join("keelway"));
    shell::run(node.envs(setup.paths))
}
