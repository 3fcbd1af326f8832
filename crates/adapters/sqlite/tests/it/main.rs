//! What every store promises, shown on this one.
#![expect(clippy::unwrap_used, reason = "a store that does not open fails its test")]

mod findings;
mod guards;
mod invitations;
mod opened;
mod sharing;
mod tickets;
mod trips;
mod unread;

use async_trait::async_trait;
use keelway_access::AuditEntry;
use keelway_builds::Rules;
use keelway_contract::{AuditTrail, Store};
use keelway_kernel::{Clock, Entropy, TenantId};
use keelway_rows::audit::{AuditRow, chain};
use keelway_sqlite::{SqliteSettings, SqliteStore};
use keelway_tiers::LimitTable;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use std::any::Any;
use std::path::Path;
use std::sync::Arc;

/// A file of its own for each case: two connections to one in memory would see two stores.
async fn open(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Store {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keelway.db");
    let (_, store) = open_at(&path, clock, entropy, Arc::new(folder)).await;
    store
}

/// The store on the file at `path`, which lives as long as `keep`.
async fn open_at(
    path: &Path,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    keep: Arc<dyn Any + Send + Sync>,
) -> (SqliteStore, Store) {
    let rules = Arc::new(Rules::new(LimitTable::default()));
    let settings = SqliteSettings::new(path);
    let store = SqliteStore::open(settings, clock, entropy, rules).await.unwrap();
    store.migrate().await.unwrap();
    let reader = SqliteConnectOptions::new().filename(path).read_only(true);
    let reader = SqlitePool::connect_lazy_with(reader);

    let opened = store.clone();
    let store = Arc::new(store);
    let ports = Store {
        ledger: store.clone(),
        books: store.clone(),
        accounts: store.clone(),
        sessions: store.clone(),
        people: store.clone(),
        members: store.clone(),
        invitations: store.clone(),
        staff: store.clone(),
        tickets: store.clone(),
        replay_guard: store.clone(),
        submissions: store.clone(),
        queue: store.clone(),
        builds: store.clone(),
        projects: store.clone(),
        sites: store.clone(),
        overviews: store.clone(),
        operations: store.clone(),
        flag_overrides: store.clone(),
        inspector: store,
        audit_trail: Arc::new(Trail(reader)),
        keep,
    };
    (opened, ports)
}

struct Trail(SqlitePool);

#[async_trait]
impl AuditTrail for Trail {
    async fn entries(&self, tenant: Option<TenantId>) -> Vec<AuditEntry> {
        let rows: Vec<AuditRow> = sqlx::query_as(
            r"SELECT tenant_id, seq, at, user_id, request_id, action, subject, data, seal
                FROM audit_log WHERE tenant_id = ?1 ORDER BY seq",
        )
        .bind(chain(tenant))
        .fetch_all(&self.0)
        .await
        .unwrap();
        let entry = |row: AuditRow| row.decode().unwrap().0;
        rows.into_iter().map(entry).collect()
    }
}

keelway_contract::suite!(open);
