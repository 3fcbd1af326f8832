//! Users, tenants and who belongs where.

use crate::names::{DisplayName, Email, Slug, WorkspaceName};
use crate::permission::Permission;
use keelway_kernel::{Credits, TenantId, Tier, TimeZoneName, Timestamp, UserId};

/// A person with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Stable for the account's life.
    pub id: UserId,
    /// What the person signs in with; unique ignoring case.
    pub email: Email,
    /// What to call the person, if said.
    pub name: Option<DisplayName>,
    /// When the person signed up.
    pub created_at: Timestamp,
    /// Since when the person is one of the platform's own people, if they are.
    pub staff_since: Option<Timestamp>,
}

impl User {
    /// Whether the person looks after the whole platform.
    pub const fn is_staff(&self) -> bool {
        self.staff_since.is_some()
    }
}

/// An organization: owns projects, credits and keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Stable for the tenant's life.
    pub id: TenantId,
    /// Its name in URLs, unique among tenants.
    pub slug: Slug,
    /// Its name for people.
    pub name: WorkspaceName,
    /// What it has subscribed to.
    pub tier: Tier,
    /// Where its days and months begin.
    pub time_zone: TimeZoneName,
    /// When it was made.
    pub created_at: Timestamp,
}

/// One tenant as seen by a user who belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The tenant, whole.
    pub tenant: Tenant,
    /// What the user is there.
    pub role: Role,
}

/// One user as seen by a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// The person.
    pub user: UserId,
    /// What the person is here.
    pub role: Role,
}

/// A text that names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of viewer, member, admin, owner")]
pub struct RoleError;

/// What a person is in a tenant; each may all that the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Looks and downloads.
    Viewer,
    /// Builds, and spends credits on it.
    Member,
    /// Looks after people and keys.
    Admin,
    /// Decides about the tenant itself.
    Owner,
}

impl Role {
    /// Every role, least first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Member, Self::Admin, Self::Owner];

    /// The name on the wire and in stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// Everything the role may do, in the table's order.
    pub fn permissions(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |permission| self.may(*permission))
    }

    /// Whether the table gives `permission` to this role.
    pub fn may(self, permission: Permission) -> bool {
        permission.least_role().is_some_and(|least| least <= self)
    }
}

impl std::str::FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(RoleError)
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// The most tenants one person may own: they cost something to keep, even unused.
pub const MOST_OWNED: u64 = 10;

/// Somebody owns as many tenants as one person may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("one person owns at most {MOST_OWNED} workspaces")]
pub struct TooManyTenants {
    /// How many they own.
    pub owned: u64,
}

/// Decides what a new tenant begins with, given how many its owner has already: the monthly
/// credits once for each person, not for each workspace.
pub const fn opening_credits(monthly: Credits, owned: u64) -> Result<Credits, TooManyTenants> {
    match owned {
        0 => Ok(monthly),
        1..MOST_OWNED => Ok(Credits::ZERO),
        MOST_OWNED.. => Err(TooManyTenants { owned }),
    }
}

/// Why somebody cannot leave a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LeaveError {
    /// The person is not in the tenant.
    #[error("not a member of this tenant")]
    NotAMember,
    /// Nobody would be left to decide about the tenant.
    #[error("the last owner cannot leave; make somebody else an owner first")]
    LastOwner,
}

/// Decides whether `user` may leave; answers with the members who stay.
pub fn leave(members: &[Member], user: UserId) -> Result<Vec<Member>, LeaveError> {
    let (leaving, staying): (Vec<_>, Vec<_>) =
        members.iter().copied().partition(|member| member.user == user);
    let owns = |member: &Member| member.role == Role::Owner;
    if leaving.is_empty() {
        Err(LeaveError::NotAMember)
    } else if leaving.iter().any(owns) && !staying.iter().any(owns) {
        Err(LeaveError::LastOwner)
    } else {
        Ok(staying)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_opening_credits_are_given_once_a_person() {
        let monthly = Credits::new(300);
        let given: Vec<_> =
            [0, 1, 9].map(|owned| opening_credits(monthly, owned).map(Credits::get)).into();
        assert_eq!(given, [Ok(300), Ok(0), Ok(0)]);
        assert_eq!(opening_credits(monthly, 10), Err(TooManyTenants { owned: 10 }));
    }
}
