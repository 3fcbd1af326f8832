//! `keelway config`: what is in force, and whether it can be used.

use crate::cli::ConfigAction;
use crate::exit::Exit;
use crate::settings::{Environment, load, reference};

pub(super) fn run(action: &ConfigAction, environment: &Environment) -> anyhow::Result<Exit> {
    match action {
        ConfigAction::Print(args) => {
            let loaded = load(&args.data.sources(environment))?;
            if args.json {
                super::print_json(&loaded.to_json())
            } else {
                super::print(&loaded.to_text())
            }
        }
        ConfigAction::Check(args) => {
            super::settings(&args.sources(environment))?;
            super::print("The settings can be used.")
        }
        ConfigAction::Reference => super::print(&reference()),
    }
}
