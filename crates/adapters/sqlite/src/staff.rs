//! The platform's own people.

use crate::error::{Sql, Stop};
use crate::tx::Tx;
use crate::{SqliteStore, accounts, audit, people, sessions};
use async_trait::async_trait;
use keelway_access::{
    AuditAction, IssueOwnerLink, NewOwner, OwnerLink, Redeem, RedeemError, Session, SignUpError,
    SignedUp, Staff, TokenHash, User,
};
use keelway_kernel::{Actor, Failure, StoreError, Timestamp};
use sqlx::SqliteExecutor;

/// What the audit log calls the link: there is one.
const LINK: &str = "owner_link";

#[async_trait]
impl Staff for SqliteStore {
    async fn issue_owner_link(&self, cmd: IssueOwnerLink) -> Result<Option<OwnerLink>, StoreError> {
        self.write_always(move |tx| Box::pin(async move { Ok(issue(tx, cmd).await?) })).await
    }

    async fn find_owner_link(&self, token: &TokenHash) -> Result<Option<OwnerLink>, StoreError> {
        Ok(find(self.readers(), token).await?)
    }

    async fn redeem(&self, cmd: Redeem) -> Result<SignedUp, Failure<RedeemError>> {
        // Strangers who guess must not take the writer's turns.
        OwnerLink::redeem(
            find(self.readers(), &cmd.token).await.map_err(StoreError::from)?,
            self.now(),
        )
        .map_err(Failure::Rejected)?;
        self.write(move |tx| Box::pin(redeem(tx, cmd))).await
    }
}

async fn find(reader: impl SqliteExecutor<'_>, token: &TokenHash) -> Sql<Option<OwnerLink>> {
    let expires_at: Option<i64> =
        sqlx::query_scalar("SELECT expires_at FROM owner_link WHERE token_hash = ?1")
            .bind(token.as_bytes().as_slice())
            .fetch_optional(reader)
            .await?;
    Ok(expires_at.map(|at| OwnerLink { expires_at: Timestamp::from_micros(at) }))
}

async fn issue(tx: &mut Tx, cmd: IssueOwnerLink) -> Sql<Option<OwnerLink>> {
    let staff: i64 = sqlx::query_scalar("SELECT count(*) FROM users WHERE staff_since IS NOT NULL")
        .fetch_one(&mut **tx)
        .await?;
    let staff = u64::try_from(staff).unwrap_or_default();
    let Some(link) = OwnerLink::issue(cmd.occasion, staff, tx.now) else { return Ok(None) };
    sqlx::query(
        r"INSERT INTO owner_link (one, token_hash, expires_at) VALUES (1, ?1, ?2)
          ON CONFLICT (one) DO UPDATE
             SET token_hash = excluded.token_hash, expires_at = excluded.expires_at",
    )
    .bind(cmd.token.as_bytes().as_slice())
    .bind(link.expires_at.as_micros())
    .execute(&mut **tx)
    .await?;
    let actor = Actor { user: None, request_id: cmd.request_id };
    let entry = audit::entry(None, &actor, AuditAction::OwnerLinkIssued, LINK, tx.now);
    audit::append(tx, &[entry]).await?;
    Ok(Some(link))
}

async fn redeem(tx: &mut Tx, cmd: Redeem) -> Result<SignedUp, Stop<RedeemError>> {
    let link = find(&mut **tx, &cmd.token).await?;
    OwnerLink::redeem(link, tx.now).map_err(Stop::Refused)?;
    let (made, request_id) = match cmd.by {
        NewOwner::Newcomer(account) => {
            let request_id = account.request_id.clone();
            let made = accounts::sign_up(tx, *account).await.map_err(|stop| match stop {
                Stop::Refused(SignUpError::EmailTaken) => Stop::Refused(RedeemError::EmailTaken),
                Stop::Broken(error) => Stop::Broken(error),
            })?;
            (made, request_id)
        }
        NewOwner::Person { user, rotation, request_id } => {
            let current = sessions::load(tx, &rotation.from).await?;
            let current = current.filter(|session: &Session| session.user == user);
            let current = current.ok_or(Stop::Refused(RedeemError::SessionOver))?;
            people::end_all_but(tx, user, &rotation.from).await?;
            let session = people::rotate(tx, rotation, current).await?;
            let user = accounts::user(tx, user).await?;
            (SignedUp { user, tenant: None, session }, request_id)
        }
    };
    sqlx::query("UPDATE users SET staff_since = COALESCE(staff_since, ?2) WHERE id = ?1")
        .bind(made.user.id.as_uuid())
        .bind(tx.now.as_micros())
        .execute(&mut **tx)
        .await?;
    sqlx::query("DELETE FROM owner_link").execute(&mut **tx).await?;
    let actor = Actor { user: Some(made.user.id), request_id };
    let entry = audit::entry(None, &actor, AuditAction::StaffAdded, made.user.id, tx.now);
    audit::append(tx, &[entry]).await?;
    let staff_since = made.user.staff_since.or(Some(tx.now));
    Ok(SignedUp { user: User { staff_since, ..made.user }, ..made })
}
