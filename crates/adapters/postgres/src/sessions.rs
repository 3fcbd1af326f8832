//! Sessions by the hash of their token.

use crate::error::{Sql, Stop};
use crate::held::held;
use crate::tx::{Reach, Tx};
use crate::{PostgresStore, accounts, audit};
use async_trait::async_trait;
use keelway_access::{
    AuditAction, Credentials, Session, SessionPolicy, SessionState, Sessions, SignIn,
    StaleCredentials, TokenHash, User, UserAgent,
};
use keelway_kernel::{Actor, Failure, StoreError, Timestamp, UserId};
use keelway_rows::Moment;
use keelway_rows::access::{SessionRow, SignedInRow};

#[async_trait]
impl Sessions for PostgresStore {
    async fn sign_in(&self, cmd: SignIn) -> Result<Session, Failure<StaleCredentials>> {
        self.write_platform(cmd, |tx, cmd| Box::pin(sign_in(tx, cmd))).await
    }

    async fn find(&self, token: &TokenHash) -> Result<Option<(Session, User)>, StoreError> {
        Ok(self.found(*token).await?.0)
    }

    async fn touch(
        &self,
        token: &TokenHash,
        policy: &SessionPolicy,
    ) -> Result<Option<Session>, StoreError> {
        // Most uses renew nothing, and those lock nothing.
        let (found, now) = self.found(*token).await?;
        let Some((session, _)) = found else { return Ok(None) };
        match policy.check(&session, now) {
            SessionState::Live => Ok(Some(session)),
            SessionState::Expired => Ok(None),
            SessionState::Renew { .. } => {
                self.write_platform_always((*token, *policy), |tx, (token, policy)| {
                    Box::pin(async move { Ok(renew(tx, token, policy).await?) })
                })
                .await
            }
        }
    }

    async fn sign_out(&self, token: &TokenHash, actor: &Actor) -> Result<(), StoreError> {
        self.write_platform_always((*token, actor.clone()), |tx, (token, actor)| {
            Box::pin(async move {
                let user: Option<sqlx::types::Uuid> = sqlx::query_scalar(
                    "DELETE FROM sessions WHERE token_hash = $1 RETURNING user_id",
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
        self.write_platform_always((user, actor.clone()), |tx, (user, actor)| {
            Box::pin(async move {
                hold(tx, user).await?;
                let ended = sqlx::query("DELETE FROM sessions WHERE user_id = $1")
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
        self.write_platform_always((), |tx, ()| {
            Box::pin(async move {
                // Those that somebody is ending at this moment need no sweeping.
                let swept = sqlx::query(
                    r"DELETE FROM sessions WHERE token_hash IN (
                          SELECT token_hash FROM sessions WHERE expires_at <= $1
                             FOR UPDATE SKIP LOCKED)",
                )
                .bind(Moment(tx.now))
                .execute(&mut **tx)
                .await?;
                Ok(swept.rows_affected())
            })
        })
        .await
    }
}

impl PostgresStore {
    /// The session with its person, and when they were looked up.
    async fn found(
        &self,
        token: TokenHash,
    ) -> Result<(Option<(Session, User)>, Timestamp), StoreError> {
        self.read(Reach::Platform, move |tx| {
            Box::pin(async move {
                let row: Option<SignedInRow> = sqlx::query_as(
                    r"SELECT s.token_hash, s.user_id, s.created_at AS session_created_at,
                             s.last_seen_at, s.expires_at, s.user_agent, u.id, u.email, u.name,
                             u.created_at, u.staff_since
                        FROM sessions s JOIN users u ON u.id = s.user_id
                       WHERE s.token_hash = $1",
                )
                .bind(token.as_bytes().as_slice())
                .fetch_optional(&mut **tx)
                .await?;
                Ok((row.map(SignedInRow::decode).transpose()?, tx.now))
            })
        })
        .await
    }
}

/// Keeps out sign-ins and whatever else ends several of a person's sessions: a sign-in that is
/// under way is waited for and ended too, and two endings never wait for each other.
pub(crate) async fn hold(tx: &mut Tx, user: UserId) -> Sql<()> {
    sqlx::query("SELECT 1 FROM users WHERE id = $1 FOR NO KEY UPDATE")
        .bind(user.as_uuid())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Saves a session that has just begun.
pub(crate) async fn insert(tx: &mut Tx, session: &Session) -> Sql<()> {
    sqlx::query(
        r"INSERT INTO sessions (token_hash, user_id, created_at, last_seen_at, expires_at,
                                user_agent)
          VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(session.hash.as_bytes().as_slice())
    .bind(session.user.as_uuid())
    .bind(Moment(session.created_at))
    .bind(Moment(session.last_seen_at))
    .bind(Moment(session.expires_at))
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

/// The session as it is now; its lock keeps out whoever would end or renew it meanwhile.
pub(crate) async fn load(tx: &mut Tx, token: &TokenHash) -> Sql<Option<Session>> {
    let asked = sqlx::query_as(held!(
        "SELECT token_hash, user_id, created_at AS session_created_at, last_seen_at, expires_at,
                user_agent
           FROM sessions WHERE token_hash = $1 FOR UPDATE"
    ));
    let row: Option<SessionRow> = tx.hold(asked.bind(token.as_bytes().as_slice())).await?;
    Ok(row.map(SessionRow::decode).transpose()?)
}

/// Removes a session that has ended, and says how many there were: one, or none.
pub(crate) async fn remove(tx: &mut Tx, token: &TokenHash) -> Sql<u64> {
    let done = sqlx::query("DELETE FROM sessions WHERE token_hash = $1")
        .bind(token.as_bytes().as_slice())
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected())
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
                "UPDATE sessions SET last_seen_at = $2, expires_at = $3 WHERE token_hash = $1",
            )
            .bind(token.as_bytes().as_slice())
            .bind(Moment(last_seen_at))
            .bind(Moment(expires_at))
            .execute(&mut **tx)
            .await?;
            Ok(Some(Session { last_seen_at, expires_at, ..session }))
        }
    }
}
