//! Saving what decisions about credits returned.

use crate::audit::{self, Sealed};
use crate::columns::column;
use crate::error::Sql;
use crate::trip::Trip;
use keelway_credits::{Change, Grant, GrantChange, Hold};
use keelway_kernel::{Credits, GrantId, HoldId, TenantId};
use keelway_rows::credits::{EntryRow, GrantRow, HoldRow, OperationRow};
use sqlx::postgres::PgConnection;
use sqlx::types::Uuid;
use std::collections::BTreeMap;

/// Saves changes and what is told of them.
pub(super) async fn save_told(
    connection: &mut PgConnection,
    changes: &[Change],
    told: &[Sealed<'_>],
) -> Sql<()> {
    let mut trip = Trip::default();
    audit::tell(&mut trip, told);
    save_changes(&mut trip, changes);
    trip.write(connection).await
}

/// Saves exactly what decisions returned, over exactly the versions they rest on: of any
/// accounts, each change resting on those before it. What several of them changed is written
/// once, as the last one left it.
pub(crate) fn save_changes(trip: &mut Trip, changes: &[Change]) {
    let rows = Rows::of(changes);
    open_accounts(trip, &rows.opened);
    save_accounts(trip, &rows.accounts);
    add_grants(trip, &rows.new_grants);
    save_grants(trip, &rows.grants);
    save_holds(trip, &rows.holds);
    add_entries(trip, &rows.entries);
    add_operations(trip, &rows.operations);
}

/// Version 0 was never saved: what somebody saved meanwhile is not inserted again.
fn open_accounts(trip: &mut Trip, rows: &[AccountChange]) {
    if rows.is_empty() {
        return;
    }
    trip.each(
        "opened",
        "INSERT INTO credit_accounts (tenant_id, version, balance, held, last_entry)
         SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
         ON CONFLICT (tenant_id) DO NOTHING",
    )
    .bind(column(rows, |account| account.tenant))
    .bind(column(rows, |account| account.version))
    .bind(column(rows, |account| account.balance))
    .bind(column(rows, |account| account.held))
    .bind(column(rows, |account| account.last_entry));
}

fn save_accounts(trip: &mut Trip, rows: &[AccountChange]) {
    if rows.is_empty() {
        return;
    }
    trip.each(
        "accounts",
        "UPDATE credit_accounts a
            SET version = c.version, balance = c.balance, held = c.held, last_entry = c.last_entry
           FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[],
                       $6::bigint[]) AS c (tenant_id, over, version, balance, held, last_entry)
          WHERE a.tenant_id = c.tenant_id AND a.version = c.over",
    )
    .bind(column(rows, |account| account.tenant))
    .bind(column(rows, |account| account.over))
    .bind(column(rows, |account| account.version))
    .bind(column(rows, |account| account.balance))
    .bind(column(rows, |account| account.held))
    .bind(column(rows, |account| account.last_entry));
}

fn add_grants(trip: &mut Trip, rows: &[(Uuid, GrantRow)]) {
    if rows.is_empty() {
        return;
    }
    trip.any(
        "new_grants",
        "INSERT INTO credit_grants (tenant_id, id, amount, remaining, source, priority,
                                    expires_at, rollover_up_to, rollover_until, refunds,
                                    granted_at)
         SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::text[],
                              $6::bigint[], $7::timestamptz[], $8::bigint[], $9::timestamptz[],
                              $10::uuid[], $11::timestamptz[])",
    )
    .bind(column(rows, |(tenant, _)| *tenant))
    .bind(column(rows, |(_, grant)| grant.id))
    .bind(column(rows, |(_, grant)| grant.amount))
    .bind(column(rows, |(_, grant)| grant.remaining))
    .bind(column(rows, |(_, grant)| grant.source.as_str()))
    .bind(column(rows, |(_, grant)| grant.priority))
    .bind(column(rows, |(_, grant)| grant.expires_at))
    .bind(column(rows, |(_, grant)| grant.rollover_up_to))
    .bind(column(rows, |(_, grant)| grant.rollover_until))
    .bind(column(rows, |(_, grant)| grant.refunds))
    .bind(column(rows, |(_, grant)| grant.granted_at));
}

