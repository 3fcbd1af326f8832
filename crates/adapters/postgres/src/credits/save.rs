//! Saving what decisions about credits returned.

use crate::audit::{self, Sealed, insert_audited};
use crate::columns::column;
use crate::error::{Broken, Sql};
use keelway_credits::{Change, Grant, GrantChange, Hold};
use keelway_kernel::{Credits, GrantId, HoldId, StoreError, TenantId};
use keelway_rows::credits::{EntryRow, GrantRow, HoldRow, OperationRow};
use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::query::Query;
use sqlx::types::Uuid;
use sqlx::{FromRow, Postgres};
use std::collections::BTreeMap;

/// Saves exactly what a decision returned, over exactly the version it rests on.
pub(crate) async fn save_change(connection: &mut PgConnection, change: &Change) -> Sql<()> {
    save_changes(connection, std::slice::from_ref(change), &[]).await
}

/// Saves changes of any accounts, each resting on those before it, and what is told of them.
/// What several of them changed is written once, as the last one left it.
pub(super) async fn save_changes(
    connection: &mut PgConnection,
    changes: &[Change],
    told: &[Sealed<'_>],
) -> Sql<()> {
    let rows = Rows::of(changes);
    open_accounts(connection, &rows).await?;
    add_grants(connection, &rows).await?;
    save(connection, &rows, told).await
}

/// What changes write beside new accounts and grants, in one statement. What it guards must be
/// as the decisions saw it: so it returns how many rows it wrote, of each table that has guards.
macro_rules! save {
    ($charges:literal, $charged:literal) => {
        concat!(
            "WITH told AS (",
            insert_audited!(),
            "), accounts AS (
                 UPDATE credit_accounts a
                    SET version = c.version, balance = c.balance, held = c.held,
                        last_entry = c.last_entry
                   FROM UNNEST($10::uuid[], $11::bigint[], $12::bigint[], $13::bigint[],
                               $14::bigint[], $15::bigint[])
                        AS c (tenant_id, over, version, balance, held, last_entry)
                  WHERE a.tenant_id = c.tenant_id AND a.version = c.over
                 RETURNING a.tenant_id
             ), holds AS (
                 INSERT INTO credit_holds (tenant_id, id, amount, captured, refunded, state,
                                           charged, ended_at, build_id, reference, lifetime_ms,
                                           user_id, project_id, opened_at, expires_at, weight)
                 SELECT * FROM UNNEST($16::uuid[], $17::uuid[], $18::bigint[], $19::bigint[],
                                      $20::bigint[], $21::text[], $22::bigint[],
                                      $23::timestamptz[], $24::uuid[], $25::text[],
                                      $26::bigint[], $27::uuid[], $28::uuid[],
                                      $29::timestamptz[], $30::timestamptz[], $31::bigint[])
                 ON CONFLICT (tenant_id, id) DO UPDATE
                    SET captured = excluded.captured, refunded = excluded.refunded,
                        state = excluded.state, charged = excluded.charged,
                        ended_at = excluded.ended_at, expires_at = excluded.expires_at,
                        weight = excluded.weight
                 RETURNING id
             )",
            $charges,
            " SELECT (SELECT count(*) FROM accounts), (SELECT count(*) FROM holds), ",
            $charged
        )
    };
}

/// Of changes that only set credits aside: to open the tables of the others would be a fifth of the
/// work.
const SAVE_HOLDS: &str = save!("", "0::bigint");

const SAVE_ALL: &str = save!(
    ", grants AS (
         UPDATE credit_grants g SET remaining = c.remaining
           FROM UNNEST($32::uuid[], $33::uuid[], $34::bigint[]) AS c (tenant_id, id, remaining)
          WHERE g.tenant_id = c.tenant_id AND g.id = c.id
         RETURNING g.id
     ), entries AS (
         INSERT INTO credit_entries (tenant_id, seq, amount, reason, balance_after, hold_id,
                                     grant_id, user_id, request_id, at)
         SELECT * FROM UNNEST($35::uuid[], $36::bigint[], $37::bigint[], $38::text[],
                              $39::bigint[], $40::uuid[], $41::uuid[], $42::uuid[], $43::text[],
                              $44::timestamptz[])
     ), operations AS (
         INSERT INTO credit_operations (tenant_id, key, request, hold_id, captured, released,
                                        balance, held, at)
         SELECT * FROM UNNEST($45::uuid[], $46::text[], $47::text[], $48::uuid[], $49::bigint[],
                              $50::bigint[], $51::bigint[], $52::bigint[], $53::timestamptz[])
     )",
    "(SELECT count(*) FROM grants)"
);

type Bound<'q> = Query<'q, Postgres, PgArguments>;

