//! One key, one effect, one reply: looked up first and remembered last in the same transaction.

use keelway_kernel::once::{KEY_LIFETIME_SECONDS, KeyReused};
use keelway_kernel::{Keyed, Once};
use keelway_rows::reply::{ReplyRow, headers};

use crate::error::{Sql, Stop};
use crate::tx::Tx;

/// What the same keyed request was answered before, if it was.
pub(crate) async fn replay<T, E: From<KeyReused>>(
    tx: &mut Tx,
    keyed: Option<&Keyed<T>>,
) -> Result<Option<Once<T>>, Stop<E>> {
    let Some(keyed) = keyed else { return Ok(None) };
    let row: Option<ReplyRow> = sqlx::query_as(
        "SELECT fingerprint, status, headers, body, first_request_id
         FROM idempotency_keys
         WHERE owner = ? AND route = ? AND key = ? AND expires_at > ?",
    )
    .bind(&keyed.owner)
    .bind(keyed.route)
    .bind(keyed.key.as_str())
    .bind(tx.now.as_micros())
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    if row.fingerprint != keyed.fingerprint {
        return Err(Stop::Refused(KeyReused.into()));
    }
    let (reply, first_request_id) = row.decode()?;
    Ok(Some(Once::Replayed { reply, first_request_id }))
}

/// Keeps the answer to a command that takes effect now.
pub(crate) async fn remember<T>(tx: &mut Tx, keyed: Option<&Keyed<T>>, effect: &T) -> Sql<()> {
    let Some(keyed) = keyed else { return Ok(()) };
    let reply = (keyed.reply)(effect);
    let expires_at = tx.now.plus_seconds(KEY_LIFETIME_SECONDS);
    // A record that is past its time and not swept yet gives way.
    sqlx::query(
        "INSERT INTO idempotency_keys
             (owner, route, key, fingerprint, status, headers, body, first_request_id, expires_at)
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
    .bind(expires_at.as_micros())
    .execute(&mut **tx)
    .await?;
    Ok(())
}
