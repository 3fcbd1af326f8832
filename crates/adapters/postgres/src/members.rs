//! Who belongs to a tenant, and what it is called.

use crate::error::{Sql, Stop, one};
use crate::tx::{Reach, Tx};
use crate::{PostgresStore, audit, invitations};
use async_trait::async_trait;
use keelway_access::members::{change_role, remove};
use keelway_access::{
    AuditAction, ChangeRole, LeaveError, Member, MemberError, MemberProfile, Members, RemoveMember,
    RenameTenant, Role, Tenant, leave,
};
use keelway_kernel::{Actor, Failure, StoreError, TenantId, TenantScope, UserId};
use keelway_rows::access::{MemberProfileRow, MemberRow, TenantRow};
use keelway_rows::{Moment, Of};

#[async_trait]
impl Members for PostgresStore {
    async fn members(&self, scope: TenantScope) -> Result<Vec<MemberProfile>, StoreError> {
        self.read(Reach::from(scope), move |tx| {
            Box::pin(async move {
                let rows: Vec<MemberProfileRow> = sqlx::query_as(
                    r"SELECT m.user_id, m.role, m.created_at, u.email, u.name
                        FROM memberships m JOIN users u ON u.id = m.user_id
                       WHERE m.tenant_id = $1
                       ORDER BY m.created_at, m.user_id",
                )
                .bind(scope.tenant().as_uuid())
                .fetch_all(&mut **tx)
                .await?;
                Ok(rows.into_iter().map(MemberProfileRow::decode).collect::<Result<_, _>>()?)
            })
        })
        .await
    }

    async fn change_role(
        &self,
        scope: TenantScope,
        cmd: ChangeRole,
    ) -> Result<(), Failure<MemberError>> {
        self.write(scope, cmd, move |tx, cmd| Box::pin(change(tx, scope.tenant(), cmd))).await
    }

    async fn remove(
        &self,
        scope: TenantScope,
        cmd: RemoveMember,
    ) -> Result<(), Failure<MemberError>> {
        self.write(scope, cmd, move |tx, cmd| {
            Box::pin(async move {
                let tenant = scope.tenant();
                let members = those_who_matter(tx, tenant, [cmd.by, cmd.member]).await?;
                let role = remove(&members, cmd.by, cmd.member).map_err(Stop::Refused)?;
                let actor = Actor { user: Some(cmd.by), request_id: cmd.request_id };
                let left = (AuditAction::MemberRemoved, &actor);
                Ok(end(tx, tenant, Member { user: cmd.member, role }, left).await?)
            })
        })
        .await
    }

    async fn leave(
        &self,
        scope: TenantScope,
        user: UserId,
        request_id: &str,
    ) -> Result<(), Failure<LeaveError>> {
        let actor = Actor { user: Some(user), request_id: request_id.to_owned() };
        self.write(scope, actor, move |tx, actor| {
            Box::pin(async move {
                let tenant = scope.tenant();
                let members = those_who_matter(tx, tenant, [user, user]).await?;
                leave(&members, user).map_err(Stop::Refused)?;
                let leaving = members.into_iter().find(|member| member.user == user);
                let leaving = Of("membership", &user).known(leaving)?;
                let left = (AuditAction::MemberLeft, &actor);
                Ok(end(tx, tenant, leaving, left).await?)
            })
        })
        .await
    }

    async fn rename_tenant(
        &self,
        scope: TenantScope,
        cmd: RenameTenant,
    ) -> Result<Tenant, StoreError> {
        self.write_always(scope, cmd, move |tx, cmd| {
            Box::pin(async move { Ok(rename(tx, scope.tenant(), cmd).await?) })
        })
        .await
    }
}

async fn change(tx: &mut Tx, tenant: TenantId, cmd: ChangeRole) -> Result<(), Stop<MemberError>> {
    let members = those_who_matter(tx, tenant, [cmd.by, cmd.member]).await?;
    let wanted = Member { user: cmd.member, role: cmd.role };
    let before = change_role(&members, cmd.by, wanted).map_err(Stop::Refused)?;
    if before == cmd.role {
        return Ok(());
    }
    // A tenant keeps an owner, whatever was decided.
    let done = sqlx::query(
        r"UPDATE memberships SET role = $3
           WHERE tenant_id = $1 AND user_id = $2
             AND ($3 = $4 OR EXISTS (SELECT 1 FROM memberships other
                                      WHERE other.tenant_id = $1 AND other.role = $4
                                        AND other.user_id <> $2))",
    )
    .bind(tenant.as_uuid())
    .bind(cmd.member.as_uuid())
    .bind(cmd.role.as_str())
    .bind(Role::Owner.as_str())
    .execute(&mut **tx)
    .await?;
    one(&done)?;
    let actor = Actor { user: Some(cmd.by), request_id: cmd.request_id };
    let action = AuditAction::RoleChanged;
    let mut entry = audit::entry(Some(tenant), &actor, action, cmd.member, tx.now);
    entry.data = audit::data([("from", before.as_str()), ("to", cmd.role.as_str())]);
    audit::append(tx, &[entry]).await?;
    let inviter = (cmd.member, Some(cmd.role));
    Ok(invitations::withdraw_unbacked(tx, tenant, inviter, &actor).await?)
}

