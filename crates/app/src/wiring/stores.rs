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
use keelway_redis::{Redis, Stale};
use keelway_sqlite::{MigrationStatus, SqliteSettings, SqliteStore};
use keelway_tiers::FlagOverrides;

use super::schema::unusable;
use super::{clock, entropy, rules};
use crate::exit::cannot_begin;
use crate::files::make_private;
use crate::settings::{Checked, Database};

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
            Database::Postgres { .. } => Err(no_postgres()),
        }
    }

    /// Opens it as the one who may change its schema.
    pub(crate) async fn open_as_owner(checked: &Checked) -> anyhow::Result<Arc<dyn Store>> {
        match &checked.database {
            Database::Sqlite(path) => Ok(Arc::new(sqlite(path, checked).await?)),
            Database::Postgres { .. } => Err(no_postgres()),
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

fn no_postgres() -> anyhow::Error {
    cannot_begin("PostgreSQL is not supported by this version; write sqlite:PATH")
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
