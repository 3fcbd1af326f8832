//! Sessions by the hash of their token.

use crate::error::{Sql, Stop};
use crate::tx::Tx;
use crate::{SqliteStore, accounts, audit};
use async_trait::async_trait;
use keelway_access::{
    AuditAction, Credentials, Session, SessionPolicy, SessionState, Sessions, SignIn,
    StaleCredentials, TokenHash, User, UserAgent,
};
use keelway_kernel::{Actor, Failure, StoreError, UserId};
use keelway_rows::access::{SessionRow, SignedInRow};

#[async_trait]
impl Sessions for SqliteStore {
    async fn sign_in(&self, cmd: SignIn) -> Result<Session, Failure<StaleCredentials>> {
        self.write(move |tx| Box::pin(sign_in(tx, cmd))).await
    }

    async fn find(&self, token: &TokenHash) -> Result<Option<(Session, User)>, StoreError> {
        let row: Result<Option<SignedInRow>, _> = sqlx::query_as(
            r"SELECT s.token_hash, s.user_id, s.created_at AS session_created_at, s.last_seen_at,
                     s.expires_at, s.user_agent, u.id, u.email, u.name, u.created_at,
                     u.staff_since
                FROM sessions s JOIN users u ON u.id = s.user_id
               WHERE s.token_hash = ?1",
        )
        .bind(token.as_bytes().as_slice())
        .fetch_optional(self.readers())
        .await;
        let row: Sql<_> = row.map_err(Into::into);
        row?.map(SignedInRow::decode).transpose()
    }

    async fn touch(
        &self,
        token: &TokenHash,
        policy: &SessionPolicy,
    ) -> Result<Option<Session>, StoreError> {
        // Most uses renew nothing, and those do not wait for the one writer.
        let Some((session, _)) = self.find(token).await? else {
            return Ok(None);
        };
        match policy.check(&session, self.now()) {
            SessionState::Live => Ok(Some(session)),
            SessionState::Expired => Ok(None),
            SessionState::Renew { .. } => {
                let (token, policy) = (*token, *policy);
                self.write_always(move |tx| {
                    Box::pin(async move { Ok(renew(tx, token, policy).await?) })
                })
                .await
            }
        }
    }

    async fn sign_out(&self, token: &TokenHash, actor: &Actor) -> Result<(), StoreError> {
        let (token, actor) = (*token, actor.clone());
        self.write_always(move |tx| {
            Box::pin(async move {
                let user: Option<sqlx::types::Uuid> = sqlx::query_scalar(
                    "DELETE FROM sessions WHERE token_hash = ?1 RETURNING user_id",
                )
                .bind(token.as_bytes().as_slice())
                .fetch_optional(&mut **tx)
                .await?;
                if let Some(user) = user.map(UserId::from_uuid) {
                    let entry = audit::entry(None, &actor, AuditAction::SignOut, user, tx.now);
                    audit::append(tx, &[entry]).await?;
                }
                Ok(())
            })
        })
        .await
    }

    async fn revoke_all(&self, user: UserId, actor: &Actor) -> Result<u64, StoreError> {
        let actor = actor.clone();
        self.write_always(move |tx| {
            Box::pin(async move {
                let ended = sqlx::query("DELETE FROM sessions WHERE user_id = ?1")
                    .bind(user.as_uuid())
                    .execute(&mut **tx)
                    .await?;
                let action = AuditAction::SessionsRevoked;
                let entry = audit::entry(None, &actor, action, user, tx.now);
                audit::append(tx, &[entry]).await?;
                Ok(ended.rows_affected())
            })
        })
        .await
    }

    async fn sweep_expired(&self) -> Result<u64, StoreError> {
        self.write_always(|tx| {
            Box::pin(async move {
                let swept = sqlx::query("DELETE FROM sessions WHERE expires_at <= ?1")
                    .bind(tx.now.as_micros())
                    .execute(&mut **tx)
                    .await?;
                Ok(swept.rows_affected())
            })
        })
        .await
    }
}

/// Saves a session that has just begun.
pub(crate) async fn insert(tx: &mut Tx, session: &Session) -> Sql<()> {
    sqlx::query(
        r"INSERT INTO sessions (token_hash, user_id, created_at, last_seen_at, expires_at,
                                user_agent)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )
    .bind(session.hash.as_bytes().as_slice())
    .bind(session.user.as_uuid())
    .bind(session.created_at.as_micros())
    .bind(session.last_seen_at.as_micros())
    .bind(session.expires_at.as_micros())
    .bind(session.user_agent.as_ref().map(UserAgent::as_str))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn sign_in(tx: &mut Tx, cmd: SignIn) -> Result<Session, Stop<StaleCredentials>> {
    let Credentials { user, password: stored } = accounts::credentials(tx, cmd.user).await?;
    cmd.decide(&stored).map_err(Stop::Refused)?;
    if let Some(replaced) = cmd.replaces {
        remove(tx, &replaced).await?;
    }
    let session = cmd.session.open(user.id, tx.now);
    insert(tx, &session).await?;
    if let Some(hash) = cmd.rehashed {
        accounts::set_password(tx, user.id, &hash).await?;
    }
    accounts::forgive(tx, &user).await?;
    let actor = Actor { user: Some(user.id), request_id: cmd.request_id };
    let entry = audit::entry(None, &actor, AuditAction::SignIn, user.id, tx.now);
    audit::append(tx, &[entry]).await?;
    Ok(session)
}

/// The session as it is now.
pub(crate) async fn load(tx: &mut Tx, token: &TokenHash) -> Sql<Option<Session>> {
    let row: Option<SessionRow> = sqlx::query_as(
        r"SELECT token_hash, user_id, created_at AS session_created_at, last_seen_at, expires_at,
                 user_agent
            FROM sessions WHERE token_hash = ?1",
    )
    .bind(token.as_bytes().as_slice())
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(SessionRow::decode).transpose()?)
}

/// Removes a session that has ended.
pub(crate) async fn remove(tx: &mut Tx, token: &TokenHash) -> Sql<()> {
    sqlx::query("DELETE FROM sessions WHERE token_hash = ?1")
        .bind(token.as_bytes().as_slice())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Decides again on the session as it is now, because others may have renewed or ended it.
async fn renew(tx: &mut Tx, token: TokenHash, policy: SessionPolicy) -> Sql<Option<Session>> {
    let Some(session) = load(tx, &token).await? else {
        return Ok(None);
    };
    match policy.check(&session, tx.now) {
        SessionState::Live => Ok(Some(session)),
        SessionState::Expired => Ok(None),
        SessionState::Renew { last_seen_at, expires_at } => {
            sqlx::query(
                "UPDATE sessions SET last_seen_at = ?2, expires_at = ?3 WHERE token_hash = ?1",
            )
            .bind(token.as_bytes().as_slice())
            .bind(last_seen_at.as_micros())
            .bind(expires_at.as_micros())
            .execute(&mut **tx)
            .await?;
            Ok(Some(Session { last_seen_at, expires_at, ..session }))
        }
    }
}
