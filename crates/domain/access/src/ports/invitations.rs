//! Offers to join a tenant.

use crate::invitations::{AcceptError, Accepted, Invitation, InviteError, Offer, WithdrawError};
use crate::names::Email;
use crate::people::Role;
use crate::secret::TokenHash;
use async_trait::async_trait;
use keelway_kernel::id::InvitationId;
use keelway_kernel::{Failure, StoreError, TenantScope, UserId};

/// Offers somebody to join.
#[derive(Debug, Clone)]
pub struct Invite {
    /// The invitation's id.
    pub id: InvitationId,
    /// The hash of the token in its link.
    pub token: TokenHash,
    /// What whoever accepts becomes.
    pub role: Role,
    /// The only address whose account may accept, if one is named.
    pub email: Option<Email>,
    /// Who asks.
    pub by: UserId,
    /// The request, for the audit log; the actor is who asks.
    pub request_id: String,
}

/// Takes an offer back.
#[derive(Debug, Clone)]
pub struct Withdraw {
    /// Which.
    pub invitation: InvitationId,
    /// Who asks.
    pub by: UserId,
    /// The request, for the audit log; the actor is who asks.
    pub request_id: String,
}

/// Takes an offer.
#[derive(Debug, Clone)]
pub struct Accept {
    /// The hash of the token in the link.
    pub token: TokenHash,
    /// Who joins.
    pub user: UserId,
    /// The request, for the audit log; the actor is who joins.
    pub request_id: String,
}

/// Offers to join a tenant, by the hash of the token in their link.
#[async_trait]
pub trait Invitations: Send + Sync {
    /// Lets [`invite`](crate::invitations::invite) decide, keeps the invitation for
    /// [`Invitation::LIFETIME_S`] and audits [`AuditAction::MemberInvited`](crate::AuditAction::MemberInvited).
    ///
    /// Members and open invitations together are never more than the tenant's plan has seats,
    /// however many are made at once.
    async fn invite(
        &self,
        scope: TenantScope,
        cmd: Invite,
    ) -> Result<Invitation, Failure<InviteError>>;

    /// The tenant's open invitations, newest first.
    async fn open_invitations(&self, scope: TenantScope) -> Result<Vec<Offer>, StoreError>;

    /// Lets [`withdraw`](crate::invitations::withdraw) decide, forgets the invitation and audits
    /// [`AuditAction::InvitationWithdrawn`](crate::AuditAction::InvitationWithdrawn). A withdrawn invitation is never accepted.
    async fn withdraw(
        &self,
        scope: TenantScope,
        cmd: Withdraw,
    ) -> Result<(), Failure<WithdrawError>>;

    /// What a link's token leads to, accepted or expired though it may be.
    async fn find_invitation(&self, token: &TokenHash) -> Result<Option<Offer>, StoreError>;

    /// Lets [`accept`](crate::invitations::accept) decide, makes the membership, uses the
    /// invitation up and audits [`AuditAction::MemberJoined`](crate::AuditAction::MemberJoined).
    ///
    /// An invitation never outlives its maker's right: what the maker is in the tenant now
    /// decides. One invitation never makes two memberships, and one person never has two in a tenant,
    /// however often and by how many it is accepted at once.
    async fn accept(&self, cmd: Accept) -> Result<Accepted, Failure<AcceptError>>;
}
