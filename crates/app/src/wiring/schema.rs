//! Whether the database is of this version, and what is done if it is not.

use std::sync::Arc;

use keelway_kernel::StoreError;
use keelway_sqlite::MigrationStatus;

use super::stores::{Store, Stores};
use crate::exit::cannot_begin;
use crate::files::make_data_dir;
use crate::settings::{Checked, Database};

/// What is done about a schema that is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schema {
    /// Bring it to this version.
    Migrate,
    /// Make a new one, but leave an old one to `keelway migrate up`.
    Keep,
}

/// Brings the schema to this version and says how far it was.
pub(crate) async fn migrate(checked: &Checked) -> anyhow::Result<MigrationStatus> {
    make_data_dir(&checked.settings.data_dir)?;
    let store = Stores::open_as_owner(checked).await?;
    let before = status_of(&*store, checked).await?;
    require_known(before, checked)?;
    // A schema that is ahead of this version has all that this version would bring.
    if before.pending > 0 || before.unknown == 0 {
        apply(&*store, checked).await?;
    }
    store.close().await;
    Ok(before)
}

/// How far the schema of a database that is there is.
pub(crate) async fn migration_status(checked: &Checked) -> anyhow::Result<MigrationStatus> {
    let store = Stores::open_as_owner(checked).await?;
    let status = status_of(&*store, checked).await?;
    store.close().await;
    Ok(status)
}

/// Opens a database that is there and of this version; changes nothing.
pub(crate) async fn open_existing(checked: &Checked) -> anyhow::Result<Arc<dyn Store>> {
    match &checked.database {
        Database::Sqlite(path) if !path.exists() => {
            return Err(cannot_begin(format!(
                "there is no database at {}: say where the data is with --data-dir",
                path.display()
            )));
        }
        Database::Sqlite(_) | Database::Postgres { .. } => {}
    }
    let store = Stores::open(checked, None).await?.whole;
    require_current(status_of(&*store, checked).await?, checked)?;
    Ok(store)
}

/// Makes sure that the schema is of this version. That of a PostgreSQL server belongs to
/// another role than the app's, and to other processes too: it is left to `keelway migrate up`.
pub(super) async fn bring_up(
    store: &dyn Store,
    checked: &Checked,
    schema: Schema,
) -> anyhow::Result<()> {
    let status = status_of(store, checked).await?;
    require_known(status, checked)?;
    match &checked.database {
        Database::Sqlite(_) if status.newest.is_none() || schema == Schema::Migrate => {
            apply(store, checked).await
        }
        Database::Sqlite(_) | Database::Postgres { .. } => require_current(status, checked),
    }
}

async fn status_of(store: &dyn Store, checked: &Checked) -> anyhow::Result<MigrationStatus> {
    store.migration_status().await.map_err(|error| unusable(checked, &error))
}

async fn apply(store: &dyn Store, checked: &Checked) -> anyhow::Result<()> {
    store.migrate().await.map_err(|error| match error {
        StoreError::Corrupt { .. } => unusable(checked, &error),
        error => {
            let why = match checked.database {
                Database::Sqlite(_) => "the database could not be migrated",
                Database::Postgres { .. } => {
                    "the database could not be migrated: does `database.migrations_url` name the \
                     role that owns it?"
                }
            };
            anyhow::anyhow!(error).context(why)
        }
    })
}

fn require_current(status: MigrationStatus, checked: &Checked) -> anyhow::Result<()> {
    require_known(status, checked)?;
    let database = &checked.database;
    match status {
        MigrationStatus { pending: 0, unknown: 0, .. } => Ok(()),
        MigrationStatus { pending: 0, .. } => {
            tracing::warn!(%database, "the schema is ahead of this version, and must serve it too");
            Ok(())
        }
        MigrationStatus { newest: None, .. } => Err(cannot_begin(format!(
            "the database {database} has no tables yet: run `keelway migrate up` first"
        ))),
        MigrationStatus { .. } => Err(cannot_begin(format!(
            "the database {database} is of an older version: run `keelway migrate up` first"
        ))),
    }
}

/// Refuses a schema that no migration of this version leads to. Processes of two releases work
/// on one PostgreSQL database while one of them takes the other's place, so a schema that is
/// ahead of this version is known there: migrations first expand, and contract a release later.
pub(crate) fn require_known(status: MigrationStatus, checked: &Checked) -> anyhow::Result<()> {
    let (database, elsewhere) = (&checked.database, elsewhere(checked));
    if status.unknown > 0 && matches!(database, Database::Sqlite(_)) {
        return Err(cannot_begin(format!(
            "the database {database} was made by a newer version of keelway: update it, or \
             {elsewhere}"
        )));
    }
    if status.modified > 0 {
        return Err(cannot_begin(format!(
            "the database {database} was made by another build of keelway, whose migrations \
             differ from this one's: use that build, or {elsewhere}"
        )));
    }
    Ok(())
}

/// What a person may do about a database that is of no use.
const fn elsewhere(checked: &Checked) -> &'static str {
    match checked.database {
        Database::Sqlite(_) => "choose another place with --data-dir",
        Database::Postgres { .. } => "name another one as `database.url`",
    }
}

pub(super) fn unusable(checked: &Checked, error: &StoreError) -> anyhow::Error {
    let (database, elsewhere) = (&checked.database, elsewhere(checked));
    cannot_begin(match error {
        StoreError::Corrupt { id, .. } => format!(
            "the database {database} is not a Keelway database, or damaged ({id}): restore a \
             copy, or {elsewhere}"
        ),
        error => match checked.database {
            Database::Sqlite(_) => format!("cannot use the database {database}: {error}"),
            Database::Postgres { .. } => format!(
                "cannot use the database {database}: {error}; is the server running there, and are \
                 user and password right?"
            ),
        },
    })
}
