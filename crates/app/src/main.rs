//! The keelway command: settings in, adapters wired, one subcommand run.
//!
//! **Invariant:** the environment, the command line and the operating system's clock and
//! randomness are read here and nowhere else; `wiring` alone names both a store and http.
//!
//! Not here: any rule. What a command answers, a use case or a port decided.

mod archive;
mod cli;
mod commands;
mod exit;
mod files;
mod local;
mod logging;
mod oldest;
mod settings;
mod system;
mod wiring;

use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::of_process();
    let environment = settings::Environment::of_process();
    commands::run(cli, environment).unwrap_or_else(|error| exit::report(&error)).into()
}
