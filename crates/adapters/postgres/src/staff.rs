//! The platform's own people.

use crate::error::{Sql, Stop};
use crate::tx::{Reach, Tx};
use crate::{PostgresStore, accounts, audit, people, sessions};
use async_trait::async_trait;
use keelway_access::{
    AuditAction, IssueOwnerLink, NewOwner, OwnerLink, Redeem, RedeemError, Session, SignUpError,
    SignedUp, Staff, TokenHash, User,
};
use keelway_kernel::{Actor, Failure, StoreError, Timestamp};
use keelway_rows::Moment;

/// What the audit log calls the link: there is one.
const LINK: &str = "owner_link";

#[async_trait]
impl Staff for PostgresStore {
    async fn issue_owner_link(&self, cmd: IssueOwnerLink) -> Result<Option<OwnerLink>, StoreError> {
        self.write_platform_always(cmd, |tx, cmd| {
            Box::pin(async move { Ok(issue(tx, cmd).await?) })
        })
        .await
    }

    async fn find_owner_link(&self, token: &TokenHash) -> Result<Option<OwnerLink>, StoreError> {
        Ok(self.found_link(*token).await?.0)
    }

    async fn redeem(&self, cmd: Redeem) -> Result<SignedUp, Failure<RedeemError>> {
        // Strangers who guess must not queue for the link's lock.
        let (link, now) = self.found_link(cmd.token).await?;
        OwnerLink::redeem(link, now).map_err(Failure::Rejected)?;
        self.write_platform(cmd, |tx, cmd| Box::pin(redeem(tx, cmd))).await
    }
}

impl PostgresStore {
    /// The link that a token leads to, and when it was looked up.
    async fn found_link(
        &self,
        token: TokenHash,
    ) -> Result<(Option<OwnerLink>, Timestamp), StoreError> {
        self.read(Reach::Platform, move |tx| {
            Box::pin(async move { Ok((find(tx, &token).await?, tx.now)) })
        })
        .await
    }
}

async fn find(tx: &mut Tx, token: &TokenHash) -> Sql<Option<OwnerLink>> {
    let expires_at: Option<Moment> =
        sqlx::query_scalar("SELECT expires_at FROM owner_link WHERE token_hash = $1")
            .bind(token.as_bytes().as_slice())
            .fetch_optional(&mut **tx)
            .await?;
    Ok(expires_at.map(|at| OwnerLink { expires_at: at.into() }))
}

/// Keeps out whoever else would issue or redeem a link, also while there is none: a second owner
/// by one link, or a link for a platform whose first owner is being made. The transaction's moment
/// is when it has the lock.
async fn hold(tx: &mut Tx) -> Sql<()> {
    sqlx::query("LOCK TABLE owner_link IN SHARE ROW EXCLUSIVE MODE").execute(&mut **tx).await?;
    let held_at: Moment =
        sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(&mut **tx).await?;
    tx.found(held_at.into());
    Ok(())
}

async fn issue(tx: &mut Tx, cmd: IssueOwnerLink) -> Sql<Option<OwnerLink>> {
    hold(tx).await?;
    let staff: i64 = sqlx::query_scalar("SELECT count(*) FROM users WHERE staff_since IS NOT NULL")
        .fetch_one(&mut **tx)
        .await?;
    let staff = u64::try_from(staff).unwrap_or_default();
    let Some(link) = OwnerLink::issue(cmd.occasion, staff, tx.now) else { return Ok(None) };
    sqlx::query(
        r"INSERT INTO owner_link (one, token_hash, expires_at) VALUES (1, $1, $2)
          ON CONFLICT (one) DO UPDATE
             SET token_hash = excluded.token_hash, expires_at = excluded.expires_at",
    )
    .bind(cmd.token.as_bytes().as_slice())
    .bind(Moment(link.expires_at))
    .execute(&mut **tx)
    .await?;
    let actor = Actor { user: None, request_id: cmd.request_id };
    let entry = audit::entry(None, &actor, AuditAction::OwnerLinkIssued, LINK, tx.now);
    audit::append(tx, &[entry]).await?;
    Ok(Some(link))
}

async fn redeem(tx: &mut Tx, cmd: Redeem) -> Result<SignedUp, Stop<RedeemError>> {
    hold(tx).await?;
    let link = find(tx, &cmd.token).await?;
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
            sessions::hold(tx, user).await?;
            let current = sessions::load(tx, &rotation.from).await?;
            let current = current.filter(|session: &Session| session.user == user);
            let current = current.ok_or(Stop::Refused(RedeemError::SessionOver))?;
            people::end_all_but(tx, user, &rotation.from).await?;
            let session = people::rotate(tx, rotation, current).await?;
            let user = accounts::user(tx, user).await?;
            (SignedUp { user, tenant: None, session }, request_id)
        }
    };
    sqlx::query("UPDATE users SET staff_since = COALESCE(staff_since, $2) WHERE id = $1")
        .bind(made.user.id.as_uuid())
        .bind(Moment(tx.now))
        .execute(&mut **tx)
        .await?;
    sqlx::query("DELETE FROM owner_link").execute(&mut **tx).await?;
    let actor = Actor { user: Some(made.user.id), request_id };
    let entry = audit::entry(None, &actor, AuditAction::StaffAdded, made.user.id, tx.now);
    audit::append(tx, &[entry]).await?;
    let staff_since = made.user.staff_since.or(Some(tx.now));
    Ok(SignedUp { user: User { staff_since, ..made.user }, ..made })
}
