//! Events of builds.

use keelway_builds::Event;
use keelway_kernel::{BuildId, StoreError, Timestamp};
use sqlx::types::Uuid;

use crate::Moment;
use crate::decode::{Of, json};

/// A row of `build_events`.
#[derive(Debug, Clone, sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct EventRow {
    pub build_id: Uuid,
    pub seq: i64,
    pub at: Moment,
    pub request_id: String,
    pub body: String,
}

impl EventRow {
    /// The event.
    pub fn decode(self) -> Result<Event, StoreError> {
        let build = BuildId::from_uuid(self.build_id);
        let id = format!("{build}/{}", self.seq);
        Ok(Event {
            build,
            seq: self.seq,
            at: Timestamp::from(self.at),
            request_id: self.request_id,
            body: Of("event", &id).document(&self.body)?,
        })
    }
}

/// What is kept of an event's body.
pub fn body(event: &Event) -> Result<String, StoreError> {
    json(&event.body)
}
