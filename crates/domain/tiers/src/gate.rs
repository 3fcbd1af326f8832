//! Flag and tier together.

use crate::{Feature, FeatureTable, FlagSet};
use keelway_kernel::{BuildTier, TenantId, Tier, Timestamp};
use std::collections::BTreeSet;

/// A higher tier to try until a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trial {
    /// The tier that is tried.
    pub tier: Tier,
    /// The first moment without it.
    pub ends: Timestamp,
}

/// What is known of whoever asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlements {
    /// The tenant, or `None` for a guest.
    pub tenant: Option<TenantId>,
    /// What it has subscribed to; free for a guest.
    pub tier: Tier,
    /// What it has beside its tier.
    pub granted: BTreeSet<Feature>,
    /// What it is trying.
    pub trial: Option<Trial>,
}

impl Entitlements {
    /// Somebody without a tenant.
    pub const GUEST: Self =
        Self { tenant: None, tier: Tier::Free, granted: BTreeSet::new(), trial: None };

    /// A tenant with what its tier includes and nothing else.
    pub const fn of(tenant: TenantId, tier: Tier) -> Self {
        Self { tenant: Some(tenant), tier, granted: BTreeSet::new(), trial: None }
    }

    /// The tier that counts at `now`: its own, or that of a running trial if higher.
    pub fn tier_at(&self, now: Timestamp) -> Tier {
        let trial = self.trial.filter(|trial| now < trial.ends).map(|trial| trial.tier);
        trial.map_or(self.tier, |tried| tried.max(self.tier))
    }
}

/// A tier that does not reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the {required_tier} tier is required")]
pub struct NotInTier {
    /// The lowest tier that would do.
    pub required_tier: Tier,
}

/// Why a feature is not to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Its flag is off here: as far as the caller is concerned, there is no such feature.
    #[error("{feature} is switched off")]
    FlagOff {
        /// The feature.
        feature: Feature,
    },
    /// It exists, in a higher tier.
    #[error(transparent)]
    NotInTier(#[from] NotInTier),
}

/// The two tables that together say who may do what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gate {
    /// What each tier includes.
    pub features: FeatureTable,
    /// What is switched on.
    pub flags: FlagSet,
}

impl Gate {
    /// Whether `who` may use `feature` at `now`. A flag that is off hides what no tier unlocks,
    /// so it is asked first.
    pub fn may(&self, feature: Feature, who: &Entitlements, now: Timestamp) -> Result<(), Refusal> {
        if !self.flags.evaluate(feature, who.tenant).value {
            return Err(Refusal::FlagOff { feature });
        }
        if who.granted.contains(&feature) || self.features.includes(who.tier_at(now), feature) {
            return Ok(());
        }
        Err(NotInTier { required_tier: self.features.required_tier(feature) }.into())
    }
}

/// Whether a tenant of `tier` may run a build of size `build`.
pub fn may_build(tier: Tier, build: BuildTier) -> Result<(), NotInTier> {
    if build <= tier.largest_build() {
        Ok(())
    } else {
        Err(NotInTier { required_tier: build.required_tier() })
    }
}
