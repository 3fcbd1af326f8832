//! The platform's own people: who they are, and how the first of them comes.

use keelway_access::ports::{IssueOwnerLink, NewOwner, Redeem};
use keelway_access::{Occasion, OwnerLink, OwnerToken, RedeemError};
use keelway_kernel::{Actor, Failure, StoreError, UserId};

use crate::auth::{Recognised, SignUpRequest, SignedInNow};
use crate::hashing::Busy;
use crate::people::Renewed;
use crate::{Person, Platform};

/// The proof that somebody is one of the platform's own people, for what concerns the whole
/// platform and no one tenant.
#[derive(Debug, Clone)]
pub struct Operator {
    user: UserId,
    request_id: String,
}

/// The person is none of the platform's own: what only those see does not exist for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of the platform's own people")]
pub struct NotStaff;

impl Operator {
    /// Who.
    pub const fn user(&self) -> UserId {
        self.user
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

impl Recognised {
    /// The same person as one of the platform's own, if they are.
    pub fn operator(&self, request_id: &str) -> Result<Operator, NotStaff> {
        let user = &self.profile.user;
        if !user.is_staff() {
            return Err(NotStaff);
        }
        Ok(Operator { user: user.id, request_id: request_id.to_owned() })
    }
}

/// Why nobody became an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OwnerRefused {
    /// The link, the address or the session says no.
    #[error(transparent)]
    Redeem(#[from] RedeemError),
    /// Too many passwords are being checked right now.
    #[error("too many people are signing in right now")]
    Busy,
}

impl Platform {
    /// What a new link carries, if one is due: it takes the place of any before it.
    pub async fn owner_link(
        &self,
        occasion: Occasion,
        request_id: &str,
    ) -> Result<Option<OwnerToken>, StoreError> {
        let token = OwnerToken::generate(self.entropy());
        let request_id = request_id.to_owned();
        let cmd = IssueOwnerLink { token: token.hash(), occasion, request_id };
        Ok(self.ports.staff.issue_owner_link(cmd).await?.map(|_| token))
    }

    /// Whether the link that carries `token` still makes an owner.
    pub async fn is_owner_link(&self, token: &OwnerToken) -> Result<bool, StoreError> {
        let link = self.ports.staff.find_owner_link(&token.hash()).await?;
        Ok(OwnerLink::redeem(link, self.now()).is_ok())
    }

    /// Makes an account that is one of the platform's own, and signs it in.
    pub async fn own_with_account(
        &self,
        token: &OwnerToken,
        request: SignUpRequest,
    ) -> Result<SignedInNow, Failure<OwnerRefused>> {
        // Strangers who guess must not keep the hashing busy.
        if !self.is_owner_link(token).await? {
            return Err(Failure::Rejected(RedeemError::LinkDead.into()));
        }
        let prepared = self.prepare_sign_up(request).await;
        let (account, session) =
            prepared.map_err(|failure| failure.map_rejected(|Busy| OwnerRefused::Busy))?;
        let cmd = Redeem { token: token.hash(), by: NewOwner::Newcomer(Box::new(account)) };
        let made = self.redeem(cmd).await?;
        let memberships = self.ports.accounts.memberships(made.user.id).await?;
        Ok(SignedInNow { user: made.user, memberships, token: session, session: made.session })
    }

    /// Makes `person` one of the platform's own; their session gets a new token.
    pub async fn own(
        &self,
        token: &OwnerToken,
        person: &Person,
    ) -> Result<Renewed, Failure<OwnerRefused>> {
        let (session_token, rotation) = self.rotation(person);
        let request_id = person.request_id.clone();
        let by = NewOwner::Person { user: person.user, rotation, request_id };
        let made = self.redeem(Redeem { token: token.hash(), by }).await?;
        Ok(Renewed { token: session_token, session: made.session })
    }

    async fn redeem(&self, cmd: Redeem) -> Result<keelway_access::SignedUp, Failure<OwnerRefused>> {
        let redeemed = self.ports.staff.redeem(cmd).await;
        let made = redeemed.map_err(|failure| failure.map_rejected(OwnerRefused::Redeem))?;
        self.ports.sessions.meet(&made.session);
        Ok(made)
    }
}
