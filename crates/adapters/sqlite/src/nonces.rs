//! Nonces of signed requests.

use crate::SqliteStore;
use crate::error::Stop;
use async_trait::async_trait;
use keelway_kernel::{Failure, StoreError};
use keelway_signing::{KeyId, Nonce, ReplayGuard, Replayed};

#[async_trait]
impl ReplayGuard for SqliteStore {
    async fn remember(&self, key: &KeyId, nonce: &Nonce) -> Result<(), Failure<Replayed>> {
        let (key, nonce) = (key.clone(), nonce.clone());
        self.write(move |tx| {
            Box::pin(async move {
                // One that is past its time but not swept yet gives way.
                let taken = sqlx::query(
                    r"INSERT INTO nonces (key_id, nonce, expires_at) VALUES (?1, ?2, ?3)
                      ON CONFLICT (key_id, nonce) DO UPDATE SET expires_at = excluded.expires_at
                       WHERE nonces.expires_at <= ?4",
                )
                .bind(key.as_str())
                .bind(nonce.as_str())
                .bind(tx.now.plus_seconds(Nonce::REMEMBERED_S).as_micros())
                .bind(tx.now.as_micros())
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
        self.write_always(|tx| {
            Box::pin(async move {
                let swept = sqlx::query("DELETE FROM nonces WHERE expires_at <= ?1")
                    .bind(tx.now.as_micros())
                    .execute(&mut **tx)
                    .await?;
                Ok(swept.rows_affected())
            })
        })
        .await
    }
}
