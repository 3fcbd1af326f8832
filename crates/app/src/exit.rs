//! How the process ends.

use std::process::ExitCode;

/// The exit codes, as `--help` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// The answer is no.
    No,
    /// Nothing was begun.
    NotBegun,
    /// Something broke on the way.
    Broken,
    /// Stopped by a signal before it was done.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::No => 1,
            Exit::NotBegun => 2,
            Exit::Broken => 3,
            Exit::Interrupted => 130,
        })
    }
}

/// Why nothing was begun, and what to do about it: a line for a person, or a few.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CannotBegin(pub(crate) String);

impl std::error::Error for CannotBegin {}

impl std::fmt::Display for CannotBegin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// An error that ends the process before anything was begun.
pub(crate) fn cannot_begin(line: impl Into<String>) -> anyhow::Error {
    CannotBegin(line.into()).into()
}

/// Says what went wrong on standard error, and with which code to end.
pub(crate) fn report(error: &anyhow::Error) -> Exit {
    for line in format!("{error:#}").lines() {
        eprintln!("keelway: {line}");
    }
    let begun = !error.is::<CannotBegin>() && !error.is::<crate::settings::SettingsError>();
    if begun { Exit::Broken } else { Exit::NotBegun }
}
