//! Connections between one transaction and the next.
//!
//! A pool that is given a connection back asks it whether it is alive, which would cost every
//! command a round trip more. So whoever is done leaves it here for whoever comes next, and only
//! one that was not looked at for a while goes back: the pool then closes it if it is too old.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::Postgres;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgPool};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// How long a connection that is in use goes without being looked at.
const UNSEEN: Duration = Duration::from_secs(2);

pub(super) struct Kept {
    pool: PgPool,
    /// As many places as connections, each taken before a connection and left after it: whoever
    /// has one never waits for what lies here.
    places: Arc<Semaphore>,
    wait: Duration,
    /// None once closed.
    idle: Mutex<Option<Vec<Seen>>>,
}

/// A connection, and when the pool had it last.
struct Seen {
    connection: PoolConnection<Postgres>,
    at: Instant,
}

impl Kept {
    pub(super) fn new(pool: PgPool, most: u32, wait: Duration) -> Self {
        let places = usize::try_from(most).unwrap_or(Semaphore::MAX_PERMITS).max(1);
        let idle = Mutex::new(Some(Vec::new()));
        Self { pool, places: Arc::new(Semaphore::new(places)), wait, idle }
    }

    pub(super) async fn lend(self: &Arc<Self>) -> Result<Lent, sqlx::Error> {
        let place = tokio::time::timeout(self.wait, Arc::clone(&self.places).acquire_owned()).await;
        let place = place.map_err(|_| sqlx::Error::PoolTimedOut)?;
        let place = place.map_err(|_| sqlx::Error::PoolClosed)?;
        let idle = self.idle().as_mut().and_then(Vec::pop);
        let seen = match idle {
            Some(seen) => seen,
            None => Seen { connection: self.pool.acquire().await?, at: Instant::now() },
        };
        Ok(Lent { seen: Some(seen), kept: Arc::clone(self), _place: place })
    }

    /// Keeps nothing from now on, and waits for every connection.
    pub(super) async fn close(&self) {
        let idle = self.idle().take();
        drop(idle);
        self.pool.close().await;
    }

    fn idle(&self) -> MutexGuard<'_, Option<Vec<Seen>>> {
        // Whole between any two statements.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, seen: Seen) {
        if seen.at.elapsed() < UNSEEN
            && let Some(idle) = &mut *self.idle()
        {
            idle.push(seen);
        }
    }
}

impl Drop for Kept {
    /// There may be no runtime left in which a pool could take them back.
    fn drop(&mut self) {
        for seen in self.idle().take().unwrap_or_default() {
            drop(seen.connection.detach());
        }
    }
}

/// A connection in somebody's hands. It is closed, and with it whatever it is in the midst of,
/// unless it is given back.
pub(crate) struct Lent {
    seen: Option<Seen>,
    kept: Arc<Kept>,
    _place: OwnedSemaphorePermit,
}

impl Lent {
    /// There is nothing left to be done on it.
    pub(super) fn give_back(mut self) {
        if let Some(seen) = self.seen.take() {
            self.kept.keep(seen);
        }
    }
}

impl Deref for Lent {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        match &self.seen {
            Some(seen) => &seen.connection,
            None => unreachable!("whoever gives it back has it no more"),
        }
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut PgConnection {
        match &mut self.seen {
            Some(seen) => &mut seen.connection,
            None => unreachable!("whoever gives it back has it no more"),
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(seen) = &mut self.seen {
            seen.connection.close_on_drop();
        }
    }
}
