//! Offers to join a tenant.

use keelway_access::{DisplayName, Email, Invitation, Offer, Slug, WorkspaceName};
use keelway_kernel::id::InvitationId;
use keelway_kernel::{StoreError, TenantId, Timestamp, UserId};
use sqlx::types::Uuid;

use crate::Moment;
use crate::decode::Of;

/// A row of `invitations`, without its token.
#[derive(sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct InvitationRow {
    pub tenant_id: Uuid,
    pub id: Uuid,
    pub role: String,
    pub email: Option<String>,
    pub invited_by: Uuid,
    pub created_at: Moment,
    pub expires_at: Moment,
    pub accepted_by: Option<Uuid>,
}

impl InvitationRow {
    /// The invitation, or what is wrong with the row.
    pub fn decode(self) -> Result<Invitation, StoreError> {
        let id = InvitationId::from_uuid(self.id);
        let row = Of("invitation", &id);
        Ok(Invitation {
            id,
            tenant: TenantId::from_uuid(self.tenant_id),
            role: row.parsed(self.role.parse())?,
            email: row.parsed(self.email.as_deref().map(Email::parse).transpose())?,
            invited_by: UserId::from_uuid(self.invited_by),
            created_at: Timestamp::from(self.created_at),
            expires_at: Timestamp::from(self.expires_at),
            accepted_by: self.accepted_by.map(UserId::from_uuid),
        })
    }
}

/// A row of `invitations` with its tenant's and its inviter's.
#[derive(sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is what its name says")]
pub struct OfferRow {
    #[sqlx(flatten)]
    pub invitation: InvitationRow,
    pub workspace: String,
    pub slug: String,
    pub inviter: String,
    pub inviter_name: Option<String>,
}

impl OfferRow {
    /// The offer, or what is wrong with the rows.
    pub fn decode(self) -> Result<Offer, StoreError> {
        let invitation = self.invitation.decode()?;
        let row = Of("invitation", &invitation.id);
        Ok(Offer {
            workspace: row.parsed(WorkspaceName::stored(&self.workspace))?,
            slug: row.parsed(Slug::parse(&self.slug))?,
            inviter: row.parsed(Email::parse(&self.inviter))?,
            inviter_name: row
                .parsed(self.inviter_name.as_deref().map(DisplayName::stored).transpose())?,
            invitation,
        })
    }
}
