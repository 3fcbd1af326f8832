//! Appends to the audit chains.

use std::collections::{BTreeMap, HashMap};

use keelway_access::{AuditAction, AuditEntry, Seal};
use keelway_kernel::{Actor, TenantId, Timestamp, UserId};
use keelway_rows::audit::chain;
use keelway_rows::{Moment, Of, json};
use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::types::Uuid;

use crate::columns::column;
use crate::error::Sql;
use crate::tx::Tx;

/// Where a chain ends: its newest entry's number and seal.
type End = (i64, Seal);

/// The ends of the chains that entries go onto; a chain that has none is empty.
#[derive(Default)]
pub(crate) struct Ends(HashMap<Uuid, End>);

/// Appends sealed entries, whose columns are its first parameters.
macro_rules! insert_audited {
    () => {
        "INSERT INTO audit_log
             (tenant_id, seq, at, user_id, request_id, action, subject, data, seal)
         SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::timestamptz[], $4::uuid[],
                              $5::text[], $6::text[], $7::text[], $8::text[], $9::bytea[])"
    };
}
pub(crate) use insert_audited;

/// Seals entries onto the ends of their chains. The tenant's lock keeps others away meanwhile;
/// for the chain that belongs to no tenant there is a lock of its own.
pub(crate) async fn append(tx: &mut Tx, entries: &[AuditEntry]) -> Sql<()> {
    if entries.is_empty() {
        return Ok(());
    }
    if entries.iter().any(|entry| entry.tenant.is_none()) {
        tx.lock_outside().await?;
    }
    let sealed = Ends::load(tx, entries).await?.seal(entries)?;
    let insert = sqlx::query(insert_audited!());
    bind(insert, &sealed).execute(&mut **tx).await?;
    Ok(())
}

impl Ends {
    pub(crate) async fn load(tx: &mut Tx, entries: &[AuditEntry]) -> Sql<Self> {
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
        let mut ends = Self::default();
        for (chain, seq, seal) in rows {
            ends.found(chain, seq, &seal)?;
        }
        Ok(ends)
    }

    /// Takes an end that was loaded with something else.
    pub(crate) fn found(&mut self, chain: Uuid, seq: i64, seal: &[u8]) -> Sql<()> {
        self.0.insert(chain, (seq, Seal::from_bytes(Of("audit row", &seq).hash(seal)?)));
        Ok(())
    }

    /// Entries in their places, each the new end of its chain.
    pub(crate) fn seal<'a>(&mut self, entries: &'a [AuditEntry]) -> Sql<Vec<Sealed<'a>>> {
        let seal = |entry: &'a AuditEntry| {
            let tenant = chain(entry.tenant);
            let end = self.0.entry(tenant).or_insert((0, Seal::FIRST));
            *end = (end.0 + 1, entry.seal(&end.1));
            Ok(Sealed { tenant, entry, data: json(&entry.data)?, end: *end })
        };
        entries.iter().map(seal).collect()
    }
}

/// An entry in its place.
pub(crate) struct Sealed<'a> {
    tenant: Uuid,
    entry: &'a AuditEntry,
    data: String,
    end: End,
}

/// The parameters of `insert_audited!`.
pub(crate) fn bind<'q>(
    insert: Query<'q, Postgres, PgArguments>,
    rows: &[Sealed<'_>],
) -> Query<'q, Postgres, PgArguments> {
    insert
        .bind(column(rows, |row| row.tenant))
        .bind(column(rows, |row| row.end.0))
        .bind(column(rows, |row| Moment(row.entry.at)))
        .bind(column(rows, |row| row.entry.actor.user.map(UserId::as_uuid)))
        .bind(column(rows, |row| row.entry.actor.request_id.as_str()))
        .bind(column(rows, |row| row.entry.action.as_str()))
        .bind(column(rows, |row| row.entry.subject.as_str()))
        .bind(column(rows, |row| row.data.as_str()))
        .bind(column(rows, |row| row.end.1.as_bytes().as_slice()))
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
