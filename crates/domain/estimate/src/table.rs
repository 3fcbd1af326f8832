//! The numbers and words behind every estimate.

use crate::matcher::{self, Matcher};
use keelway_kernel::{BuildTier, MicroUsd};
use serde::{Deserialize, Serialize};

/// How many features a table can tell apart.
pub const MAX_FEATURES: usize = 64;

/// Everything an owner may change about estimates; the default is the published table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EstimateTable {
    /// What a description can ask for, in the order in which estimates list it.
    pub features: Vec<FeatureRow>,
    /// Agents of a build that asks for nothing in particular.
    pub base_agents: u32,
    /// Tokens one agent spends.
    pub tokens_per_agent: u64,
    /// List price of the model.
    pub micro_usd_per_million_tokens: u64,
    /// Minutes one agent takes.
    pub minutes_per_agent: u32,
    /// How much more a larger build does.
    pub tier_percent: TierPercents,
}

/// One thing a description can ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureRow {
    /// The stable name, for programs and for history.
    pub key: String,
    /// The name people read; a description that contains it asks for the feature too.
    pub label: String,
    /// Words or short phrases that ask for the feature, in any case.
    pub words: Vec<String>,
    /// Agents it adds.
    pub agents: u32,
    /// What it does to the whole build: 150 stands for x1.5.
    #[serde(default = "unchanged")]
    pub complexity_percent: u32,
}

const fn unchanged() -> u32 {
    100
}

/// The multiplier of each build tier, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the tiers are documented on `BuildTier`")]
pub struct TierPercents {
    pub starter: u32,
    pub professional: u32,
    pub ultimate: u32,
    pub enterprise: u32,
}

impl TierPercents {
    /// The multiplier of `tier`.
    pub const fn of(&self, tier: BuildTier) -> u32 {
        match tier {
            BuildTier::Starter => self.starter,
            BuildTier::Professional => self.professional,
            BuildTier::Ultimate => self.ultimate,
            BuildTier::Enterprise => self.enterprise,
        }
    }
}

impl Default for TierPercents {
    fn default() -> Self {
        Self { starter: 100, professional: 150, ultimate: 200, enterprise: 300 }
    }
}

impl Default for EstimateTable {
    fn default() -> Self {
        let row =
            |key: &str, label: &str, words: [&str; 2], agents, complexity_percent| FeatureRow {
                key: key.to_owned(),
                label: label.to_owned(),
                words: words.map(str::to_owned).to_vec(),
                agents,
                complexity_percent,
            };
        Self {
            features: vec![
                row("authentication", "Authentication", ["auth", "login"], 2, 100),
                row("payments", "Payment integration", ["payment", "stripe"], 3, 100),
                row("dashboard", "Admin dashboard", ["dashboard", "admin"], 2, 100),
                row("api", "REST API", ["api", "backend"], 2, 100),
                row("database", "Database design", ["database", "db"], 1, 100),
                row("realtime", "Real-time features", ["real-time", "websocket"], 3, 150),
            ],
            base_agents: 5,
            tokens_per_agent: 50_000,
            micro_usd_per_million_tokens: 3_000_000,
            minutes_per_agent: 3,
            tier_percent: TierPercents::default(),
        }
    }
}

/// Why a table cannot be estimated with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// More rows than a build can be told apart by.
    #[error("{rows} features are more than {MAX_FEATURES}")]
    TooManyFeatures {
        /// How many there are.
        rows: usize,
    },
    /// A row without a key or without a label.
    #[error("feature {row} has no key or no label")]
    Unnamed {
        /// Which row, from 1.
        row: usize,
    },
    /// Two rows that history could not tell apart.
    #[error("the feature key {key} is used twice")]
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// A word no description could contain: without letters, or too long.
    #[error("the word {word:?} of feature {key} cannot be matched")]
    UnmatchableWord {
        /// The row's key.
        key: String,
        /// The word.
        word: String,
    },
    /// A feature that would make a build smaller.
    #[error("the complexity of feature {key} is under 100 percent")]
    ComplexityUnderOne {
        /// The row's key.
        key: String,
    },
    /// A larger tier that would make a build smaller, or a tier of zero percent.
    #[error("tier percentages must be positive and must not fall from starter to enterprise")]
    FallingTiers,
    /// A build of nothing.
    #[error("{field} must be at least 1")]
    Zero {
        /// The setting.
        field: &'static str,
    },
    /// A description that asked for everything would not fit into an estimate.
    #[error("the largest possible estimate does not fit")]
    TooLarge,
}

