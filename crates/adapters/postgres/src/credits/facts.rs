//! What decisions about credits rest on.

use super::batch::Wanted;
use super::books::{Day, Ledger};
use crate::audit::{Ends, Last, chain_end};
use crate::columns::column;
use crate::error::Sql;
use crate::record::{Record, within};
use keelway_credits::{Account, Grant, Hold, Spent};
use keelway_kernel::{Credits, GrantId, HoldId, ProjectId, TenantId, Timestamp, UserId};
use keelway_rows::Moment;
use keelway_rows::credits::{AccountRow, GrantRow, HoldRow, OperationRow};
use sqlx::postgres::PgConnection;
use sqlx::types::Uuid;
use std::collections::BTreeSet;

/// The account of a tenant with every grant that has something left, as [`AccountColumns`].
macro_rules! account_columns {
    ($tenant:literal) => {
        concat!(
            "(SELECT ",
            account_row!(),
            " FROM credit_accounts WHERE tenant_id = ",
            $tenant,
            ") AS account,
             ARRAY(SELECT ",
            grant_row!(),
            " FROM credit_grants WHERE tenant_id = ",
            $tenant,
            " AND remaining > 0) AS grants"
        )
    };
}
pub(crate) use account_columns;

/// Open holds of the tenant `$1` that are past their time at `$now`, as records.
macro_rules! due_holds {
    ($now:literal) => {
        concat!(
            "ARRAY(SELECT ",
            hold_row!(),
            " FROM credit_holds
               WHERE tenant_id = $1 AND state = 'open' AND expires_at <= ",
            $now,
            " ORDER BY expires_at, id)"
        )
    };
}
pub(crate) use due_holds;

/// What [`account_columns`] finds.
#[derive(sqlx::FromRow)]
pub(crate) struct AccountColumns {
    account: Option<Record<AccountRow>>,
    grants: Vec<Record<GrantRow>>,
}

impl AccountColumns {
    /// The account, if the tenant was ever granted anything.
    pub(crate) fn decode(self) -> Sql<Option<Account>> {
        let Some(Record(account)) = self.account else { return Ok(None) };
        Ok(Some(account.decode(within(self.grants))?))
    }
}

/// The account with every grant that has something left.
pub(crate) async fn load_account(
    connection: &mut PgConnection,
    tenant: TenantId,
) -> Sql<Option<Account>> {
    let found: AccountColumns = sqlx::query_as(concat!("SELECT ", account_columns!("$1")))
        .bind(tenant.as_uuid())
        .fetch_one(connection)
        .await?;
    found.decode()
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

/// The account, and the open holds that are past their time.
pub(super) async fn load_with_due(
    connection: &mut PgConnection,
    tenant: TenantId,
    now: Timestamp,
) -> Sql<(Option<Account>, Vec<Hold>)> {
    let found: WithDue = sqlx::query_as(concat!(
        "SELECT ",
        account_columns!("$1"),
        ", ",
        due_holds!("$2"),
        " AS due"
    ))
    .bind(tenant.as_uuid())
    .bind(Moment(now))
    .fetch_one(connection)
    .await?;
    Ok((found.account.decode()?, holds(found.due)?))
}

#[derive(sqlx::FromRow)]
struct WithDue {
    #[sqlx(flatten)]
    account: AccountColumns,
    due: Vec<Record<HoldRow>>,
}

/// What [`due_holds`] finds.
pub(crate) fn holds(found: Vec<Record<HoldRow>>) -> Sql<Vec<Hold>> {
    Ok(within(found).into_iter().map(HoldRow::decode).collect::<Result<_, _>>()?)
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

/// All that a run of commands rests on, and the ends of the chains that will tell of it.
///
/// A reserve finds no hold of its id and none past its time, a key is seldom used twice: whether
/// there is any comes with the accounts, and only then are they read.
pub(super) async fn load_ledger(
    connection: &mut PgConnection,
    wanted: &Wanted,
) -> Sql<(Ledger, Ends)> {
    let (mut ledger, mut ends) = (Ledger::new(), Ends::default());
    let (mut has_holds, mut has_operations) = (false, false);
    for found in load_accounts(connection, wanted).await? {
        let tenant = found.tenant();
        (has_holds, has_operations) = (found.row.has_holds, found.row.has_operations);
        ends.found(tenant.as_uuid(), found.row.newest)?;
        ledger.entry(tenant).or_default().account = found.row.account.decode()?;
    }
    if has_holds {
        load_holds(connection, wanted, &mut ledger).await?;
    }
    if has_operations {
        load_operations(connection, &wanted.keys, &mut ledger).await?;
    }
    if !wanted.days.is_empty() {
        load_spent(connection, &wanted.days, &mut ledger).await?;
    }
    Ok((ledger, ends))
}

/// An account, and what is the same for all of a run.
#[derive(sqlx::FromRow)]
struct InLedger {
    #[sqlx(flatten)]
    account: AccountColumns,
    newest: Last,
    has_holds: bool,
    has_operations: bool,
}

async fn load_accounts(connection: &mut PgConnection, wanted: &Wanted) -> Sql<Vec<Of<InLedger>>> {
    // Each row is looked up by its key, whatever the planner was last told of the tables: a plan
    // is made once a connection, perhaps while they are empty, and would go through all of what
    // they have become.
    let sql = concat!(
        "SELECT wanted.tenant_id, ",
        account_columns!("wanted.tenant_id"),
        ", ",
        chain_end!("wanted.tenant_id"),
        " AS newest,
         EXISTS (SELECT FROM UNNEST($2::uuid[], $3::uuid[]) AS named (tenant_id, id)
                  CROSS JOIN LATERAL (
                        SELECT FROM credit_holds h
                         WHERE h.tenant_id = named.tenant_id AND h.id = named.id LIMIT 1
                  ) AS hold)
             OR EXISTS (SELECT FROM UNNEST($4::uuid[]) AS swept (tenant_id)
                         CROSS JOIN LATERAL (
                               SELECT FROM credit_holds h
                                WHERE h.tenant_id = swept.tenant_id AND h.state = 'open'
                                  AND h.expires_at <= $5 LIMIT 1
                         ) AS hold)
             AS has_holds,
         EXISTS (SELECT FROM UNNEST($6::uuid[], $7::text[]) AS used (tenant_id, key)
                  CROSS JOIN LATERAL (
                        SELECT FROM credit_operations o
                         WHERE o.tenant_id = used.tenant_id AND o.key = used.key LIMIT 1
                  ) AS operation) AS has_operations
         FROM UNNEST($1::uuid[]) AS wanted (tenant_id)"
    );
    let holds: Vec<_> = wanted.holds.iter().collect();
    let keys: Vec<_> = wanted.keys.iter().collect();
    let rows = sqlx::query_as(sql)
        .bind(wanted.accounts.iter().map(|tenant| tenant.as_uuid()).collect::<Vec<_>>())
        .bind(column(&holds, |(tenant, _)| tenant.as_uuid()))
        .bind(column(&holds, |(_, hold)| hold.as_uuid()))
        .bind(wanted.due.iter().map(|tenant| tenant.as_uuid()).collect::<Vec<_>>())
        .bind(Moment(wanted.now))
        .bind(column(&keys, |(tenant, _)| tenant.as_uuid()))
        .bind(column(&keys, |(_, key)| key.as_str()))
        .fetch_all(connection)
        .await?;
    Ok(rows)
}

/// A row of some tenant.
#[derive(sqlx::FromRow)]
struct Of<T> {
    tenant_id: Uuid,
    #[sqlx(flatten)]
    row: T,
}

impl<T> Of<T> {
    fn tenant(&self) -> TenantId {
        TenantId::from_uuid(self.tenant_id)
    }
}

/// The holds that are named, and the open ones past their time.
async fn load_holds(
    connection: &mut PgConnection,
    wanted: &Wanted,
    ledger: &mut Ledger,
) -> Sql<()> {
    let holds: Vec<_> = wanted.holds.iter().collect();
    let rows: Vec<Of<HoldRow>> = sqlx::query_as(
        r"WITH wanted (tenant_id, id) AS (
              SELECT * FROM UNNEST($1::uuid[], $2::uuid[])
              UNION
              SELECT swept.tenant_id, due.id FROM UNNEST($3::uuid[]) AS swept (tenant_id)
               CROSS JOIN LATERAL (
                     SELECT id FROM credit_holds h
                      WHERE h.tenant_id = swept.tenant_id AND h.state = 'open'
                        AND h.expires_at <= $4
                     OFFSET 0
               ) AS due
          )
          SELECT hold.* FROM wanted
           CROSS JOIN LATERAL (
                 SELECT tenant_id, id, amount, captured, refunded, state, charged, ended_at,
                        build_id, reference, lifetime_ms, user_id, project_id, opened_at,
                        expires_at, weight
                   FROM credit_holds h
                  WHERE h.tenant_id = wanted.tenant_id AND h.id = wanted.id LIMIT 1
           ) AS hold",
    )
    .bind(column(&holds, |(tenant, _)| tenant.as_uuid()))
    .bind(column(&holds, |(_, hold)| hold.as_uuid()))
    .bind(wanted.due.iter().map(|tenant| tenant.as_uuid()).collect::<Vec<_>>())
    .bind(Moment(wanted.now))
    .fetch_all(connection)
    .await?;
    for found in rows {
        let (tenant, hold) = (found.tenant(), found.row.decode()?);
        ledger.entry(tenant).or_default().holds.insert(hold.id, hold);
    }
    Ok(())
}

async fn load_operations(
    connection: &mut PgConnection,
    keys: &BTreeSet<(TenantId, String)>,
    ledger: &mut Ledger,
) -> Sql<()> {
    let keys: Vec<_> = keys.iter().collect();
    let rows: Vec<Of<OperationRow>> = sqlx::query_as(
        r"SELECT operation.* FROM UNNEST($1::uuid[], $2::text[]) AS wanted (tenant_id, key)
           CROSS JOIN LATERAL (
                 SELECT tenant_id, key, request, hold_id, captured, released, balance, held, at
                   FROM credit_operations o
                  WHERE o.tenant_id = wanted.tenant_id AND o.key = wanted.key LIMIT 1
           ) AS operation",
    )
    .bind(column(&keys, |(tenant, _)| tenant.as_uuid()))
    .bind(column(&keys, |(_, key)| key.as_str()))
    .fetch_all(connection)
    .await?;
    for found in rows {
        let (tenant, operation) = (found.tenant(), found.row.decode()?);
        let operations = &mut ledger.entry(tenant).or_default().operations;
        operations.insert(operation.key.clone(), operation);
    }
    Ok(())
}

async fn load_spent(
    connection: &mut PgConnection,
    days: &BTreeSet<(TenantId, Day)>,
    ledger: &mut Ledger,
) -> Sql<()> {
    let days: Vec<_> = days.iter().collect();
    let rows: Vec<(i64, i64, i64, i64)> = sqlx::query_as(
        r"SELECT number, everybody, person, project
            FROM UNNEST($1::uuid[], $2::timestamptz[], $3::uuid[], $4::uuid[])
                 WITH ORDINALITY AS day (tenant_id, since, user_id, project_id, number)
           CROSS JOIN LATERAL (
                 SELECT COALESCE(SUM(weight), 0)::bigint AS everybody,
                        COALESCE(SUM(weight) FILTER (WHERE user_id = day.user_id), 0)::bigint
                            AS person,
                        COALESCE(SUM(weight) FILTER (WHERE project_id = day.project_id), 0)::bigint
                            AS project
                   FROM credit_holds
                  WHERE tenant_id = day.tenant_id AND opened_at >= day.since
           ) AS spent
           ORDER BY number",
    )
    .bind(column(&days, |(tenant, _)| tenant.as_uuid()))
    .bind(column(&days, |(_, day)| Moment(day.since)))
    .bind(column(&days, |(_, day)| day.user.map(UserId::as_uuid)))
    .bind(column(&days, |(_, day)| day.project.map(ProjectId::as_uuid)))
    .fetch_all(connection)
    .await?;
    for ((tenant, day), (_, everybody, person, project)) in days.into_iter().zip(rows) {
        let spent = Spent {
            tenant: Credits::new(everybody),
            user: Credits::new(person),
            project: Credits::new(project),
        };
        ledger.entry(*tenant).or_default().spent.insert(*day, spent);
    }
    Ok(())
}
