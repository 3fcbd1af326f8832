//! What people change about themselves.

use crate::error::{Sql, Stop};
use crate::tx::Tx;
use crate::{SqliteStore, accounts, audit, sessions};
use async_trait::async_trait;
use keelway_access::{
    AuditAction, ChangePassword, ChangePasswordError, Credentials, DisplayName, EndSession, People,
    RenamePerson, Rotation, Session, TokenHash, TooManyAttempts, User,
};
use keelway_kernel::{Actor, Failure, StoreError, UserId};
use keelway_rows::Of;
use keelway_rows::access::SessionRow;

/// The most sessions that are listed.
const LISTED: i64 = 100;

#[async_trait]
impl People for SqliteStore {
    async fn sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        let rows: Result<Vec<SessionRow>, _> = sqlx::query_as(
            r"SELECT token_hash, user_id, created_at AS session_created_at, last_seen_at,
                     expires_at, user_agent
                FROM sessions WHERE user_id = ?1
               ORDER BY last_seen_at DESC, created_at DESC, token_hash LIMIT ?2",
        )
        .bind(user.as_uuid())
        .bind(LISTED)
        .fetch_all(self.readers())
        .await;
        let rows: Sql<_> = rows.map_err(Into::into);
        rows?.into_iter().map(SessionRow::decode).collect()
    }

    async fn end_session(&self, cmd: EndSession) -> Result<Option<Session>, StoreError> {
        self.write_always(move |tx| Box::pin(async move { Ok(end_session(tx, cmd).await?) })).await
    }

    async fn end_others(
        &self,
        user: UserId,
        kept: &TokenHash,
        actor: &Actor,
    ) -> Result<u64, StoreError> {
        let (kept, actor) = (*kept, actor.clone());
        self.write_always(move |tx| {
            Box::pin(async move {
                let ended = end_all_but(tx, user, &kept).await?;
                let action = AuditAction::OtherSessionsRevoked;
                let entry = audit::entry(None, &actor, action, user, tx.now);
                audit::append(tx, &[entry]).await?;
                Ok(ended)
            })
        })
        .await
    }

    async fn begin_password_change(
        &self,
        user: UserId,
    ) -> Result<Option<Credentials>, Failure<TooManyAttempts>> {
        self.write(move |tx| Box::pin(accounts::begin_password_change(tx, user))).await
    }

    async fn change_password(
        &self,
        cmd: ChangePassword,
    ) -> Result<Session, Failure<ChangePasswordError>> {
        self.write(move |tx| Box::pin(change_password(tx, cmd))).await
    }

    async fn rename_person(&self, cmd: RenamePerson) -> Result<User, StoreError> {
        self.write_always(move |tx| Box::pin(async move { Ok(rename(tx, cmd).await?) })).await
    }
}

async fn end_session(tx: &mut Tx, cmd: EndSession) -> Sql<Option<Session>> {
    let rows: Vec<SessionRow> = sqlx::query_as(
        r"SELECT token_hash, user_id, created_at AS session_created_at, last_seen_at, expires_at,
                 user_agent
            FROM sessions WHERE user_id = ?1",
    )
    .bind(cmd.user.as_uuid())
    .fetch_all(&mut **tx)
    .await?;
    let sessions: Vec<_> = rows.into_iter().map(SessionRow::decode).collect::<Result<_, _>>()?;
    let Some(session) = sessions.into_iter().find(|session| session.id() == cmd.session) else {
        return Ok(None);
    };
    sessions::remove(tx, &session.hash).await?;
    let action = AuditAction::SessionRevoked;
    let entry = audit::entry(None, &cmd.actor, action, cmd.session, tx.now);
    audit::append(tx, &[entry]).await?;
    Ok(Some(session))
}

/// Ends a person's other sessions; those that were over already are not counted.
pub(crate) async fn end_all_but(tx: &mut Tx, user: UserId, kept: &TokenHash) -> Sql<u64> {
    let ended: Vec<i64> = sqlx::query_scalar(
        "DELETE FROM sessions WHERE user_id = ?1 AND token_hash <> ?2 RETURNING expires_at",
    )
    .bind(user.as_uuid())
    .bind(kept.as_bytes().as_slice())
    .fetch_all(&mut **tx)
    .await?;
    let now = tx.now.as_micros();
    Ok(ended.into_iter().filter(|expires_at| now < *expires_at).count() as u64)
}

/// Gives a session its new token.
pub(crate) async fn rotate(tx: &mut Tx, rotation: Rotation, old: Session) -> Sql<Session> {
    sessions::remove(tx, &rotation.from).await?;
    let session = rotation.replace(old, tx.now);
    sessions::insert(tx, &session).await?;
    Ok(session)
}

async fn change_password(
    tx: &mut Tx,
    cmd: ChangePassword,
) -> Result<Session, Stop<ChangePasswordError>> {
    let Credentials { user, password: stored } = accounts::credentials(tx, cmd.user).await?;
    let current = sessions::load(tx, &cmd.rotation.from).await?;
    cmd.decide(&stored, current.as_ref()).map_err(Stop::Refused)?;
    let current = Of("user", &user.id).known(current)?;
    accounts::set_password(tx, user.id, &cmd.password).await?;
    accounts::forgive(tx, &user).await?;
    end_all_but(tx, user.id, &cmd.rotation.from).await?;
    let session = rotate(tx, cmd.rotation, current).await?;
    let action = AuditAction::PasswordChanged;
    let entry = audit::entry(None, &cmd.actor, action, user.id, tx.now);
    audit::append(tx, &[entry]).await?;
    Ok(session)
}

async fn rename(tx: &mut Tx, cmd: RenamePerson) -> Sql<User> {
    let user = accounts::user(tx, cmd.user).await?;
    if user.name == cmd.name {
        return Ok(user);
    }
    sqlx::query("UPDATE users SET name = ?2 WHERE id = ?1")
        .bind(user.id.as_uuid())
        .bind(cmd.name.as_ref().map(DisplayName::as_str))
        .execute(&mut **tx)
        .await?;
    let action = AuditAction::PersonRenamed;
    let entry = audit::entry(None, &cmd.actor, action, user.id, tx.now);
    audit::append(tx, &[entry]).await?;
    Ok(User { name: cmd.name, ..user })
}
