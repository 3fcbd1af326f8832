//! One key, one effect, one reply: looked up first and remembered last in the same transaction.

use keelway_kernel::once::{KEY_LIFETIME_SECONDS, KeyReused};
use keelway_kernel::{Keyed, Once, Timestamp};
use keelway_rows::Moment;
use keelway_rows::reply::{ReplyRow, headers};

use crate::error::{Sql, Stop};
use crate::record::Record;
use crate::trip::Trip;
use crate::tx::Tx;

/// Apart from tenants' locks, which have one number instead of two.
const KEYS: i32 = 1;

/// The answer kept for a key and not past its time, as a record.
macro_rules! reply_to {
    ($owner:literal, $route:literal, $key:literal, $now:literal) => {
        concat!(
            "(SELECT ",
            reply_row!(),
            " FROM idempotency_keys WHERE owner = ",
            $owner,
            " AND route = ",
            $route,
            " AND key = ",
            $key,
            " AND expires_at > ",
            $now,
            ")"
        )
    };
}
pub(crate) use reply_to;

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
    let kept = sqlx::query_scalar(concat!("SELECT ", reply_to!("$1", "$2", "$3", "$4")))
        .bind(&keyed.owner)
        .bind(keyed.route)
        .bind(keyed.key.as_str())
        .bind(Moment(tx.now))
        .fetch_one(&mut **tx)
        .await?;
    replayed(keyed, kept)
}

/// What is answered again, if [`reply_to`] found it.
pub(crate) fn replayed<T, E: From<KeyReused>>(
    keyed: &Keyed<T>,
    kept: Option<Record<ReplyRow>>,
) -> Result<Option<Once<T>>, Stop<E>> {
    let Some(Record(row)) = kept else { return Ok(None) };
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
    let mut trip = Trip::default();
    keep(&mut trip, tx.now, keyed, effect)?;
    trip.write(tx).await
}

/// The same with what the command changes.
pub(crate) fn keep<T>(
    trip: &mut Trip,
    now: Timestamp,
    keyed: Option<&Keyed<T>>,
    effect: &T,
) -> Sql<()> {
    let Some(keyed) = keyed else { return Ok(()) };
    let reply = (keyed.reply)(effect);
    // A record that is past its time and not swept yet gives way, and no other.
    trip.one(
        "kept",
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
    .bind(Moment(now.plus_seconds(KEY_LIFETIME_SECONDS)))
    .bind(Moment(now));
    Ok(())
}
