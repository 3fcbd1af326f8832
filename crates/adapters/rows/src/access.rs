//! People, tenants, memberships and sessions.

use crate::Moment;
use crate::decode::Of;
use keelway_access::{
    Attempts, Credentials, DisplayName, Email, Member, MemberProfile, Membership, NewTenant,
    PasswordHash, Session, Slug, Tenant, Ticket, TokenHash, User, UserAgent, WorkspaceName,
};
use keelway_credits::{AddGrant, Amount, GrantSource, Terms};
use keelway_kernel::{Actor, BuildId, Credits, StoreError, TenantId, Timestamp, UserId};
use sqlx::types::Uuid;

/// A row of `users`, without what passwords are checked against.
#[derive(sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct UserRow {
    pub id: Uuid,
    pub email: String,
    pub name: Option<String>,
    pub created_at: Moment,
    pub staff_since: Option<Moment>,
}

impl UserRow {
    /// The person, or what is wrong with the row.
    pub fn decode(self) -> Result<User, StoreError> {
        let id = UserId::from_uuid(self.id);
        let row = Of("user", &id);
        Ok(User {
            id,
            email: row.parsed(Email::parse(&self.email))?,
            name: row.parsed(self.name.as_deref().map(DisplayName::stored).transpose())?,
            created_at: Timestamp::from(self.created_at),
            staff_since: self.staff_since.map(Timestamp::from),
        })
    }
}

/// A row of `users`.
#[derive(sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct CredentialsRow {
    #[sqlx(flatten)]
    pub user: UserRow,
    pub password_hash: String,
}

impl CredentialsRow {
    /// The person and the hash, or what is wrong with the row.
    pub fn decode(self) -> Result<Credentials, StoreError> {
        let user = self.user.decode()?;
        let password = Of("user", &user.id).parsed(PasswordHash::parse(&self.password_hash))?;
        Ok(Credentials { user, password })
    }
}

/// A row of `tenants`, without its own limits.
#[derive(Debug, sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct TenantRow {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub tier: String,
    pub time_zone: String,
    pub created_at: Moment,
}

impl TenantRow {
    /// The tenant, or what is wrong with the row.
    pub fn decode(self) -> Result<Tenant, StoreError> {
        let id = TenantId::from_uuid(self.id);
        let row = Of("tenant", &id);
        Ok(Tenant {
            id,
            slug: row.parsed(Slug::parse(&self.slug))?,
            name: row.parsed(WorkspaceName::stored(&self.name))?,
            tier: row.parsed(self.tier.parse())?,
            time_zone: row.parsed(self.time_zone.parse())?,
            created_at: Timestamp::from(self.created_at),
        })
    }
}

/// A row of `tenants` with the role that somebody has there.
#[derive(Debug, sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct MembershipRow {
    #[sqlx(flatten)]
    pub tenant: TenantRow,
    pub role: String,
}

impl MembershipRow {
    /// The membership, or what is wrong with the rows.
    pub fn decode(self) -> Result<Membership, StoreError> {
        let tenant = self.tenant.decode()?;
        let role = Of("membership", &tenant.id).parsed(self.role.parse())?;
        Ok(Membership { tenant, role })
    }
}

/// A row of `viewer_tickets`, without its token.
#[derive(sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct TicketRow {
    pub build_id: Uuid,
    pub user_id: Uuid,
    pub tenant_id: Uuid,
    pub session_hash: Option<Vec<u8>>,
    pub expires_at: Moment,
}

impl TicketRow {
    /// The ticket if it is good at `now`, or what is wrong with the row.
    pub fn decode(self, now: Timestamp) -> Result<Option<Ticket>, StoreError> {
        let build = BuildId::from_uuid(self.build_id);
        let session = self.session_hash.map(|hash| Of("ticket", &build).hash(&hash));
        let ticket = Ticket {
            build,
            user: UserId::from_uuid(self.user_id),
            tenant: TenantId::from_uuid(self.tenant_id),
            session: session.transpose()?.map(TokenHash::from_bytes),
        };
        Ok((now < self.expires_at.into()).then_some(ticket))
    }
}

