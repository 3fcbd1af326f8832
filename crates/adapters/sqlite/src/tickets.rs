//! Single-use tickets for event streams.

use crate::SqliteStore;
use crate::error::translate;
use async_trait::async_trait;
use keelway_access::{NewTicket, Ticket, Tickets, TokenHash};
use keelway_kernel::{StoreError, TenantScope};
use keelway_rows::access::TicketRow;

#[async_trait]
impl Tickets for SqliteStore {
    async fn issue(&self, scope: TenantScope, ticket: NewTicket) -> Result<(), StoreError> {
        self.write_always(move |tx| {
            Box::pin(async move {
                sqlx::query(
                    r"INSERT INTO viewer_tickets (token_hash, tenant_id, build_id, user_id,
                                                  session_hash, expires_at)
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )
                .bind(ticket.token.as_bytes().as_slice())
                .bind(scope.tenant().as_uuid())
                .bind(ticket.build.as_uuid())
                .bind(ticket.user.as_uuid())
                .bind(ticket.session.as_ref().map(|session| session.as_bytes().as_slice()))
                .bind(tx.now.plus_seconds(Ticket::LIFETIME_S).as_micros())
                .execute(&mut **tx)
                .await?;
                Ok(())
            })
        })
        .await
    }

    async fn redeem(&self, token: &TokenHash) -> Result<Option<Ticket>, StoreError> {
        let token = *token;
        // Strangers guess without being counted: they must not take the writer's turns.
        let known: Option<i64> =
            sqlx::query_scalar("SELECT 1 FROM viewer_tickets WHERE token_hash = ?1")
                .bind(token.as_bytes().as_slice())
                .fetch_optional(self.readers())
                .await
                .map_err(|error| translate(&error))?;
        if known.is_none() {
            return Ok(None);
        }
        self.write_always(move |tx| {
            Box::pin(async move {
                let row: Option<TicketRow> = sqlx::query_as(
                    r"DELETE FROM viewer_tickets WHERE token_hash = ?1
                      RETURNING build_id, user_id, tenant_id, session_hash, expires_at",
                )
                .bind(token.as_bytes().as_slice())
                .fetch_optional(&mut **tx)
                .await?;
                let ticket = row.map(|row| row.decode(tx.now)).transpose()?;
                Ok(ticket.flatten())
            })
        })
        .await
    }

    async fn sweep(&self) -> Result<u64, StoreError> {
        self.write_always(|tx| {
            Box::pin(async move {
                let swept = sqlx::query("DELETE FROM viewer_tickets WHERE expires_at <= ?1")
                    .bind(tx.now.as_micros())
                    .execute(&mut **tx)
                    .await?;
                Ok(swept.rows_affected())
            })
        })
        .await
    }
}
