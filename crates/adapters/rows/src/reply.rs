//! Answers kept for idempotency keys.

use keelway_kernel::{Reply, StoreError};

use crate::decode::{Of, json};

/// A row of `idempotency_keys`, without its key.
#[derive(Debug, Clone, sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct ReplyRow {
    pub fingerprint: Vec<u8>,
    pub status: i64,
    pub headers: String,
    pub body: Vec<u8>,
    pub first_request_id: String,
}

impl ReplyRow {
    /// The answer as it went over the wire, and the request id under which it was given.
    pub fn decode(self) -> Result<(Reply, String), StoreError> {
        let row = Of("idempotency key", &self.first_request_id);
        let reply = Reply {
            status: row.number(self.status)?,
            headers: row.document(&self.headers)?,
            body: self.body,
        };
        Ok((reply, self.first_request_id))
    }
}

/// The headers of an answer as they are kept.
pub fn headers(reply: &Reply) -> Result<String, StoreError> {
    json(&reply.headers)
}
