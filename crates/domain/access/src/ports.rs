//! What stores have to do for people, sessions and limits.
//!
//! Every method is one whole command: all of it happens, or none. The store supplies the
//! time; ids and hashes come with the command.

mod invitations;
mod members;
mod people;
mod staff;

pub use invitations::{Accept, Invitations, Invite, Withdraw};
pub use members::{ChangeRole, Members, RemoveMember, RenameTenant};
pub use people::{ChangePassword, ChangePasswordError, EndSession, People, RenamePerson};
pub use staff::{IssueOwnerLink, NewOwner, Redeem, Staff};

use crate::lockout::TooManyAttempts;
use crate::names::{DisplayName, Email, Slug, WorkspaceName};
use crate::password::PasswordHash;
use crate::people::{Membership, Tenant, TooManyTenants, User};
use crate::rate::{RateClass, RateDecision};
use crate::secret::TokenHash;
use crate::session::{NewSession, Session, SessionPolicy};
use async_trait::async_trait;
use keelway_kernel::once::KeyReused;
use keelway_kernel::{
    Actor, BuildId, Credits, Failure, GrantId, Keyed, Once, StoreError, TenantId, TenantScope,
    Tier, TimeZoneName, UserId,
};

/// A tenant about to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTenant {
    /// Its id.
    pub id: TenantId,
    /// Its name for people.
    pub name: WorkspaceName,
    /// The slug wished for; if taken, the tenant gets [`Slug::disambiguated`].
    pub slug: Slug,
    /// What it begins as.
    pub tier: Tier,
    /// Where its days and months begin.
    pub time_zone: TimeZoneName,
    /// The id of its first month's grant.
    pub grant: GrantId,
    /// The amount of that grant; with none, no grant is written.
    pub monthly_credits: Credits,
}

/// Makes an account, and with it a session and perhaps a workspace.
#[derive(Debug, Clone)]
pub struct SignUp {
    /// The new person's id.
    pub user: UserId,
    /// What the person will sign in with.
    pub email: Email,
    /// The chosen password's hash.
    pub password: PasswordHash,
    /// What to call the person.
    pub name: Option<DisplayName>,
    /// The workspace the person will own.
    pub workspace: Option<NewTenant>,
    /// The session that begins with it.
    pub session: NewSession,
    /// The request, for the audit log; the actor is the new person.
    pub request_id: String,
}

/// What a sign-up made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedUp {
    /// The person.
    pub user: User,
    /// The workspace, with the slug it got.
    pub tenant: Option<Tenant>,
    /// The session.
    pub session: Session,
}

/// Why nobody was signed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignUpError {
    /// Somebody has this address, in whatever case.
    #[error("the e-mail address has an account")]
    EmailTaken,
}

/// Makes a tenant for somebody who has an account.
#[derive(Debug, Clone)]
pub struct CreateTenant {
    /// The tenant.
    pub tenant: NewTenant,
    /// Who will own it.
    pub owner: UserId,
    /// Who asked.
    pub actor: Actor,
    /// The idempotency key, if the caller sent one.
    pub keyed: Option<Keyed<Tenant>>,
}

/// Why no tenant was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CreateTenantError {
    /// The idempotency key belongs to another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The owner has as many as one person may own.
    #[error(transparent)]
    TooMany(#[from] TooManyTenants),
}

/// A person and what their password is checked against.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The person.
    pub user: User,
    /// The stored hash.
    pub password: PasswordHash,
}

/// People, tenants and who belongs where.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Makes user, session and, if asked for, tenant, ownership, credit account and its first
    /// monthly grant, with audit entries [`AuditAction::SignUp`](crate::AuditAction::SignUp), [`AuditAction::TenantCreated`](crate::AuditAction::TenantCreated)
    /// and [`AuditAction::CreditsGranted`](crate::AuditAction::CreditsGranted).
    ///
    /// Two sign-ups with one address, in whatever case, never both succeed. A taken slug is
    /// never a refusal.
    async fn sign_up(&self, cmd: SignUp) -> Result<SignedUp, Failure<SignUpError>>;

    /// Makes a tenant as [`Accounts::sign_up`] does, with the credits that
    /// [`opening_credits`](crate::opening_credits) says: never a second time for one person,
    /// also when they ask for several at once.
    ///
    /// The same key and request again never makes a second one and always gives the first answer.
    async fn create_tenant(
        &self,
        cmd: CreateTenant,
    ) -> Result<Once<Tenant>, Failure<CreateTenantError>>;

    /// Counts an attempt to sign in and gives what the password is to be checked against.
    ///
    /// Loads the attempts under [`Email::attempt_key`], lets
    /// [`Attempts::admit`](crate::Attempts::admit) decide, and stores what it returned before
    /// answering: the attempt counts as failed until [`Sessions::sign_in`] clears it. Known and
    /// unknown addresses are counted alike; the answer for an unknown one is `None`.
    async fn begin_sign_in(
        &self,
        email: &Email,
    ) -> Result<Option<Credentials>, Failure<TooManyAttempts>>;

    /// The person with this id.
    async fn find_user(&self, user: UserId) -> Result<Option<User>, StoreError>;

    /// Where a person belongs, oldest membership first.
    async fn memberships(&self, user: UserId) -> Result<Vec<Membership>, StoreError>;

    /// Deletes attempts that no longer count and says how many.
    async fn sweep_attempts(&self) -> Result<u64, StoreError>;
}