async fn save(connection: &mut PgConnection, rows: &Rows, told: &[Sealed<'_>]) -> Sql<()> {
    let only_holds =
        rows.grants.is_empty() && rows.entries.is_empty() && rows.operations.is_empty();
    let save = sqlx::query(if only_holds { SAVE_HOLDS } else { SAVE_ALL });
    let mut bound = audit::bind(save, told);
    bound = bind_accounts(bound, &rows.accounts);
    bound = bind_holds(bound, &rows.holds);
    if !only_holds {
        bound = bind_grants(bound, &rows.grants);
        bound = bind_entries(bound, &rows.entries);
        bound = bind_operations(bound, &rows.operations);
    }
    let written = bound.fetch_one(connection).await?;
    let (accounts, holds, grants) = FromRow::from_row(&written)?;
    all(accounts, &rows.accounts)?;
    all(holds, &rows.holds)?;
    all(grants, &rows.grants)
}

/// Guarded rows must all have been as the decisions saw them: else somebody was faster.
fn all<T>(written: i64, rows: &[T]) -> Sql<()> {
    let is_all = usize::try_from(written) == Ok(rows.len());
    if is_all { Ok(()) } else { Err(Broken(StoreError::Contended)) }
}

fn bind_accounts<'q>(save: Bound<'q>, rows: &[AccountChange]) -> Bound<'q> {
    save.bind(column(rows, |account| account.tenant))
        .bind(column(rows, |account| account.over))
        .bind(column(rows, |account| account.version))
        .bind(column(rows, |account| account.balance))
        .bind(column(rows, |account| account.held))
        .bind(column(rows, |account| account.last_entry))
}

fn bind_holds<'q>(save: Bound<'q>, rows: &[(Uuid, HoldRow)]) -> Bound<'q> {
    save.bind(column(rows, |(tenant, _)| *tenant))
        .bind(column(rows, |(_, hold)| hold.id))
        .bind(column(rows, |(_, hold)| hold.amount))
        .bind(column(rows, |(_, hold)| hold.captured))
        .bind(column(rows, |(_, hold)| hold.refunded))
        .bind(column(rows, |(_, hold)| hold.state.as_str()))
        .bind(column(rows, |(_, hold)| hold.charged))
        .bind(column(rows, |(_, hold)| hold.ended_at))
        .bind(column(rows, |(_, hold)| hold.build_id))
        .bind(column(rows, |(_, hold)| hold.reference.as_deref()))
        .bind(column(rows, |(_, hold)| hold.lifetime_ms))
        .bind(column(rows, |(_, hold)| hold.user_id))
        .bind(column(rows, |(_, hold)| hold.project_id))
        .bind(column(rows, |(_, hold)| hold.opened_at))
        .bind(column(rows, |(_, hold)| hold.expires_at))
        .bind(column(rows, |(_, hold)| hold.weight))
}

fn bind_grants<'q>(save: Bound<'q>, rows: &[(Uuid, Uuid, i64)]) -> Bound<'q> {
    save.bind(column(rows, |(tenant, ..)| *tenant))
        .bind(column(rows, |(_, id, _)| *id))
        .bind(column(rows, |(.., remaining)| *remaining))
}

fn bind_entries<'q>(save: Bound<'q>, rows: &[(Uuid, EntryRow)]) -> Bound<'q> {
    save.bind(column(rows, |(tenant, _)| *tenant))
        .bind(column(rows, |(_, entry)| entry.seq))
        .bind(column(rows, |(_, entry)| entry.amount))
        .bind(column(rows, |(_, entry)| entry.reason.as_str()))
        .bind(column(rows, |(_, entry)| entry.balance_after))
        .bind(column(rows, |(_, entry)| entry.hold_id))
        .bind(column(rows, |(_, entry)| entry.grant_id))
        .bind(column(rows, |(_, entry)| entry.user_id))
        .bind(column(rows, |(_, entry)| entry.request_id.as_str()))
        .bind(column(rows, |(_, entry)| entry.at))
}

fn bind_operations<'q>(save: Bound<'q>, rows: &[(Uuid, OperationRow)]) -> Bound<'q> {
    save.bind(column(rows, |(tenant, _)| *tenant))
        .bind(column(rows, |(_, done)| done.key.as_str()))
        .bind(column(rows, |(_, done)| done.request.as_str()))
        .bind(column(rows, |(_, done)| done.hold_id))
        .bind(column(rows, |(_, done)| done.captured))
        .bind(column(rows, |(_, done)| done.released))
        .bind(column(rows, |(_, done)| done.balance))
        .bind(column(rows, |(_, done)| done.held))
        .bind(column(rows, |(_, done)| done.at))
}

/// Version 0 was never saved: what somebody saved meanwhile is not inserted again.
async fn open_accounts(connection: &mut PgConnection, Rows { opened, .. }: &Rows) -> Sql<()> {
    if opened.is_empty() {
        return Ok(());
    }
    let saved = sqlx::query(
        r"INSERT INTO credit_accounts (tenant_id, version, balance, held, last_entry)
          SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
          ON CONFLICT (tenant_id) DO NOTHING",
    )
    .bind(column(opened, |account| account.tenant))
    .bind(column(opened, |account| account.version))
    .bind(column(opened, |account| account.balance))
    .bind(column(opened, |account| account.held))
    .bind(column(opened, |account| account.last_entry))
    .execute(connection)
    .await?;
    all(saved.rows_affected().cast_signed(), opened)
}

