//! What every store promises, shown on this one.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a store that does not open fails its test"
)]
#![expect(clippy::disallowed_methods, reason = "where the server is, the environment says")]

mod between;
mod cancellations;
mod database;
mod doctor;
mod events;
mod findings;
mod guards;
mod held;
mod kept;
mod logs;
mod oldest;
mod opened;
mod pgbouncer;
mod plans;
mod queue;
mod reached;
mod roles;
mod schema;
mod silent;
mod trips;
mod under_way;
mod walls;

use async_trait::async_trait;
use database::Database;
use keelway_access::AuditEntry;
use keelway_contract::{AuditTrail, Store};
use keelway_kernel::{Clock, Entropy, TenantId};
use keelway_postgres::PostgresStore;
use keelway_rows::audit::{AuditRow, chain};
use sqlx::postgres::PgPool;
use std::sync::Arc;

/// A database of its own for each case.
async fn open(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Store {
    let database = Arc::new(Database::fresh().await);
    ports(Arc::new(database.store(clock, entropy)), database)
}

/// Every port of `store`, which lives on `database`.
fn ports(store: Arc<PostgresStore>, database: Arc<Database>) -> Store {
    let reader = PgPool::connect_lazy_with(database.owner.clone());
    Store {
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
        keep: database,
    }
}

struct Trail(PgPool);

#[async_trait]
impl AuditTrail for Trail {
    async fn entries(&self, tenant: Option<TenantId>) -> Vec<AuditEntry> {
        let rows: Vec<AuditRow> = sqlx::query_as(
            r"SELECT tenant_id, seq, at, user_id, request_id, action, subject, data, seal
                FROM audit_log WHERE tenant_id = $1 ORDER BY seq",
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
