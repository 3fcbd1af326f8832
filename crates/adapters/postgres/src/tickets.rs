//! Single-use tickets for event streams.

use crate::PostgresStore;
use async_trait::async_trait;
use keelway_access::{Ticket, Tickets, TokenHash};
use keelway_kernel::{BuildId, StoreError, TenantId, TenantScope, UserId};
use keelway_rows::Moment;
use sqlx::types::Uuid;

#[async_trait]
impl Tickets for PostgresStore {
    async fn issue(
        &self,
        scope: TenantScope,
        token: &TokenHash,
        build: BuildId,
        user: UserId,
    ) -> Result<(), StoreError> {
        self.write_always(scope, *token, move |tx, token| {
            Box::pin(async move {
                sqlx::query(
                    r"INSERT INTO viewer_tickets (token_hash, tenant_id, build_id, user_id,
                                                  expires_at)
                      VALUES ($1, $2, $3, $4, $5)",
                )
                .bind(token.as_bytes().as_slice())
                .bind(scope.tenant().as_uuid())
                .bind(build.as_uuid())
                .bind(user.as_uuid())
                .bind(Moment(tx.now.plus_seconds(Ticket::LIFETIME_S)))
                .execute(&mut **tx)
                .await?;
                Ok(())
            })
        })
        .await
    }

    async fn redeem(&self, token: &TokenHash) -> Result<Option<Ticket>, StoreError> {
        // Of two redemptions at once, the second waits for the row and finds it gone.
        self.write_platform_always(*token, |tx, token| {
            Box::pin(async move {
                let row: Option<(Uuid, Uuid, Uuid, Moment, Moment)> = sqlx::query_as(
                    r"DELETE FROM viewer_tickets WHERE token_hash = $1
                      RETURNING build_id, user_id, tenant_id, expires_at, clock_timestamp()",
                )
                .bind(token.as_bytes().as_slice())
                .fetch_optional(&mut **tx)
                .await?;
                let Some((build, user, tenant, expires_at, held_at)) = row else {
                    return Ok(None);
                };
                tx.found(held_at.into());
                let ticket = Ticket {
                    build: BuildId::from_uuid(build),
                    user: UserId::from_uuid(user),
                    tenant: TenantId::from_uuid(tenant),
                };
                Ok((tx.now < expires_at.0).then_some(ticket))
            })
        })
        .await
    }

    async fn sweep(&self) -> Result<u64, StoreError> {
        self.write_platform_always((), |tx, ()| {
            Box::pin(async move {
                let swept = sqlx::query("DELETE FROM viewer_tickets WHERE expires_at <= $1")
                    .bind(Moment(tx.now))
                    .execute(&mut **tx)
                    .await?;
                Ok(swept.rows_affected())
            })
        })
        .await
    }
}