async fn add_grants(connection: &mut PgConnection, Rows { new_grants, .. }: &Rows) -> Sql<()> {
    if new_grants.is_empty() {
        return Ok(());
    }
    sqlx::query(
        r"INSERT INTO credit_grants (tenant_id, id, amount, remaining, source, priority,
                                     expires_at, rollover_up_to, rollover_until, refunds,
                                     granted_at)
          SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::text[],
                               $6::bigint[], $7::timestamptz[], $8::bigint[], $9::timestamptz[],
                               $10::uuid[], $11::timestamptz[])",
    )
    .bind(column(new_grants, |(tenant, _)| *tenant))
    .bind(column(new_grants, |(_, grant)| grant.id))
    .bind(column(new_grants, |(_, grant)| grant.amount))
    .bind(column(new_grants, |(_, grant)| grant.remaining))
    .bind(column(new_grants, |(_, grant)| grant.source.as_str()))
    .bind(column(new_grants, |(_, grant)| grant.priority))
    .bind(column(new_grants, |(_, grant)| grant.expires_at))
    .bind(column(new_grants, |(_, grant)| grant.rollover_up_to))
    .bind(column(new_grants, |(_, grant)| grant.rollover_until))
    .bind(column(new_grants, |(_, grant)| grant.refunds))
    .bind(column(new_grants, |(_, grant)| grant.granted_at))
    .execute(connection)
    .await?;
    Ok(())
}

/// What changes write, table by table, with the tenant of each row.
struct Rows {
    opened: Vec<AccountChange>,
    accounts: Vec<AccountChange>,
    holds: Vec<(Uuid, HoldRow)>,
    new_grants: Vec<(Uuid, GrantRow)>,
    grants: Vec<(Uuid, Uuid, i64)>,
    entries: Vec<(Uuid, EntryRow)>,
    operations: Vec<(Uuid, OperationRow)>,
}

/// An account's way from one version to another.
struct AccountChange {
    tenant: Uuid,
    over: i64,
    version: i64,
    balance: i64,
    held: i64,
    last_entry: i64,
}

impl Rows {
    fn of(changes: &[Change]) -> Self {
        let mut accounts = BTreeMap::<TenantId, AccountChange>::new();
        let mut holds = BTreeMap::<(TenantId, HoldId), &Hold>::new();
        let mut new_grants = BTreeMap::<(TenantId, GrantId), Grant>::new();
        let mut grants = BTreeMap::<(TenantId, GrantId), Credits>::new();
        for change in changes {
            let tenant = change.tenant;
            let over = accounts.get(&tenant).map_or(change.version, |earlier| earlier.over);
            accounts.insert(tenant, AccountChange::new(change, over));
            holds.extend(change.holds.iter().map(|hold| ((tenant, hold.id), hold)));
            for grant in &change.grants {
                match grant {
                    GrantChange::New(grant) => {
                        new_grants.insert((tenant, grant.id), grant.clone());
                    }
                    GrantChange::Remaining { grant, remaining } => {
                        match new_grants.get_mut(&(tenant, *grant)) {
                            Some(new) => new.remaining = *remaining,
                            None => drop(grants.insert((tenant, *grant), *remaining)),
                        }
                    }
                }
            }
        }
        let (opened, accounts) = accounts.into_values().partition(|account| account.over == 0);
        let entries = changes
            .iter()
            .flat_map(|change| change.entries.iter().map(|entry| (change.tenant, entry)));
        let operations = changes
            .iter()
            .flat_map(|change| change.operation.iter().map(|done| (change.tenant, done)));
        Self {
            opened,
            accounts,
            holds: rows(holds.into_iter().map(|((tenant, _), hold)| (tenant, hold))),
            new_grants: rows(new_grants.iter().map(|((tenant, _), grant)| (*tenant, grant))),
            grants: grants
                .into_iter()
                .map(|((tenant, id), left)| (tenant.as_uuid(), id.as_uuid(), left.get()))
                .collect(),
            entries: rows(entries),
            operations: rows(operations),
        }
    }
}

fn rows<T, R: From<T>>(of: impl Iterator<Item = (TenantId, T)>) -> Vec<(Uuid, R)> {
    of.map(|(tenant, value)| (tenant.as_uuid(), R::from(value))).collect()
}

impl AccountChange {
    fn new(change: &Change, over: i64) -> Self {
        Self {
            tenant: change.tenant.as_uuid(),
            over,
            version: change.version + 1,
            balance: change.balance.get(),
            held: change.held.get(),
            last_entry: change.last_entry,
        }
    }
}
