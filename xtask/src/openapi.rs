//! `cargo xtask openapi`: the document in docs/ is the one the routes give.

use crate::shell;
use anyhow::{Context as _, Result, bail};
use std::path::PathBuf;
use std::process::Command;
use std::{fs, iter};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Compare instead of writing
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let mut keelway = shell::cargo(&["run", "--quiet", "--locked", "--package=keelway", "--"]);
    if args.check {
        return compare(&mut keelway);
    }
    let document = document(&mut keelway)?;
    fs::write(kept(), document).with_context(|| format!("write {}", kept().display()))
}

/// Whether the document is in the repository.
pub(crate) fn is_kept() -> bool {
    kept().exists()
}

/// Fails unless the document `keelway` prints is the one kept, byte for byte.
pub(crate) fn compare(keelway: &mut Command) -> Result<()> {
    let now = document(keelway)?;
    let kept = fs::read_to_string(kept()).context("read docs/openapi.json")?;
    if let Some(line) = first_difference(&kept, &now) {
        bail!(
            "docs/openapi.json differs from the routes at line {line}: run `cargo xtask openapi` \
             and commit what it writes"
        );
    }
    Ok(())
}

fn kept() -> PathBuf {
    shell::root().join("docs/openapi.json")
}

fn document(keelway: &mut Command) -> Result<String> {
    let bytes = shell::output(keelway.arg("openapi"))?;
    String::from_utf8(bytes).context("read what `keelway openapi` printed")
}

/// The number of the first line that is not the same in both.
fn first_difference(kept: &str, now: &str) -> Option<usize> {
    if kept == now {
        return None;
    }
    let lines = |text: &str| text.split('\n').map(str::to_owned).collect::<Vec<_>>();
    let (kept, now) = (lines(kept), lines(now));
    let same = iter::zip(&kept, &now).take_while(|(kept, now)| kept == now).count();
    Some(same + 1)
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn the_first_line_that_differs_is_named() {
        assert_eq!(first_difference("{\n}\n", "{\n}\n"), None);
        assert_eq!(first_difference("{\n1\n}\n", "{\n2\n}\n"), Some(2));
        assert_eq!(first_difference("{\n}\n", "{\n}"), Some(3));
        assert_eq!(first_difference("", "{"), Some(1));
    }
}
