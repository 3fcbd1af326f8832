//! What happened, in an order nobody can rewrite unseen.
//!
//! Every tenant has a chain of its own, and what happens outside any tenant has one. An entry
//! is sealed together with the seal before it, so changing, removing, inserting or reordering
//! entries breaks the chain at that place. Cutting off the end does not: whoever needs to see
//! that keeps the last [`Seal`] elsewhere and compares.

use crate::secret::sha256;
use keelway_kernel::{Actor, TenantId, Timestamp};
use std::collections::BTreeMap;

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)+) => {
        /// What can be audited.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum AuditAction {
            $($(#[$doc])* $name,)+
        }

        impl AuditAction {
            /// Every action.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$name),+];

            /// The name on the wire, in stores and in seals: never to be changed.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

actions! {
    /// A person made an account.
    SignUp = "sign_up";
    /// A session was opened.
    SignIn = "sign_in";
    /// A session was ended by its holder.
    SignOut = "sign_out";
    /// All sessions of a person were ended.
    SessionsRevoked = "sessions_revoked";
    /// A tenant was made.
    TenantCreated = "tenant_created";
    /// A project was made.
    ProjectCreated = "project_created";
    /// A build was accepted, and credits held for it.
    BuildSubmitted = "build_submitted";
    /// A build was asked to stop.
    BuildCancelled = "build_cancelled";
    /// A build came to its end, and its credits were settled.
    BuildEnded = "build_ended";
    /// A guest's request was kept for later.
    GuestParked = "guest_parked";
    /// A guest's request became a build.
    GuestClaimed = "guest_claimed";
    /// Credits were given to a tenant.
    CreditsGranted = "credits_granted";
    /// Credits were set aside.
    CreditsHeld = "credits_held";
    /// Held credits were charged.
    CreditsCaptured = "credits_captured";
    /// Held credits were given back.
    CreditsReleased = "credits_released";
    /// Granted credits ran out of time.
    CreditsExpired = "credits_expired";
    /// An API key was made.
    ApiKeyCreated = "api_key_created";
    /// An API key was revoked.
    ApiKeyRevoked = "api_key_revoked";
    /// A flag was set, or left to the settings again, at run time.
    FlagSet = "flag_set";
    /// A session was ended from another one of the same person.
    SessionRevoked = "session_revoked";
    /// All sessions of a person but the one they spoke from were ended.
    OtherSessionsRevoked = "other_sessions_revoked";
    /// A person chose another password, which ended their other sessions.
    PasswordChanged = "password_changed";
    /// A person chose what to be called.
    PersonRenamed = "person_renamed";
    /// A tenant got another name.
    TenantRenamed = "tenant_renamed";
    /// Somebody was invited to a tenant.
    MemberInvited = "member_invited";
    /// An invitation was taken back.
    InvitationWithdrawn = "invitation_withdrawn";
    /// Somebody accepted an invitation.
    MemberJoined = "member_joined";
    /// A member got another role.
    RoleChanged = "role_changed";
    /// A member was removed by another.
    MemberRemoved = "member_removed";
    /// A member left.
    MemberLeft = "member_left";
    /// A link was made that makes its holder the platform's owner.
    OwnerLinkIssued = "owner_link_issued";
    /// A person became one of the platform's own people.
    StaffAdded = "staff_added";
}

/// A text that names no action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an audited action")]
pub struct AuditActionError;

impl std::str::FromStr for AuditAction {
    type Err = AuditActionError;

    fn from_str(text: &str) -> Result<Self, AuditActionError> {
        Self::ALL.into_iter().find(|action| action.as_str() == text).ok_or(AuditActionError)
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Whose chain it belongs to; `None` for what happens outside any tenant.
    pub tenant: Option<TenantId>,
    /// Who did it, under which request.
    pub actor: Actor,
    /// What was done.
    pub action: AuditAction,
    /// The id of what it was done to, such as `bld_01h4...`.
    pub subject: String,
    /// When.
    pub at: Timestamp,
    /// Further facts by name, no secrets; sorted, so that every store gives back the same.
    pub data: BTreeMap<String, String>,
}

/// SHA-256 over an entry and the seal before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Seal([u8; 32]);

impl Seal {
    /// What the first entry of every chain is sealed with.
    pub const FIRST: Self = Self([0; 32]);

    /// A seal as a store kept it.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes to keep.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The chain does not hold: some entry there is not the one that was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the audit chain is broken at entry {position}")]
pub struct ChainBroken {
    /// How many entries before it are sound.
    pub position: usize,
}

impl AuditEntry {
    /// The seal of this entry after `previous`.
    ///
    /// Every field is written with its length before it, so no two entries write the same
    /// bytes however their texts are cut.
    pub fn seal(&self, previous: &Seal) -> Seal {
        let mut bytes = b"keelway audit v1".to_vec();
        bytes.extend_from_slice(&previous.0);
        put_optional(&mut bytes, self.tenant.map(|tenant| tenant.to_string()).as_deref());
        put_optional(&mut bytes, self.actor.user.map(|user| user.to_string()).as_deref());
        put(&mut bytes, &self.actor.request_id);
        put(&mut bytes, self.action.as_str());
        put(&mut bytes, &self.subject);
        bytes.extend_from_slice(&self.at.as_micros().to_be_bytes());
        bytes.extend_from_slice(&(self.data.len() as u64).to_be_bytes());
        for (name, fact) in &self.data {
            put(&mut bytes, name);
            put(&mut bytes, fact);
        }
        Seal(sha256(&bytes))
    }
}

fn put(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

fn put_optional(bytes: &mut Vec<u8>, text: Option<&str>) {
    bytes.push(u8::from(text.is_some()));
    put(bytes, text.unwrap_or_default());
}

/// Checks entries in their order against their stored seals, and answers with the last one.
///
/// `start` is [`Seal::FIRST`], or the seal of the last entry that retention removed.
pub fn verify_chain<'a>(
    start: Seal,
    entries: impl IntoIterator<Item = (&'a AuditEntry, Seal)>,
) -> Result<Seal, ChainBroken> {
    entries.into_iter().enumerate().try_fold(start, |previous, (position, (entry, stored))| {
        if entry.seal(&previous) == stored { Ok(stored) } else { Err(ChainBroken { position }) }
    })
}
