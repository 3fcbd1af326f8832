//! Appends to the audit chains.

use std::collections::{BTreeMap, HashMap};

use keelway_access::{AuditAction, AuditEntry, Seal};
use keelway_kernel::{Actor, TenantId, Timestamp, UserId};
use keelway_rows::audit::chain;
use keelway_rows::{Moment, Of, json};
use sqlx::types::Uuid;

use crate::columns::column;
use crate::error::Sql;
use crate::trip::Trip;
use crate::tx::Tx;

/// Where a chain ends: its newest entry's number and seal.
type End = (i64, Seal);

/// The ends of the chains that entries go onto; a chain that has none is empty.
#[derive(Default)]
pub(crate) struct Ends(HashMap<Uuid, End>);

/// Number and seal of a chain's last entry, as they are kept; none of a chain that is empty.
pub(crate) type Last = Option<(i64, Vec<u8>)>;

/// Where the chain of a tenant ends: its [`Last`].
macro_rules! chain_end {
    ($tenant:literal) => {
        concat!(
            "(SELECT ROW(seq, seal) FROM audit_log WHERE tenant_id = ",
            $tenant,
            " ORDER BY seq DESC LIMIT 1)"
        )
    };
}
pub(crate) use chain_end;

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
    let mut trip = Trip::default();
    tell(&mut trip, &sealed);
    trip.write(tx).await
}

impl Ends {
    pub(crate) async fn load(tx: &mut Tx, entries: &[AuditEntry]) -> Sql<Self> {
        let mut chains: Vec<Uuid> = entries.iter().map(|entry| chain(entry.tenant)).collect();
        chains.sort_unstable();
        chains.dedup();
        let rows: Vec<(Uuid, Last)> = sqlx::query_as(concat!(
            "SELECT chain, ",
            chain_end!("chain"),
            " FROM UNNEST($1::uuid[]) AS chains (chain)"
        ))
        .bind(chains)
        .fetch_all(&mut **tx)
        .await?;
        let mut ends = Self::default();
        for (chain, last) in rows {
            ends.found(chain, last)?;
        }
        Ok(ends)
    }

    /// Takes an end that was looked up with something else.
    pub(crate) fn found(&mut self, chain: Uuid, last: Last) -> Sql<()> {
        if let Some((seq, seal)) = last {
            self.0.insert(chain, (seq, Seal::from_bytes(Of("audit row", &seq).hash(&seal)?)));
        }
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

/// Appends sealed entries, with what they tell of.
pub(crate) fn tell(trip: &mut Trip, rows: &[Sealed<'_>]) {
    if rows.is_empty() {
        return;
    }
    trip.any(
        "told",
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
    .bind(column(rows, |row| row.end.1.as_bytes().as_slice()));
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