fn save_grants(trip: &mut Trip, rows: &[(Uuid, Uuid, i64)]) {
    if rows.is_empty() {
        return;
    }
    trip.each(
        "grants",
        "UPDATE credit_grants g SET remaining = c.remaining
           FROM UNNEST($1::uuid[], $2::uuid[], $3::bigint[]) AS c (tenant_id, id, remaining)
          WHERE g.tenant_id = c.tenant_id AND g.id = c.id",
    )
    .bind(column(rows, |(tenant, ..)| *tenant))
    .bind(column(rows, |(_, id, _)| *id))
    .bind(column(rows, |(.., remaining)| *remaining));
}

fn save_holds(trip: &mut Trip, rows: &[(Uuid, HoldRow)]) {
    if rows.is_empty() {
        return;
    }
    trip.each(
        "holds",
        "INSERT INTO credit_holds (tenant_id, id, amount, captured, refunded, state, charged,
                                   ended_at, build_id, reference, lifetime_ms, user_id,
                                   project_id, opened_at, expires_at, weight)
         SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[],
                              $6::text[], $7::bigint[], $8::timestamptz[], $9::uuid[],
                              $10::text[], $11::bigint[], $12::uuid[], $13::uuid[],
                              $14::timestamptz[], $15::timestamptz[], $16::bigint[])
         ON CONFLICT (tenant_id, id) DO UPDATE
            SET captured = excluded.captured, refunded = excluded.refunded,
                state = excluded.state, charged = excluded.charged,
                ended_at = excluded.ended_at, expires_at = excluded.expires_at,
                weight = excluded.weight",
    )
    .bind(column(rows, |(tenant, _)| *tenant))
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
    .bind(column(rows, |(_, hold)| hold.weight));
}

fn add_entries(trip: &mut Trip, rows: &[(Uuid, EntryRow)]) {
    if rows.is_empty() {
        return;
    }
    trip.any(
        "entries",
        "INSERT INTO credit_entries (tenant_id, seq, amount, reason, balance_after, hold_id,
                                     grant_id, user_id, request_id, at)
         SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[],
                              $6::uuid[], $7::uuid[], $8::uuid[], $9::text[], $10::timestamptz[])",
    )
    .bind(column(rows, |(tenant, _)| *tenant))
    .bind(column(rows, |(_, entry)| entry.seq))
    .bind(column(rows, |(_, entry)| entry.amount))
    .bind(column(rows, |(_, entry)| entry.reason.as_str()))
    .bind(column(rows, |(_, entry)| entry.balance_after))
    .bind(column(rows, |(_, entry)| entry.hold_id))
    .bind(column(rows, |(_, entry)| entry.grant_id))
    .bind(column(rows, |(_, entry)| entry.user_id))
    .bind(column(rows, |(_, entry)| entry.request_id.as_str()))
    .bind(column(rows, |(_, entry)| entry.at));
}

fn add_operations(trip: &mut Trip, rows: &[(Uuid, OperationRow)]) {
    if rows.is_empty() {
        return;
    }
    trip.any(
        "operations",
        "INSERT INTO credit_operations (tenant_id, key, request, hold_id, captured, released,
                                        balance, held, at)
         SELECT * FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::bigint[],
                              $6::bigint[], $7::bigint[], $8::bigint[], $9::timestamptz[])",
    )
    .bind(column(rows, |(tenant, _)| *tenant))
    .bind(column(rows, |(_, done)| done.key.as_str()))
    .bind(column(rows, |(_, done)| done.request.as_str()))
    .bind(column(rows, |(_, done)| done.hold_id))
    .bind(column(rows, |(_, done)| done.captured))
    .bind(column(rows, |(_, done)| done.released))
    .bind(column(rows, |(_, done)| done.balance))
    .bind(column(rows, |(_, done)| done.held))
    .bind(column(rows, |(_, done)| done.at));
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
