//! Offers to join a tenant.

use crate::error::{Sql, Stop, one};
use crate::tx::{Reach, Tx};
use crate::{PostgresStore, accounts, audit, members, tenant};
use async_trait::async_trait;
use keelway_access::invitations::{AcceptFacts, InviteFacts, accept, invite, withdraw};
use keelway_access::{
    Accept, AcceptError, Acceptance, Accepted, AuditAction, Email, Invitation, Invitations, Invite,
    InviteError, Member, Membership, NoSeat, Offer, Role, TokenHash, Withdraw, WithdrawError,
};
use keelway_builds::Rules;
use keelway_builds::project::TenantFacts;
use keelway_kernel::id::InvitationId;
use keelway_kernel::{Actor, Failure, StoreError, TenantId, TenantScope, UserId};
use keelway_rows::invitation::{InvitationRow, OfferRow};
use keelway_rows::{Moment, Of};
use keelway_tiers::{Demand, Limited};
use sqlx::types::Uuid;

/// The columns of [`OfferRow`], and where they are.
macro_rules! offers {
    () => {
        "SELECT i.tenant_id, i.id, i.role, i.email, i.invited_by, i.created_at, i.expires_at,
                i.accepted_by, t.name AS workspace, t.slug, u.email AS inviter,
                u.name AS inviter_name
           FROM invitations i
           JOIN tenants t ON t.id = i.tenant_id
           JOIN users u ON u.id = i.invited_by"
    };
}

#[async_trait]
impl Invitations for PostgresStore {
    async fn invite(
        &self,
        scope: TenantScope,
        cmd: Invite,
    ) -> Result<Invitation, Failure<InviteError>> {
        self.write(scope, cmd, move |tx, cmd| Box::pin(save(tx, scope.tenant(), cmd))).await
    }

    async fn open_invitations(&self, scope: TenantScope) -> Result<Vec<Offer>, StoreError> {
        self.read(Reach::from(scope), move |tx| {
            Box::pin(async move {
                let rows: Vec<OfferRow> = sqlx::query_as(concat!(
                    offers!(),
                    " WHERE i.tenant_id = $1 AND i.accepted_by IS NULL AND i.expires_at > $2
                      ORDER BY i.created_at DESC, i.id DESC"
                ))
                .bind(scope.tenant().as_uuid())
                .bind(Moment(tx.now))
                .fetch_all(&mut **tx)
                .await?;
                Ok(rows.into_iter().map(OfferRow::decode).collect::<Result<_, _>>()?)
            })
        })
        .await
    }

    async fn withdraw(
        &self,
        scope: TenantScope,
        cmd: Withdraw,
    ) -> Result<(), Failure<WithdrawError>> {
        self.write(scope, cmd, move |tx, cmd| Box::pin(forget(tx, scope.tenant(), cmd))).await
    }

    async fn find_invitation(&self, token: &TokenHash) -> Result<Option<Offer>, StoreError> {
        let token = *token;
        self.read(Reach::Platform, move |tx| {
            Box::pin(async move {
                let row: Option<OfferRow> =
                    sqlx::query_as(concat!(offers!(), " WHERE i.token_hash = $1"))
                        .bind(token.as_bytes().as_slice())
                        .fetch_optional(&mut **tx)
                        .await?;
                Ok(row.map(OfferRow::decode).transpose()?)
            })
        })
        .await
    }

    async fn accept(&self, cmd: Accept) -> Result<Accepted, Failure<AcceptError>> {
        self.write_platform(cmd, |tx, cmd| Box::pin(join(tx, cmd))).await
    }
}

/// Whether the plan has one more seat beside those used.
fn seat(plan: &TenantFacts, rules: &Rules, used: u64) -> Result<(), NoSeat> {
    let demand = Demand { of: Limited::Members, used, more: 1 };
    plan.plan(rules).within(demand, plan.month).map_err(|no| NoSeat {
        limit: no.limit,
        used: no.used,
        required_tier: no.required_tier,
    })
}

