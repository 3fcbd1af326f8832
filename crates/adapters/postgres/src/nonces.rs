//! Nonces of signed requests.

use crate::PostgresStore;
use crate::error::Stop;
use async_trait::async_trait;
use keelway_kernel::{Failure, StoreError};
use keelway_rows::Moment;
use keelway_signing::{KeyId, Nonce, ReplayGuard, Replayed};

#[async_trait]
impl ReplayGuard for PostgresStore {
    async fn remember(&self, key: &KeyId, nonce: &Nonce) -> Result<(), Failure<Replayed>> {
        self.write_platform((key.clone(), nonce.clone()), |tx, (key, nonce)| {
            Box::pin(async move {
                // One that is past its time but not swept yet gives way.
                let taken = sqlx::query(
                    r"INSERT INTO nonces (key_id, nonce, expires_at) VALUES ($1, $2, $3)
                      ON CONFLICT (key_id, nonce) DO UPDATE SET expires_at = excluded.expires_at
                       WHERE nonces.expires_at <= $4",
                )
                .bind(key.as_str())
                .bind(nonce.as_str())
                .bind(Moment(tx.now.plus_seconds(Nonce::REMEMBERED_S)))
                .bind(Moment(tx.now))
                .execute(&mut **tx)
                .await?;
                match taken.rows_affected() {
                    0 => Err(Stop::Refused(Replayed)),
                    _ => Ok(()),
                }
            })
        })
        .await
    }

    async fn sweep(&self) -> Result<u64, StoreError> {
        self.write_platform_always((), |tx, ()| {
            Box::pin(async move {
                let swept = sqlx::query("DELETE FROM nonces WHERE expires_at <= $1")
                    .bind(Moment(tx.now))
                    .execute(&mut **tx)
                    .await?;
                Ok(swept.rows_affected())
            })
        })
        .await
    }
}
