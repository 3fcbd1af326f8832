//! Who belongs to a workspace, who may come, and what it is called.

use keelway_access::ports::{Accept, ChangeRole, Invite, RemoveMember, RenameTenant, Withdraw};
use keelway_access::{
    AcceptError, Accepted, Email, Invitation, InvitationToken, InviteError, LeaveError,
    MemberError, MemberProfile, Offer, Role, Tenant, WithdrawError, WorkspaceName,
};
use keelway_kernel::id::InvitationId;
use keelway_kernel::{Failure, StoreError, UserId};

use crate::permit::right::{ManageMembers, ManageTenant, ViewMembers};
use crate::{Permit, Person, Platform};

/// An invitation just made.
#[derive(Debug, Clone)]
pub struct Invited {
    /// The invitation.
    pub invitation: Invitation,
    /// What its link carries; shown once.
    pub token: InvitationToken,
}

impl Platform {
    /// Everybody who belongs to the workspace, the longest there first.
    pub async fn members(
        &self,
        permit: &Permit<ViewMembers>,
    ) -> Result<Vec<MemberProfile>, StoreError> {
        self.ports.members.members(permit.scope()).await
    }

    /// Gives a member another role, from their next request on.
    pub async fn change_role(
        &self,
        permit: &Permit<ManageMembers>,
        member: UserId,
        role: Role,
    ) -> Result<(), Failure<MemberError>> {
        let request_id = permit.request_id().to_owned();
        let cmd = ChangeRole { by: permit.user(), member, role, request_id };
        self.ports.members.change_role(permit.scope(), cmd).await
    }

    /// Takes a member out, from their next request on.
    pub async fn remove_member(
        &self,
        permit: &Permit<ManageMembers>,
        member: UserId,
    ) -> Result<(), Failure<MemberError>> {
        let request_id = permit.request_id().to_owned();
        let cmd = RemoveMember { by: permit.user(), member, request_id };
        self.ports.members.remove(permit.scope(), cmd).await
    }

    /// Takes whoever holds the permit out.
    pub async fn leave(&self, permit: &Permit<ViewMembers>) -> Result<(), Failure<LeaveError>> {
        let (user, request_id) = (permit.user(), permit.request_id());
        self.ports.members.leave(permit.scope(), user, request_id).await
    }

    /// Gives the workspace another name; its addresses stay as they are.
    pub async fn rename_workspace(
        &self,
        permit: &Permit<ManageTenant>,
        name: WorkspaceName,
    ) -> Result<Tenant, StoreError> {
        let cmd = RenameTenant { name, actor: permit.actor() };
        self.ports.members.rename_tenant(permit.scope(), cmd).await
    }

    /// Offers a role to whoever follows the link within a week: to anybody, or only to the
    /// account with `email`.
    pub async fn invite(
        &self,
        permit: &Permit<ManageMembers>,
        role: Role,
        email: Option<Email>,
    ) -> Result<Invited, Failure<InviteError>> {
        let token = InvitationToken::generate(self.entropy());
        let cmd = Invite {
            id: InvitationId::generate(self.now(), self.entropy()),
            token: token.hash(),
            role,
            email,
            by: permit.user(),
            request_id: permit.request_id().to_owned(),
        };
        let invitation = self.ports.invitations.invite(permit.scope(), cmd).await?;
        Ok(Invited { invitation, token })
    }

    /// The invitations nobody has accepted yet, newest first.
    pub async fn open_invitations(
        &self,
        permit: &Permit<ManageMembers>,
    ) -> Result<Vec<Offer>, StoreError> {
        self.ports.invitations.open_invitations(permit.scope()).await
    }

    /// Takes an invitation back.
    pub async fn withdraw_invitation(
        &self,
        permit: &Permit<ManageMembers>,
        invitation: InvitationId,
    ) -> Result<(), Failure<WithdrawError>> {
        let request_id = permit.request_id().to_owned();
        let cmd = Withdraw { invitation, by: permit.user(), request_id };
        self.ports.invitations.withdraw(permit.scope(), cmd).await
    }

    /// What a link offers, for whoever holds it; `None` if nobody can accept it any more.
    pub async fn invitation(&self, token: &InvitationToken) -> Result<Option<Offer>, StoreError> {
        let now = self.now();
        let offer = self.ports.invitations.find_invitation(&token.hash()).await?;
        Ok(offer.filter(|offer| offer.invitation.is_open(now)))
    }

    /// Makes `person` a member as the link says; whoever is one already stays as they are.
    pub async fn accept_invitation(
        &self,
        person: &Person,
        token: &InvitationToken,
    ) -> Result<Accepted, Failure<AcceptError>> {
        let request_id = person.request_id.clone();
        let cmd = Accept { token: token.hash(), user: person.user, request_id };
        self.ports.invitations.accept(cmd).await
    }
}
