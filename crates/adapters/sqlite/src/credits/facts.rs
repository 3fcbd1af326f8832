//! What decisions about credits rest on: asked for together, decoded one by one.

use crate::error::Sql;
use crate::trip::Trip;
use keelway_credits::{Account, DailyCaps, Grant, Hold, Operation, Reserve, Spent};
use keelway_kernel::{
    BuildId, Credits, GrantId, HoldId, IdempotencyKey, ProjectId, TenantId, Timestamp, UserId,
};
use keelway_rows::credits::{AccountRow, GrantRow, HoldRow, OperationRow};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow as _, Row as _, SqliteConnection, ValueRef as _};

macro_rules! select_holds {
    ($tail:literal) => {
        concat!(
            "SELECT id, amount, captured, refunded, state, charged, ended_at, build_id, reference,
                    lifetime_ms, user_id, project_id, opened_at, expires_at, weight
             FROM credit_holds ",
            $tail
        )
    };
}

impl Trip {
    /// Asks for the account with every grant that has something left.
    pub(crate) fn ask_account(self, tenant: TenantId) -> Self {
        self.add(
            r"SELECT a.tenant_id, a.balance, a.held, a.overdraft, a.last_entry, a.version,
                     g.id, g.amount, g.remaining, g.source, g.priority, g.expires_at,
                     g.rollover_up_to, g.rollover_until, g.refunds, g.granted_at
                FROM credit_accounts a
                LEFT JOIN credit_grants g ON g.tenant_id = a.tenant_id AND g.remaining > 0
               WHERE a.tenant_id = ?",
        )
        .bind(tenant.as_uuid())
    }

    /// Asks for the hold, if this tenant has it.
    pub(super) fn ask_hold(self, tenant: TenantId, hold: HoldId) -> Self {
        self.add(select_holds!("WHERE tenant_id = ? AND id = ?"))
            .bind(tenant.as_uuid())
            .bind(hold.as_uuid())
    }

    /// Asks for the hold of a build.
    pub(crate) fn ask_held_for(self, tenant: TenantId, build: BuildId) -> Self {
        self.add(select_holds!(
            "WHERE tenant_id = ?
               AND id = (SELECT hold_id FROM builds WHERE tenant_id = ? AND id = ?)"
        ))
        .bind(tenant.as_uuid())
        .bind(tenant.as_uuid())
        .bind(build.as_uuid())
    }

    /// Asks for open holds past their time.
    pub(crate) fn ask_due(self, tenant: TenantId, now: Timestamp) -> Self {
        self.add(select_holds!(
            "WHERE tenant_id = ? AND state = 'open' AND expires_at <= ? ORDER BY expires_at, id"
        ))
        .bind(tenant.as_uuid())
        .bind(now.as_micros())
    }

    /// Asks for the grant, if this tenant has it.
    pub(super) fn ask_grant(self, tenant: TenantId, grant: GrantId) -> Self {
        self.add(
            r"SELECT id, amount, remaining, source, priority, expires_at, rollover_up_to,
                     rollover_until, refunds, granted_at
                FROM credit_grants WHERE tenant_id = ? AND id = ?",
        )
        .bind(tenant.as_uuid())
        .bind(grant.as_uuid())
    }

    /// Asks for what was done under the key before.
    pub(super) fn ask_operation(self, tenant: TenantId, key: &IdempotencyKey) -> Self {
        self.add(
            r"SELECT key, request, hold_id, captured, released, balance, held, at
                FROM credit_operations WHERE tenant_id = ? AND key = ?",
        )
        .bind(tenant.as_uuid())
        .bind(key.as_str())
    }
}

pub(crate) fn account(rows: &[SqliteRow]) -> Sql<Option<Account>> {
    let Some(first) = rows.first() else { return Ok(None) };
    // An account without a grant is one row whose grant is NULL throughout.
    let has_grant = |row: &SqliteRow| Ok::<_, sqlx::Error>(!row.try_get_raw("id")?.is_null());
    let grants = if has_grant(first)? {
        rows.iter().map(GrantRow::from_row).collect::<Result<_, _>>()?
    } else {
        Vec::new()
    };
    Ok(Some(AccountRow::from_row(first)?.decode(grants)?))
}

pub(crate) fn holds(rows: &[SqliteRow]) -> Sql<Vec<Hold>> {
    rows.iter().map(|row| Ok(HoldRow::from_row(row)?.decode()?)).collect()
}

pub(crate) fn hold(rows: &[SqliteRow]) -> Sql<Option<Hold>> {
    Ok(holds(rows)?.pop())
}

pub(super) fn grant(rows: &[SqliteRow]) -> Sql<Option<Grant>> {
    let row = rows.first().map(GrantRow::from_row).transpose()?;
    Ok(row.map(GrantRow::decode).transpose()?)
}

pub(super) fn operation(rows: &[SqliteRow]) -> Sql<Option<Operation>> {
    let row = rows.first().map(OperationRow::from_row).transpose()?;
    Ok(row.map(OperationRow::decode).transpose()?)
}

/// The account with every grant that has something left.
pub(crate) async fn load_account(
    connection: &mut SqliteConnection,
    tenant: TenantId,
) -> Sql<Option<Account>> {
    let [found] = Trip::default().ask_account(tenant).read(connection).await?;
    account(&found)
}

/// The hold, if this tenant has it.
pub(crate) async fn load_hold(
    connection: &mut SqliteConnection,
    tenant: TenantId,
    id: HoldId,
) -> Sql<Option<Hold>> {
    let [found] = Trip::default().ask_hold(tenant, id).read(connection).await?;
    hold(&found)
}

pub(super) async fn load_spent(
    connection: &mut SqliteConnection,
    tenant: TenantId,
    cmd: &Reserve,
) -> Sql<Spent> {
    let Some(DailyCaps { since, .. }) = cmd.caps else { return Ok(Spent::default()) };
    let (all, user, project): (i64, i64, i64) = sqlx::query_as(
        r"SELECT COALESCE(SUM(weight), 0),
                 COALESCE(SUM(weight) FILTER (WHERE user_id = ?3), 0),
                 COALESCE(SUM(weight) FILTER (WHERE project_id = ?4), 0)
            FROM credit_holds WHERE tenant_id = ?1 AND opened_at >= ?2",
    )
    .bind(tenant.as_uuid())
    .bind(since.as_micros())
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
