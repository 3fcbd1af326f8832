//! Which tier may do what, and how much of it.
//!
//! **Invariant:** what a tenant may do is decided here, from three tables (features by tier,
//! limits by tier, flags) and the tenant's facts, and every refusal says what would lift it.
//! A feature of one tier is a feature of every higher one.
//!
//! | module | holds |
//! |---|---|
//! | [`feature`] | [`Feature`] and the [`FeatureTable`]: the lowest tier of each |
//! | [`flag`] | [`FlagSet`]: switches with percentage rollout, evaluated in the `OpenFeature` shape |
//! | [`overrides`] | [`Overrides`]: what is set at run time, and the port that keeps it |
//! | [`gate`] | [`Gate`]: flag and tier together, and [`may_build`] |
//! | [`limits`] | [`Limits`] and the [`LimitTable`]: how much each tier may use |
//! | [`amount`] | [`Limit`] and [`Amount`], the kinds of numbers in it |
//! | [`plan`] | [`Plan`]: one tenant's limits, and what is refused under them |
//!
//! Not here: counting what is used, rate limits by the second.

pub mod amount;
pub mod feature;
pub mod flag;
pub mod gate;
pub mod limits;
pub mod overrides;
pub mod plan;

pub use amount::{Amount, Limit};
pub use feature::{Feature, FeatureTable};
pub use flag::{Evaluation, FlagError, FlagName, FlagSet, Operation, Reason, Rollout, Switch};
pub use gate::{Entitlements, Gate, NotInTier, Refusal, Trial, may_build};
pub use keelway_kernel::{AnchorDay, BuildTier, Period, Tier, TimeZoneName};
pub use limits::{LimitTable, Limits, LimitsOverride};
pub use overrides::{FlagOverrides, OverrideChange, Overrides, SetFlag, SetFlagError, SetTo};
pub use plan::{Demand, LimitExceeded, Limited, Plan};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
