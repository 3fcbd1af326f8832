//! Who somebody is and what they may do.
//!
//! **Invariant:** a [`TenantScope`](keelway_kernel::TenantScope) comes out of [`may`] and from
//! nowhere else in this crate, so no request reaches a tenant's data without a principal, a
//! permission and the table that joins them.
//!
//! | module | holds |
//! |---|---|
//! | [`names`] | [`Email`], [`DisplayName`], [`WorkspaceName`], [`Slug`]: text that was checked |
//! | [`password`] | [`Password`] and [`PasswordHash`] (argon2id) |
//! | [`members`] | who may change who belongs to a tenant, and which role they have |
//! | [`invitations`] | [`Invitation`]: offered for a week, accepted once |
//! | [`owner`] | [`OwnerLink`]: how the platform gets its first own person |
//! | [`people`] | [`User`], [`Tenant`], [`Membership`], [`Role`], and who may leave |
//! | [`permission`] | [`Permission`] and the one table from role to permission |
//! | [`principal`] | [`Principal`] and [`may`] |
//! | [`session`] | session tokens, their lifetime, the CSRF token that goes with one |
//! | [`lockout`] | how long to wait after wrong passwords |
//! | [`api_key`] | keys with a checksum, scopes and an expiry |
//! | [`audit`] | audit entries and the chain that shows tampering |
//! | [`rate`] | rate limits and the rule (GCRA) that applies them |
//! | [`ports`] | what a store has to do: [`Accounts`], [`Sessions`], [`People`], [`Members`], [`Invitations`], [`Staff`], [`Tickets`], [`RateLimiter`] |
//!
//! Not here: reading requests and cookies, sending mail, storing anything, and the clock.

pub mod api_key;
pub mod audit;
mod base62;
pub mod invitations;
pub mod lockout;
pub mod members;
pub mod names;
pub mod owner;
pub mod password;
pub mod people;
pub mod permission;
pub mod ports;
pub mod principal;
pub mod rate;
pub mod secret;
pub mod session;

pub use api_key::{ApiKey, ApiKeyError, ApiKeyRecord, ApiKeyRefused, KeyScope};
pub use audit::{AuditAction, AuditEntry, ChainBroken, Seal, verify_chain};
pub use invitations::{
    AcceptError, Acceptance, Accepted, Invitation, InviteError, NoSeat, Offer, WithdrawError,
};
pub use lockout::{AttemptKey, Attempts, TooManyAttempts};
pub use members::{MemberError, MemberProfile};
pub use names::{DisplayName, Email, NameError, Slug, WorkspaceName};
pub use owner::{Occasion, OwnerLink, RedeemError};
pub use password::{
    HashError, HashingMemory, Password, PasswordError, PasswordHash, check_password,
};
pub use people::{
    LeaveError, MOST_OWNED, Member, Membership, Role, Tenant, TooManyTenants, User, leave,
    opening_credits,
};
pub use permission::Permission;
pub use ports::{
    Accept, Accounts, ChangePassword, ChangePasswordError, ChangeRole, CreateTenant,
    CreateTenantError, Credentials, EndSession, Invitations, Invite, IssueOwnerLink, Members,
    NewOwner, NewTenant, NewTicket, People, RateLimiter, Redeem, RemoveMember, RenamePerson,
    RenameTenant, Sessions, SignIn, SignUp, SignUpError, SignedUp, Staff, StaleCredentials, Ticket,
    Tickets, Withdraw,
};
pub use principal::{
    Denied, Principal, Resource, SignedIn, Unchosen, UnknownTenant, Viewer, Wanted, may,
};
pub use rate::{RateClass, RateDecision, RateLimit, RateLimits};
pub use secret::{InvitationToken, OwnerToken, SessionToken, TicketToken, TokenError, TokenHash};
pub use session::{NewSession, Rotation, Session, SessionPolicy, SessionState, UserAgent};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
