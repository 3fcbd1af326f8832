//! Whose turn it is, with sixteen workers asking.

mod busy;
mod fairness;
mod limits;
mod places;
mod plans;
mod trips;
mod unread;

use std::sync::Arc;

use keelway_builds::ports::BuildQueue as _;
use keelway_builds::run::{Assignment, Take};
use keelway_contract::{Fixture, ManualClock, Owned, SeededEntropy};
use keelway_kernel::{BuildId, Tier};
use keelway_postgres::{PostgresSettings, PostgresStore, Time};

use crate::database::Database;
use crate::opened::Opened;

const WORKERS: usize = 16;

/// A store whose commands happen when they happen, as seen by the server.
async fn in_real_time() -> Opened {
    let clock = Arc::new(ManualClock::default());
    let entropy = Arc::new(SeededEntropy::new(7));
    let database = Arc::new(Database::fresh().await);
    let settings = PostgresSettings::new(database.url());
    let store = Arc::new(Database::store_of(&settings, Time::Server, entropy.clone()));
    let ports = crate::ports(store.clone(), database.clone());
    Opened { store, fx: Fixture { clock, entropy, store: ports }, database }
}

/// A tenant that can afford anything its tier allows.
async fn rich(fx: &Fixture, tier: Tier) -> Owned {
    let owned = fx.tenant_of(tier).await;
    fx.store.ledger.grant(owned.scope, fx.grant(1_000_000)).await.unwrap();
    owned
}

async fn taken(store: &PostgresStore) -> Option<Assignment> {
    let cmd = Take { worker: "worker-1".into(), ttl_ms: 60_000 };
    store.take(cmd).await.unwrap()
}

/// The build that a look at the queue finds.
async fn next(opened: &Opened) -> Option<BuildId> {
    taken(&opened.store).await.map(|taken| taken.build.id)
}
