//! The words every Keelway crate shares.
//!
//! **Invariant:** nothing here reads a clock, draws randomness or does I/O. Time, ids and
//! entropy arrive as arguments, so every decision built on these types can be replayed.
//!
//! | module | holds |
//! |---|---|
//! | [`id`] | typed, prefixed, sortable ids (`bld_…`) |
//! | [`time`] | [`Timestamp`] and [`Clock`] |
//! | [`entropy`] | [`Entropy`], the only source of randomness |
//! | [`money`] | [`Credits`] and [`MicroUsd`], integers that refuse to overflow |
//! | [`calendar`] | [`TimeZoneName`], and the [`Period`] (month, day) that a moment falls in there |
//! | [`day`] | [`Day`], a date that a zone turns into a period |
//! | [`tier`] | [`Tier`] of a tenant, [`BuildTier`] of a build |
//! | [`scope`] | [`TenantScope`], the proof that a tenant was authenticated |
//! | [`page`] | cursor pages |
//! | [`once`] | idempotency: a key, the request it belongs to, the reply kept for it |
//! | [`failure`] | [`Failure`]: "the rules said no" apart from "the store broke" |
//!
//! Not here: rules of any one domain.

pub mod calendar;
pub mod day;
pub mod entropy;
pub mod failure;
pub mod id;
pub mod money;
pub mod once;
pub mod page;
pub mod scope;
pub mod tier;
pub mod time;

pub use calendar::{AnchorDay, Period, TimeZoneError, TimeZoneName};
pub use day::Day;
pub use entropy::Entropy;
pub use failure::{Failure, StoreError};
pub use id::{
    ApiKeyId, BuildId, DeploymentId, GrantId, HoldId, IdError, ProjectId, QueueId, SnapshotId,
    TenantId, UserId,
};
pub use money::{Credits, MicroUsd, MoneyError};
pub use once::{IdempotencyKey, Keyed, Once, Reply};
pub use page::{Cursor, Page, PageRequest};
pub use scope::{Actor, TenantScope};
pub use tier::{BuildTier, Tier, TierError};
pub use time::{Clock, Millis, Timestamp};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
