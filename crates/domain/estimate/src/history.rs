//! What builds like this one really took.

use crate::estimate::Estimate;
use keelway_kernel::{BuildTier, MicroUsd};

/// How many similar builds make a range worth telling.
pub const LEARNED_FROM: usize = 20;

/// What a finished build took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedBuild {
    /// Its size.
    pub tier: BuildTier,
    /// The keys of the features its estimate had found, in any order.
    pub features: Vec<String>,
    /// Agents that worked.
    pub agents: u32,
    /// Tokens they spent.
    pub tokens: u64,
    /// What that cost.
    pub cost: MicroUsd,
    /// How long it took.
    pub minutes: u32,
}

/// Eight of ten similar builds took between these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range<T> {
    /// One in ten took this or less.
    pub p10: T,
    /// One in ten took this or more.
    pub p90: T,
}

/// The ranges of everything an estimate foretells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LearnedRange {
    /// How many builds it was learned from, at least [`LEARNED_FROM`].
    pub builds: usize,
    /// Agents.
    pub agents: Range<u32>,
    /// Tokens.
    pub tokens: Range<u64>,
    /// Cost at list price.
    pub cost: Range<MicroUsd>,
    /// Minutes.
    pub minutes: Range<u32>,
}

impl Estimate {
    /// Whether `build` was of the same size and asked for the same features.
    pub fn is_similar_to(&self, build: &FinishedBuild) -> bool {
        self.tier == build.tier
            && self.features.iter().all(|feature| build.features.contains(&feature.key))
            && build.features.iter().all(|key| self.features.iter().any(|f| f.key == *key))
    }

    /// The estimate with the range of the similar ones among `history`, if they are enough.
    pub fn learned_from<'a>(self, history: impl IntoIterator<Item = &'a FinishedBuild>) -> Self {
        let similar: Vec<_> =
            history.into_iter().filter(|build| self.is_similar_to(build)).collect();
        Self { range: learned_range(&similar), ..self }
    }
}

/// The range of builds already known to be similar; `None` under [`LEARNED_FROM`].
pub fn learned_range(similar: &[&FinishedBuild]) -> Option<LearnedRange> {
    (similar.len() >= LEARNED_FROM).then(|| LearnedRange {
        builds: similar.len(),
        agents: range(similar, |build| build.agents),
        tokens: range(similar, |build| build.tokens),
        cost: range(similar, |build| build.cost),
        minutes: range(similar, |build| build.minutes),
    })
}

/// Percentiles by nearest rank: always a value that really occurred.
fn range<T: Ord + Copy>(builds: &[&FinishedBuild], of: impl Fn(&FinishedBuild) -> T) -> Range<T> {
    let mut values: Vec<T> = builds.iter().map(|build| of(build)).collect();
    values.sort_unstable();
    let rank = |percent: usize| values[(values.len() * percent).div_ceil(100) - 1];
    Range { p10: rank(10), p90: rank(90) }
}
