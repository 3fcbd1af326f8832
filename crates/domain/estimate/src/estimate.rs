//! From a description to what it will take.

use crate::history::LearnedRange;
use crate::matcher::Matcher;
use crate::table::{EstimateTable, Size, TableError};
use keelway_kernel::{BuildTier, Credits, MicroUsd};
use std::num::NonZeroU32;
use std::sync::Arc;

/// Something the description asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// The stable name.
    pub key: String,
    /// The name people read.
    pub label: String,
}

/// What one build will take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimate {
    /// The size the estimate is for.
    pub tier: BuildTier,
    /// What was found in the description, in the table's order; may be empty.
    pub features: Vec<Arc<Feature>>,
    /// Agents that will work.
    pub agents: u32,
    /// Tokens they will spend.
    pub tokens: u64,
    /// What that costs at list price.
    pub cost: MicroUsd,
    /// How long it takes.
    pub minutes: u32,
    /// What builds like this one really took, once there were enough.
    pub range: Option<LearnedRange>,
}

impl Estimate {
    /// The names people read; "Basic functionality" when nothing in particular was asked for.
    pub fn feature_labels(&self) -> Vec<&str> {
        if self.features.is_empty() {
            return vec!["Basic functionality"];
        }
        self.features.iter().map(|feature| feature.label.as_str()).collect()
    }

    /// "15 minutes" under an hour, whole hours rounded up from there.
    pub fn duration_text(&self) -> String {
        match self.minutes {
            1 => "1 minute".to_owned(),
            minutes @ 0..60 => format!("{minutes} minutes"),
            60 => "1 hour".to_owned(),
            minutes => format!("{} hours", minutes.div_ceil(60)),
        }
    }

    /// US dollars with two decimals, rounded up, so that nobody is shown less than is held.
    pub fn cost_usd_text(&self) -> String {
        let micro_usd = self.cost.get().unsigned_abs();
        let cents = micro_usd.div_ceil(10_000);
        format!("{}.{:02}", cents / 100, cents % 100)
    }

    /// The credits to hold for the build.
    pub const fn credits(&self, micro_usd_per_credit: NonZeroU32) -> Credits {
        self.cost.to_credits(micro_usd_per_credit)
    }
}

/// A checked table, made ready to estimate with.
#[derive(Debug, Clone)]
pub struct Estimator {
    table: EstimateTable,
    matcher: Matcher,
    /// One for each row, shared by every estimate that found it.
    features: Vec<Arc<Feature>>,
}

impl Estimator {
    /// Checks `table` and prepares its words; done once, when settings are read.
    pub fn new(table: EstimateTable) -> Result<Self, TableError> {
        let matcher = table.compile()?;
        let features = table
            .features
            .iter()
            .map(|row| Arc::new(Feature { key: row.key.clone(), label: row.label.clone() }))
            .collect();
        Ok(Self { table, matcher, features })
    }

    /// The table behind the estimates.
    pub const fn table(&self) -> &EstimateTable {
        &self.table
    }

    /// What `description` takes at the size `tier`, in one pass over its characters.
    pub fn estimate(&self, description: &str, tier: BuildTier) -> Estimate {
        let found = self.matcher.find(description);
        // The largest possible size was tried when the table was checked.
        let size = self.table.size(found, tier).unwrap_or(Size::LARGEST);
        Estimate {
            tier,
            features: self
                .table
                .rows(found)
                .map(|(place, _)| Arc::clone(&self.features[place]))
                .collect(),
            agents: size.agents,
            tokens: size.tokens,
            cost: size.cost,
            minutes: size.minutes,
            range: None,
        }
    }
}

/// One estimate from an unchecked table; whoever makes many keeps an [`Estimator`].
pub fn estimate(
    table: &EstimateTable,
    description: &str,
    tier: BuildTier,
) -> Result<Estimate, TableError> {
    Ok(Estimator::new(table.clone())?.estimate(description, tier))
}
