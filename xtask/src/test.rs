//! `cargo xtask test`: all tests of the workspace, with what they need.

use crate::servers::Servers;
use crate::setup::{self, Installing, LeftOut, Setup};
use crate::shell;
use crate::tally::Tally;
use anyhow::{Context as _, Result, bail};
use std::fmt;
use std::io::{BufRead as _, BufReader, IsTerminal as _, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Install nothing; leave out the tests whose tools are missing
    #[arg(long)]
    no_setup: bool,
    /// Run only tests whose name contains one of these
    filters: Vec<String>,
}

/// How the run ended, for the last lines of the log.
pub(crate) struct Report {
    tests: Tally,
    doctests: Tally,
    browser: Tally,
    left_out: Vec<LeftOut>,
    outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    /// Passed, with tests left out that this machine cannot run.
    Partly,
    /// The filters matched nothing.
    Nothing,
    /// A test is ignored where none may be.
    Skipped,
    Failed,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let installing = if args.no_setup { Installing::Refused } else { Installing::Allowed };
    let setup = setup::prepare(setup::ALL, installing)?;
    build()?;
    let report = all(setup, &args.filters)?;
    println!("\n{report}");
    report.verdict()
}

/// Builds the tests and, with the same features, the programs they start.
///
/// Returns the `keelway` binary.
pub(crate) fn build() -> Result<PathBuf> {
    let targets = ["--workspace", "--bins", "--tests", "--examples"];
    shell::run(shell::cargo(&["build", "--locked"]).args(targets))?;
    Ok(shell::built("debug")?.join("keelway"))
}

/// Runs every test and doctest that `filters` name, or all when there are none.
pub(crate) fn all(setup: Setup, filters: &[String]) -> Result<Report> {
    let servers = Servers::start(&setup)?;
    let environment = || setup.environment().chain(servers.environment());
    let mut selection: Vec<&str> = Vec::new();
    for package in setup.left_out.iter().filter_map(|left_out| left_out.tool.package) {
        selection.extend(["--exclude", package]);
    }
    selection.push("--");
    selection.extend(filters.iter().map(String::as_str));
    for left_out in &setup.left_out {
        selection.extend(["--skip", left_out.tool.tests]);
    }
    let runner: &[&str] = if shell::works(&mut shell::cargo(&["nextest", "--version"])) {
        &["nextest", "run", "--no-tests=pass", "--workspace", "--locked", "--no-fail-fast"]
    } else {
        &["test", "--workspace", "--lib", "--bins", "--tests", "--locked", "--no-fail-fast"]
    };
    let (tests, tests_ok) = count(shell::cargo(runner).args(&selection).envs(environment()))?;
    let doc = ["test", "--doc", "--workspace", "--locked", "--no-fail-fast"];
    let (doctests, doctests_ok) = count(shell::cargo(&doc).args(&selection).envs(environment()))?;
    let (browser, browser_ok) = if setup.path(&setup::BROWSER).is_some() {
        count(in_browser(filters)?.envs(environment()))?
    } else {
        (Tally::default(), true)
    };
    drop(servers);
    let examples_ok = !filters.is_empty() || examples()?;
    let skipped = tests.skipped + doctests.skipped + browser.skipped;
    let outcome = if !(tests_ok && doctests_ok && browser_ok && examples_ok) {
        Outcome::Failed
    } else if tests.passed + doctests.passed + browser.passed == 0 {
        Outcome::Nothing
    } else if shell::in_ci() && filters.is_empty() && skipped > 0 {
        Outcome::Skipped
    } else if setup.left_out.is_empty() {
        Outcome::Passed
    } else {
        Outcome::Partly
    };
    Ok(Report { tests, doctests, browser, left_out: setup.left_out, outcome })
}

/// Runs the domain crates' examples, which end by themselves, and says whether all did well.
fn examples() -> Result<bool> {
    let built = shell::built("debug")?.join("examples");
    let mut all_ok = true;
    for domain in std::fs::read_dir(shell::root().join("crates/domain"))? {
        for example in std::fs::read_dir(domain?.path().join("examples")).into_iter().flatten() {
            let example = example?.path();
            let name = example.file_stem().context("an example has a name")?;
            let mut run = Command::new(built.join(name));
            shell::announce(&run);
            let status = run.stdout(Stdio::null()).status().context("start an example")?;
            all_ok &= status.success();
        }
    }
    Ok(all_ok)
}

/// The browser tests that `filters` name, or all, against the program that was built.
fn in_browser(filters: &[String]) -> Result<Command> {
    let built = shell::built("debug")?;
    let mut node = shell::command("node");
    node.current_dir(setup::tools())
        .args(["node_modules/@playwright/test/cli.js", "test", "--pass-with-no-tests"])
        .env("KEELWAY_TEST_BINARY", built.join("keelway"))
        .env("KEELWAY_TEST_ARTEFACTS", built.with_file_name("browser"));
    if !filters.is_empty() {
        node.args(["--grep", &filters.join("|")]);
    }
    Ok(node)
}

/// Runs a test runner, passing its words on, and adds up what it counts.
fn count(command: &mut Command) -> Result<(Tally, bool)> {
    shell::announce(command);
    if std::io::stderr().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("start the test runner")?;
    let stdout = child.stdout.take().context("take the runner's output")?;
    let stderr = child.stderr.take().context("take the runner's errors")?;
    let tally = std::thread::scope(|scope| {
        let errors = scope.spawn(|| pass_on(stderr, std::io::stderr()));
        let mut tally = pass_on(stdout, std::io::stdout());
        tally += errors.join().unwrap_or_default();
        tally
    });
    let status = child.wait().context("wait for the test runner")?;
    Ok((tally, status.success()))
}

fn pass_on(from: impl Read, mut to: impl Write) -> Tally {
    let mut tally = Tally::default();
    for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
        if let Some(counted) = Tally::of_line(&String::from_utf8_lossy(&line)) {
            tally += counted;
        }
        // A closed terminal must not end the count.
        let _ = to.write_all(&line).and_then(|()| to.write_all(b"\n"));
    }
    tally
}

impl Report {
    /// An error unless everything that should have run passed.
    pub(crate) fn verdict(&self) -> Result<()> {
        match self.outcome {
            Outcome::Passed | Outcome::Partly => Ok(()),
            Outcome::Nothing => bail!("no test has such a name"),
            Outcome::Skipped => bail!("in CI no test may be ignored"),
            Outcome::Failed => bail!("tests failed"),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for left_out in &self.left_out {
            writeln!(f, "left out: {left_out}")?;
        }
        writeln!(f, "tests:    {}", self.tests)?;
        writeln!(f, "doctests: {}", self.doctests)?;
        writeln!(f, "browser:  {}", self.browser)?;
        f.write_str(match self.outcome {
            Outcome::Passed => "result:   all passed",
            Outcome::Partly => "result:   passed, but not everything ran (see `left out`)",
            Outcome::Nothing => "result:   FAILED, nothing ran",
            Outcome::Skipped => "result:   FAILED, some were ignored",
            Outcome::Failed => "result:   FAILED",
        })
    }
}
