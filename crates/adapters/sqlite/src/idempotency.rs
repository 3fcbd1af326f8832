//! One key, one effect, one reply: looked up first and remembered last in the same transaction.

use keelway_kernel::once::{KEY_LIFETIME_SECONDS, KeyReused};
use keelway_kernel::{Keyed, Once, Timestamp};
use keelway_rows::reply::{ReplyRow, headers};
use sqlx::sqlite::SqliteRow;

use crate::error::{Sql, Stop};
use crate::trip::{Trip, first};

impl Trip {
    /// Asks for what the same key was answered before; for nothing without one.
    pub(crate) fn ask_reply<T>(self, keyed: Option<&Keyed<T>>, now: Timestamp) -> Self {
        self.add(
            "SELECT fingerprint, status, headers, body, first_request_id
             FROM idempotency_keys
             WHERE owner = ? AND route = ? AND key = ? AND expires_at > ?",
        )
        .bind(keyed.map(|keyed| keyed.owner.as_str()))
        .bind(keyed.map(|keyed| keyed.route))
        .bind(keyed.map(|keyed| keyed.key.as_str()))
        .bind(now.as_micros())
    }

    /// Keeps the answer to a command that takes effect now.
    pub(crate) fn put_reply<T>(
        self,
        keyed: Option<&Keyed<T>>,
        effect: &T,
        now: Timestamp,
    ) -> Sql<Self> {
        let Some(keyed) = keyed else { return Ok(self) };
        let reply = (keyed.reply)(effect);
        // A record that is past its time and not swept yet gives way.
        Ok(self
            .add(
                "INSERT INTO idempotency_keys
                     (owner, route, key, fingerprint, status, headers, body, first_request_id,
                      expires_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                 ON CONFLICT (owner, route, key) DO UPDATE SET
                     fingerprint = excluded.fingerprint,
                     status = excluded.status,
                     headers = excluded.headers,
                     body = excluded.body,
                     first_request_id = excluded.first_request_id,
                     expires_at = excluded.expires_at",
            )
            .bind(&keyed.owner)
            .bind(keyed.route)
            .bind(keyed.key.as_str())
            .bind(keyed.fingerprint.as_slice())
            .bind(i64::from(reply.status))
            .bind(headers(&reply)?)
            .bind(reply.body)
            .bind(&keyed.request_id)
            .bind(now.plus_seconds(KEY_LIFETIME_SECONDS).as_micros()))
    }
}

/// What the same keyed request was answered before, if it was.
pub(crate) fn replayed<T, E: From<KeyReused>>(
    found: &[SqliteRow],
    keyed: Option<&Keyed<T>>,
) -> Result<Option<Once<T>>, Stop<E>> {
    let row: Option<ReplyRow> = first(found)?;
    let Some((row, keyed)) = row.zip(keyed) else { return Ok(None) };
    if row.fingerprint != keyed.fingerprint {
        return Err(Stop::Refused(KeyReused.into()));
    }
    let (reply, first_request_id) = row.decode()?;
    Ok(Some(Once::Replayed { reply, first_request_id }))
}