/// How many belong to the tenant, and how many are invited.
async fn headcount(tx: &mut Tx, tenant: TenantId) -> Sql<(u64, u64)> {
    let (members, open): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM memberships WHERE tenant_id = $1),
                (SELECT count(*) FROM invitations
                  WHERE tenant_id = $1 AND accepted_by IS NULL AND expires_at > $2)",
    )
    .bind(tenant.as_uuid())
    .bind(Moment(tx.now))
    .fetch_one(&mut **tx)
    .await?;
    let row = Of("tenant", &tenant);
    Ok((row.number(members)?, row.number(open)?))
}

async fn save(tx: &mut Tx, id: TenantId, cmd: Invite) -> Result<Invitation, Stop<InviteError>> {
    let now = tx.now;
    let plan = tenant::facts(tx, id, now).await?;
    let (members, open) = headcount(tx, id).await?;
    let facts = InviteFacts { by: members::role(tx, id, cmd.by).await?, members, open };
    invite(facts, cmd.role, |used| seat(&plan, &tx.rules, used)).map_err(Stop::Refused)?;
    let invitation = Invitation {
        id: cmd.id,
        tenant: id,
        role: cmd.role,
        email: cmd.email,
        invited_by: cmd.by,
        created_at: now,
        expires_at: now.plus_seconds(Invitation::LIFETIME_S),
        accepted_by: None,
    };
    sqlx::query(
        r"INSERT INTO invitations
              (tenant_id, id, token_hash, role, email, invited_by, created_at, expires_at)
          VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(id.as_uuid())
    .bind(invitation.id.as_uuid())
    .bind(cmd.token.as_bytes().as_slice())
    .bind(invitation.role.as_str())
    .bind(invitation.email.as_ref().map(Email::as_str))
    .bind(invitation.invited_by.as_uuid())
    .bind(Moment(invitation.created_at))
    .bind(Moment(invitation.expires_at))
    .execute(&mut **tx)
    .await?;
    let actor = Actor { user: Some(cmd.by), request_id: cmd.request_id };
    let action = AuditAction::MemberInvited;
    let mut entry = audit::entry(Some(id), &actor, action, invitation.id, tx.now);
    entry.data = audit::data([("role", invitation.role.as_str())]);
    audit::append(tx, &[entry]).await?;
    Ok(invitation)
}

async fn forget(tx: &mut Tx, tenant: TenantId, cmd: Withdraw) -> Result<(), Stop<WithdrawError>> {
    let found = find(tx, tenant, cmd.invitation).await?;
    let by = members::role(tx, tenant, cmd.by).await?;
    withdraw(found.as_ref(), by).map_err(Stop::Refused)?;
    let actor = Actor { user: Some(cmd.by), request_id: cmd.request_id };
    Ok(delete(tx, tenant, &[cmd.invitation], &actor).await?)
}

async fn delete(tx: &mut Tx, tenant: TenantId, ids: &[InvitationId], actor: &Actor) -> Sql<()> {
    let keys: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    let done = sqlx::query("DELETE FROM invitations WHERE tenant_id = $1 AND id = ANY($2)")
        .bind(tenant.as_uuid())
        .bind(keys)
        .execute(&mut **tx)
        .await?;
    if done.rows_affected() != ids.len() as u64 {
        return Err(StoreError::Contended.into());
    }
    let action = AuditAction::InvitationWithdrawn;
    let entry = |id: &InvitationId| audit::entry(Some(tenant), actor, action, *id, tx.now);
    let entries: Vec<_> = ids.iter().map(entry).collect();
    audit::append(tx, &entries).await
}

/// Withdraws what somebody offered and could not offer as what they are in the tenant now.
pub(crate) async fn withdraw_unbacked(
    tx: &mut Tx,
    tenant: TenantId,
    (inviter, role): (UserId, Option<Role>),
    actor: &Actor,
) -> Sql<()> {
    let rows: Vec<InvitationRow> = sqlx::query_as(
        r"SELECT tenant_id, id, role, email, invited_by, created_at, expires_at, accepted_by
            FROM invitations
           WHERE tenant_id = $1 AND invited_by = $2 AND accepted_by IS NULL
           ORDER BY created_at, id",
    )
    .bind(tenant.as_uuid())
    .bind(inviter.as_uuid())
    .fetch_all(&mut **tx)
    .await?;
    let offered = rows.into_iter().map(InvitationRow::decode).collect::<Result<Vec<_>, _>>()?;
    let unbacked = |offer: &&Invitation| offer.is_open(tx.now) && !offer.is_backed(role);
    let unbacked: Vec<_> = offered.iter().filter(unbacked).map(|offer| offer.id).collect();
    if unbacked.is_empty() { Ok(()) } else { delete(tx, tenant, &unbacked, actor).await }
}

async fn find(tx: &mut Tx, tenant: TenantId, id: InvitationId) -> Sql<Option<Invitation>> {
    let row: Option<InvitationRow> = sqlx::query_as(
        r"SELECT tenant_id, id, role, email, invited_by, created_at, expires_at, accepted_by
            FROM invitations WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant.as_uuid())
    .bind(id.as_uuid())
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(InvitationRow::decode).transpose()?)
}

