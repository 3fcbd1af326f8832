//! Which database it is: chosen here, and nowhere else known.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use keelway_access::ports::{Accounts, Invitations, Members, People, Sessions, Staff, Tickets};
use keelway_builds::ports::{
    BuildQueue, Builds, Inspector, Operations, Overviews, Projects, Sites, Submissions,
};
use keelway_credits::{CreditBooks, CreditLedger};
use keelway_kernel::StoreError;
use keelway_local::{CachedAccounts, CachedSessions, Keep};
use keelway_postgres::{PostgresSettings, PostgresStore, Time};
use keelway_redis::{Redis, Stale};
use keelway_sqlite::{MigrationStatus, SqliteSettings, SqliteStore};
use keelway_tiers::FlagOverrides;

use super::place::Place;
use super::{clock, entropy, rules};
use crate::exit::cannot_begin;
use crate::files::make_private;
use crate::settings::{Address, Checked, Database};

/// Every store port, and what an operator does to a store.
#[async_trait]
pub(crate) trait Store:
    Accounts
    + BuildQueue
    + Builds
    + CreditBooks
    + CreditLedger
    + FlagOverrides
    + Inspector
    + Invitations
    + Members
    + Operations
    + Overviews
    + People
    + Projects
    + Sessions
    + Sites
    + Staff
    + Submissions
    + Tickets
{
    /// How far the schema is.
    async fn migration_status(&self) -> Result<MigrationStatus, StoreError>;

    /// Brings the schema to this version.
    async fn migrate(&self) -> Result<(), StoreError>;

    /// Waits for running commands and closes every connection.
    async fn close(&self);
}

/// Who belongs where.
pub(crate) trait Belonging: Accounts + Members + Invitations {}

impl<T: Accounts + Members + Invitations> Belonging for T {}

/// Who is signed in.
pub(crate) trait Presence: Sessions + People + Staff {}

impl<T: Sessions + People + Staff> Presence for T {}

/// One database, with a memory before what every request asks it.
pub(crate) struct Stores {
    pub(crate) whole: Arc<dyn Store>,
    pub(crate) belonging: Arc<dyn Belonging>,
    pub(crate) presence: Arc<dyn Presence>,
    /// What only a server can be asked.
    pub(crate) server: Option<PostgresStore>,
}

impl Stores {
    /// Opens the database as the app, and changes nothing in it; through `redis` processes tell
    /// one another what not to remember any longer.
    pub(crate) async fn open(checked: &Checked, redis: Option<&Redis>) -> anyhow::Result<Self> {
        let place = Place::of_app(checked);
        match &checked.database {
            Database::Sqlite(path) => Ok(Self::of(sqlite(path, place).await?, redis)),
            Database::Postgres { url, .. } => {
                let store = postgres(url, place).await?;
                require_safe_role(&store, place).await?;
                Ok(Self { server: Some(store.clone()), ..Self::of(store, redis) })
            }
        }
    }

    /// Opens it as the one who may change its schema.
    pub(crate) async fn open_as_owner(checked: &Checked) -> anyhow::Result<Arc<dyn Store>> {
        let place = Place::of_owner(checked);
        match &checked.database {
            Database::Sqlite(path) => Ok(Arc::new(sqlite(path, place).await?)),
            Database::Postgres { owner, .. } => Ok(Arc::new(postgres(owner, place).await?)),
        }
    }

    /// Refuses one who could bring the schema to this version only in part, or not at all.
    pub(crate) async fn require_owner(checked: &Checked) -> anyhow::Result<()> {
        let Database::Postgres { owner, .. } = &checked.database else { return Ok(()) };
        let place = Place::of_owner(checked);
        let reached = postgres_settings(owner, checked).reach_directly().await;
        reached.map_err(|error| place.unreached(&error))?;
        let store = postgres(owner, place).await?;
        let lacks = store.cannot_migrate().await.map_err(|error| place.unusable(&error))?;
        store.close().await;
        lacks.map_or(Ok(()), |lacks| Err(place.not_to_migrate(&lacks)))
    }

