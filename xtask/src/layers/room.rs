//! The rooms of the house, and which may name which.

use super::Kind;

/// A place in the picture; a crate's folder decides which is its.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    App,
    Console,
    Edge,
    Driving,
    Store,
    Rows,
    Driven,
    Platform,
    Context,
    Leaf,
    Kernel,
    Contract,
    Tests,
    Xtask,
}

// What shares a folder but not a room. A crate not named here gets the stricter room.
const DRIVING: [&str; 1] = ["worker"];
const STORES: [&str; 2] = ["sqlite", "postgres"];
const LEAVES: [&str; 6] = ["credits", "tiers", "estimate", "access", "signing", "patch"];

/// The name a package in `folder` must have.
pub(super) fn package_name(folder: &str) -> String {
    match folder {
        "crates/app" => "keelway".into(),
        "xtask" => "xtask".into(),
        _ => format!("keelway-{}", folder.rsplit('/').next().unwrap_or(folder)),
    }
}

impl Room {
    /// The room of a folder given relative to the workspace.
    pub(super) fn of(folder: &str) -> Option<Self> {
        let path: Vec<&str> = folder.split('/').collect();
        Some(match path[..] {
            ["crates", "app"] => Self::App,
            ["crates", "platform"] => Self::Platform,
            ["crates", "contract"] => Self::Contract,
            ["crates", "adapters", "rows"] => Self::Rows,
            ["crates", "adapters", "console"] => Self::Console,
            ["crates", "adapters", "http"] => Self::Edge,
            ["crates", "adapters", name] if DRIVING.contains(&name) => Self::Driving,
            ["crates", "adapters", name] if STORES.contains(&name) => Self::Store,
            ["crates", "adapters", _] => Self::Driven,
            ["crates", "domain", "kernel"] => Self::Kernel,
            ["crates", "domain", name] if LEAVES.contains(&name) => Self::Leaf,
            ["crates", "domain", _] => Self::Context,
            ["tests"] => Self::Tests,
            ["xtask"] => Self::Xtask,
            _ => return None,
        })
    }

    pub(super) fn is_domain(self) -> bool {
        matches!(self, Self::Context | Self::Leaf | Self::Kernel)
    }

    pub(super) fn may_name(self, to: Self, kind: Kind) -> bool {
        self.may_ship(to) || (kind == Kind::Dev && self.may_test_with(to))
    }

    fn may_ship(self, to: Self) -> bool {
        match self {
            Self::App => !matches!(to, Self::App | Self::Contract | Self::Tests | Self::Xtask),
            Self::Console => matches!(to, Self::Edge | Self::Platform) || to.is_domain(),
            Self::Edge | Self::Driving => to == Self::Platform || to.is_domain(),
            Self::Store => to == Self::Rows || to.is_domain(),
            Self::Rows | Self::Driven | Self::Platform | Self::Contract => to.is_domain(),
            Self::Context => matches!(to, Self::Leaf | Self::Kernel),
            Self::Leaf => to == Self::Kernel,
            Self::Kernel => false,
            Self::Tests => !matches!(to, Self::Tests | Self::Xtask),
            Self::Xtask => to == Self::Contract || to.is_domain(),
        }
    }

    // Use cases and what drives them are tested on real adapters; nothing of that ships.
    fn may_test_with(self, to: Self) -> bool {
        let real_world = matches!(to, Self::Store | Self::Driven | Self::Driving | Self::Edge);
        let drives = matches!(self, Self::Console | Self::Edge | Self::Driving | Self::Platform);
        to == Self::Contract || (drives && real_world)
    }

    /// What a crate in this room may name, as a sentence.
    pub(super) fn rule(self) -> &'static str {
        match self {
            Self::App => "the app names every layer, but `contract` only for tests",
            Self::Console => {
                "the console names http, whose edge it shares, the platform and the domain"
            }
            Self::Edge | Self::Driving => "a driving adapter names the platform and the domain",
            Self::Store => "a store names the domain and `rows`",
            Self::Rows => "`rows` names the domain only",
            Self::Driven => "a driven adapter names the domain only",
            Self::Platform => "the platform names the domain only",
            Self::Context => "a context names the leaves of the domain and the kernel",
            Self::Leaf => "a leaf of the domain names the kernel only",
            Self::Kernel => "the kernel names nothing",
            Self::Contract => "`contract` names the domain, whose ports it tests",
            Self::Tests => "the whole-system tests name every layer but not xtask",
            Self::Xtask => "xtask names the domain and `contract`, so that it builds in seconds",
        }
    }

    /// What to do rather than name a crate in this room.
    pub(super) fn alternative(self) -> &'static str {
        match self {
            Self::Contract => "make it a dev-dependency",
            Self::Tests | Self::Xtask => "move what is shared into crates/contract",
            Self::Console
            | Self::Edge
            | Self::Store
            | Self::Driven
            | Self::Rows
            | Self::Driving
            | Self::App => "speak to a port of the domain, and let crates/app hand the adapter in",
            Self::Platform => "move what is shared down into crates/domain",
            Self::Context | Self::Leaf | Self::Kernel => {
                "move what both need down, or compose the two one layer up"
            }
        }
    }
}
