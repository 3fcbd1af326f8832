//! Who belongs to a tenant.

use crate::members::{MemberError, MemberProfile};
use crate::names::WorkspaceName;
use crate::people::{LeaveError, Role, Tenant};
use async_trait::async_trait;
use keelway_kernel::{Actor, Failure, StoreError, TenantScope, UserId};

/// Gives a member another role.
#[derive(Debug, Clone)]
pub struct ChangeRole {
    /// Who asks.
    pub by: UserId,
    /// The member.
    pub member: UserId,
    /// What the member will be.
    pub role: Role,
    /// The request, for the audit log; the actor is who asks.
    pub request_id: String,
}

/// Takes a member out.
#[derive(Debug, Clone)]
pub struct RemoveMember {
    /// Who asks.
    pub by: UserId,
    /// The member.
    pub member: UserId,
    /// The request, for the audit log; the actor is who asks.
    pub request_id: String,
}

/// Gives a tenant another name; its name in URLs stays.
#[derive(Debug, Clone)]
pub struct RenameTenant {
    /// The new name.
    pub name: WorkspaceName,
    /// Who asked.
    pub actor: Actor,
}

/// Who belongs to a tenant, and what it is called.
#[async_trait]
pub trait Members: Send + Sync {
    /// Everybody who belongs to the tenant, the longest there first.
    async fn members(&self, scope: TenantScope) -> Result<Vec<MemberProfile>, StoreError>;

    /// Lets [`change_role`](crate::members::change_role) decide, stores the role and audits
    /// [`AuditAction::RoleChanged`](crate::AuditAction::RoleChanged); the role the member has already is never a change.
    ///
    /// In the same breath the member's open invitations that are not
    /// [backed](crate::Invitation::is_backed) by the new role are withdrawn, and audited as
    /// [`AuditAction::InvitationWithdrawn`](crate::AuditAction::InvitationWithdrawn).
    ///
    /// However commands race, the tenant always keeps an owner.
    async fn change_role(
        &self,
        scope: TenantScope,
        cmd: ChangeRole,
    ) -> Result<(), Failure<MemberError>>;

    /// Lets [`remove`](crate::members::remove) decide, ends the membership and audits
    /// [`AuditAction::MemberRemoved`](crate::AuditAction::MemberRemoved). All of the member's open invitations are
    /// withdrawn with it. The tenant always keeps an owner.
    async fn remove(
        &self,
        scope: TenantScope,
        cmd: RemoveMember,
    ) -> Result<(), Failure<MemberError>>;

    /// Lets [`leave`](crate::leave) decide, ends the membership of the actor and audits
    /// [`AuditAction::MemberLeft`](crate::AuditAction::MemberLeft). All of the actor's open invitations are withdrawn
    /// with it. The tenant always keeps an owner.
    async fn leave(
        &self,
        scope: TenantScope,
        user: UserId,
        request_id: &str,
    ) -> Result<(), Failure<LeaveError>>;

    /// Stores the name and audits [`AuditAction::TenantRenamed`](crate::AuditAction::TenantRenamed); the name it has already is
    /// never a change.
    async fn rename_tenant(
        &self,
        scope: TenantScope,
        cmd: RenameTenant,
    ) -> Result<Tenant, StoreError>;
}
