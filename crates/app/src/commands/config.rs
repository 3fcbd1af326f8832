//! `keelway config`: what is in force, and whether it can be used.

use crate::cli::ConfigAction;
use crate::exit::Exit;
use crate::settings::{Sources, load, reference};

pub(super) fn run(action: &ConfigAction, sources: &Sources) -> anyhow::Result<Exit> {
    match action {
        ConfigAction::Print(args) => {
            let loaded = load(sources)?;
            if args.json {
                super::print_json(&loaded.to_json())
            } else {
                super::print(&loaded.to_text())
            }
        }
        ConfigAction::Check => {
            crate::logging::check(&super::settings(sources)?.settings.log)?;
            super::print("The settings can be used.")
        }
        ConfigAction::Reference => super::print(&reference()),
    }
}
