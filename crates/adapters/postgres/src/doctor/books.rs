//! A tenant's whole books, as no command ever needs them, and what is wrong with them.

use keelway_credits::{self as ledger, Entry, Hold, Violation};
use keelway_kernel::TenantId;
use keelway_rows::credits::{EntryRow, HoldRow};
use sqlx::postgres::PgConnection;

use crate::credits;
use crate::error::Sql;

/// Everything wrong with the tenant's books.
pub(super) async fn audit(reader: &mut PgConnection, tenant: TenantId) -> Sql<Vec<Violation>> {
    let Some(account) = credits::load_account(reader, tenant).await? else {
        return Ok(Vec::new());
    };
    let holds = holds(reader, tenant).await?;
    let entries = entries(reader, tenant).await?;
    Ok(ledger::audit(&account, &holds, &entries))
}

/// Every hold, ended or not.
async fn holds(reader: &mut PgConnection, tenant: TenantId) -> Sql<Vec<Hold>> {
    let rows: Vec<HoldRow> = sqlx::query_as(
        "SELECT id, amount, captured, refunded, state, charged, ended_at, build_id, reference,
                lifetime_ms, user_id, project_id, opened_at, expires_at, weight
         FROM credit_holds WHERE tenant_id = $1 ORDER BY id",
    )
    .bind(tenant.as_uuid())
    .fetch_all(reader)
    .await?;
    Ok(rows.into_iter().map(HoldRow::decode).collect::<Result<_, _>>()?)
}

/// Every entry, oldest first.
async fn entries(reader: &mut PgConnection, tenant: TenantId) -> Sql<Vec<Entry>> {
    let rows: Vec<EntryRow> = sqlx::query_as(
        "SELECT seq, amount, reason, balance_after, hold_id, grant_id, user_id, request_id, at
         FROM credit_entries WHERE tenant_id = $1 ORDER BY seq",
    )
    .bind(tenant.as_uuid())
    .fetch_all(reader)
    .await?;
    Ok(rows.into_iter().map(EntryRow::decode).collect::<Result<_, _>>()?)
}
