//! What the domain must never link, near or far.

use super::{Dependency, Kind, Refusal, room::Room};
use crate::shell;
use anyhow::{Context as _, Result};

const WORLD: [(&str, &str); 10] = [
    ("actix-web", "a web server"),
    ("async-std", "a runtime"),
    ("getrandom", "randomness"),
    ("hyper", "the network"),
    ("rand", "randomness"),
    ("reqwest", "the network"),
    ("smol", "a runtime"),
    ("sqlx", "a database"),
    ("sqlx-core", "a database"),
    ("tokio", "a runtime"),
];

/// Links the domain may carry without using: ring compiles getrandom for its own
/// `SystemRandom` whatever is asked of it, and has no feature to leave it out.
const CARRIED: [(&str, &str); 1] = [("ring", "getrandom")];

/// Refuses a shipped dependency that a domain crate names itself, whatever its target or feature.
pub(super) fn direct(
    folder: &str,
    room: Room,
    dependency: &Dependency,
    kind: Kind,
) -> Option<Refusal> {
    let why = world(&dependency.name)?;
    (room.is_domain() && kind != Kind::Dev).then(|| Refusal::Impure {
        folder: folder.to_owned(),
        chain: vec![dependency.name.clone()],
        why,
    })
}

/// Everything `package` links when built alone, as depth and name a line.
///
/// `cargo metadata` would not do: it resolves features for the whole workspace, so the kernel
/// would seem to link whatever the app asks of their common dependencies.
pub(super) fn tree(package: &str) -> Result<String> {
    let args = ["tree", "--locked", "--edges=normal", "--prefix=depth", "--format= {p}"];
    let text = shell::output(shell::cargo(&args).args(["--package", package]))?;
    String::from_utf8(text).context("read cargo's tree")
}

/// Refuses what a domain crate links through others; direct links are [`direct`]'s.
pub(super) fn check(folder: &str, tree: &str) -> Vec<Refusal> {
    let mut path: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for line in tree.lines() {
        let mut words = line.split_whitespace();
        let (Some(depth), Some(name)) = (words.next().and_then(|d| d.parse().ok()), words.next())
        else {
            continue;
        };
        path.truncate(depth);
        let parent = path.last().copied().unwrap_or_default();
        path.push(name);
        if let Some(why) = world(name)
            && depth > 1
            && !CARRIED.contains(&(parent, name))
        {
            let chain = path.iter().skip(1).map(ToString::to_string).collect();
            found.push(Refusal::Impure { folder: folder.to_owned(), chain, why });
        }
    }
    found
}

fn world(name: &str) -> Option<&'static str> {
    WORLD.iter().find(|(banned, _)| *banned == name).map(|(_, why)| *why)
}
