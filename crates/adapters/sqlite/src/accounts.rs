//! People, tenants and who belongs where.

use crate::SqliteStore;
use crate::error::{Sql, Stop};
use crate::trip::Trip;
use crate::tx::Tx;
use crate::{audit, credits, idempotency, sessions};
use async_trait::async_trait;
use keelway_access::lockout::{AttemptKey, TooManyAttempts};
use keelway_access::{
    Accounts, Attempts, AuditAction, CreateTenant, CreateTenantError, Credentials, DisplayName,
    Email, Membership, NewTenant, PasswordHash, Role, SignUp, SignUpError, SignedUp, Tenant, User,
    opening_credits,
};
use keelway_kernel::{Actor, Credits, Failure, Once, StoreError, UserId};
use keelway_rows::Of;
use keelway_rows::access::{
    AttemptsRow, CredentialsRow, MembershipRow, UserRow, begun, first_grant,
};

#[async_trait]
impl Accounts for SqliteStore {
    async fn sign_up(&self, cmd: SignUp) -> Result<SignedUp, Failure<SignUpError>> {
        self.write(move |tx| Box::pin(sign_up(tx, cmd))).await
    }

    async fn create_tenant(
        &self,
        cmd: CreateTenant,
    ) -> Result<Once<Tenant>, Failure<CreateTenantError>> {
        self.write(move |tx| {
            Box::pin(async move {
                let (now, keyed) = (tx.now, cmd.keyed.as_ref());
                let [reply] = Trip::default().ask_reply(keyed, now).read(tx).await?;
                if let Some(earlier) = idempotency::replayed(&reply, keyed)? {
                    return Ok(earlier);
                }
                let owned = owned_by(tx, cmd.owner).await?;
                let opening = opening_credits(cmd.tenant.monthly_credits, owned)
                    .map_err(|refusal| Stop::Refused(refusal.into()))?;
                let begin = (&cmd.tenant, opening);
                let tenant = begin_tenant(tx, begin, cmd.owner, &cmd.actor).await?;
                Trip::default().put_reply(keyed, &tenant, now)?.write(tx).await?;
                Ok(Once::Fresh(tenant))
            })
        })
        .await
    }

    async fn begin_sign_in(
        &self,
        email: &Email,
    ) -> Result<Option<Credentials>, Failure<TooManyAttempts>> {
        let email = email.clone();
        self.write(move |tx| Box::pin(begin_sign_in(tx, email))).await
    }

    async fn find_user(&self, user: UserId) -> Result<Option<User>, StoreError> {
        let row: Result<Option<UserRow>, _> = sqlx::query_as(
            "SELECT id, email, name, created_at, staff_since FROM users WHERE id = ?1",
        )
        .bind(user.as_uuid())
        .fetch_optional(self.readers())
        .await;
        let row: Sql<_> = row.map_err(Into::into);
        row?.map(UserRow::decode).transpose()
    }

    async fn memberships(&self, user: UserId) -> Result<Vec<Membership>, StoreError> {
        let rows: Result<Vec<MembershipRow>, _> = sqlx::query_as(
            r"SELECT t.id, t.slug, t.name, t.tier, t.time_zone, t.created_at, m.role
                FROM memberships m JOIN tenants t ON t.id = m.tenant_id
               WHERE m.user_id = ?1
               ORDER BY m.created_at, m.tenant_id",
        )
        .bind(user.as_uuid())
        .fetch_all(self.readers())
        .await;
        let rows: Sql<_> = rows.map_err(Into::into);
        rows?.into_iter().map(MembershipRow::decode).collect()
    }

    async fn sweep_attempts(&self) -> Result<u64, StoreError> {
        self.write_always(|tx| {
            Box::pin(async move {
                let forgotten = tx.now.plus_seconds(-Attempts::FORGOTTEN_AFTER_S);
                let swept = sqlx::query("DELETE FROM sign_in_attempts WHERE last_at <= ?1")
                    .bind(forgotten.as_micros())
                    .execute(&mut **tx)
                    .await?;
                Ok(swept.rows_affected())
            })
        })
        .await
    }
}

