//! What people change about themselves.

use crate::error::{Sql, Stop};
use crate::tx::{Reach, Tx};
use crate::{PostgresStore, accounts, audit, sessions};
use async_trait::async_trait;
use keelway_access::{
    AuditAction, ChangePassword, ChangePasswordError, Credentials, DisplayName, EndSession, People,
    RenamePerson, Rotation, Session, TokenHash, TooManyAttempts, User,
};
use keelway_kernel::{Actor, Failure, StoreError, Timestamp, UserId};
use keelway_rows::access::SessionRow;
use keelway_rows::{Moment, Of};

/// The most sessions that are listed.
const LISTED: i64 = 100;

#[async_trait]
impl People for PostgresStore {
    async fn sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        self.read(Reach::Platform, move |tx| {
            Box::pin(async move {
                let rows: Vec<SessionRow> = sqlx::query_as(
                    r"SELECT token_hash, user_id, created_at AS session_created_at, last_seen_at,
                             expires_at, user_agent
                        FROM sessions WHERE user_id = $1
                       ORDER BY last_seen_at DESC, created_at DESC, token_hash LIMIT $2",
                )
                .bind(user.as_uuid())
                .bind(LISTED)
                .fetch_all(&mut **tx)
                .await?;
                Ok(rows.into_iter().map(SessionRow::decode).collect::<Result<_, _>>()?)
            })
        })
        .await
    }

    async fn end_session(&self, cmd: EndSession) -> Result<Option<Session>, StoreError> {
        self.write_platform_always(cmd, |tx, cmd| {
            Box::pin(async move { Ok(end_session(tx, cmd).await?) })
        })
        .await
    }

    async fn end_others(
        &self,
        user: UserId,
        kept: &TokenHash,
        actor: &Actor,
    ) -> Result<u64, StoreError> {
        self.write_platform_always((user, *kept, actor.clone()), |tx, (user, kept, actor)| {
            Box::pin(async move {
                sessions::hold(tx, user).await?;
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
        self.write_platform(user, |tx, user| Box::pin(accounts::begin_password_change(tx, user)))
            .await
    }

    async fn change_password(
        &self,
        cmd: ChangePassword,
    ) -> Result<Session, Failure<ChangePasswordError>> {
        self.write_platform(cmd, |tx, cmd| Box::pin(change_password(tx, cmd))).await
    }

    async fn rename_person(&self, cmd: RenamePerson) -> Result<User, StoreError> {
        self.write_platform_always(cmd, |tx, cmd| {
            Box::pin(async move { Ok(rename(tx, cmd).await?) })
        })
        .await
    }
}

async fn end_session(tx: &mut Tx, cmd: EndSession) -> Sql<Option<Session>> {
    let rows: Vec<SessionRow> = sqlx::query_as(
        r"SELECT token_hash, user_id, created_at AS session_created_at, last_seen_at, expires_at,
                 user_agent
            FROM sessions WHERE user_id = $1",
    )
    .bind(cmd.user.as_uuid())
    .fetch_all(&mut **tx)
    .await?;
    let sessions: Vec<_> = rows.into_iter().map(SessionRow::decode).collect::<Result<_, _>>()?;
    let Some(session) = sessions.into_iter().find(|session| session.id() == cmd.session) else {
        return Ok(None);
    };
    // Whoever ended it meanwhile has written that down.
    if sessions::remove(tx, &session.hash).await? == 0 {
        return Ok(None);
    }
    let action = AuditAction::SessionRevoked;
    let entry = audit::entry(None, &cmd.actor, action, cmd.session, tx.now);
    audit::append(tx, &[entry]).await?;
    Ok(Some(session))
}

/// Ends a person's other sessions; those that were over already are not counted.
pub(crate) async fn end_all_but(tx: &mut Tx, user: UserId, kept: &TokenHash) -> Sql<u64> {
    let ended: Vec<Moment> = sqlx::query_scalar(
        "DELETE FROM sessions WHERE user_id = $1 AND token_hash <> $2 RETURNING expires_at",
    )
    .bind(user.as_uuid())
    .bind(kept.as_bytes().as_slice())
    .fetch_all(&mut **tx)
    .await?;
    let is_cut_short = |expires_at: &Moment| tx.now < Timestamp::from(*expires_at);
    Ok(ended.iter().filter(|expires_at| is_cut_short(expires_at)).count() as u64)
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
    // Keeps out other changes: each would find the password that all of them checked.
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
    sqlx::query("UPDATE users SET name = $2 WHERE id = $1")
        .bind(user.id.as_uuid())
        .bind(cmd.name.as_ref().map(DisplayName::as_str))
        .execute(&mut **tx)
        .await?;
    let action = AuditAction::PersonRenamed;
    let entry = audit::entry(None, &cmd.actor, action, user.id, tx.now);
    audit::append(tx, &[entry]).await?;
    Ok(User { name: cmd.name, ..user })
}
