//! `keelway migrate`: the database's schema.

use serde_json::json;

use crate::cli::ReportArgs;
use crate::exit::Exit;
use crate::settings::{Database, Sources};
use crate::wiring::{self, MigrationStatus, Place};

pub(super) fn up(sources: &Sources) -> anyhow::Result<Exit> {
    let checked = super::quiet_settings(sources)?;
    let before = super::block_on(wiring::migrate(&checked))?;
    let line = match before.pending {
        0 => "Nothing to do: the database is up to date.".to_owned(),
        n => format!("Done: {n} {} applied.", plural(n)),
    };
    super::print(&line)
}

pub(super) fn status(args: &ReportArgs, sources: &Sources) -> anyhow::Result<Exit> {
    let checked = super::quiet_settings(sources)?;
    let place = Place::of_owner(&checked);
    let status = match &checked.database {
        Database::Sqlite(path) if !path.exists() => None,
        Database::Sqlite(_) | Database::Postgres { .. } => {
            Some(super::block_on(wiring::migration_status(&checked))?)
        }
    };
    if args.json {
        super::print_json(&json!({
            "database": place.to_string(),
            "exists": status.is_some(),
            "newest": status.and_then(|status| status.newest),
            "pending": status.map(|status| status.pending),
            "unknown": status.map(|status| status.unknown),
            "modified": status.map(|status| status.modified),
            "current": status.is_some_and(|status| status.is_current()),
        }))?;
    }
    if let Some(status) = status {
        wiring::require_known(status, place)?;
    }
    if !args.json {
        super::print(&format!("{place}: {}", sentence(status)))?;
    }
    let can_work = status.is_some_and(|status| status.pending == 0);
    Ok(if can_work { Exit::Done } else { Exit::No })
}

fn sentence(status: Option<MigrationStatus>) -> String {
    match status {
        None => "not there yet; `keelway migrate up` makes it".to_owned(),
        Some(MigrationStatus { pending: 0, unknown: 0, .. }) => "up to date".to_owned(),
        Some(MigrationStatus { pending: 0, unknown, .. }) => {
            format!("{unknown} {} ahead of this version, which it serves too", plural(unknown))
        }
        Some(MigrationStatus { pending, .. }) => {
            format!("{pending} {} pending; `keelway migrate up` applies them", plural(pending))
        }
    }
}

const fn plural(n: usize) -> &'static str {
    if n == 1 { "migration" } else { "migrations" }
}
