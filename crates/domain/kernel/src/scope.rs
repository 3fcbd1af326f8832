//! Whose data a command may touch, and who asked.

use crate::{TenantId, UserId};

/// The proof that the caller was authenticated for a tenant.
///
/// Every port method called for a person takes one, so a query without a tenant does not
/// type-check; workers carry a lease instead, which contains one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TenantScope(TenantId);

impl TenantScope {
    /// Vouches for `tenant` without asking anybody.
    ///
    /// Only `access::may`, a lease just granted and tests may call this: clippy refuses it
    /// everywhere else.
    pub const fn assume(tenant: TenantId) -> Self {
        Self(tenant)
    }

    /// The tenant.
    pub const fn tenant(self) -> TenantId {
        self.0
    }
}

/// Who did something, for the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The person, or `None` when Keelway itself acted (a worker, a sweep).
    pub user: Option<UserId>,
    /// The request under which it happened; the worker carries on the build's.
    pub request_id: String,
}
