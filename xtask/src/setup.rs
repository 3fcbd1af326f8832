//! What the tests need beyond Rust, and how it gets onto this machine.

use crate::shell;
use anyhow::{Context as _, Result, bail};
use std::cmp::Reverse;
use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

/// Whether missing tools may be put onto this machine.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Installing {
    Allowed,
    Refused,
}

/// Something some of the tests need.
#[derive(Clone, Copy)]
pub(crate) struct Tool {
    /// Tells tests where it is.
    variable: &'static str,
    find: fn(Installing) -> Result<PathBuf>,
    /// Part of the name that all tests share which need it.
    pub(crate) tests: &'static str,
    /// All tests of this package need it.
    pub(crate) package: Option<&'static str>,
    remedy: &'static str,
}

const HTML_CHECKER: Tool = Tool {
    variable: "KEELWAY_TEST_VNU_JAR",
    find: html_checker,
    tests: "html_checker",
    package: None,
    remedy: "install npm and a Java runtime (17 or newer): on Debian and Ubuntu \
             `apt-get install npm default-jre-headless`",
};

pub(crate) const BROWSER: Tool = Tool {
    variable: "KEELWAY_TEST_CHROMIUM",
    find: browser,
    tests: "browser",
    package: None,
    remedy: "install npm and Chromium: on Debian `apt-get install npm chromium`",
};

/// The folder of PostgreSQL's programs.
pub(crate) const POSTGRES: Tool = Tool {
    variable: "KEELWAY_TEST_POSTGRES_BIN",
    find: postgres,
    tests: "postgres",
    package: Some("keelway-postgres"),
    remedy: "install PostgreSQL's server: on Debian and Ubuntu `apt-get install postgresql`",
};

pub(crate) const REDIS: Tool = Tool {
    variable: "KEELWAY_TEST_REDIS_SERVER",
    find: |installing| program("redis-server", installing),
    tests: "redis",
    package: Some("keelway-redis"),
    remedy: "install Redis: on Debian and Ubuntu `apt-get install redis-server`",
};

const PGBOUNCER: Tool = Tool {
    variable: "KEELWAY_TEST_PGBOUNCER",
    find: |installing| program("pgbouncer", installing),
    tests: "pgbouncer",
    package: None,
    remedy: "install PgBouncer: on Debian and Ubuntu `apt-get install pgbouncer`",
};

/// What tests of the stores need.
pub(crate) const SERVERS: &[Tool] = &[POSTGRES, REDIS, PGBOUNCER];
pub(crate) const ALL: &[Tool] = &[HTML_CHECKER, BROWSER, POSTGRES, REDIS, PGBOUNCER];

/// What the run found, and what has to be left out.
#[derive(Default)]
pub(crate) struct Setup {
    found: Vec<(&'static str, PathBuf)>,
    pub(crate) left_out: Vec<LeftOut>,
}

/// Tests that cannot run here.
pub(crate) struct LeftOut {
    pub(crate) tool: Tool,
    reason: anyhow::Error,
}

/// Finds what tests need, installing it first where that is allowed.
///
/// In CI a missing tool is an error, never a shorter run.
pub(crate) fn prepare(tools: &[Tool], installing: Installing) -> Result<Setup> {
    let mut setup = Setup::default();
    for tool in tools {
        match (tool.find)(installing) {
            Ok(path) => setup.found.push((tool.variable, path)),
            Err(reason) => setup.left_out.push(LeftOut { tool: *tool, reason }),
        }
    }
    if shell::in_ci() { setup.whole() } else { Ok(setup) }
}

impl Setup {
    /// Refuses to go on without one of the tools.
    pub(crate) fn whole(self) -> Result<Self> {
        match self.left_out.first() {
            Some(left_out) => bail!("nothing may be left out, but {left_out}"),
            None => Ok(self),
        }
    }

    pub(crate) fn path(&self, tool: &Tool) -> Option<&Path> {
        self.found.iter().find(|(name, _)| *name == tool.variable).map(|(_, path)| path.as_path())
    }

