//! Single-use tickets for event streams.

use crate::PostgresStore;
use async_trait::async_trait;
use keelway_access::{NewTicket, Ticket, Tickets, TokenHash};
use keelway_kernel::{StoreError, TenantScope};
use keelway_rows::Moment;
use keelway_rows::access::TicketRow;

#[derive(sqlx::FromRow)]
struct Redeemed {
    #[sqlx(flatten)]
    ticket: TicketRow,
    /// When the row was held, for which may have been waited.
    held_at: Moment,
}

#[async_trait]
impl Tickets for PostgresStore {
    async fn issue(&self, scope: TenantScope, ticket: NewTicket) -> Result<(), StoreError> {
        self.write_always(scope, ticket, move |tx, ticket| {
            Box::pin(async move {
                sqlx::query(
                    r"INSERT INTO viewer_tickets (token_hash, tenant_id, build_id, user_id,
                                                  session_hash, expires_at)
                      VALUES ($1, $2, $3, $4, $5, $6)",
                )
                .bind(ticket.token.as_bytes().as_slice())
                .bind(scope.tenant().as_uuid())
                .bind(ticket.build.as_uuid())
                .bind(ticket.user.as_uuid())
                .bind(ticket.session.as_ref().map(|session| session.as_bytes().as_slice()))
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
                let row: Option<Redeemed> = sqlx::query_as(
                    r"DELETE FROM viewer_tickets WHERE token_hash = $1
                      RETURNING build_id, user_id, tenant_id, session_hash, expires_at,
                                clock_timestamp() AS held_at",
                )
                .bind(token.as_bytes().as_slice())
                .fetch_optional(&mut **tx)
                .await?;
                let Some(Redeemed { ticket, held_at }) = row else { return Ok(None) };
                tx.found(held_at.into());
                Ok(ticket.decode(tx.now)?)
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
