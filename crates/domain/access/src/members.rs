//! Who may change who belongs to a tenant.
//!
//! Every decision here is made on the members as they are now: `members` are at least the
//! tenant's owners, whoever asks and whoever is meant.

use crate::names::{DisplayName, Email};
use crate::people::{LeaveError, Member, Role, leave};
use crate::permission::Permission;
use keelway_kernel::{Timestamp, UserId};

/// A member as the others see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberProfile {
    /// The person.
    pub user: UserId,
    /// What the person signs in with.
    pub email: Email,
    /// What to call the person, if said.
    pub name: Option<DisplayName>,
    /// What the person is here.
    pub role: Role,
    /// When the person joined.
    pub since: Timestamp,
}

/// Why a member stays as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MemberError {
    /// Nobody with this id belongs to the tenant.
    #[error("not a member of this workspace")]
    NotAMember,
    /// Whoever asks does not look after people here, or no longer does.
    #[error("your role does not include looking after members")]
    NotPermitted,
    /// Owners are made, changed and removed by owners.
    #[error("only an owner decides about owners")]
    OwnersOnly,
    /// Nobody would be left to decide about the tenant.
    #[error("a workspace keeps an owner; make somebody else an owner first")]
    LastOwner,
}

impl Role {
    /// Whether this role decides who has `about`, or gets it.
    pub fn decides_about(self, about: Self) -> Result<(), MemberError> {
        if !self.may(Permission::ManageMembers) {
            Err(MemberError::NotPermitted)
        } else if about == Self::Owner && self != Self::Owner {
            Err(MemberError::OwnersOnly)
        } else {
            Ok(())
        }
    }
}

/// Decides whether `by` may give `wanted.user` the role `wanted.role`; answers with the role
/// that the person has until then.
pub fn change_role(members: &[Member], by: UserId, wanted: Member) -> Result<Role, MemberError> {
    let (by, before) = both(members, by, wanted.user)?;
    by.decides_about(before)?;
    by.decides_about(wanted.role)?;
    if wanted.role != Role::Owner && is_last_owner(members, wanted.user) {
        return Err(MemberError::LastOwner);
    }
    Ok(before)
}

/// Decides whether `by` may take `member` out; answers with the role that ends.
pub fn remove(members: &[Member], by: UserId, member: UserId) -> Result<Role, MemberError> {
    let (by, before) = both(members, by, member)?;
    by.decides_about(before)?;
    if is_last_owner(members, member) { Err(MemberError::LastOwner) } else { Ok(before) }
}

/// The roles of whoever asks and of whoever is meant.
fn both(members: &[Member], by: UserId, meant: UserId) -> Result<(Role, Role), MemberError> {
    let role = |user| members.iter().find(|member| member.user == user).map(|found| found.role);
    // A stranger learns of nobody whether they belong.
    let by = role(by).ok_or(MemberError::NotPermitted)?;
    by.decides_about(Role::Viewer)?;
    Ok((by, role(meant).ok_or(MemberError::NotAMember)?))
}

fn is_last_owner(members: &[Member], user: UserId) -> bool {
    leave(members, user) == Err(LeaveError::LastOwner)
}
