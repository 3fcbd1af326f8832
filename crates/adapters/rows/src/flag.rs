//! Flags set at run time.

use keelway_kernel::{StoreError, TenantId, Timestamp, UserId};
use keelway_tiers::{FlagName, OverrideChange, Overrides, Rollout, Switch};
use sqlx::FromRow;
use sqlx::types::Uuid;

use crate::Moment;
use crate::decode::Of;

/// A row of `flag_overrides`; what is set for everybody is under the nil UUID.
#[derive(Debug, Clone, FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct OverrideRow {
    pub flag: String,
    pub tenant_id: Uuid,
    pub percent: i64,
    pub set_by: Option<Uuid>,
    pub set_at: Moment,
}

impl OverrideRow {
    /// Adds the override; one of a flag that only a newer version knows is left out.
    pub fn add_to(self, overrides: &mut Overrides) -> Result<(), StoreError> {
        let Ok(flag) = self.flag.parse::<FlagName>() else { return Ok(()) };
        let row = Of("flag override", &flag);
        let share = row.known(row.number(self.percent).ok().and_then(Rollout::new))?;
        let change = if self.tenant_id.is_nil() {
            OverrideChange::Everywhere(Some(share))
        } else {
            let switch = match share {
                Rollout::ON => Switch::On,
                Rollout::OFF => Switch::Off,
                _ => return Err(row.corrupt()),
            };
            OverrideChange::Tenant(TenantId::from_uuid(self.tenant_id), Some(switch))
        };
        let by = self.set_by.map(UserId::from_uuid);
        overrides.apply(flag, change, (by, Timestamp::from(self.set_at)));
        Ok(())
    }
}

/// Under which key a change is kept, and as which share; none to lift what is kept there.
pub fn kept(change: OverrideChange) -> (Uuid, Option<Rollout>) {
    match change {
        OverrideChange::Everywhere(share) => (Uuid::nil(), share),
        OverrideChange::Tenant(tenant, switch) => {
            let share = switch.map(|switch| match switch {
                Switch::On => Rollout::ON,
                Switch::Off => Rollout::OFF,
            });
            (tenant.as_uuid(), share)
        }
    }
}
