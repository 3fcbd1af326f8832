//! What a described app will take: features, agents, tokens, cost, time.
//!
//! **Invariant:** an estimate is integer arithmetic over one table that was checked once: the
//! same description and table give the same estimate everywhere, a larger tier never a smaller
//! one, and no accepted table overflows on any description.
//!
//! | module | holds |
//! |---|---|
//! | [`table`] | [`EstimateTable`], the numbers and words as data, and what is refused in them |
//! | [`mod@estimate`] | [`Estimator`], a table made ready, and the [`Estimate`] it gives |
//! | [`history`] | the range learned from builds like this one |
//!
//! Not here: asking a model, holding credits, choosing which history is whose.

pub mod estimate;
pub mod history;
mod matcher;
pub mod table;

pub use estimate::{Estimate, Estimator, Feature, estimate};
pub use history::{FinishedBuild, LEARNED_FROM, LearnedRange, Range};
pub use table::{EstimateTable, FeatureRow, TableError, TierPercents};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
