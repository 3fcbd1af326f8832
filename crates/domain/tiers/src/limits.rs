//! How much of everything each tier may use.

use crate::{Amount, Limit, Plan};
use keelway_kernel::Tier;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::num::NonZeroU32;

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident: $kind:ty,)+) => {
        /// One tier's row of the table.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Limits {
            $($(#[$doc])* pub $name: $kind,)+
        }

        /// What differs from the row: in settings for a tier, in the store for one tenant.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct LimitsOverride {
            $(
                $(#[$doc])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $name: Option<$kind>,
            )+
        }

        impl Limits {
            /// The row with `other` put over it.
            #[must_use]
            pub fn with(self, other: &LimitsOverride) -> Self {
                Self { $($name: other.$name.unwrap_or(self.$name),)+ }
            }
        }
    };
}

limits! {
    /// Credits granted at the beginning of each month.
    credits_per_month: Amount,
    /// Credits of a month's grant that may be kept for the next.
    rollover: Amount,
    /// Credits a build may cost beyond what was held for it.
    overdraft: Amount,
    /// Builds created in a month.
    builds_per_month: Limit,
    /// Requests with an API key in a month.
    api_calls_per_month: Limit,
    /// Projects at one time.
    projects: Limit,
    /// Members at one time.
    members: Limit,
    /// Snapshots kept, in mebibytes.
    snapshot_storage_mib: Limit,
    /// Days after which a build's events and superseded snapshots may go.
    retention_days: Limit,
    /// Builds running at one time.
    concurrent_builds: NonZeroU32,
    /// Hours after which a build that nobody took expires.
    queue_hours: NonZeroU32,
    /// The band in the build queue; a higher one is always served first.
    priority: u8,
}

/// The row of every tier; the default is the published table.
///
/// In settings, a map from the tiers that differ to what differs in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BTreeMap<Tier, LimitsOverride>", into = "BTreeMap<Tier, Limits>")]
pub struct LimitTable([Limits; Tier::ALL.len()]);

impl Default for LimitTable {
    fn default() -> Self {
        use Amount::{ByContract, Of};
        use Limit::{AtMost, Unlimited};
        let m = 1_000_000;
        #[rustfmt::skip]
        let rows = [
            // credits, overdraft, builds, API calls, projects, members, at once, hours in queue
            (Of(300), Of(0), AtMost(20), AtMost(10_000), AtMost(3), AtMost(1), 1, 24),
            (Of(2_000), Of(0), AtMost(100), AtMost(100_000), AtMost(20), AtMost(3), 1, 24),
            (Of(10_000), Of(0), AtMost(500), AtMost(m), AtMost(100), AtMost(10), 3, 24),
            (Of(50_000), Of(0), AtMost(2_000), AtMost(10 * m), AtMost(500), AtMost(50), 5, 24),
            (ByContract, ByContract, Unlimited, Unlimited, Unlimited, Unlimited, 20, 72),
        ];
        let mut priority = 0..;
        Self(rows.map(|(credits, overdraft, builds, calls, projects, members, at_once, hours)| {
            Limits {
                credits_per_month: credits,
                rollover: Of(0),
                overdraft,
                builds_per_month: builds,
                api_calls_per_month: calls,
                projects,
                members,
                snapshot_storage_mib: Unlimited,
                retention_days: Unlimited,
                concurrent_builds: NonZeroU32::new(at_once).unwrap_or(NonZeroU32::MIN),
                queue_hours: NonZeroU32::new(hours).unwrap_or(NonZeroU32::MIN),
                priority: priority.next().unwrap_or(u8::MAX),
            }
        }))
    }
}

impl LimitTable {
    /// The row of `tier`.
    pub const fn of(&self, tier: Tier) -> &Limits {
        &self.0[tier as usize]
    }

    /// What a tenant of `tier` has, with its own override put over the row.
    pub fn plan(&self, tier: Tier, own: &LimitsOverride) -> Plan<'_> {
        Plan { table: self, tier, limits: self.of(tier).with(own) }
    }
}

impl From<BTreeMap<Tier, LimitsOverride>> for LimitTable {
    fn from(rows: BTreeMap<Tier, LimitsOverride>) -> Self {
        let mut table = Self::default();
        for (tier, row) in rows {
            table.0[tier as usize] = table.of(tier).with(&row);
        }
        table
    }
}

impl From<LimitTable> for BTreeMap<Tier, Limits> {
    fn from(table: LimitTable) -> Self {
        Tier::ALL.into_iter().zip(table.0).collect()
    }
}