    fn of<S: Store + Clone + 'static>(store: S, redis: Option<&Redis>) -> Self {
        let keep = Keep::default();
        let mut accounts = CachedAccounts::new(store.clone(), clock(), keep);
        let mut sessions = CachedSessions::new(store.clone(), clock(), keep);
        if let Some(redis) = redis {
            accounts = accounts.telling(redis.outdating());
            sessions = sessions.telling(redis.outdating());
        }
        let (accounts, sessions) = (Arc::new(accounts), Arc::new(sessions));
        if let Some(redis) = redis {
            let (belonging, presence) = (accounts.clone(), sessions.clone());
            redis.on_stale(move |stale| match stale {
                Stale::Person(person) => {
                    belonging.forget(person);
                    presence.forget(person);
                }
                Stale::Everything => {
                    belonging.forget_everything();
                    presence.forget_everything();
                }
            });
        }
        Self { whole: Arc::new(store), belonging: accounts, presence: sessions, server: None }
    }
}

async fn sqlite(path: &Path, place: Place<'_>) -> anyhow::Result<SqliteStore> {
    make_private(path).map_err(|error| {
        cannot_begin(format!("cannot make the database {}: {error}", path.display()))
    })?;
    let rules = Arc::new(rules(&place.checked.settings));
    SqliteStore::open(SqliteSettings::new(path), clock(), entropy(), rules)
        .await
        .map_err(|error| place.unusable(&error))
}

fn postgres_settings(url: &Address, checked: &Checked) -> PostgresSettings {
    PostgresSettings {
        connections: checked.settings.database.connections.get(),
        ..PostgresSettings::new(url.expose())
    }
}

/// Makes sure that the server lets this process in.
async fn postgres(url: &Address, place: Place<'_>) -> anyhow::Result<PostgresStore> {
    let settings = postgres_settings(url, place.checked);
    settings.reach().await.map_err(|error| place.unreached(&error))?;
    let rules = Arc::new(rules(&place.checked.settings));
    PostgresStore::new(&settings, Time::Server, entropy(), rules)
        .map_err(|error| place.unusable(&error))
}

/// Refuses a role for which row-level security is no wall, or one that cannot work.
async fn require_safe_role(store: &PostgresStore, place: Place<'_>) -> anyhow::Result<()> {
    let role = store.unsafe_role().await.map_err(|error| place.unusable(&error))?;
    let lacks = store.powerless_role().await.map_err(|error| place.unusable(&error))?;
    // The roles come with the tables, which are asked for first.
    let is_well = role.is_none() && lacks.is_none();
    if is_well || matches!(store.migration_status().await, Ok(status) if status.newest.is_none()) {
        return Ok(());
    }
    let is_allowed = place.checked.settings.database.allow_unsafe_role;
    match &role {
        Some(role) if is_allowed => {
            tracing::warn!(%role, "row-level security is no wall in this process");
        }
        Some(role) => return Err(place.unsafe_role(role)),
        None => {}
    }
    let Some(lacks) = lacks else { return Ok(()) };
    let remedy = if role.is_some() { lacks.grant() } else { lacks.remedy() };
    Err(place.powerless(&lacks, &remedy))
}

#[async_trait]
impl Store for SqliteStore {
    async fn migration_status(&self) -> Result<MigrationStatus, StoreError> {
        Self::migration_status(self).await
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        Self::migrate(self).await
    }

    async fn close(&self) {
        Self::close(self).await;
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn migration_status(&self) -> Result<MigrationStatus, StoreError> {
        let keelway_postgres::MigrationStatus { pending, unknown, modified, newest } =
            Self::migration_status(self).await?;
        Ok(MigrationStatus { pending, unknown, modified, newest })
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        Self::migrate(self).await
    }

    async fn close(&self) {
        Self::close(self).await;
    }
}
