//! Appends to the audit chains.

use std::collections::{BTreeMap, HashMap};

use keelway_access::{AuditAction, AuditEntry, Seal};
use keelway_kernel::{Actor, TenantId, Timestamp, UserId};
use keelway_rows::audit::chain;
use keelway_rows::{Moment, Of, json};
use sqlx::types::Uuid;

use crate::columns::column;
use crate::error::Sql;
use crate::tx::Tx;

/// Where a chain ends: its newest entry's number and seal.
type End = (i64, Seal);

/// Seals entries onto the ends of their chains. The tenant's lock keeps others away meanwhile;
/// for the chain that belongs to no tenant there is a lock of its own.
pub(crate) async fn append(tx: &mut Tx, entries: &[AuditEntry]) -> Sql<()> {
    if entries.is_empty() {
        return Ok(());
    }
    if entries.iter().any(|entry| entry.tenant.is_none()) {
        tx.lock_outside().await?;
    }
    let mut ends = ends(tx, entries).await?;
    let sealed: Vec<_> = entries.iter().map(|entry| seal(entry, &mut ends)).collect::<Sql<_>>()?;
    insert(tx, &sealed).await
}

async fn ends(tx: &mut Tx, entries: &[AuditEntry]) -> Sql<HashMap<Uuid, End>> {
    let mut chains: Vec<Uuid> = entries.iter().map(|entry| chain(entry.tenant)).collect();
    chains.sort_unstable();
    chains.dedup();
    let rows: Vec<(Uuid, i64, Vec<u8>)> = sqlx::query_as(
        "SELECT chain, seq, seal
           FROM UNNEST($1::uuid[]) AS chains (chain)
          CROSS JOIN LATERAL (
                SELECT seq, seal FROM audit_log WHERE tenant_id = chain
                 ORDER BY seq DESC LIMIT 1
          ) AS newest",
    )
    .bind(chains)
    .fetch_all(&mut **tx)
    .await?;
    let end = |(chain, seq, seal): (Uuid, i64, Vec<u8>)| {
        Ok((chain, (seq, Seal::from_bytes(Of("audit row", &seq).hash(&seal)?))))
    };
    rows.into_iter().map(end).collect()
}

/// An entry in its place.
struct Sealed<'a> {
    tenant: Uuid,
    entry: &'a AuditEntry,
    data: String,
    end: End,
}

/// The entry as the new end of its chain.
fn seal<'a>(entry: &'a AuditEntry, ends: &mut HashMap<Uuid, End>) -> Sql<Sealed<'a>> {
    let tenant = chain(entry.tenant);
    let end = ends.entry(tenant).or_insert((0, Seal::FIRST));
    *end = (end.0 + 1, entry.seal(&end.1));
    Ok(Sealed { tenant, entry, data: json(&entry.data)?, end: *end })
}

async fn insert(tx: &mut Tx, rows: &[Sealed<'_>]) -> Sql<()> {
    sqlx::query(
        "INSERT INTO audit_log
             (tenant_id, seq, at, user_id, request_id, action, subject, data, seal)
         SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::timestamptz[], $4::uuid[],
                              $5::text[], $6::text[], $7::text[], $8::text[], $9::bytea[])",
    )
    .bind(column(rows, |row| row.tenant))
    .bind(column(rows, |row| row.end.0))
    .bind(column(rows, |row| Moment(row.entry.at)))
    .bind(column(rows, |row| row.entry.actor.user.map(UserId::as_uuid)))
    .bind(column(rows, |row| row.entry.actor.request_id.as_str()))
    .bind(column(rows, |row| row.entry.action.as_str()))
    .bind(column(rows, |row| row.entry.subject.as_str()))
    .bind(column(rows, |row| row.data.as_str()))
    .bind(column(rows, |row| row.end.1.as_bytes().as_slice()))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The entry of a command whose decision returns none of its own.
#[expect(clippy::needless_pass_by_value, reason = "subjects are ids, which are copied")]
pub(crate) fn entry(
    tenant: Option<TenantId>,
    actor: &Actor,
    action: AuditAction,
    subject: impl ToString,
    at: Timestamp,
) -> AuditEntry {
    AuditEntry {
        tenant,
        actor: actor.clone(),
        action,
        subject: subject.to_string(),
        at,
        data: BTreeMap::new(),
    }
}

/// Facts by name that go with an entry.
pub(crate) fn data<const N: usize>(facts: [(&str, &str); N]) -> BTreeMap<String, String> {
    facts.into_iter().map(|(name, fact)| (name.to_owned(), fact.to_owned())).collect()
}
