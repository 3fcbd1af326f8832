//! Whether the database is of this version, and what is done if it is not.

use std::sync::Arc;

use keelway_kernel::StoreError;
use keelway_sqlite::MigrationStatus;

use super::place::Place;
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
    let place = Place::of_owner(checked);
    let store = Stores::open_as_owner(checked).await?;
    let before = status_of(&*store, place).await?;
    require_known(before, place)?;
    if before.pending > 0 {
        Stores::require_owner(checked).await?;
        apply(&*store, place).await?;
    }
    store.close().await;
    Ok(before)
}

/// How far the schema of a database that is there is.
pub(crate) async fn migration_status(checked: &Checked) -> anyhow::Result<MigrationStatus> {
    let store = Stores::open_as_owner(checked).await?;
    let status = status_of(&*store, Place::of_owner(checked)).await?;
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
    let (store, place) = (Stores::open(checked, None).await?.whole, Place::of_app(checked));
    require_current(status_of(&*store, place).await?, place)?;
    Ok(store)
}

/// Makes sure that the schema is of this version. That of a PostgreSQL server belongs to
/// another role than the app's, and to other processes too: it is left to `keelway migrate up`.
pub(super) async fn bring_up(
    store: &dyn Store,
    checked: &Checked,
    schema: Schema,
) -> anyhow::Result<()> {
    let place = Place::of_app(checked);
    let status = status_of(store, place).await?;
    require_known(status, place)?;
    match &checked.database {
        Database::Sqlite(_) if status.newest.is_none() || schema == Schema::Migrate => {
            apply(store, place).await
        }
        Database::Sqlite(_) | Database::Postgres { .. } => require_current(status, place),
    }
}

async fn status_of(store: &dyn Store, place: Place<'_>) -> anyhow::Result<MigrationStatus> {
    store.migration_status().await.map_err(|error| place.unusable(&error))
}

async fn apply(store: &dyn Store, place: Place<'_>) -> anyhow::Result<()> {
    store.migrate().await.map_err(|error| match error {
        StoreError::Corrupt { .. } => place.unusable(&error),
        StoreError::Unavailable(why) => {
            anyhow::anyhow!("the database {place} could not be migrated: {why}")
        }
        error @ StoreError::Contended => {
            anyhow::anyhow!("the database {place} could not be migrated: {error}")
        }
    })
}

fn require_current(status: MigrationStatus, place: Place<'_>) -> anyhow::Result<()> {
    require_known(status, place)?;
    match status {
        MigrationStatus { pending: 0, unknown: 0, .. } => Ok(()),
        MigrationStatus { pending: 0, .. } => {
            tracing::warn!(database = %place, "the schema is ahead of this version, and must serve it too");
            Ok(())
        }
        MigrationStatus { newest: None, .. } => Err(cannot_begin(format!(
            "the database {place} has no tables yet: run `keelway migrate up` first"
        ))),
        MigrationStatus { .. } => Err(cannot_begin(format!(
            "the database {place} is of an older version: run `keelway migrate up` first"
        ))),
    }
}

/// Refuses a schema that no migration of this version leads to. Processes of two releases work
/// on one PostgreSQL database while one of them takes the other's place, so a schema that is
/// ahead of this version is known there: migrations first expand, and contract a release later.
pub(crate) fn require_known(status: MigrationStatus, place: Place<'_>) -> anyhow::Result<()> {
    let elsewhere = place.elsewhere();
    if status.unknown > 0 && matches!(place.checked.database, Database::Sqlite(_)) {
        return Err(cannot_begin(format!(
            "the database {place} was made by a newer version of keelway: update it, or {elsewhere}"
        )));
    }
    if status.modified > 0 {
        return Err(cannot_begin(format!(
            "the database {place} was made by another build of keelway, whose migrations differ \
             from this one's: use that build, or {elsewhere}"
        )));
    }
    Ok(())
}
