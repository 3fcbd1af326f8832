//! Appends to the audit chains.

use std::collections::BTreeMap;

use keelway_access::{AuditAction, AuditEntry, Seal};
use keelway_kernel::{Actor, TenantId, Timestamp, UserId};
use keelway_rows::audit::chain;
use keelway_rows::{Of, json};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::error::Sql;
use crate::trip::{Trip, first};

/// Where a chain ends: what the next entry is sealed onto.
pub(crate) struct End {
    seq: i64,
    seal: Seal,
}

impl Trip {
    /// Asks for the end of a chain.
    pub(crate) fn ask_end(self, tenant: Option<TenantId>) -> Self {
        self.add("SELECT seq, seal FROM audit_log WHERE tenant_id = ? ORDER BY seq DESC LIMIT 1")
            .bind(chain(tenant))
    }

    /// Seals entries of one chain, one after the other, onto its end.
    pub(crate) fn put_audit(mut self, entries: &[AuditEntry], mut end: End) -> Sql<Self> {
        for entry in entries {
            end = End { seq: end.seq + 1, seal: entry.seal(&end.seal) };
            self = self.put_sealed(entry, &end)?;
        }
        Ok(self)
    }

    fn put_sealed(self, entry: &AuditEntry, at: &End) -> Sql<Self> {
        Ok(self
            .add(
                "INSERT INTO audit_log
                     (tenant_id, seq, at, user_id, request_id, action, subject, data, seal)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(chain(entry.tenant))
            .bind(at.seq)
            .bind(entry.at.as_micros())
            .bind(entry.actor.user.map(UserId::as_uuid))
            .bind(&entry.actor.request_id)
            .bind(entry.action.as_str())
            .bind(&entry.subject)
            .bind(json(&entry.data)?)
            .bind(at.seal.as_bytes().as_slice()))
    }
}

/// The end that was asked for. The write lock keeps others from moving it.
pub(crate) fn end(found: &[SqliteRow]) -> Sql<End> {
    let last: Option<(i64, Vec<u8>)> = first(found)?;
    let Some((seq, seal)) = last else { return Ok(End { seq: 0, seal: Seal::FIRST }) };
    Ok(End { seq, seal: Seal::from_bytes(Of("audit row", &seq).hash(&seal)?) })
}

/// Seals entries onto the ends of their chains.
pub(crate) async fn append(tx: &mut SqliteConnection, entries: &[AuditEntry]) -> Sql<()> {
    for entry in entries {
        let [last] = Trip::default().ask_end(entry.tenant).read(&mut *tx).await?;
        let sealed = Trip::default().put_audit(std::slice::from_ref(entry), end(&last)?)?;
        sealed.write(&mut *tx).await?;
    }
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
