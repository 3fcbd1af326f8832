//! What the process was started with, read once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What every variable of ours begins with.
pub(super) const PREFIX: &str = "KEELWAY_";

/// The variables and the folder a process was started with; tests make their own.
#[derive(Clone, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<String, String>,
    folder: PathBuf,
}

impl Environment {
    /// That of this process.
    pub(crate) fn of_process() -> Self {
        let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        Self {
            variables: std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect(),
            folder: std::env::current_dir().unwrap_or_default(),
        }
    }

    #[cfg(test)]
    pub(crate) fn of(folder: &Path, variables: &[(&str, &str)]) -> Self {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self { variables: variables.iter().map(own).collect(), folder: folder.to_owned() }
    }

    /// A variable that is set and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The folder the process was started in.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Our variables.
    pub(super) fn ours(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        all.filter(|(name, _)| name.starts_with(PREFIX))
    }

    /// The folder for data where nobody names one: `keelway` in the XDG data home.
    pub(super) fn data_dir(&self) -> Option<PathBuf> {
        let absolute = |name| self.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = || absolute("HOME").map(|home| home.join(".local/share"));
        Some(absolute("XDG_DATA_HOME").or_else(home)?.join("keelway"))
    }
}

/// Our variables in the text of a `.env` file; what other programs keep there is passed over.
///
/// A line is `NAME=value` or `export NAME=value`; the value may stand in single or double
/// quotes; `#` begins a comment at the start of a line or after a space.
pub(super) fn dot_env(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.strip_prefix("export ").unwrap_or(line).split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), unquoted(value.trim()).to_owned()))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect()
}

fn unquoted(value: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some((inside, _)) = value.strip_prefix(quote).and_then(|v| v.split_once(quote)) {
            return inside;
        }
    }
    value.split_once(" #").map_or(value, |(value, _)| value.trim_end())
}