async fn join(tx: &mut Tx, cmd: Accept) -> Result<Accepted, Stop<AcceptError>> {
    let tenant: Option<Uuid> =
        sqlx::query_scalar("SELECT tenant_id FROM invitations WHERE token_hash = $1")
            .bind(cmd.token.as_bytes().as_slice())
            .fetch_optional(&mut **tx)
            .await?;
    let Some(tenant) = tenant else { return Err(Stop::Refused(AcceptError::Unknown)) };
    let id = TenantId::from_uuid(tenant);
    // Keeps out other acceptances, a withdrawal, and changes of seats and of the inviter's role.
    tx.lock(id).await?;
    let row: Option<InvitationRow> = sqlx::query_as(
        r"SELECT tenant_id, id, role, email, invited_by, created_at, expires_at, accepted_by
            FROM invitations WHERE tenant_id = $1 AND token_hash = $2",
    )
    .bind(id.as_uuid())
    .bind(cmd.token.as_bytes().as_slice())
    .fetch_optional(&mut **tx)
    .await?;
    let found = row.map(InvitationRow::decode).transpose()?;
    let Some(invitation) = found else { return Err(Stop::Refused(AcceptError::Unknown)) };
    let user = accounts::user(tx, cmd.user).await?;
    let now = tx.now;
    let plan = tenant::facts(tx, id, now).await?;
    let (members, _) = headcount(tx, id).await?;
    let role = members::role(tx, id, user.id).await?;
    let inviter = members::role(tx, id, invitation.invited_by).await?;
    let facts = AcceptFacts { invitation: Some(&invitation), by: &user, role, inviter, members };
    let accepted = accept(facts, now, |used| seat(&plan, &tx.rules, used));
    let role = match accepted.map_err(Stop::Refused)? {
        Acceptance::IsMember(role) => {
            let tenant = members::tenant(tx, id).await?;
            return Ok(Accepted::AlreadyMember(Membership { tenant, role }));
        }
        Acceptance::Joins(role) => role,
    };
    members::insert(tx, id, Member { user: user.id, role }).await?;
    let done = sqlx::query(
        "UPDATE invitations SET accepted_by = $3
          WHERE tenant_id = $1 AND id = $2 AND accepted_by IS NULL",
    )
    .bind(id.as_uuid())
    .bind(invitation.id.as_uuid())
    .bind(user.id.as_uuid())
    .execute(&mut **tx)
    .await?;
    one(&done)?;
    let actor = Actor { user: Some(user.id), request_id: cmd.request_id };
    let mut entry = audit::entry(Some(id), &actor, AuditAction::MemberJoined, user.id, tx.now);
    entry.data = audit::data([("invitation", &invitation.id.to_string()), ("role", role.as_str())]);
    audit::append(tx, &[entry]).await?;
    Ok(Accepted::Joined(Membership { tenant: members::tenant(tx, id).await?, role }))
}