    /// Tells tests where the tools are.
    pub(crate) fn environment(&self) -> impl Iterator<Item = (&'static str, &OsStr)> {
        self.found.iter().map(|(name, path)| (*name, path.as_os_str()))
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tool { tests, package, remedy, .. } = self.tool;
        write!(f, "tests named *{tests}*")?;
        if let Some(package) = package {
            write!(f, " and all of {package}")?;
        }
        write!(f, " cannot run: {:#}; {remedy}", self.reason)
    }
}

/// The npm side of the tests.
pub(crate) fn tools() -> PathBuf {
    shell::root().join("tests/tools")
}

/// The system's Chromium, and what drives it.
fn browser(installing: Installing) -> Result<PathBuf> {
    npm_packages(&tools(), installing)?;
    let chromium = PathBuf::from("/usr/bin/chromium");
    if !shell::works(shell::command(&chromium).arg("--version")) {
        // A browser without a font draws nothing.
        for package in ["chromium", "fonts-dejavu-core"] {
            install(package, installing)?;
        }
    }
    Ok(chromium)
}

/// The Nu HTML checker, ready to run.
fn html_checker(installing: Installing) -> Result<PathBuf> {
    let tools = tools();
    npm_packages(&tools, installing)?;
    let jar = tools.join("node_modules/vnu-jar/build/dist/vnu.jar");
    // The second is for releases whose default is older than 17.
    for package in ["default-jre-headless", "openjdk-17-jre-headless"] {
        if runs(&jar) {
            return Ok(jar);
        }
        install(package, installing)?;
    }
    if !runs(&jar) {
        bail!("`java -jar {}` does not run", jar.display());
    }
    Ok(jar)
}

fn runs(jar: &Path) -> bool {
    shell::works(shell::command("java").arg("-jar").arg(jar).arg("--version"))
}

/// The folder of a PostgreSQL that can make a cluster and run it.
fn postgres(installing: Installing) -> Result<PathBuf> {
    let programs = ["initdb", "postgres", "pg_isready"];
    let whole = |folder: &PathBuf| programs.iter().all(|name| folder.join(name).is_file());
    let find = || shell::path().chain(debians_postgres()).find(whole);
    if find().is_none() {
        install("postgresql", installing)?;
    }
    find().context("PostgreSQL is installed, but its server is not where it is looked for")
}

/// Where Debian keeps them, off the PATH: a folder for each release, the newest first.
fn debians_postgres() -> Vec<PathBuf> {
    let entries = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut releases: Vec<_> = entries.map(|entry| entry.path().join("bin")).collect();
    releases.sort_by_cached_key(|bin| {
        let release = bin.iter().nth_back(1).and_then(OsStr::to_str);
        Reverse(release.and_then(|release| release.parse::<u32>().ok()))
    });
    releases
}

/// A server whose package is named as its program.
fn program(name: &'static str, installing: Installing) -> Result<PathBuf> {
    if shell::find(name).is_none() {
        install(name, installing)?;
    }
    shell::find(name).with_context(|| format!("{name} is installed, but not on the PATH"))
}

/// Brings `node_modules` to the lock file, asking the registry only when it differs.
fn npm_packages(tools: &Path, installing: Installing) -> Result<()> {
    let lock = fs::read(tools.join("package-lock.json")).context("read package-lock.json")?;
    let stamp = tools.join("node_modules/.installed-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    if !shell::works(shell::command("npm").arg("--version")) {
        install("npm", installing)?;
    }
    if installing == Installing::Refused {
        bail!("the packages of tests/tools are not installed");
    }
    shell::run(
        shell::command("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(tools),
    )?;
    fs::write(&stamp, lock).context("note what is installed")
}

fn install(package: &str, installing: Installing) -> Result<()> {
    static LISTS: Once = Once::new();
    if installing == Installing::Refused {
        bail!("{package} is missing, and installing is turned off");
    }
    if !shell::works(shell::command("apt-get").arg("--version")) {
        bail!("{package} is missing, and there is no apt here to install it");
    }
    eprintln!("installing {package} by apt");
    let mut update = apt()?;
    // Lists that cannot be refreshed may still be good enough to install from.
    LISTS.call_once(|| drop(shell::run(update.args(["update", "--quiet"]))));
    shell::run(apt()?.args(["install", "--yes", "--quiet", "--no-install-recommends", package]))
}

/// `apt-get` with the rights to install: as root, or with sudo.
fn apt() -> Result<Command> {
    let mut command = if shell::id(&["-u"])? == 0 {
        shell::command("env")
    } else if shell::works(shell::command("sudo").arg("--version")) {
        let mut sudo = shell::command("sudo");
        if shell::in_ci() {
            sudo.arg("--non-interactive");
        }
        sudo.arg("env");
        sudo
    } else {
        bail!("installing needs root or sudo");
    };
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    Ok(command)
}
