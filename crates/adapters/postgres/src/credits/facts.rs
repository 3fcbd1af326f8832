//! What decisions about credits rest on.

use crate::error::Sql;
use keelway_credits::{Account, DailyCaps, Grant, Hold, Operation, Reserve, Spent};
use keelway_kernel::{
    Credits, GrantId, HoldId, IdempotencyKey, ProjectId, TenantId, Timestamp, UserId,
};
use keelway_rows::Moment;
use keelway_rows::credits::{AccountRow, GrantRow, HoldRow, OperationRow};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{FromRow as _, Row as _, ValueRef as _};

/// The account with every grant that has something left.
pub(crate) async fn load_account(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Sql<Option<Account>> {
    let rows = sqlx::query(
        r"SELECT a.tenant_id, a.balance, a.held, a.overdraft, a.last_entry, a.version,
                 g.id, g.amount, g.remaining, g.source, g.priority, g.expires_at,
                 g.rollover_up_to, g.rollover_until, g.refunds, g.granted_at
            FROM credit_accounts a
            LEFT JOIN credit_grants g ON g.tenant_id = a.tenant_id AND g.remaining > 0
           WHERE a.tenant_id = $1",
    )
    .bind(tenant.as_uuid())
    .fetch_all(connection)
    .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    // An account without a grant is one row whose grant is NULL throughout.
    let has_grant = |row: &PgRow| Ok::<_, sqlx::Error>(!row.try_get_raw("id")?.is_null());
    let grants = if has_grant(first)? {
        rows.iter().map(GrantRow::from_row).collect::<Result<_, _>>()?
    } else {
        Vec::new()
    };
    Ok(Some(AccountRow::from_row(first)?.decode(grants)?))
}

/// The hold, if this tenant has it.
pub(crate) async fn load_hold(
    connection: &mut PgConnection,
    tenant: TenantId,
    hold: HoldId,
) -> Sql<Option<Hold>> {
    let row: Option<HoldRow> = sqlx::query_as(
        r"SELECT id, amount, captured, refunded, state, charged, ended_at, build_id, reference,
                 lifetime_ms, user_id, project_id, opened_at, expires_at, weight
            FROM credit_holds WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant.as_uuid())
    .bind(hold.as_uuid())
    .fetch_optional(connection)
    .await?;
    Ok(row.map(HoldRow::decode).transpose()?)
}

/// Open holds past their time.
pub(crate) async fn load_due(
    connection: &mut PgConnection,
    tenant: TenantId,
    now: Timestamp,
) -> Sql<Vec<Hold>> {
    let rows: Vec<HoldRow> = sqlx::query_as(
        r"SELECT id, amount, captured, refunded, state, charged, ended_at, build_id, reference,
                 lifetime_ms, user_id, project_id, opened_at, expires_at, weight
            FROM credit_holds
           WHERE tenant_id = $1 AND state = 'open' AND expires_at <= $2
           ORDER BY expires_at, id",
    )
    .bind(tenant.as_uuid())
    .bind(Moment(now))
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(HoldRow::decode).collect::<Result<_, _>>()?)
}

pub(super) async fn load_both(
    connection: &mut PgConnection,
    tenant: TenantId,
    hold: HoldId,
) -> Sql<Option<(Account, Hold)>> {
    let Some(hold) = load_hold(connection, tenant, hold).await? else { return Ok(None) };
    Ok(load_account(connection, tenant).await?.map(|account| (account, hold)))
}

pub(super) async fn load_grant(
    connection: &mut PgConnection,
    tenant: TenantId,
    grant: GrantId,
) -> Sql<Option<Grant>> {
    let row: Option<GrantRow> = sqlx::query_as(
        r"SELECT id, amount, remaining, source, priority, expires_at, rollover_up_to,
                 rollover_until, refunds, granted_at
            FROM credit_grants WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant.as_uuid())
    .bind(grant.as_uuid())
    .fetch_optional(connection)
    .await?;
    Ok(row.map(GrantRow::decode).transpose()?)
}

pub(super) async fn load_operation(
    connection: &mut PgConnection,
    tenant: TenantId,
    key: &IdempotencyKey,
) -> Sql<Option<Operation>> {
    let row: Option<OperationRow> = sqlx::query_as(
        r"SELECT key, request, hold_id, captured, released, balance, held, at
            FROM credit_operations WHERE tenant_id = $1 AND key = $2",
    )
    .bind(tenant.as_uuid())
    .bind(key.as_str())
    .fetch_optional(connection)
    .await?;
    Ok(row.map(OperationRow::decode).transpose()?)
}

pub(super) async fn load_spent(
    connection: &mut PgConnection,
    tenant: TenantId,
    cmd: &Reserve,
) -> Sql<Spent> {
    let Some(DailyCaps { since, .. }) = cmd.caps else { return Ok(Spent::default()) };
    let (all, user, project): (i64, i64, i64) = sqlx::query_as(
        r"SELECT COALESCE(SUM(weight), 0)::bigint,
                 COALESCE(SUM(weight) FILTER (WHERE user_id = $3), 0)::bigint,
                 COALESCE(SUM(weight) FILTER (WHERE project_id = $4), 0)::bigint
            FROM credit_holds WHERE tenant_id = $1 AND opened_at >= $2",
    )
    .bind(tenant.as_uuid())
    .bind(Moment(since))
    .bind(cmd.user.map(UserId::as_uuid))
    .bind(cmd.project.map(ProjectId::as_uuid))
    .fetch_one(connection)
    .await?;
    Ok(Spent {
        tenant: Credits::new(all),
        user: Credits::new(user),
        project: Credits::new(project),
    })
}
