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
use keelway_postgres::{PostgresSettings, PostgresStore, Time, UnsafeRole};
use keelway_redis::{Redis, Stale};
use keelway_sqlite::{MigrationStatus, SqliteSettings, SqliteStore};
use keelway_tiers::FlagOverrides;

use super::schema::unusable;
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
}

impl Stores {
    /// Opens the database as the app, and changes nothing in it; through `redis` processes tell
    /// one another what not to remember any longer.
    pub(crate) async fn open(checked: &Checked, redis: Option<&Redis>) -> anyhow::Result<Self> {
        match &checked.database {
            Database::Sqlite(path) => Ok(Self::of(sqlite(path, checked).await?, redis)),
            Database::Postgres { url, .. } => {
                let store = postgres(url, checked)?;
                require_safe_role(&store, checked).await?;
                Ok(Self::of(store, redis))
            }
        }
    }

    /// Opens it as the one who may change its schema.
    pub(crate) async fn open_as_owner(checked: &Checked) -> anyhow::Result<Arc<dyn Store>> {
        match &checked.database {
            Database::Sqlite(path) => Ok(Arc::new(sqlite(path, checked).await?)),
            Database::Postgres { owner, .. } => Ok(Arc::new(postgres(owner, checked)?)),
        }
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
        Self { whole: Arc::new(store), belonging: accounts, presence: sessions }
    }
}

async fn sqlite(path: &Path, checked: &Checked) -> anyhow::Result<SqliteStore> {
    make_private(path).map_err(|error| {
        cannot_begin(format!("cannot make the database {}: {error}", path.display()))
    })?;
    let rules = Arc::new(rules(&checked.settings));
    SqliteStore::open(SqliteSettings::new(path), clock(), entropy(), rules)
        .await
        .map_err(|error| unusable(checked, &error))
}

/// Connects when it is first used.
fn postgres(url: &Address, checked: &Checked) -> anyhow::Result<PostgresStore> {
    let settings = PostgresSettings {
        connections: checked.settings.database.connections.get(),
        ..PostgresSettings::new(url.expose())
    };
    let rules = Arc::new(rules(&checked.settings));
    PostgresStore::new(&settings, Time::Server, entropy(), rules)
        .map_err(|error| unusable(checked, &error))
}

/// Refuses a role for which row-level security is no wall, or one that cannot work.
async fn require_safe_role(store: &PostgresStore, checked: &Checked) -> anyhow::Result<()> {
    let unsafe_role = store.unsafe_role().await.map_err(|error| unusable(checked, &error))?;
    let Some(role) = unsafe_role else { return Ok(()) };
    // The roles come with the tables, which are asked for first.
    if matches!(store.migration_status().await, Ok(status) if status.newest.is_none()) {
        return Ok(());
    }
    let is_powerless = matches!(role, UnsafeRole::Powerless(_));
    if checked.settings.database.allow_unsafe_role && !is_powerless {
        tracing::warn!(%role, "row-level security is no wall in this process");
        return Ok(());
    }
    let mut lines = vec![
        format!("cannot work in the database {}: {role}", checked.database),
        format!("as a superuser run, and log in as that role: {}", role.remedy()),
    ];
    if !is_powerless {
        lines.push("for development, --allow-unsafe-role works as it all the same".to_owned());
    }
    Err(cannot_begin(lines.join("\n")))
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
