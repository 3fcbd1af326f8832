//! The binary as people use it: its help, its answers, its exit codes.

#![cfg(test)]

mod build;
mod cli;
mod serve;

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The binary with nothing of this process's environment but a data directory.
fn keelway(data_dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keelway"));
    command
        .args(args)
        .env_clear()
        .env("KEELWAY_DATA_DIR", data_dir)
        .current_dir(data_dir)
        .stdin(Stdio::null());
    command
}

/// Exit code, standard output and standard error, with the data directory called `DIR`.
fn answer(data_dir: &Path, args: &[&str]) -> (i32, String, String) {
    said(data_dir, keelway(data_dir, args).output().expect("run keelway"))
}

fn said(data_dir: &Path, output: Output) -> (i32, String, String) {
    let dir = data_dir.to_str().expect("a name of plain letters");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8").replace(dir, "DIR");
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}
