//! Requests parked by guests.

use keelway_builds::GuestEntry;
use keelway_kernel::{BuildId, QueueId, StoreError, Timestamp};
use sqlx::types::Uuid;

use crate::Moment;
use crate::decode::Of;

/// A row of `guest_entries`.
#[derive(Debug, Clone, sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct GuestRow {
    pub id: Uuid,
    pub request: String,
    pub claimed_build_id: Option<Uuid>,
    pub created_at: Moment,
    pub expires_at: Moment,
}

impl GuestRow {
    /// The parked request.
    pub fn decode(self) -> Result<GuestEntry, StoreError> {
        let id = QueueId::from_uuid(self.id);
        Ok(GuestEntry {
            id,
            request: Of("guest entry", &id).document(&self.request)?,
            claimed: self.claimed_build_id.map(BuildId::from_uuid),
            created_at: Timestamp::from(self.created_at),
            expires_at: Timestamp::from(self.expires_at),
        })
    }
}
