//! One key, one effect, one reply: looked up first and remembered last in the same transaction.

use keelway_kernel::once::{KEY_LIFETIME_SECONDS, KeyReused};
use keelway_kernel::{Keyed, Once};
use keelway_rows::Moment;
use keelway_rows::reply::{ReplyRow, headers};

use crate::error::{Sql, Stop, one};
use crate::tx::Tx;

/// Apart from tenants' locks, which have one number instead of two.
const KEYS: i32 = 1;

/// What the same keyed request was answered before, if it was.
///
/// A key's owner is a tenant's person or nobody's guest. The former's commands have the
/// tenant's lock; one without any (parking, making a tenant) takes its key's own, so that the
/// same request sent twice at once is answered twice alike.
pub(crate) async fn replay<T, E: From<KeyReused>>(
    tx: &mut Tx,
    keyed: Option<&Keyed<T>>,
) -> Result<Option<Once<T>>, Stop<E>> {
    let Some(keyed) = keyed else { return Ok(None) };
    if !tx.is_locked {
        lock(tx, keyed).await?;
    }
    let row: Option<ReplyRow> = sqlx::query_as(
        "SELECT fingerprint, status, headers, body, first_request_id
         FROM idempotency_keys
         WHERE owner = $1 AND route = $2 AND key = $3 AND expires_at > $4",
    )
    .bind(&keyed.owner)
    .bind(keyed.route)
    .bind(keyed.key.as_str())
    .bind(Moment(tx.now))
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    if row.fingerprint != keyed.fingerprint {
        return Err(Stop::Refused(KeyReused.into()));
    }
    let (reply, first_request_id) = row.decode()?;
    Ok(Some(Once::Replayed { reply, first_request_id }))
}

/// Keeps others with the same key away. It is the first lock of its transaction; that two keys
/// may share it costs them a wait and nothing else.
async fn lock<T>(tx: &mut Tx, keyed: &Keyed<T>) -> Sql<()> {
    sqlx::query("SELECT pg_advisory_xact_lock($1, hashtext(concat_ws(' ', $2, $3, $4)))")
        .bind(KEYS)
        .bind(&keyed.owner)
        .bind(keyed.route)
        .bind(keyed.key.as_str())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Keeps the answer to a command that takes effect now.
pub(crate) async fn remember<T>(tx: &mut Tx, keyed: Option<&Keyed<T>>, effect: &T) -> Sql<()> {
    let Some(keyed) = keyed else { return Ok(()) };
    let reply = (keyed.reply)(effect);
    let expires_at = tx.now.plus_seconds(KEY_LIFETIME_SECONDS);
    // A record that is past its time and not swept yet gives way, and no other.
    let kept = sqlx::query(
        "INSERT INTO idempotency_keys
             (owner, route, key, fingerprint, status, headers, body, first_request_id, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (owner, route, key) DO UPDATE SET
             fingerprint = excluded.fingerprint,
             status = excluded.status,
             headers = excluded.headers,
             body = excluded.body,
             first_request_id = excluded.first_request_id,
             expires_at = excluded.expires_at
         WHERE idempotency_keys.expires_at <= $10",
    )
    .bind(&keyed.owner)
    .bind(keyed.route)
    .bind(keyed.key.as_str())
    .bind(keyed.fingerprint.as_slice())
    .bind(i64::from(reply.status))
    .bind(headers(&reply)?)
    .bind(reply.body)
    .bind(&keyed.request_id)
    .bind(Moment(expires_at))
    .bind(Moment(tx.now))
    .execute(&mut **tx)
    .await?;
    one(&kept)
}
