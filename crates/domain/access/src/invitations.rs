//! Offers to join a tenant: made by whoever looks after people there, accepted once.

use crate::members::MemberError;
use crate::names::{DisplayName, Email, Slug, WorkspaceName};
use crate::people::{Membership, Role, User};
use keelway_kernel::id::InvitationId;
use keelway_kernel::{TenantId, Tier, Timestamp, UserId};

/// An offer to join a tenant; its token is kept as a hash, apart from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Its name among the tenant's invitations; opens nothing.
    pub id: InvitationId,
    /// The tenant.
    pub tenant: TenantId,
    /// What whoever accepts becomes.
    pub role: Role,
    /// The only address whose account may accept, if one was named.
    pub email: Option<Email>,
    /// Who offered.
    pub invited_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// From this moment on nobody can accept.
    pub expires_at: Timestamp,
    /// Who accepted.
    pub accepted_by: Option<UserId>,
}

impl Invitation {
    /// Seconds from the offer to its end.
    pub const LIFETIME_S: i64 = 7 * 24 * 60 * 60;

    /// Whether somebody may still accept at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.accepted_by.is_none() && now < self.expires_at
    }

    /// Whether whoever offered could still offer it, being `inviter` in the tenant now: an
    /// invitation never outlives its maker's right to make it.
    pub fn is_backed(&self, inviter: Option<Role>) -> bool {
        inviter.is_some_and(|inviter| inviter.decides_about(self.role).is_ok())
    }
}

/// An invitation with what its two sides want to see of each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The invitation.
    pub invitation: Invitation,
    /// What the tenant is called.
    pub workspace: WorkspaceName,
    /// Its name in URLs.
    pub slug: Slug,
    /// The address of whoever offered.
    pub inviter: Email,
    /// What to call whoever offered, if said.
    pub inviter_name: Option<DisplayName>,
}

/// A tenant's plan has no room for another member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("members are limited to {limit}, and {used} are here or invited")]
pub struct NoSeat {
    /// The most there may be.
    pub limit: u64,
    /// How many there are, with those who are invited where that counts.
    pub used: u64,
    /// The lowest higher tier that has room, if one does.
    pub required_tier: Option<Tier>,
}

/// Why nobody was invited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InviteError {
    /// Whoever asks may not make such members.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// The plan is full.
    #[error(transparent)]
    NoSeat(#[from] NoSeat),
}

/// What a store knows of a tenant when somebody is to be invited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InviteFacts {
    /// What whoever asks is there now.
    pub by: Option<Role>,
    /// How many belong to it.
    pub members: u64,
    /// How many invitations are open.
    pub open: u64,
}

/// Decides whether somebody may be invited as `role`.
///
/// `seat` says whether the plan has one more seat beyond those used. Open invitations use
/// theirs: what is offered can be accepted, unless the plan shrinks.
pub fn invite(
    facts: InviteFacts,
    role: Role,
    seat: impl FnOnce(u64) -> Result<(), NoSeat>,
) -> Result<(), InviteError> {
    facts.by.ok_or(MemberError::NotPermitted)?.decides_about(role)?;
    Ok(seat(facts.members.saturating_add(facts.open))?)
}

/// Why an invitation was not taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WithdrawError {
    /// There is none of that id, or it was accepted or withdrawn before.
    #[error("no such open invitation")]
    Unknown,
    /// Whoever asks may not decide about such members.
    #[error(transparent)]
    Member(#[from] MemberError),
}

/// Decides whether `by` may take `invitation` back; an expired one may go like an open one.
pub fn withdraw(invitation: Option<&Invitation>, by: Option<Role>) -> Result<(), WithdrawError> {
    let by = by.ok_or(MemberError::NotPermitted)?;
    by.decides_about(Role::Viewer)?;
    let open = invitation.filter(|invitation| invitation.accepted_by.is_none());
    Ok(by.decides_about(open.ok_or(WithdrawError::Unknown)?.role)?)
}

/// Why nobody joined.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AcceptError {
    /// The link is none, or was withdrawn, or somebody else used it, or whoever offered it
    /// may not any more.
    #[error("the invitation does not exist any more")]
    Unknown,
    /// It was offered too long ago.
    #[error("the invitation has expired")]
    Expired {
        /// When it ended.
        since: Timestamp,
    },
    /// It is for another address.
    #[error("the invitation is for another e-mail address")]
    ForAnother {
        /// The address it is for, which whoever holds the link may know.
        email: Email,
    },
    /// The plan is full.
    #[error(transparent)]
    NoSeat(#[from] NoSeat),
}

/// What a store knows when somebody follows an invitation's link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AcceptFacts<'store> {
    /// What the link leads to.
    pub invitation: Option<&'store Invitation>,
    /// Who follows it.
    pub by: &'store User,
    /// What they are in the tenant already.
    pub role: Option<Role>,
    /// What whoever offered is in the tenant now.
    pub inviter: Option<Role>,
    /// How many belong to the tenant.
    pub members: u64,
}

/// What accepting comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acceptance {
    /// They become a member with this role, and the invitation is used.
    Joins(Role),
    /// They are one; nothing changes, and the invitation stays as it is.
    IsMember(Role),
}

/// What came of accepting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// They belong to the tenant from now on.
    Joined(Membership),
    /// They did before; nothing was changed.
    AlreadyMember(Membership),
}

/// Decides what comes of following an invitation's link at `now`; `seat` as in [`invite`].
pub fn accept(
    facts: AcceptFacts<'_>,
    now: Timestamp,
    seat: impl FnOnce(u64) -> Result<(), NoSeat>,
) -> Result<Acceptance, AcceptError> {
    let invitation = facts.invitation.ok_or(AcceptError::Unknown)?;
    if let Some(role) = facts.role {
        return Ok(Acceptance::IsMember(role));
    }
    if invitation.accepted_by.is_some() || !invitation.is_backed(facts.inviter) {
        return Err(AcceptError::Unknown);
    }
    if !invitation.is_open(now) {
        return Err(AcceptError::Expired { since: invitation.expires_at });
    }
    if let Some(email) = invitation.email.as_ref().filter(|email| **email != facts.by.email) {
        return Err(AcceptError::ForAnother { email: email.clone() });
    }
    seat(facts.members)?;
    Ok(Acceptance::Joins(invitation.role))
}
