//! What is set at run time, over what the settings say.

use std::collections::BTreeMap;

use async_trait::async_trait;
use keelway_kernel::{Actor, Failure, StoreError, TenantId, Timestamp, UserId};

use crate::{FlagName, Rollout, Switch};

/// Something set at run time, with who set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetTo<T> {
    /// What it is set to.
    pub to: T,
    /// Who set it.
    pub by: Option<UserId>,
    /// When.
    pub at: Timestamp,
}

/// Everything that is set at run time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    everywhere: BTreeMap<FlagName, SetTo<Rollout>>,
    tenants: BTreeMap<(FlagName, TenantId), SetTo<Switch>>,
}

/// A flag to be set at run time, or, with `None`, to be left to what else decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverrideChange {
    /// For all tenants that have no switch of their own, and for guests.
    Everywhere(Option<Rollout>),
    /// For one tenant.
    Tenant(TenantId, Option<Switch>),
}

impl Overrides {
    /// Takes in a change made by `by` at `at`.
    pub fn apply(
        &mut self,
        flag: FlagName,
        change: OverrideChange,
        (by, at): (Option<UserId>, Timestamp),
    ) {
        match change {
            OverrideChange::Everywhere(Some(to)) => {
                self.everywhere.insert(flag, SetTo { to, by, at });
            }
            OverrideChange::Everywhere(None) => {
                self.everywhere.remove(&flag);
            }
            OverrideChange::Tenant(tenant, Some(to)) => {
                self.tenants.insert((flag, tenant), SetTo { to, by, at });
            }
            OverrideChange::Tenant(tenant, None) => {
                self.tenants.remove(&(flag, tenant));
            }
        }
    }

    /// What `flag` is set to for everybody.
    pub fn everywhere(&self, flag: FlagName) -> Option<SetTo<Rollout>> {
        self.everywhere.get(&flag).copied()
    }

    /// What `flag` is set to for `tenant` alone.
    pub fn of_tenant(&self, flag: FlagName, tenant: TenantId) -> Option<SetTo<Switch>> {
        self.tenants.get(&(flag, tenant)).copied()
    }

    /// The tenants that `flag` is set for, each with its switch.
    pub fn tenants(&self, flag: FlagName) -> impl Iterator<Item = (TenantId, SetTo<Switch>)> {
        self.tenants
            .iter()
            .filter(move |((of, _), _)| *of == flag)
            .map(|((_, tenant), set)| (*tenant, *set))
    }
}

/// Sets a flag at run time.
#[derive(Debug, Clone)]
pub struct SetFlag {
    /// Which.
    pub flag: FlagName,
    /// To what, for whom.
    pub change: OverrideChange,
    /// Who asks.
    pub actor: Actor,
}

/// Why a flag was not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SetFlagError {
    /// There is no such tenant.
    #[error("no such workspace")]
    TenantUnknown,
}

/// Where what is set at run time is kept, for every process.
#[async_trait]
pub trait FlagOverrides: Send + Sync {
    /// Everything that is set.
    async fn overrides(&self) -> Result<Overrides, StoreError>;

    /// Sets a flag, with its audit entry, both or neither; setting what is set already changes
    /// who set it and when. A refusal never changes anything.
    async fn set_flag(&self, cmd: SetFlag) -> Result<(), Failure<SetFlagError>>;
}
