//! Starting other programs from the root of the workspace.

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder of the workspace's Cargo.toml.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// Whether this is a machine on which nothing may be left out.
pub(crate) fn in_ci() -> bool {
    env("CI").is_some_and(|value| !value.is_empty() && value != "false" && value != "0")
}

/// A file of this name in the folders of PATH, or where the system keeps its own servers.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    path().map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// The folders programs are in.
pub(crate) fn path() -> impl Iterator<Item = PathBuf> {
    let path = env("PATH").unwrap_or_default();
    let folders: Vec<_> = std::env::split_paths(&path).chain(["/usr/sbin".into()]).collect();
    folders.into_iter().filter(|folder| folder.is_absolute())
}

/// What `id` says: a number of a user or group.
pub(crate) fn id(args: &[&str]) -> Result<u32> {
    let id = String::from_utf8(output(command("id").args(args))?)?;
    id.trim_end().parse().with_context(|| format!("read the number `id` gives: {id}"))
}

#[expect(clippy::disallowed_methods, reason = "xtask has no settings but the machine's and CI's")]
fn env(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// A program that starts at the root and has no terminal to ask questions on.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root()).stdin(Stdio::null());
    command
}

/// The cargo that started this task, so the toolchain stays the pinned one.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut cargo = command(env("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(args);
    cargo
}

/// Shows the command, then runs it to its end.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    announce(command);
    let status = command.status().with_context(|| format!("start {}", line(command)))?;
    if !status.success() {
        bail!("`{}` failed: {status}", line(command));
    }
    Ok(())
}

/// What the command wrote to its standard output.
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>> {
    let done = command.stderr(Stdio::inherit()).output();
    let done = done.with_context(|| format!("start {}", line(command)))?;
    if !done.status.success() {
        bail!("`{}` failed: {}", line(command), done.status);
    }
    Ok(done.stdout)
}

/// Whether the command starts and ends well, with its words kept back.
pub(crate) fn works(command: &mut Command) -> bool {
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// `cargo metadata` of the workspace's own packages, in the caller's shape.
pub(crate) fn metadata<T: DeserializeOwned>() -> Result<T> {
    let json = output(&mut cargo(&["metadata", "--format-version=1", "--no-deps", "--offline"]))?;
    serde_json::from_slice(&json).context("read cargo's metadata")
}

/// Where cargo leaves what it builds, in the folder of a profile.
pub(crate) fn built(profile: &str) -> Result<PathBuf> {
    #[derive(serde::Deserialize)]
    struct Metadata {
        target_directory: PathBuf,
    }
    Ok(metadata::<Metadata>()?.target_directory.join(profile))
}

/// Writes the command to the log as a person would type it.
pub(crate) fn announce(command: &Command) {
    eprintln!("$ {}", line(command));
}

fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    std::iter::once(program)
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}
