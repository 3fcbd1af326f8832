//! A build as it is kept.

use keelway_estimate::Estimate;
use keelway_kernel::{
    BuildId, Credits, HoldId, MicroUsd, ProjectId, SnapshotId, TenantId, TenantScope, Timestamp,
    UserId,
};
use keelway_patch::FilePath;
use serde::{Deserialize, Serialize};

use crate::{AgentSpec, BlobRef, BuildRequest, BuildStatus, Phase, Plan, Usage};

/// What a build does to its project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BuildKind {
    /// Makes the app from a description.
    Generate,
}

impl BuildKind {
    /// The name used on the wire and in stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Generate => "generate",
        }
    }

    /// Reads what [`BuildKind::as_str`] wrote.
    pub fn from_name(name: &str) -> Option<Self> {
        (name == "generate").then_some(Self::Generate)
    }
}

/// One attempt to change a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// Its id.
    pub id: BuildId,
    /// Whose it is.
    pub tenant: TenantId,
    /// What it changes.
    pub project: ProjectId,
    /// How it changes it.
    pub kind: BuildKind,
    /// Where it stands.
    pub status: BuildStatus,
    /// What was asked for.
    pub request: BuildRequest,
    /// What was estimated when it was accepted.
    pub estimate: Estimate,
    /// What is held for it.
    pub hold: HoldId,
    /// How much is held: the charge never passes it; use beyond it is ours.
    pub held: Credits,
    /// How often it was leased; the fencing token of the lease that runs it.
    pub attempt: u32,
    /// How many attempts ended in a failure or with a lost worker.
    pub failures: u32,
    /// How many records the attempt has written; numbers the next, so that one is not doubled.
    pub recorded: u32,
    /// Whether the caller asked to stop while it was being built.
    pub cancel_requested: bool,
    /// The `seq` of its last event.
    pub last_seq: i64,
    /// What its agents have used so far, all attempts together.
    pub used: Totals,
    /// The phase reached.
    pub phase: Option<Phase>,
    /// What it produced, once packaged.
    pub snapshot: Option<SnapshotId>,
    /// Where its result is served, once deployed.
    pub deployment_url: Option<String>,
    /// What was charged, once it ended.
    pub captured: Credits,
    /// Who asked for it.
    pub requested_by: UserId,
    /// Under which request.
    pub request_id: String,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it expires, if it was not leased until then.
    pub deadline: Timestamp,
    /// When it was first leased.
    pub started_at: Option<Timestamp>,
    /// Grows with every change, so that a change decided on old facts is not saved.
    pub version: i64,
}

impl Build {
    /// The phases and agents of this build; the same in every attempt.
    pub fn plan(&self) -> Plan {
        Plan::for_agents(self.estimate.agents)
    }
}

/// What agents have used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Tokens read.
    pub tokens_in: u64,
    /// Tokens written.
    pub tokens_out: u64,
    /// At list price, including what providers charged for calls that failed.
    pub cost: MicroUsd,
}

impl Totals {
    /// The totals after one more call; held at the end of the scale, far beyond any hold.
    pub fn plus(self, usage: &Usage) -> Self {
        Self {
            tokens_in: self.tokens_in.saturating_add(usage.tokens_in),
            tokens_out: self.tokens_out.saturating_add(usage.tokens_out),
            cost: self.cost.plus(usage.cost).unwrap_or(MicroUsd::MAX),
        }
    }
}

/// What one agent made, kept so that no later attempt makes or pays for it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentWork {
    /// Which agent.
    pub agent: AgentSpec,
    /// What it took.
    pub usage: Usage,
    /// What it did, in its own words.
    pub summary: String,
    /// The files it made; their bytes are in the blob store already.
    pub files: Vec<(FilePath, BlobRef)>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
}

/// A worker's time-limited right to run a build.
///
/// `(build, attempt)` fences: a store refuses every write whose attempt is not the build's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The tenant, vouched for by the store that granted the lease.
    pub scope: TenantScope,
    /// The build.
    pub build: BuildId,
    /// The attempt it was granted for.
    pub attempt: u32,
    /// When it runs out unless renewed.
    pub until: Timestamp,
}
