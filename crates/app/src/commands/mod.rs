//! One file per subcommand.

mod admin;
mod build;
mod config;
mod doctor;
mod estimate;
mod migrate;
mod probe;
mod progress;
mod serve;

use std::io::{Read as _, Write as _};

use clap::CommandFactory as _;
use keelway_builds::Description;
use keelway_kernel::Credits;

use crate::cli::{AdminAction, Cli, Command, MigrateAction};
use crate::exit::{Exit, cannot_begin};
use crate::settings::{Checked, Environment, LogFormat, Sources, load};

/// Runs what was asked for.
pub(crate) fn run(cli: Cli, environment: Environment) -> anyhow::Result<Exit> {
    let sources = cli.data.sources(environment);
    match cli.command {
        None => serve::embedded(&cli.serve.put_over(sources)),
        Some(Command::Serve(args)) => serve::serve(&args.put_over(sources)),
        Some(Command::Worker(args)) => serve::worker(&args.put_over(sources)),
        Some(Command::Probe { address }) => probe::run(address, &sources),
        Some(Command::Migrate { action: MigrateAction::Up }) => migrate::up(&sources),
        Some(Command::Migrate { action: MigrateAction::Status(args) }) => {
            migrate::status(&args, &sources)
        }
        Some(Command::Doctor(args)) => doctor::run(&args, &sources),
        Some(Command::Build(args)) => build::run(&args, &sources),
        Some(Command::Estimate(args)) => estimate::run(&args, &sources),
        Some(Command::Admin { action: AdminAction::OwnerLink }) => admin::owner_link(&sources),
        Some(Command::Openapi) => print(&crate::wiring::openapi()),
        Some(Command::Config { action }) => config::run(&action, &sources),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "keelway", &mut script);
            print(&String::from_utf8(script)?)
        }
    }
}

/// Settings that hold together.
fn settings(sources: &Sources) -> anyhow::Result<Checked> {
    Ok(load(sources)?.check()?)
}

/// Settings for a command that a person waits for: unless told otherwise its log says only what
/// broke, which the command's own words do not, and says it in lines.
fn quiet_settings(sources: &Sources) -> anyhow::Result<Checked> {
    let loaded = load(sources)?;
    let told = loaded.is_set("log.level");
    let mut checked = loaded.check()?;
    let log = &mut checked.settings.log;
    if !told {
        "error".clone_into(&mut log.level);
    }
    if log.format == LogFormat::Auto {
        log.format = LogFormat::Pretty;
    }
    Ok(checked)
}

/// Everything asynchronous runs in here.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(std::thread::available_parallelism().map_or(2, |cores| cores.get().min(8)))
        .enable_all()
        .build()?;
    runtime.block_on(work)
}

/// Prints an answer on standard output; a reader that went away is no error.
fn print(text: &str) -> anyhow::Result<Exit> {
    let mut out = std::io::stdout().lock();
    let line = text.strip_suffix('\n').unwrap_or(text);
    let written = writeln!(out, "{line}").and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(Exit::Done),
    }
}

/// So many credits, in words.
fn credits_text(credits: Credits) -> String {
    if credits.get() == 1 { "1 credit".to_owned() } else { format!("{credits} credits") }
}

fn print_json(value: &serde_json::Value) -> anyhow::Result<Exit> {
    print(&serde_json::to_string_pretty(value)?)
}

/// A description from the command line, or from standard input where `-` stands.
fn description(argument: &str) -> anyhow::Result<Description> {
    let mut text = argument.to_owned();
    if argument == "-" {
        text.clear();
        // One byte more than any description can have says enough about a longer one.
        let most = Description::MAX_CHARS as u64 * 4 + 1024;
        std::io::stdin()
            .take(most)
            .read_to_string(&mut text)
            .map_err(|error| cannot_begin(format!("cannot read the description: {error}")))?;
    }
    Description::parse(&text).map_err(|error| cannot_begin(error.to_string()))
}
