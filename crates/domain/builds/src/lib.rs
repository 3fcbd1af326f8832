//! From a description to a running app: the build state machine, queue order and leases.
//!
//! **Invariant:** a build is in exactly one state, its events are 1, 2, 3 … without gaps with
//! at most one terminal event, last; while it is queued or building it holds its project and
//! its credits, and the decision that ends it lets go of both.
//!
//! | module | decides |
//! |---|---|
//! | [`state`] | which state follows which |
//! | [`submit`] | whether a build is accepted, a guest's request parked |
//! | [`queue`] | whose turn it is |
//! | [`run`] | leases, heartbeats, what a running build writes |
//! | [`end`] | how an attempt ends, what is charged, who is next |
//! | [`cancel`], [`guest`] | calling off, claiming |
//! | [`changes`] | what differs between two snapshots |
//! | [`overview`], [`usage`] | nothing: what a tenant's people look at |
//! | [`operations`], [`percentiles`] | nothing: what those who run the platform look at |
//! | [`ports`] | nothing: what stores, workers and targets promise |
//!
//! Not here: the pipeline's execution (`worker`), prices and burn order (`credits`), which
//! tier may do what (`tiers`), any I/O, clock or randomness.

pub mod agent;
pub mod build;
pub mod cancel;
pub mod changes;
pub mod end;
pub mod event;
pub mod guest;
mod naming;
pub mod operations;
pub mod overview;
pub mod percentiles;
pub mod plan;
pub mod ports;
pub mod project;
pub mod queue;
pub mod request;
pub mod rules;
pub mod run;
pub mod snapshot;
pub mod state;
pub mod submit;
pub mod usage;

pub use agent::{AgentFailure, AgentReply, AgentRunner, AgentTask, Brief, Usage};
pub use build::{AgentWork, Build, BuildKind, Lease, Totals};
pub use event::{Event, EventBody};
pub use guest::GuestEntry;
pub use keelway_kernel::BuildTier;
pub use plan::{AgentSpec, Phase, Plan, Role};
pub use project::{NewProject, Project, ProjectLock, ProjectName};
pub use queue::{Position, Standing};
pub use request::{BuildRequest, Description, DescriptionError, Script};
pub use rules::Rules;
pub use snapshot::{BlobRef, Digest, Manifest, SiteLabel, Snapshot, tree_digest};
pub use state::{
    BuildFailure, BuildState, BuildStatus, FailureReason, InvalidTransition, transition,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
