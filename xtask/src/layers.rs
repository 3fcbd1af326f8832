//! `cargo xtask layers`: dependencies point only downwards, and the domain touches no world.

mod purity;
mod room;
#[cfg(test)]
mod tests;

use crate::shell;
use anyhow::{Result, bail};
use room::Room;
use serde::Deserialize;
use std::fmt;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
struct Workspace {
    workspace_root: PathBuf,
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    #[serde(default)]
    kind: Option<Kind>,
    /// Present for a package of this workspace only.
    path: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Normal,
    Dev,
    Build,
}

/// Something in the workspace that is not in the picture.
enum Refusal {
    Unplaced { folder: String },
    Misnamed { folder: String, name: String, expected: String },
    Arrow { from: (String, Room), to: (String, Room), kind: Kind },
    Unpictured { from: String, to: String },
    Impure { folder: String, chain: Vec<String>, why: &'static str },
}

pub(crate) fn run() -> Result<()> {
    let workspace: Workspace = shell::metadata()?;
    let mut refusals = arrows(&workspace);
    for package in &workspace.packages {
        let folder = workspace.folder(package);
        if Room::of(&folder).is_some_and(Room::is_domain) {
            refusals.extend(purity::check(&folder, &purity::tree(&package.name)?));
        }
    }
    for refusal in &refusals {
        eprintln!("error: {refusal}\n");
    }
    match refusals.len() {
        0 => {
            println!(
                "layers: {} packages, every arrow is in the picture",
                workspace.packages.len()
            );
        }
        n => bail!("not in the picture of docs/ARCHITECTURE.md: {n}"),
    }
    Ok(())
}

impl Workspace {
    fn folder(&self, package: &Package) -> String {
        self.relative(package.manifest_path.parent().unwrap_or(&package.manifest_path))
    }

    fn relative(&self, path: &Path) -> String {
        path.strip_prefix(&self.workspace_root).unwrap_or(path).to_string_lossy().into_owned()
    }
}

/// Every refusal that shows in the manifests alone.
fn arrows(workspace: &Workspace) -> Vec<Refusal> {
    let mut found = Vec::new();
    for package in &workspace.packages {
        let folder = workspace.folder(package);
        let Some(room) = Room::of(&folder) else {
            found.push(Refusal::Unplaced { folder });
            continue;
        };
        let expected = room::package_name(&folder);
        if package.name != expected {
            found.push(Refusal::Misnamed {
                folder: folder.clone(),
                name: package.name.clone(),
                expected,
            });
        }
        for dependency in &package.dependencies {
            let kind = dependency.kind.unwrap_or(Kind::Normal);
            let Some(path) = &dependency.path else {
                found.extend(purity::direct(&folder, room, dependency, kind));
                continue;
            };
            let target = workspace.relative(path);
            match Room::of(&target) {
                Some(to) if room.may_name(to, kind) => {}
                Some(to) => found.push(Refusal::Arrow {
                    from: (folder.clone(), room),
                    to: (target, to),
                    kind,
                }),
                None => found.push(Refusal::Unpictured { from: folder.clone(), to: target }),
            }
        }
    }
    found
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Normal => "dependency",
            Self::Dev => "dev-dependency",
            Self::Build => "build-dependency",
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unplaced { folder } => write!(
                f,
                "{folder} is in no room\n  help: put it under crates/domain, crates/adapters or \
                 another folder of the picture"
            ),
            Self::Misnamed { folder, name, expected } => {
                write!(f, "{folder} is named `{name}`\n  help: name the package `{expected}`")
            }
            Self::Arrow { from: (from, room), to: (to, target), kind } => write!(
                f,
                "{from} -> {to} ({kind})\n  why: {}\n  help: {}",
                room.rule(),
                target.alternative()
            ),
            Self::Unpictured { from, to } => write!(
                f,
                "{from} -> {to}\n  why: that folder is in no room of the picture\n  help: make it \
                 a workspace member in its room, or take a published crate"
            ),
            Self::Impure { folder, chain, why } => write!(
                f,
                "{folder} -> {}\n  why: the domain has no I/O, clock, randomness or runtime, and \
                 this brings {why}\n  help: take the value as an argument or do the work in an \
                 adapter; if a feature of a dependency brings it in, turn the feature off",
                chain.join(" -> ")
            ),
        }
    }
}
