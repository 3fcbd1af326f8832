//! Between rows and domain types, for every SQL store alike.
//!
//! **Invariant:** a row that cannot be what it claims to be never becomes a value: it is
//! [`StoreError::Corrupt`](keelway_kernel::StoreError::Corrupt), with its kind and id.
//!
//! Row structs derive `FromRow` for whatever database decodes their columns. What a store
//! binds comes from the same file that reads it back. What a store does about a build whose rows
//! are corrupt is in [`aside`].
//!
//! Not here: SQL, and anything one dialect writes differently.

pub mod access;
pub mod aside;
pub mod audit;
pub mod build;
pub mod credits;
mod decode;
pub mod estimate;
pub mod event;
pub mod flag;
pub mod guest;
pub mod invitation;
mod moment;
pub mod named;
pub mod operations;
pub mod overview;
pub mod project;
pub mod reply;
pub mod snapshot;
pub mod tenant;
pub mod usage;
pub mod work;

pub use decode::{Of, json, stored};
pub use moment::Moment;
