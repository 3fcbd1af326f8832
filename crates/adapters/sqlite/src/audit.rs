//! Appends to the audit chains.

use std::collections::BTreeMap;

use keelway_access::{AuditAction, AuditEntry, Seal};
use keelway_kernel::{Actor, TenantId, Timestamp, UserId};
use keelway_rows::audit::chain;
use keelway_rows::{Of, json};
use sqlx::SqliteConnection;

use crate::error::Sql;

/// Seals entries onto the ends of their chains. The write lock keeps others away meanwhile.
pub(crate) async fn append(tx: &mut SqliteConnection, entries: &[AuditEntry]) -> Sql<()> {
    for entry in entries {
        let tenant = chain(entry.tenant);
        let last: Option<(i64, Vec<u8>)> = sqlx::query_as(
            "SELECT seq, seal FROM audit_log WHERE tenant_id = ? ORDER BY seq DESC LIMIT 1",
        )
        .bind(tenant)
        .fetch_optional(&mut *tx)
        .await?;
        let (seq, seal) = match last {
            Some((seq, seal)) => (seq, Seal::from_bytes(Of("audit row", &seq).hash(&seal)?)),
            None => (0, Seal::FIRST),
        };
        sqlx::query(
            "INSERT INTO audit_log
                 (tenant_id, seq, at, user_id, request_id, action, subject, data, seal)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(tenant)
        .bind(seq + 1)
        .bind(entry.at.as_micros())
        .bind(entry.actor.user.map(UserId::as_uuid))
        .bind(&entry.actor.request_id)
        .bind(entry.action.as_str())
        .bind(&entry.subject)
        .bind(json(&entry.data)?)
        .bind(entry.seal(&seal).as_bytes().as_slice())
        .execute(&mut *tx)
        .await?;
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
