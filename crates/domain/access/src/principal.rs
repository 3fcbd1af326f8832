//! Who is asking, and the one function that says whether they may.

use crate::api_key::KeyScope;
use crate::names::Slug;
use crate::people::{Membership, Role, Tenant};
use crate::permission::Permission;
use crate::secret::TokenHash;
use keelway_kernel::{Actor, ApiKeyId, BuildId, TenantId, TenantScope, Tier, Timestamp, UserId};
use std::collections::BTreeSet;

/// Who is asking, as far as authentication could tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// Nobody we know.
    Anonymous,
    /// A signed-in person who acts in no tenant.
    User {
        /// The person.
        user: UserId,
        /// The session that proved it.
        session: TokenHash,
        /// Why no tenant is chosen.
        tenants: Unchosen,
    },
    /// A signed-in person who acts in one of their tenants.
    Member {
        /// The person.
        user: UserId,
        /// The session that proved it.
        session: TokenHash,
        /// The tenant.
        tenant: TenantId,
        /// What the person is there.
        role: Role,
        /// What the tenant has subscribed to.
        tier: Tier,
    },
    /// The holder of a viewer token or ticket: may follow one build and nothing else.
    Viewer(Viewer),
    /// A program with a tenant's API key.
    ApiKey {
        /// The key.
        key: ApiKeyId,
        /// Who made the key, and answers for what it does.
        user: UserId,
        /// The tenant of the key.
        tenant: TenantId,
        /// What the tenant has subscribed to.
        tier: Tier,
        /// What the key was made for.
        scopes: BTreeSet<KeyScope>,
    },
    /// One of the platform's own people, looking after a tenant.
    Staff {
        /// The person.
        user: UserId,
        /// The session that proved it.
        session: TokenHash,
        /// The tenant looked after.
        tenant: TenantId,
    },
}

/// What a viewer token or ticket opens, and what it ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewer {
    /// The one build.
    pub build: BuildId,
    /// On whose behalf it was issued: it ends with their membership.
    pub user: UserId,
    /// The tenant of the build.
    pub tenant: TenantId,
    /// The session that it was issued from, and ends with; an API key has none.
    pub session: Option<TokenHash>,
    /// From when on it opens nothing. What a ticket opened has no time of its own.
    pub until: Option<Timestamp>,
}

/// Why a signed-in person acts in no tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unchosen {
    /// They belong to none yet: onboarding.
    NoneYet,
    /// They belong to several and did not say which; credits are never spent by guess.
    Several,
}

/// How a signed-in person says in which tenant to act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// By its id, as programs do.
    Id(TenantId),
    /// By its name in URLs, as people's browsers do.
    Slug(Slug),
}

impl Wanted {
    fn is(&self, tenant: &Tenant) -> bool {
        match self {
            Self::Id(id) => tenant.id == *id,
            Self::Slug(slug) => tenant.slug == *slug,
        }
    }
}

/// The tenant asked for is none of the person's; answered like one that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such tenant")]
pub struct UnknownTenant;

/// A person and the session that proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedIn {
    /// The person.
    pub user: UserId,
    /// The session.
    pub session: TokenHash,
}

/// What a permission is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// The tenant's things in general; the store finds the one meant inside the scope.
    Tenant,
    /// One build, named in the request.
    Build(BuildId),
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Nobody is signed in (`401`).
    #[error("sign in first")]
    SignInFirst,
    /// The person belongs to no tenant yet (`403 NO_TENANT`).
    #[error("create or join a workspace first")]
    NoTenant,
    /// The person belongs to several tenants and has to name one.
    #[error("say in which workspace to act")]
    ChooseTenant,
    /// The role, or the key's scopes, do not reach that far (`403`).
    #[error("not permitted: {permission}")]
    NotPermitted {
        /// What was missing.
        permission: Permission,
    },
    /// The token is for another build; answered like one that does not exist (`404`).
    #[error("no such build")]
    OutOfReach,
}

impl Principal {
    /// Who a signed-in person acts as: in `wanted`, or in their only tenant.
    pub fn signed_in_as(
        person: SignedIn,
        memberships: &[Membership],
        wanted: Option<&Wanted>,
    ) -> Result<Self, UnknownTenant> {
        let SignedIn { user, session } = person;
        let chosen = match (wanted, memberships) {
            (Some(wanted), all) => {
                all.iter().find(|m| wanted.is(&m.tenant)).ok_or(UnknownTenant)?
            }
            (None, [only]) => only,
            (None, []) => {
                return Ok(Self::User { user, session, tenants: Unchosen::NoneYet });
            }
            (None, _) => {
                return Ok(Self::User { user, session, tenants: Unchosen::Several });
            }
        };
        Ok(Self::Member {
            user,
            session,
            tenant: chosen.tenant.id,
            role: chosen.role,
            tier: chosen.tenant.tier,
        })
    }

    /// The person behind a session, for routes about the person and not about a tenant.
    pub const fn signed_in(&self) -> Result<SignedIn, Denied> {
        match *self {
            Self::User { user, session, .. }
            | Self::Member { user, session, .. }
            | Self::Staff { user, session, .. } => Ok(SignedIn { user, session }),
            Self::Anonymous | Self::Viewer(_) | Self::ApiKey { .. } => Err(Denied::SignInFirst),
        }
    }

    /// The person who answers for what is done.
    pub const fn user(&self) -> Option<UserId> {
        match *self {
            Self::Anonymous => None,
            Self::User { user, .. }
            | Self::Member { user, .. }
            | Self::Viewer(Viewer { user, .. })
            | Self::ApiKey { user, .. }
            | Self::Staff { user, .. } => Some(user),
        }
    }

    /// The same for the audit log.
    pub fn actor(&self, request_id: impl Into<String>) -> Actor {
        Actor { user: self.user(), request_id: request_id.into() }
    }
}

/// Decides whether `principal` may do `permission` to `resource`, and vouches for the tenant.
///
/// A viewer's right is to one build's events. Everybody else's is to a whole tenant: whether
/// the resource is in it is for the store to find, inside the scope returned.
pub fn may(
    principal: &Principal,
    permission: Permission,
    resource: Resource,
) -> Result<TenantScope, Denied> {
    let (tenant, allowed) = match principal {
        Principal::Anonymous => return Err(Denied::SignInFirst),
        Principal::User { tenants: Unchosen::NoneYet, .. } => return Err(Denied::NoTenant),
        Principal::User { tenants: Unchosen::Several, .. } => return Err(Denied::ChooseTenant),
        Principal::Member { tenant, role, .. } => (*tenant, role.may(permission)),
        Principal::Staff { tenant, .. } => (*tenant, permission.is_for_staff()),
        Principal::ApiKey { tenant, scopes, .. } => {
            (*tenant, scopes.iter().any(|scope| scope.permissions().contains(&permission)))
        }
        Principal::Viewer(Viewer { build, tenant, .. }) => match resource {
            Resource::Build(asked) if asked != *build => return Err(Denied::OutOfReach),
            Resource::Build(_) => (*tenant, permission == Permission::ViewBuildEvents),
            Resource::Tenant => (*tenant, false),
        },
    };
    if allowed { Ok(vouch(tenant)) } else { Err(Denied::NotPermitted { permission }) }
}

#[expect(clippy::disallowed_methods, reason = "`may` is the authentication that may vouch")]
const fn vouch(tenant: TenantId) -> TenantScope {
    TenantScope::assume(tenant)
}
