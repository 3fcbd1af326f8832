//! The platform's own people.

use crate::owner::{Occasion, OwnerLink, RedeemError};
use crate::ports::{SignUp, SignedUp};
use crate::secret::TokenHash;
use crate::session::Rotation;
use async_trait::async_trait;
use keelway_kernel::{Failure, StoreError, UserId};

/// Makes a link that makes its holder an owner.
#[derive(Debug, Clone)]
pub struct IssueOwnerLink {
    /// The hash of the token in it.
    pub token: TokenHash,
    /// Why.
    pub occasion: Occasion,
    /// The request, for the audit log; nobody is the actor.
    pub request_id: String,
}

/// Who becomes one of the platform's own people.
#[derive(Debug, Clone)]
pub enum NewOwner {
    /// Somebody who gets an account with it.
    Newcomer(Box<SignUp>),
    /// Somebody who is signed in, and whose session gets a new token; all others end.
    Person {
        /// Who.
        user: UserId,
        /// Their session.
        rotation: Rotation,
        /// The request, for the audit log; the actor is the person.
        request_id: String,
    },
}

/// Uses a link up.
#[derive(Debug, Clone)]
pub struct Redeem {
    /// The hash of the token in it.
    pub token: TokenHash,
    /// Who follows it.
    pub by: NewOwner,
}

/// The platform's own people, and the one link by which they come.
#[async_trait]
pub trait Staff: Send + Sync {
    /// Lets [`OwnerLink::issue`] decide, puts the link in the place of any other and audits
    /// [`AuditAction::OwnerLinkIssued`](crate::AuditAction::OwnerLinkIssued). There are never two links.
    async fn issue_owner_link(&self, cmd: IssueOwnerLink) -> Result<Option<OwnerLink>, StoreError>;

    /// The link that a token leads to, old though it may be.
    async fn find_owner_link(&self, token: &TokenHash) -> Result<Option<OwnerLink>, StoreError>;

    /// Lets [`OwnerLink::redeem`] decide; makes the account if need be, as
    /// [`Accounts::sign_up`](crate::Accounts::sign_up) does, or gives the session a new token and ends all the
    /// person's others, which were not opened to be an operator's; makes the person staff,
    /// removes the link and audits [`AuditAction::StaffAdded`](crate::AuditAction::StaffAdded).
    ///
    /// One link never makes two owners, however many follow it at once; a refusal never uses
    /// it up.
    async fn redeem(&self, cmd: Redeem) -> Result<SignedUp, Failure<RedeemError>>;
}
