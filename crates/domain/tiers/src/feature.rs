//! Which tier includes which feature.

use keelway_kernel::Tier;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

macro_rules! features {
    ($($(#[$doc:meta])* $name:ident = $text:literal from $tier:ident;)+) => {
        /// Something a tier may include.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub enum Feature {
            $($(#[$doc])* #[serde(rename = $text)] $name,)+
        }

        impl Feature {
            /// Every feature, in the order of the table.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$name),+];

            /// The name in settings, on the wire and behind `KEELWAY_FEATURE_`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            /// The lowest tier that includes it, unless the settings say otherwise.
            const fn default_tier(self) -> Tier {
                match self {
                    $(Self::$name => Tier::$tier,)+
                }
            }
        }
    };
}

features! {
    /// Describing an app and seeing the preview before signing up.
    GuestMode = "GUEST_MODE" from Free;
    /// A request over its rate waits its turn instead of being refused.
    SmartQueueing = "SMART_QUEUEING" from Starter;
    /// Costs by build, phase and agent.
    CostTracking = "COST_TRACKING" from Starter;
    /// Builds larger than starter.
    TieredAccess = "TIERED_ACCESS" from Professional;
    /// Statistics over a tenant's builds.
    BuildAnalytics = "BUILD_ANALYTICS" from Professional;
    /// Later builds learn from earlier ones.
    BuildMemory = "BUILD_MEMORY" from Ultimate;
    /// Events sent to the tenant's own servers.
    Webhooks = "WEBHOOKS" from Ultimate;
    /// Several people in one tenant at the same time.
    TeamCollab = "TEAM_COLLAB" from Enterprise;
    /// Tenants made without being asked for.
    AutoTenant = "AUTO_TENANT" from Enterprise;
}

impl std::fmt::Display for Feature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// The lowest tier of each feature; every higher tier includes it too.
///
/// In settings, a map from the features that differ from the published table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FeatureTable(BTreeMap<Feature, Tier>);

impl FeatureTable {
    /// The lowest tier that includes `feature`.
    pub fn required_tier(&self, feature: Feature) -> Tier {
        self.0.get(&feature).copied().unwrap_or(feature.default_tier())
    }

    /// Whether tenants of `tier` have `feature`.
    pub fn includes(&self, tier: Tier, feature: Feature) -> bool {
        self.required_tier(feature) <= tier
    }
}

impl FromIterator<(Feature, Tier)> for FeatureTable {
    fn from_iter<I: IntoIterator<Item = (Feature, Tier)>>(rows: I) -> Self {
        Self(rows.into_iter().collect())
    }
}
