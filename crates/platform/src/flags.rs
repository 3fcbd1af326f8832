//! Flags as they stand: the settings, and over them what is set at run time.
//!
//! Every process re-reads what is set at most once a second, when it is asked. While the store
//! cannot be reached, what was read last stands.

use std::sync::{Arc, PoisonError, RwLock};

use keelway_kernel::{Clock, Failure, Millis, StoreError, TenantId, Timestamp};
use keelway_tiers::{
    Evaluation, Feature, FlagName, FlagOverrides, FlagSet, OverrideChange, Rollout, SetFlag,
    SetFlagError, SetTo, Switch,
};
use tokio::sync::{Mutex, MutexGuard};

use crate::{Operator, Platform};

/// How old what was read may be.
const FRESH_MS: Millis = 1_000;

/// Flags as they were read last.
pub(crate) struct Flags {
    configured: FlagSet,
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
        let configured = configured.clone();
        Self { configured, known: RwLock::new(known), reading: Mutex::new(()) }
    }

    fn known(&self) -> Known {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The flags, read again if what is known is too old; at most one caller reads, and others
    /// wait for it only if nothing was ever read.
    async fn current(&self, store: &dyn FlagOverrides, clock: &dyn Clock) -> Arc<FlagSet> {
        let known = self.known();
        if known.is_fresh(clock.now()) {
            return known.flags;
        }
        let reading = match self.reading.try_lock() {
            Ok(reading) => reading,
            Err(_) if known.asked_at.is_some() => return known.flags,
            Err(_) => self.reading.lock().await,
        };
        if self.known().is_fresh(clock.now()) {
            return self.known().flags;
        }
        self.read(&reading, store, clock).await
    }

    /// The flags as the store has them now, or as they are known if it does not answer.
    async fn reread(&self, store: &dyn FlagOverrides, clock: &dyn Clock) -> Arc<FlagSet> {
        let reading = self.reading.lock().await;
        self.read(&reading, store, clock).await
    }

    async fn read(
        &self,
        _: &MutexGuard<'_, ()>,
        store: &dyn FlagOverrides,
        clock: &dyn Clock,
    ) -> Arc<FlagSet> {
        let known = self.known().flags;
        // Before the store is asked: what it answers is at least as new.
        let asked_at = Some(clock.now());
        let flags = match store.overrides().await {
            Ok(set) if set == *known.overrides() => known,
            Ok(set) => Arc::new(self.configured.overridden(set)),
            Err(error) => {
                tracing::warn!(%error, "flags set at run time cannot be read; the last ones stand");
                known
            }
        };
        let read = Known { flags: flags.clone(), asked_at };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = read;
        flags
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
        self.flags.current(&*self.ports.flag_overrides, &*self.ports.clock).await
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
        self.flags.reread(&*self.ports.flag_overrides, &*self.ports.clock).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};

    use keelway_tiers::Overrides;

    use super::*;

    const FLAG: FlagName = FlagName::Feature(Feature::GuestMode);

    /// A store that counts how often it is asked, and a clock.
    #[derive(Default)]
    struct Outside {
        set: RwLock<Overrides>,
        is_away: AtomicBool,
        asked: AtomicU32,
        now_ms: AtomicI64,
    }

    impl Outside {
        fn set(&self, share: Option<Rollout>) {
            let now = (None, self.now());
            self.set.write().unwrap().apply(FLAG, OverrideChange::Everywhere(share), now);
        }

        fn at(&self, now_ms: i64) {
            self.now_ms.store(now_ms, Ordering::SeqCst);
        }
    }

    impl Clock for Outside {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(0).plus_millis(self.now_ms.load(Ordering::SeqCst))
        }
    }

    #[async_trait::async_trait]
    impl FlagOverrides for Outside {
        async fn overrides(&self) -> Result<Overrides, StoreError> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            if self.is_away.load(Ordering::SeqCst) {
                return Err(StoreError::Unavailable("away".to_owned()));
            }
            Ok(self.set.read().unwrap().clone())
        }

        async fn set_flag(&self, _: SetFlag) -> Result<(), Failure<SetFlagError>> {
            unreachable!("nobody sets flags here")
        }
    }

    async fn is_on(flags: &Flags, outside: &Outside) -> bool {
        flags.current(outside, outside).await.evaluate(FLAG, None).value
    }

    #[tokio::test]
    async fn what_is_set_is_in_force_within_a_second_and_asked_for_once_a_second() {
        let (flags, outside) = (Flags::new(&FlagSet::default()), Outside::default());
        assert!(is_on(&flags, &outside).await);
        outside.set(Some(Rollout::OFF));
        for now_ms in [1, 500, 999] {
            outside.at(now_ms);
            assert!(is_on(&flags, &outside).await);
        }
        assert_eq!(outside.asked.load(Ordering::SeqCst), 1);
        outside.at(1_000);
        assert!(!is_on(&flags, &outside).await);
        assert_eq!(outside.asked.load(Ordering::SeqCst), 2);
        // A clock that was set back keeps nothing alive.
        outside.set(None);
        outside.at(-5_000);
        assert!(is_on(&flags, &outside).await);
    }

    #[tokio::test]
    async fn while_the_store_is_away_the_last_flags_stand_and_it_is_not_besieged() {
        let (flags, outside) = (Flags::new(&FlagSet::default()), Outside::default());
        outside.set(Some(Rollout::OFF));
        assert!(!is_on(&flags, &outside).await);
        outside.is_away.store(true, Ordering::SeqCst);
        for now_ms in 1_000..2_000 {
            outside.at(now_ms);
            assert!(!is_on(&flags, &outside).await);
        }
        assert_eq!(outside.asked.load(Ordering::SeqCst), 2);
        outside.is_away.store(false, Ordering::SeqCst);
        outside.set(None);
        outside.at(2_000);
        assert!(is_on(&flags, &outside).await);
    }

    #[tokio::test]
    async fn a_store_that_was_never_there_leaves_the_settings_in_force() {
        let mut configured = FlagSet::default();
        configured.set(FLAG, Rollout::OFF);
        let (flags, outside) = (Flags::new(&configured), Outside::default());
        outside.is_away.store(true, Ordering::SeqCst);
        assert!(!is_on(&flags, &outside).await);
    }

    #[tokio::test]
    async fn whoever_sets_a_flag_sees_it_at_once() {
        let (flags, outside) = (Flags::new(&FlagSet::default()), Outside::default());
        assert!(is_on(&flags, &outside).await);
        outside.set(Some(Rollout::OFF));
        flags.reread(&outside, &outside).await;
        assert!(!is_on(&flags, &outside).await);
    }
}
