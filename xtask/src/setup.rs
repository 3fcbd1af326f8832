//! What the tests need beyond Rust, and how it gets onto this machine.

use crate::shell;
use anyhow::{Context as _, Result, bail};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Whether missing tools may be put onto this machine.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Installing {
    Allowed,
    Refused,
}

/// What the run found: paths for the tests, and what has to be left out.
#[derive(Default)]
pub(crate) struct Setup {
    /// Environment for the tests: a variable and the path it holds.
    pub(crate) paths: Vec<(&'static str, PathBuf)>,
    pub(crate) left_out: Vec<LeftOut>,
}

/// Tests that cannot run here.
pub(crate) struct LeftOut {
    /// Part of the name that all of them share.
    pub(crate) tests: &'static str,
    pub(crate) reason: String,
    pub(crate) remedy: &'static str,
}

/// Finds what the tests need, installing it first where that is allowed.
///
/// In CI a missing tool is an error, never a shorter run.
pub(crate) fn prepare(installing: Installing) -> Result<Setup> {
    let mut setup = Setup::default();
    match html_checker(installing) {
        Ok(jar) => setup.paths.push(("KEELWAY_TEST_VNU_JAR", jar)),
        Err(error) => setup.left_out.push(LeftOut {
            tests: "html_checker",
            reason: format!("{error:#}"),
            remedy: "install npm and a Java runtime (17 or newer): on Debian and Ubuntu \
                     `apt-get install npm default-jre-headless`",
        }),
    }
    match browser(installing) {
        Ok(chromium) => setup.paths.push((CHROMIUM, chromium)),
        Err(error) => setup.left_out.push(LeftOut {
            tests: "browser",
            reason: format!("{error:#}"),
            remedy: "install npm and Chromium: on Debian `apt-get install npm chromium`",
        }),
    }
    if let Some(left_out) = setup.left_out.first()
        && shell::in_ci()
    {
        bail!("nothing is left out in CI, but {left_out}");
    }
    Ok(setup)
}

/// Says where the browser is.
const CHROMIUM: &str = "KEELWAY_TEST_CHROMIUM";

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
    if installing == Installing::Refused {
        bail!("{package} is missing, and installing is turned off");
    }
    if !shell::works(shell::command("apt-get").arg("--version")) {
        bail!("{package} is missing, and there is no apt here to install it");
    }
    println!("installing {package} by apt");
    // Lists that cannot be refreshed may still be good enough to install from.
    let _ = shell::run(apt()?.args(["update", "--quiet"]));
    shell::run(apt()?.args(["install", "--yes", "--quiet", "--no-install-recommends", package]))
}

/// `apt-get` with the rights to install: as root, or with sudo.
fn apt() -> Result<Command> {
    let id = shell::output(shell::command("id").arg("-u"))?;
    let mut command = if id.trim_ascii() == b"0" {
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

impl Setup {
    /// Whether there is a browser to test in.
    pub(crate) fn has_browser(&self) -> bool {
        self.paths.iter().any(|(name, _)| *name == CHROMIUM)
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tests named *{}* cannot run: {}; {}", self.tests, self.reason, self.remedy)
    }
}
