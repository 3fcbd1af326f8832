//! What is set at run time.

use async_trait::async_trait;
use keelway_access::AuditAction;
use keelway_kernel::{Failure, StoreError, TenantId, UserId};
use keelway_rows::Moment;
use keelway_rows::flag::{OverrideRow, kept};
use keelway_tiers::{FlagOverrides, OverrideChange, Overrides, SetFlag, SetFlagError};

use crate::error::Stop;
use crate::tx::{Reach, Tx};
use crate::{PostgresStore, audit};

#[async_trait]
impl FlagOverrides for PostgresStore {
    async fn overrides(&self) -> Result<Overrides, StoreError> {
        self.read(Reach::Platform, |tx| {
            Box::pin(async move {
                let rows: Vec<OverrideRow> = sqlx::query_as(
                    "SELECT flag, tenant_id, percent, set_by, set_at FROM flag_overrides",
                )
                .fetch_all(&mut **tx)
                .await?;
                let mut overrides = Overrides::default();
                for row in rows {
                    row.add_to(&mut overrides)?;
                }
                Ok(overrides)
            })
        })
        .await
    }

    async fn set_flag(&self, cmd: SetFlag) -> Result<(), Failure<SetFlagError>> {
        self.write_platform(cmd, |tx, cmd| Box::pin(set(tx, cmd))).await
    }
}

async fn set(tx: &mut Tx, cmd: SetFlag) -> Result<(), Stop<SetFlagError>> {
    let tenant = match cmd.change {
        OverrideChange::Everywhere(_) => None,
        OverrideChange::Tenant(tenant, _) => Some(tenant),
    };
    if let Some(tenant) = tenant {
        // Keeps out whoever else writes into the tenant's audit chain.
        tx.lock(tenant).await?;
        if !is_known(tx, tenant).await? {
            return Err(Stop::Refused(SetFlagError::TenantUnknown));
        }
    }
    let (key, share) = kept(cmd.change);
    let now = tx.now;
    match share {
        Some(share) => {
            sqlx::query(
                "INSERT INTO flag_overrides (flag, tenant_id, percent, set_by, set_at)
                 VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (flag, tenant_id) DO UPDATE SET
                     percent = excluded.percent, set_by = excluded.set_by,
                     set_at = excluded.set_at",
            )
            .bind(cmd.flag.as_str())
            .bind(key)
            .bind(i64::from(share.percent()))
            .bind(cmd.actor.user.map(UserId::as_uuid))
            .bind(Moment(now))
            .execute(&mut **tx)
            .await?;
        }
        None => {
            sqlx::query("DELETE FROM flag_overrides WHERE flag = $1 AND tenant_id = $2")
                .bind(cmd.flag.as_str())
                .bind(key)
                .execute(&mut **tx)
                .await?;
        }
    }
    let mut entry = audit::entry(tenant, &cmd.actor, AuditAction::FlagSet, cmd.flag, now);
    let to = share.map_or_else(|| "lifted".to_owned(), |share| share.to_string());
    entry.data.insert("to".to_owned(), to);
    audit::append(tx, &[entry]).await?;
    Ok(())
}

async fn is_known(tx: &mut Tx, tenant: TenantId) -> Result<bool, Stop<SetFlagError>> {
    let known = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM tenants WHERE id = $1)")
        .bind(tenant.as_uuid())
        .fetch_one(&mut **tx)
        .await?;
    Ok(known)
}