/// A row of `sessions`.
#[derive(Debug, sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct SessionRow {
    pub token_hash: Vec<u8>,
    pub user_id: Uuid,
    pub session_created_at: Moment,
    pub last_seen_at: Moment,
    pub expires_at: Moment,
    pub user_agent: Option<String>,
}

impl SessionRow {
    /// The session, or what is wrong with the row.
    pub fn decode(self) -> Result<Session, StoreError> {
        let user = UserId::from_uuid(self.user_id);
        let row = Of("session", &user);
        Ok(Session {
            hash: TokenHash::from_bytes(row.hash(&self.token_hash)?),
            user,
            created_at: Timestamp::from(self.session_created_at),
            last_seen_at: Timestamp::from(self.last_seen_at),
            expires_at: Timestamp::from(self.expires_at),
            user_agent: self.user_agent.as_deref().and_then(UserAgent::trimmed),
        })
    }
}

/// A session with its person; the session's own `created_at` is `session_created_at` here.
#[derive(sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is what its type says")]
pub struct SignedInRow {
    #[sqlx(flatten)]
    pub session: SessionRow,
    #[sqlx(flatten)]
    pub user: UserRow,
}

impl SignedInRow {
    /// The session and its person, or what is wrong with the rows.
    pub fn decode(self) -> Result<(Session, User), StoreError> {
        Ok((self.session.decode()?, self.user.decode()?))
    }
}

/// A row of `sign_in_attempts`, without its key.
#[derive(Debug, sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct AttemptsRow {
    pub failures: i64,
    pub last_at: Moment,
}

impl AttemptsRow {
    /// The attempts, or what is wrong with the row.
    pub fn decode(self) -> Result<Attempts, StoreError> {
        Ok(Attempts {
            failures: Of("sign-in attempts", &self.last_at.0).number(self.failures)?,
            last_at: Timestamp::from(self.last_at),
        })
    }
}

/// The tenant as it begins at `now`, under `slug`.
pub fn begun(new: &NewTenant, slug: Slug, now: Timestamp) -> Tenant {
    Tenant {
        id: new.id,
        slug,
        name: new.name.clone(),
        tier: new.tier,
        time_zone: new.time_zone.clone(),
        created_at: now,
    }
}

/// What a tenant is given when it is made; it stays until it is used.
pub fn first_grant(new: &NewTenant, amount: Credits, actor: &Actor) -> Option<AddGrant> {
    Some(AddGrant {
        grant: new.grant,
        amount: Amount::new(amount).ok()?,
        terms: Terms::unlimited(GrantSource::Plan),
        actor: actor.clone(),
    })
}

/// A row of `memberships`: a member as decisions see them.
#[derive(Debug, sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct MemberRow {
    pub user_id: Uuid,
    pub role: String,
}

impl MemberRow {
    /// The member, or what is wrong with the row.
    pub fn decode(self) -> Result<Member, StoreError> {
        let user = UserId::from_uuid(self.user_id);
        Ok(Member { user, role: Of("membership", &user).parsed(self.role.parse())? })
    }
}

/// A row of `memberships` with its person's; `created_at` is the membership's.
#[derive(sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct MemberProfileRow {
    #[sqlx(flatten)]
    pub member: MemberRow,
    pub email: String,
    pub name: Option<String>,
    pub created_at: Moment,
}

impl MemberProfileRow {
    /// The member as others see them, or what is wrong with the rows.
    pub fn decode(self) -> Result<MemberProfile, StoreError> {
        let Member { user, role } = self.member.decode()?;
        let row = Of("user", &user);
        Ok(MemberProfile {
            user,
            email: row.parsed(Email::parse(&self.email))?,
            name: row.parsed(self.name.as_deref().map(DisplayName::stored).transpose())?,
            role,
            since: Timestamp::from(self.created_at),
        })
    }
}
