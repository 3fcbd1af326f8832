//! One tenant's limits, and what is refused under them.

use crate::{Limit, LimitTable, Limits};
use keelway_kernel::{Period, Tier, Timestamp};
use serde::{Deserialize, Serialize};

/// What is counted against a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limited {
    /// Builds created in the month.
    BuildsPerMonth,
    /// Requests with an API key in the month.
    ApiCallsPerMonth,
    /// Projects there are.
    Projects,
    /// Members there are.
    Members,
    /// Snapshots kept, in mebibytes.
    SnapshotStorageMib,
}

impl Limited {
    /// The name on the wire, which is that of the setting.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BuildsPerMonth => "builds_per_month",
            Self::ApiCallsPerMonth => "api_calls_per_month",
            Self::Projects => "projects",
            Self::Members => "members",
            Self::SnapshotStorageMib => "snapshot_storage_mib",
        }
    }

    /// The limit in a row.
    pub const fn limit(self, row: &Limits) -> Limit {
        match self {
            Self::BuildsPerMonth => row.builds_per_month,
            Self::ApiCallsPerMonth => row.api_calls_per_month,
            Self::Projects => row.projects,
            Self::Members => row.members,
            Self::SnapshotStorageMib => row.snapshot_storage_mib,
        }
    }

    /// Whether the count begins again with each month, rather than standing until something
    /// is removed.
    const fn is_monthly(self) -> bool {
        match self {
            Self::BuildsPerMonth | Self::ApiCallsPerMonth => true,
            Self::Projects | Self::Members | Self::SnapshotStorageMib => false,
        }
    }
}

impl std::fmt::Display for Limited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// A wish for more of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// Of what.
    pub of: Limited,
    /// How much there is already: in the month, or at this moment.
    pub used: u64,
    /// How much more is wanted.
    pub more: u64,
}

/// A plan that does not reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{of} is limited to {limit} and {used} are used")]
pub struct LimitExceeded {
    /// What is limited.
    pub of: Limited,
    /// To how much.
    pub limit: u64,
    /// How much is used, without what was refused.
    pub used: u64,
    /// When counting begins again; `None` for what only goes down by removing something.
    pub resets_at: Option<Timestamp>,
    /// The lowest higher tier that would allow it, if one does.
    pub required_tier: Option<Tier>,
}

/// One tenant's row, and the table to say which tier would allow more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan<'table> {
    pub(crate) table: &'table LimitTable,
    pub(crate) tier: Tier,
    /// What the tenant has.
    pub limits: Limits,
}

impl Plan<'_> {
    /// Whether `demand` fits into what the tenant may have in `month`.
    pub fn within(&self, demand: Demand, month: Period) -> Result<(), LimitExceeded> {
        let Demand { of, used, more } = demand;
        let wanted = used.saturating_add(more);
        match of.limit(&self.limits) {
            Limit::AtMost(limit) if limit < wanted => Err(LimitExceeded {
                of,
                limit,
                used,
                resets_at: of.is_monthly().then(|| month.end()),
                required_tier: Tier::ALL.into_iter().find(|tier| {
                    *tier > self.tier && of.limit(self.table.of(*tier)).allows(wanted)
                }),
            }),
            Limit::AtMost(_) | Limit::Unlimited => Ok(()),
        }
    }
}