impl EstimateTable {
    /// Refuses tables under which an estimate could overflow, shrink with the tier or be
    /// unable to name its features.
    pub fn validate(&self) -> Result<(), TableError> {
        self.compile().map(drop)
    }

    /// Checks the table and makes its words ready for matching.
    pub(crate) fn compile(&self) -> Result<Matcher, TableError> {
        if self.features.len() > MAX_FEATURES {
            return Err(TableError::TooManyFeatures { rows: self.features.len() });
        }
        for (field, value) in [
            ("base_agents", u64::from(self.base_agents)),
            ("tokens_per_agent", self.tokens_per_agent),
            ("minutes_per_agent", u64::from(self.minutes_per_agent)),
        ] {
            if value == 0 {
                return Err(TableError::Zero { field });
            }
        }
        let percents = BuildTier::ALL.map(|tier| self.tier_percent.of(tier));
        if percents[0] == 0 || !percents.is_sorted() {
            return Err(TableError::FallingTiers);
        }
        let matcher = self.check_features()?;
        // Nothing asks for more than everything at the largest tier does.
        self.size(u64::MAX, BuildTier::Enterprise).ok_or(TableError::TooLarge)?;
        Ok(matcher)
    }

    fn check_features(&self) -> Result<Matcher, TableError> {
        let mut words = matcher::Builder::default();
        for (index, row) in self.features.iter().enumerate() {
            if row.key.trim().is_empty() || row.label.trim().is_empty() {
                return Err(TableError::Unnamed { row: index + 1 });
            }
            if self.features[..index].iter().any(|earlier| earlier.key == row.key) {
                return Err(TableError::DuplicateKey { key: row.key.clone() });
            }
            if row.complexity_percent < 100 {
                return Err(TableError::ComplexityUnderOne { key: row.key.clone() });
            }
            for word in &row.words {
                words.add(index, word).ok_or_else(|| TableError::UnmatchableWord {
                    key: row.key.clone(),
                    word: word.clone(),
                })?;
            }
            // A label too long to be matched is still a good label.
            let _ = words.add(index, &row.label);
        }
        Ok(words.build())
    }

    /// What a build with the features in `found` (bit n: row n) takes, or `None` if it does
    /// not fit.
    pub(crate) fn size(&self, found: u64, tier: BuildTier) -> Option<Size> {
        let mut agents = u128::from(self.base_agents);
        let mut percent = u128::from(self.tier_percent.of(tier));
        let mut whole: u128 = 100;
        for (_, row) in self.rows(found) {
            agents += u128::from(row.agents);
            if row.complexity_percent != 100 {
                percent = percent.checked_mul(u128::from(row.complexity_percent))?;
                whole = whole.checked_mul(100)?;
            }
        }
        let agents = u32::try_from(agents.checked_mul(percent)?.div_ceil(whole)).ok()?;
        let tokens = u64::from(agents).checked_mul(self.tokens_per_agent)?;
        let price = u128::from(self.micro_usd_per_million_tokens);
        let cost = u128::from(tokens).checked_mul(price)?.div_ceil(1_000_000);
        Some(Size {
            agents,
            tokens,
            cost: MicroUsd::new(i64::try_from(cost).ok()?),
            minutes: agents.checked_mul(self.minutes_per_agent)?,
        })
    }

    /// The rows whose bits are set in `found`, in order, with their places.
    pub(crate) fn rows(&self, found: u64) -> impl Iterator<Item = (usize, &FeatureRow)> {
        self.features.iter().enumerate().filter(move |(place, _)| found >> place & 1 == 1)
    }
}

/// The numbers of an estimate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) agents: u32,
    pub(crate) tokens: u64,
    pub(crate) cost: MicroUsd,
    pub(crate) minutes: u32,
}

impl Size {
    pub(crate) const LARGEST: Self =
        Self { agents: u32::MAX, tokens: u64::MAX, cost: MicroUsd::MAX, minutes: u32::MAX };
}
