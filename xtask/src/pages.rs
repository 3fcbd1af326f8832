//! `cargo xtask pages` and `cargo xtask picture`: a release build in the system's Chromium.

use crate::setup::{self, Installing};
use crate::shell;
use anyhow::Result;
use std::fs;

/// Lighthouse, paint, shift and bytes of pages of the console and of built sites.
pub(crate) fn measure() -> Result<()> {
    in_chromium("pages.mjs", &[])
}

/// The picture of the console that the README opens with.
pub(crate) fn picture() -> Result<()> {
    let folder = shell::root().join("docs/pictures");
    fs::create_dir_all(&folder)?;
    in_chromium("picture.mjs", &[&folder.to_string_lossy()])
}

fn in_chromium(script: &str, arguments: &[&str]) -> Result<()> {
    let setup = setup::prepare(&[setup::BROWSER], Installing::Allowed)?.whole()?;
    shell::run(&mut shell::cargo(&["build", "--release", "--locked", "--package", "keelway"]))?;
    let mut node = shell::command("node");
    node.current_dir(setup::tools()).arg(script).args(arguments);
    node.env("KEELWAY_TEST_BINARY", shell::built("release")?.join("keelway"));
    shell::run(node.envs(setup.environment()))
}