/// The owners, and the two people that a decision is about.
async fn those_who_matter(
    tx: &mut Tx,
    tenant: TenantId,
    [by, meant]: [UserId; 2],
) -> Sql<Vec<Member>> {
    let rows: Vec<MemberRow> = sqlx::query_as(
        r"SELECT user_id, role FROM memberships
           WHERE tenant_id = $1 AND (role = $2 OR user_id IN ($3, $4))",
    )
    .bind(tenant.as_uuid())
    .bind(Role::Owner.as_str())
    .bind(by.as_uuid())
    .bind(meant.as_uuid())
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(MemberRow::decode).collect::<Result<_, _>>()?)
}

/// What somebody is in a tenant.
pub(crate) async fn role(tx: &mut Tx, tenant: TenantId, user: UserId) -> Sql<Option<Role>> {
    let row: Option<MemberRow> = sqlx::query_as(
        "SELECT user_id, role FROM memberships WHERE tenant_id = $1 AND user_id = $2",
    )
    .bind(tenant.as_uuid())
    .bind(user.as_uuid())
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(MemberRow::decode).transpose()?.map(|member| member.role))
}

/// Saves a new membership.
pub(crate) async fn insert(tx: &mut Tx, tenant: TenantId, member: Member) -> Sql<()> {
    sqlx::query(
        "INSERT INTO memberships (tenant_id, user_id, role, created_at) VALUES ($1, $2, $3, $4)",
    )
    .bind(tenant.as_uuid())
    .bind(member.user.as_uuid())
    .bind(member.role.as_str())
    .bind(Moment(tx.now))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Ends a membership, with what it offered to others, and writes down how.
async fn end(
    tx: &mut Tx,
    tenant: TenantId,
    member: Member,
    (action, actor): (AuditAction, &Actor),
) -> Sql<()> {
    // A tenant keeps an owner, whatever was decided.
    let done = sqlx::query(
        r"DELETE FROM memberships
           WHERE tenant_id = $1 AND user_id = $2
             AND EXISTS (SELECT 1 FROM memberships other
                          WHERE other.tenant_id = $1 AND other.role = $3
                            AND other.user_id <> $2)",
    )
    .bind(tenant.as_uuid())
    .bind(member.user.as_uuid())
    .bind(Role::Owner.as_str())
    .execute(&mut **tx)
    .await?;
    one(&done)?;
    let mut entry = audit::entry(Some(tenant), actor, action, member.user, tx.now);
    entry.data = audit::data([("role", member.role.as_str())]);
    audit::append(tx, &[entry]).await?;
    invitations::withdraw_unbacked(tx, tenant, (member.user, None), actor).await
}

/// A tenant that must be there.
pub(crate) async fn tenant(tx: &mut Tx, tenant: TenantId) -> Sql<Tenant> {
    let row: Option<TenantRow> = sqlx::query_as(
        "SELECT id, slug, name, tier, time_zone, created_at FROM tenants WHERE id = $1",
    )
    .bind(tenant.as_uuid())
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.ok_or_else(|| StoreError::corrupt("tenant", tenant))?.decode()?)
}

async fn rename(tx: &mut Tx, id: TenantId, cmd: RenameTenant) -> Sql<Tenant> {
    let before = tenant(tx, id).await?;
    if before.name == cmd.name {
        return Ok(before);
    }
    sqlx::query("UPDATE tenants SET name = $2 WHERE id = $1")
        .bind(id.as_uuid())
        .bind(cmd.name.as_str())
        .execute(&mut **tx)
        .await?;
    let action = AuditAction::TenantRenamed;
    let mut entry = audit::entry(Some(id), &cmd.actor, action, id, tx.now);
    entry.data = audit::data([("from", before.name.as_str()), ("to", cmd.name.as_str())]);
    audit::append(tx, &[entry]).await?;
    Ok(Tenant { name: cmd.name, ..before })
}
