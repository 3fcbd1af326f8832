//! Rights as types: what a use case needs stands in its signature.

use std::marker::PhantomData;

use keelway_access::{Denied, Permission, Principal, Resource, TokenHash, may};
use keelway_kernel::{Actor, BuildId, TenantScope, UserId};

/// A right that routes and use cases name as a type.
pub trait Right: Send + Sync + 'static {
    /// What it stands for in the table of roles.
    const PERMISSION: Permission;
}

macro_rules! rights {
    ($($name:ident,)+) => {
        /// One type per permission.
        pub mod right {
            $(
                #[doc = concat!("The right to [`", stringify!($name), "`](keelway_access::Permission::", stringify!($name), ").")]
                #[derive(Debug, Clone, Copy)]
                pub struct $name;

                impl super::Right for $name {
                    const PERMISSION: keelway_access::Permission =
                        keelway_access::Permission::$name;
                }
            )+
        }
    };
}

rights! {
    ViewProjects,
    CreateProject,
    SubmitBuild,
    ViewBuilds,
    ViewBuildEvents,
    CancelBuild,
    DownloadSnapshot,
    IssueViewerToken,
    ViewCredits,
    ViewMembers,
    ManageMembers,
    ManageTenant,
}

/// The proof that somebody may do `R` in a tenant, and who answers for it.
#[derive(Debug, Clone)]
pub struct Permit<R> {
    scope: TenantScope,
    user: UserId,
    session: Option<TokenHash>,
    request_id: String,
    right: PhantomData<fn() -> R>,
}

impl<R: Right> Permit<R> {
    /// The permit, if [`may`] grants `R` in the tenant.
    pub fn of(principal: &Principal, request_id: &str) -> Result<Self, Denied> {
        Self::on(principal, Resource::Tenant, request_id)
    }

    /// The same for one build, which also lets in the holder of a token for that build.
    pub fn of_build(
        principal: &Principal,
        build: BuildId,
        request_id: &str,
    ) -> Result<Self, Denied> {
        Self::on(principal, Resource::Build(build), request_id)
    }

    fn on(principal: &Principal, resource: Resource, request_id: &str) -> Result<Self, Denied> {
        let scope = may(principal, R::PERMISSION, resource)?;
        let user = principal.user().ok_or(Denied::SignInFirst)?;
        let session = principal.signed_in().ok().map(|person| person.session);
        Ok(Self { scope, user, session, request_id: request_id.to_owned(), right: PhantomData })
    }
}

impl<R> Permit<R> {
    /// The tenant, proven.
    pub const fn scope(&self) -> TenantScope {
        self.scope
    }

    /// Who answers for it.
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// The session that proved it, if one did.
    pub const fn session(&self) -> Option<TokenHash> {
        self.session
    }

    /// The request it was given for.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The same for the audit log.
    pub fn actor(&self) -> Actor {
        Actor { user: Some(self.user), request_id: self.request_id.clone() }
    }
}

/// A signed-in person, for what concerns the person and no tenant.
#[derive(Debug, Clone)]
pub struct Person {
    /// Who.
    pub user: UserId,
    /// The hash of the session that proved it.
    pub session: TokenHash,
    /// Under which request.
    pub request_id: String,
}

impl Person {
    /// The person behind `principal`; refused for guests, API keys and viewer tokens.
    pub fn of(principal: &Principal, request_id: &str) -> Result<Self, Denied> {
        let signed_in = principal.signed_in()?;
        Ok(Self {
            user: signed_in.user,
            session: signed_in.session,
            request_id: request_id.to_owned(),
        })
    }

    /// The same for the audit log.
    pub fn actor(&self) -> Actor {
        Actor { user: Some(self.user), request_id: self.request_id.clone() }
    }
}
