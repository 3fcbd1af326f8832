//! Audit entries with their seals.

use std::collections::BTreeMap;

use keelway_access::{AuditEntry, Seal};
use keelway_kernel::{Actor, StoreError, TenantId, Timestamp, UserId};
use sqlx::types::Uuid;

use crate::Moment;
use crate::decode::Of;

/// A row of `audit_log`.
#[derive(Debug, Clone, sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct AuditRow {
    pub tenant_id: Uuid,
    pub seq: i64,
    pub at: Moment,
    pub user_id: Option<Uuid>,
    pub request_id: String,
    pub action: String,
    pub subject: String,
    pub data: String,
    pub seal: Vec<u8>,
}

/// The key of a chain; what happens outside any tenant is under the nil UUID.
pub fn chain(tenant: Option<TenantId>) -> Uuid {
    tenant.map_or(Uuid::nil(), TenantId::as_uuid)
}

impl AuditRow {
    /// The entry and the seal stored with it.
    pub fn decode(self) -> Result<(AuditEntry, Seal), StoreError> {
        let id = format!("{}/{}", self.tenant_id, self.seq);
        let row = Of("audit row", &id);
        let data: BTreeMap<String, String> = row.document(&self.data)?;
        let entry = AuditEntry {
            tenant: (!self.tenant_id.is_nil()).then(|| TenantId::from_uuid(self.tenant_id)),
            actor: Actor { user: self.user_id.map(UserId::from_uuid), request_id: self.request_id },
            action: row.parsed(self.action.parse())?,
            subject: self.subject,
            at: Timestamp::from(self.at),
            data,
        };
        Ok((entry, Seal::from_bytes(row.hash(&self.seal)?)))
    }
}
