//! Flags as they stand: the settings, and over them what is set at run time.
//!
//! Every process re-reads what is set at most once a second, when it is asked. While the store
//! cannot be reached, what was read last stands.

use std::sync::{Arc, PoisonError, RwLock};

use keelway_kernel::{Failure, Millis, StoreError, TenantId, Timestamp};
use keelway_tiers::{
    Evaluation, Feature, FlagName, FlagSet, OverrideChange, Rollout, SetFlag, SetFlagError, SetTo,
    Switch,
};
use tokio::sync::Mutex;

use crate::{Operator, Platform};

/// How old what was read may be.
const FRESH_MS: Millis = 1_000;

/// Flags as they were read last.
pub(crate) struct Flags {
    known: RwLock<Known>,
    /// Held by whoever reads; everybody else is content with what was read last.
    reading: Mutex<()>,
}

#[derive(Clone)]
struct Known {
    flags: Arc<FlagSet>,
    /// None until the store was asked.
    asked_at: Option<Timestamp>,
}

impl Flags {
    pub(crate) fn new(configured: &FlagSet) -> Self {
        let known = Known { flags: Arc::new(configured.clone()), asked_at: None };
        Self { known: RwLock::new(known), reading: Mutex::new(()) }
    }

    fn known(&self) -> Known {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, known: Known) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
    }
}

impl Known {
    fn is_fresh(&self, now: Timestamp) -> bool {
        // A clock that was set back makes nothing fresh.
        self.asked_at.is_some_and(|at| (0..FRESH_MS).contains(&now.millis_since(at)))
    }
}

/// Whether anything asks for a flag today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Nothing does: setting it changes nothing yet.
    NotYet,
    /// For everybody alike: a tenant's own switch changes nothing yet.
    ForEverybody,
}

impl Asked {
    fn of(flag: FlagName) -> Self {
        match flag {
            FlagName::Feature(Feature::GuestMode | Feature::AutoTenant) => Self::ForEverybody,
            FlagName::Feature(
                Feature::SmartQueueing
                | Feature::CostTracking
                | Feature::TieredAccess
                | Feature::BuildAnalytics
                | Feature::BuildMemory
                | Feature::Webhooks
                | Feature::TeamCollab,
            )
            | FlagName::Operation(_) => Self::NotYet,
        }
    }
}

/// A flag, and everything that decides about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagState {
    /// The flag.
    pub flag: FlagName,
    /// Whether anything asks for it.
    pub asked: Asked,
    /// What the settings say, or the built-in default.
    pub configured: Rollout,
    /// What is set at run time for everybody.
    pub everywhere: Option<SetTo<Rollout>>,
    /// The tenants with a switch of their own.
    pub tenants: Vec<(TenantId, SetTo<Switch>)>,
    /// What it answers for a guest.
    pub now: Evaluation,
}

impl Platform {
    /// The flags as they stand, at most a second old while the store can be reached.
    pub async fn flags(&self) -> Arc<FlagSet> {
        let known = self.flags.known();
        if known.is_fresh(self.now()) {
            return known.flags;
        }
        let _reading = match self.flags.reading.try_lock() {
            Ok(reading) => reading,
            Err(_) if known.asked_at.is_some() => return known.flags,
            Err(_) => self.flags.reading.lock().await,
        };
        let known = self.flags.known();
        if known.is_fresh(self.now()) {
            return known.flags;
        }
        self.read_flags(known).await
    }

    /// Asks the store; what is known stands if it does not answer.
    async fn read_flags(&self, known: Known) -> Arc<FlagSet> {
        // The moment before the answer was true for certain.
        let asked_at = Some(self.now());
        let flags = match self.ports.flag_overrides.overrides().await {
            Ok(set) if set == *known.flags.overrides() => known.flags,
            Ok(set) => Arc::new(self.settings.gate.flags.overridden(set)),
            Err(error) => {
                tracing::warn!(%error, "flags set at run time cannot be read; the last ones stand");
                known.flags
            }
        };
        self.flags.keep(Known { flags: flags.clone(), asked_at });
        flags
    }

    /// Every flag with what decides about it, as the store has it now.
    pub async fn flag_states(&self, _: &Operator) -> Result<Vec<FlagState>, StoreError> {
        let overrides = self.ports.flag_overrides.overrides().await?;
        let flags = self.settings.gate.flags.overridden(overrides);
        let state = |flag| FlagState {
            flag,
            asked: Asked::of(flag),
            configured: flags.configured(flag),
            everywhere: flags.overrides().everywhere(flag),
            tenants: flags.overrides().tenants(flag).collect(),
            now: flags.evaluate(flag, None),
        };
        Ok(FlagName::all().map(state).collect())
    }

    /// Sets a flag for every process, or leaves it to the settings again: here at once, and
    /// everywhere else within a second.
    pub async fn set_flag(
        &self,
        operator: &Operator,
        flag: FlagName,
        change: OverrideChange,
    ) -> Result<(), Failure<SetFlagError>> {
        let cmd = SetFlag { flag, change, actor: operator.actor() };
        self.ports.flag_overrides.set_flag(cmd).await?;
        let _reading = self.flags.reading.lock().await;
        self.read_flags(self.flags.known()).await;
        Ok(())
    }
}
