//! Every store port on PostgreSQL: any number of processes, one truth.
//!
//! **Invariant:** a port method is one transaction, and the facts that a domain crate decided on
//! are still true when exactly what it returned is committed; a refusal, an error, a panic or a
//! dropped caller leaves nothing behind. For that a command takes its tenant's lock as it begins.
//! Two do otherwise: `take` tries the locks of those whose turn it may be, and waits only where
//! all are held; `wake` takes no tenant's lock, but those of the rows that it changes.
//!
//! | module | holds |
//! |---|---|
//! | `tx` | the one place that begins transactions: whom they act for, their locks and limits |
//! | `share` | commands that arrive together and share a commit |
//! | `events` | reads of builds' events that arrive together and share a transaction |
//! | `trip` | changes that are sent in one statement |
//! | `record` | rows that are looked up in one statement |
//! | `held` | rows that a command locks for itself, outside the lock of any tenant |
//! | `error` | what a database error means to a caller |
//! | `reach` | why a server lets nobody in |
//! | `roles` | the refusal to work as a role that row security does not bind |
//! | `oldest` | who keeps the server from tidying up |
//! | `schema` | migrations |
//! | `audit`, `idempotency` | what every command that changes something also writes |
//! | `end` | what all endings of a build share |
//! | `doctor` | proof of the invariants on the stored rows |
//! | one file per port family | SQL and nothing else: facts in, change out |
//!
//! Files, functions and tables have the names they have in `sqlite`, so that the two can be
//! read side by side.
//!
//! Not here: rules (the domain crates decide), codecs (`keelway_rows`), ids and randomness
//! (commands carry them), LISTEN and NOTIFY (which lock the whole cluster at commit).

#[macro_use]
mod record;

mod accounts;
mod audit;
mod builds;
mod columns;
mod credits;
mod doctor;
mod end;
mod error;
mod events;
mod flags;
mod held;
mod idempotency;
mod invitations;
mod leases;
mod members;
mod nonces;
mod oldest;
mod operations;
mod overviews;
mod people;
mod projects;
mod queue;
mod reach;
mod reads;
mod roles;
mod schema;
mod sessions;
mod share;
mod sites;
mod staff;
mod submissions;
mod tenant;
mod tickets;
mod trip;
mod tx;
mod usage;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use keelway_builds::Rules;
use keelway_kernel::{Clock, Entropy, StoreError, Timestamp};

pub use oldest::{HeldSnapshot, Holder, Session, Sight, Snapshots};
pub use reach::Unreached;
pub use roles::{Danger, Power, Powerless, Remedy, UnsafeRole};
pub use schema::{CannotMigrate, MigrationStatus, schema_fingerprint};

/// Statements whose plans are promises, for the tests that hold them to it.
#[doc(hidden)]
pub mod promised {
    pub use crate::operations::BEFORE_PAGE;
    pub use crate::queue::AHEAD;
    pub use crate::queue::next::{NEXT, OVER};
    pub use crate::tx::GO_BY_INDEXES;
}

/// Where the server is, and how long to wait for it.
#[derive(Clone)]
pub struct PostgresSettings {
    /// `postgres://role:password@host:port/database`. Behind a pooler that gives a connection
    /// for one transaction only, with `?statement-cache-capacity=0`.
    pub url: String,
    /// Most connections of this process.
    pub connections: u32,
    /// How long a command waits for a connection, for its tenant's lock, and tries again.
    pub wait: Duration,
}

impl PostgresSettings {
    /// The server at `url`, sixteen connections, five seconds.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), connections: 16, wait: Duration::from_secs(5) }
    }

    /// Whether the URL says that a pooler stands between.
    fn is_pooled(&self) -> bool {
        let parameters = self.url.split_once('?').map_or("", |(_, parameters)| parameters);
        parameters.split('&').any(|parameter| parameter == "statement-cache-capacity=0")
    }
}

/// Without the URL, which may hold a password.
impl fmt::Debug for PostgresSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresSettings")
            .field("connections", &self.connections)
            .field("wait", &self.wait)
            .finish_non_exhaustive()
    }
}

/// Whose clock says when a command happens.
#[derive(Clone)]
pub enum Time {
    /// The database server's, which all processes share.
    Server,
    /// A clock that is handed in, as tests do.
    Given(Arc<dyn Clock>),
}

impl Time {
    /// Now, where `told` is what the server's clock says.
    fn at(&self, told: Timestamp) -> Timestamp {
        match self {
            Self::Server => told,
            Self::Given(clock) => clock.now(),
        }
    }
}

/// Every store port on one PostgreSQL database. Clones share its connections.
#[derive(Clone)]
pub struct PostgresStore(Arc<tx::Connections>);

impl PostgresStore {
    /// Makes a store; connects when it is first used, and migrates nothing.
    pub fn new(
        settings: &PostgresSettings,
        time: Time,
        entropy: Arc<dyn Entropy>,
        rules: Arc<Rules>,
    ) -> Result<Self, StoreError> {
        let options =
            settings.options().map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let ambient = tx::Ambient { time, entropy, rules };
        Ok(Self(Arc::new(tx::Connections::new(options, settings, ambient))))
    }

    /// Waits for running commands and closes every connection; later commands are refused.
    pub async fn close(&self) {
        self.0.close().await;
    }
}