pub(crate) async fn sign_up(tx: &mut Tx, cmd: SignUp) -> Result<SignedUp, Stop<SignUpError>> {
    let taken: Option<i64> = sqlx::query_scalar("SELECT 1 FROM users WHERE email_key = ?1")
        .bind(cmd.email.key())
        .fetch_optional(&mut **tx)
        .await?;
    if taken.is_some() {
        return Err(Stop::Refused(SignUpError::EmailTaken));
    }
    let user = User {
        id: cmd.user,
        email: cmd.email,
        name: cmd.name,
        created_at: tx.now,
        staff_since: None,
    };
    sqlx::query(
        r"INSERT INTO users (id, email, email_key, name, password_hash, created_at)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )
    .bind(user.id.as_uuid())
    .bind(user.email.as_str())
    .bind(user.email.key())
    .bind(user.name.as_ref().map(DisplayName::as_str))
    .bind(cmd.password.as_str())
    .bind(user.created_at.as_micros())
    .execute(&mut **tx)
    .await?;
    let session = cmd.session.open(user.id, tx.now);
    sessions::insert(tx, &session).await?;

    let actor = Actor { user: Some(user.id), request_id: cmd.request_id };
    let signed_up = audit::entry(None, &actor, AuditAction::SignUp, user.id, tx.now);
    audit::append(tx, &[signed_up]).await?;
    let tenant = match &cmd.workspace {
        Some(workspace) => {
            let begin = (workspace, workspace.monthly_credits);
            Some(begin_tenant(tx, begin, user.id, &actor).await?)
        }
        None => None,
    };
    Ok(SignedUp { user, tenant, session })
}

/// How many tenants a person owns.
async fn owned_by(tx: &mut Tx, user: UserId) -> Sql<u64> {
    let owned: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM memberships WHERE user_id = ?1 AND role = ?2")
            .bind(user.as_uuid())
            .bind(Role::Owner.as_str())
            .fetch_one(&mut **tx)
            .await?;
    Ok(u64::try_from(owned).unwrap_or_default())
}

/// Makes the tenant, its ownership and its first grant of `opening` credits.
async fn begin_tenant(
    tx: &mut Tx,
    (new, opening): (&NewTenant, Credits),
    owner: UserId,
    actor: &Actor,
) -> Sql<Tenant> {
    let taken: Option<i64> = sqlx::query_scalar("SELECT 1 FROM tenants WHERE slug = ?1")
        .bind(new.slug.as_str())
        .fetch_optional(&mut **tx)
        .await?;
    let slug = match taken {
        Some(_) => new.slug.disambiguated(new.id),
        None => new.slug.clone(),
    };
    let tenant = begun(new, slug, tx.now);
    sqlx::query(
        r"INSERT INTO tenants (id, slug, name, tier, time_zone, created_at)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )
    .bind(tenant.id.as_uuid())
    .bind(tenant.slug.as_str())
    .bind(tenant.name.as_str())
    .bind(tenant.tier.as_str())
    .bind(tenant.time_zone.as_str())
    .bind(tenant.created_at.as_micros())
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "INSERT INTO memberships (tenant_id, user_id, role, created_at) VALUES (?1, ?2, ?3, ?4)",
    )
    .bind(tenant.id.as_uuid())
    .bind(owner.as_uuid())
    .bind(Role::Owner.as_str())
    .bind(tx.now.as_micros())
    .execute(&mut **tx)
    .await?;
    let action = AuditAction::TenantCreated;
    let created = audit::entry(Some(tenant.id), actor, action, tenant.id, tx.now);
    audit::append(tx, &[created]).await?;

    if let Some(grant) = first_grant(new, opening, actor) {
        let given = credits::grant(tx, tenant.id, grant).await;
        given.map_err(|stop| match stop {
            Stop::Broken(error) => error,
            // A tenant that did not exist a moment ago has a ledger that refuses nothing.
            Stop::Refused(_) => StoreError::corrupt("credit account", tenant.id),
        })?;
    }
    Ok(tenant)
}

async fn begin_sign_in(
    tx: &mut Tx,
    email: Email,
) -> Result<Option<Credentials>, Stop<TooManyAttempts>> {
    count_attempt(tx, &email.attempt_key()).await?;
    let known: Option<CredentialsRow> = sqlx::query_as(
        "SELECT id, email, name, created_at, staff_since, password_hash FROM users WHERE email_key = ?1",
    )
    .bind(email.key())
    .fetch_optional(&mut **tx)
    .await?;
    Ok(known.map(CredentialsRow::decode).transpose()?)
}

/// The same for somebody who is signed in.
pub(crate) async fn begin_password_change(
    tx: &mut Tx,
    user: UserId,
) -> Result<Option<Credentials>, Stop<TooManyAttempts>> {
    count_attempt(tx, &AttemptKey::of_person(user)).await?;
    let known: Option<CredentialsRow> = sqlx::query_as(
        "SELECT id, email, name, created_at, staff_since, password_hash FROM users WHERE id = ?1",
    )
    .bind(user.as_uuid())
    .fetch_optional(&mut **tx)
    .await?;
    Ok(known.map(CredentialsRow::decode).transpose()?)
}

async fn count_attempt(tx: &mut Tx, key: &AttemptKey) -> Result<(), Stop<TooManyAttempts>> {
    let stored: Option<AttemptsRow> =
        sqlx::query_as("SELECT failures, last_at FROM sign_in_attempts WHERE attempt_key = ?1")
            .bind(key.as_bytes().as_slice())
            .fetch_optional(&mut **tx)
            .await?;
    let stored = stored.map(AttemptsRow::decode).transpose()?;
    let counted = Attempts::admit(stored, tx.now).map_err(Stop::Refused)?;
    sqlx::query(
        r"INSERT INTO sign_in_attempts (attempt_key, failures, last_at) VALUES (?1, ?2, ?3)
          ON CONFLICT (attempt_key) DO UPDATE
             SET failures = excluded.failures, last_at = excluded.last_at",
    )
    .bind(key.as_bytes().as_slice())
    .bind(counted.failures)
    .bind(counted.last_at.as_micros())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A person who must be there.
pub(crate) async fn user(tx: &mut Tx, user: UserId) -> Sql<User> {
    let row: Option<UserRow> =
        sqlx::query_as("SELECT id, email, name, created_at, staff_since FROM users WHERE id = ?1")
            .bind(user.as_uuid())
            .fetch_optional(&mut **tx)
            .await?;
    Ok(row.ok_or_else(|| StoreError::corrupt("user", user))?.decode()?)
}

/// The same with what their password is checked against.
pub(crate) async fn credentials(tx: &mut Tx, user: UserId) -> Sql<Credentials> {
    let row: Option<CredentialsRow> = sqlx::query_as(
        "SELECT id, email, name, created_at, staff_since, password_hash FROM users WHERE id = ?1",
    )
    .bind(user.as_uuid())
    .fetch_optional(&mut **tx)
    .await?;
    Ok(Of("user", &user).known(row)?.decode()?)
}

/// Puts a hash in the place of the stored one.
pub(crate) async fn set_password(tx: &mut Tx, user: UserId, hash: &PasswordHash) -> Sql<()> {
    sqlx::query("UPDATE users SET password_hash = ?2 WHERE id = ?1")
        .bind(user.as_uuid())
        .bind(hash.as_str())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Forgets the attempts counted for a person who showed that they know the password.
pub(crate) async fn forgive(tx: &mut Tx, user: &User) -> Sql<()> {
    sqlx::query("DELETE FROM sign_in_attempts WHERE attempt_key IN (?1, ?2)")
        .bind(user.email.attempt_key().as_bytes().as_slice())
        .bind(AttemptKey::of_person(user.id).as_bytes().as_slice())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