/// Opens a session for a person whose password was right.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// The person.
    pub user: UserId,
    /// The stored hash that the password was checked against.
    pub checked: PasswordHash,
    /// The new session.
    pub session: NewSession,
    /// The session the caller came with, which ends: a token known before is worth nothing after.
    pub replaces: Option<TokenHash>,
    /// The password hashed at today's cost, if the stored hash was of another.
    pub rehashed: Option<PasswordHash>,
    /// The request, for the audit log; the actor is the person.
    pub request_id: String,
}

/// What a password was checked against is not what is stored any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the password was changed or hashed anew meanwhile")]
pub struct StaleCredentials;

impl SignIn {
    /// Decides whether the session opens, given the stored hash: whoever knows only a password
    /// of before must not get in by having been slow.
    pub fn decide(&self, stored: &PasswordHash) -> Result<(), StaleCredentials> {
        if *stored == self.checked { Ok(()) } else { Err(StaleCredentials) }
    }
}

/// Sessions by the hash of their token.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Opens the session, ends the one it replaces, stores the new hash if there is one, clears
    /// the attempts counted for the person and their address, and audits [`AuditAction::SignIn`](crate::AuditAction::SignIn).
    ///
    /// Lets [`SignIn::decide`] decide on the hash as it is then: a change of the password and a
    /// sign-in that checked the one before never leave a session or a hash of the old one behind.
    async fn sign_in(&self, cmd: SignIn) -> Result<Session, Failure<StaleCredentials>>;

    /// The session and its person, if it was neither ended nor swept.
    ///
    /// It may be over by now: [`SessionPolicy::check`] says.
    async fn find(&self, token: &TokenHash) -> Result<Option<(Session, User)>, StoreError>;

    /// Whether the session was found or met here before, and was there when it was last looked
    /// for: who presents it did not make it up. That is all it says; it may have ended since.
    /// Never asks a store; what remembers nothing knows none.
    fn knows(&self, _token: &TokenHash) -> bool {
        false
    }

    /// Takes note of a session that was just opened, through whichever port: it is known.
    fn meet(&self, _session: &Session) {}

    /// Stores later times if [`SessionPolicy::check`] asks for it, and gives the session as it
    /// then is; `None` if it ended meanwhile or is over. Never brings an ended session back.
    async fn touch(
        &self,
        token: &TokenHash,
        policy: &SessionPolicy,
    ) -> Result<Option<Session>, StoreError>;

    /// Ends the session and audits [`AuditAction::SignOut`](crate::AuditAction::SignOut); if there is none, does nothing.
    async fn sign_out(&self, token: &TokenHash, actor: &Actor) -> Result<(), StoreError>;

    /// Ends all sessions of a person, says how many, and audits [`AuditAction::SessionsRevoked`](crate::AuditAction::SessionsRevoked).
    async fn revoke_all(&self, user: UserId, actor: &Actor) -> Result<u64, StoreError>;

    /// Deletes sessions whose `expires_at` has come and says how many.
    async fn sweep_expired(&self) -> Result<u64, StoreError>;
}

/// The right to open one build's event stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    /// The build.
    pub build: BuildId,
    /// On whose behalf.
    pub user: UserId,
    /// The tenant of the build.
    pub tenant: TenantId,
    /// The session that it was issued from, and ends with; an API key has none.
    pub session: Option<TokenHash>,
}

impl Ticket {
    /// Seconds from issue to the end.
    pub const LIFETIME_S: i64 = 60;
}

/// A ticket about to be handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewTicket {
    /// The hash of the token handed out.
    pub token: TokenHash,
    /// The build.
    pub build: BuildId,
    /// On whose behalf.
    pub user: UserId,
    /// The session that asks for it, unless an API key does.
    pub session: Option<TokenHash>,
}

/// Single-use tickets for event streams, by the hash of their token.
#[async_trait]
pub trait Tickets: Send + Sync {
    /// Keeps a ticket for [`Ticket::LIFETIME_S`]; the tenant is the scope's.
    async fn issue(&self, scope: TenantScope, ticket: NewTicket) -> Result<(), StoreError>;

    /// Deletes the ticket and gives it back if its time was not over.
    ///
    /// Two redemptions of one ticket, at the same time or not, never both succeed.
    async fn redeem(&self, token: &TokenHash) -> Result<Option<Ticket>, StoreError>;

    /// Deletes tickets whose time is over and says how many.
    async fn sweep(&self) -> Result<u64, StoreError>;
}

/// Counts requests, in this process or for all of them.
#[async_trait]
pub trait RateLimiter: Send + Sync {
    /// Counts one request of `class` under `key` and decides by [`RateLimit::hit`](crate::RateLimit::hit).
    ///
    /// Never fails: a limiter that has lost its shared state goes on in this process. Keys of
    /// different classes never share a count.
    async fn hit(&self, class: RateClass, key: &str) -> RateDecision;

    /// What [`RateLimiter::hit`] would find now, by [`RateLimit::peek`](crate::RateLimit::peek).
    ///
    /// Never counts, never fails, and never makes a key remembered that was not.
    async fn peek(&self, class: RateClass, key: &str) -> RateDecision;
}
