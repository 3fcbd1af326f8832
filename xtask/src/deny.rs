//! cargo-deny: what may be linked, under which licence, from where.

use crate::shell;
use anyhow::Result;

/// The release installed where there is none.
const VERSION: &str = "0.20.2";

/// Checks `deny.toml`; advisories are left to a job of their own, for they change without a commit.
pub(crate) fn run() -> Result<()> {
    install()?;
    let check = ["deny", "--locked", "check", "--hide-inclusion-graph"];
    shell::run(shell::cargo(&check).args(["bans", "licenses", "sources"]))
}

fn install() -> Result<()> {
    if shell::works(&mut shell::cargo(&["deny", "--version"])) {
        return Ok(());
    }
    println!("installing cargo-deny {VERSION}, once on this machine");
    // Its release profile is made for speed; a check that takes a second is built sooner without.
    shell::run(
        shell::cargo(&["install", "cargo-deny", "--locked", "--version", VERSION])
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
            .env_remove("CARGO_TARGET_DIR"),
    )
}
