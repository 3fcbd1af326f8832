//! What people look at: projects, histories and ledgers together with what belongs to them.
//!
//! Reads only. Each is one statement, or a fixed few on one state of the store, however many
//! rows it answers with.

use std::collections::BTreeMap;

use async_trait::async_trait;
use keelway_credits::{Entry, GrantSource, Hold};
use keelway_kernel::{
    BuildId, BuildTier, Credits, MicroUsd, Page, PageRequest, ProjectId, SnapshotId, StoreError,
    TenantScope, Timestamp, UserId,
};

use crate::changes::ChangeCounts;
use crate::ports::BuildFilter;
use crate::usage::{UsageQuery, UsageReport};
use crate::{
    BuildFailure, BuildState, Description, Event, Phase, Project, ProjectName, SiteLabel, Snapshot,
};

/// A build as lists show it: without its estimate, its history and its place in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildSummary {
    /// Its id.
    pub id: BuildId,
    /// What it changes.
    pub project: ProjectId,
    /// Where it stands.
    pub state: BuildState,
    /// The phase reached.
    pub phase: Option<Phase>,
    /// What was asked for.
    pub description: Description,
    /// The size asked for.
    pub tier: BuildTier,
    /// Who asked.
    pub requested_by: UserId,
    /// How often it was leased.
    pub attempt: u32,
    /// Whether it was asked to stop.
    pub cancel_requested: bool,
    /// What was held for it.
    pub held: Credits,
    /// What was charged, once it ended.
    pub captured: Credits,
    /// Tokens its agents read and wrote so far.
    pub tokens: u64,
    /// What its agents cost so far, at list price.
    pub cost: MicroUsd,
    /// What it produced.
    pub snapshot: Option<SnapshotId>,
    /// Where its result is served.
    pub deployment_url: Option<String>,
    /// Why it failed.
    pub failure: Option<BuildFailure>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it was first leased.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// A project with what happened to it last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectOverview {
    /// The project; it is served at its site once `live` is set.
    pub project: Project,
    /// How many builds it has.
    pub builds: u64,
    /// The newest of them.
    pub last: Option<BuildSummary>,
    /// When it was made, or a build of it was last accepted or ended.
    pub active_at: Timestamp,
}

/// What can be asked of a list of projects.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProjectFilter {
    /// Only names that contain this, in whatever case.
    pub name: Option<String>,
    /// Only projects whose newest build is in this state.
    pub state: Option<BuildState>,
}

/// A snapshot and what it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// What the build that made it was asked for.
    pub description: Description,
    /// Who asked.
    pub requested_by: UserId,
    /// What that build was charged.
    pub captured: Credits,
    /// How many files differ from the snapshot before; all are new in the first.
    pub changes: ChangeCounts,
}

/// What credits were set aside or charged for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpentOn {
    /// A build.
    Build {
        /// Which.
        build: BuildId,
        /// Its state now.
        state: BuildState,
        /// Its project.
        project: ProjectId,
        /// What people call that.
        name: ProjectName,
    },
    /// Another service's work, by its own name for it.
    External(String),
}

/// A hold that keeps credits aside now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenHold {
    /// The hold.
    pub hold: Hold,
    /// What for.
    pub spent_on: SpentOn,
}

/// A line of the ledger with what it was for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerLine {
    /// The line.
    pub entry: Entry,
    /// Where the credits came from that were given, burned or lapsed.
    pub source: Option<GrantSource>,
    /// What was charged or refunded.
    pub spent_on: Option<SpentOn>,
}

/// Reads for people, always inside one tenant.
#[async_trait]
pub trait Overviews: Send + Sync {
    /// Projects, the latest activity first; the cursor's key is `active_at`.
    ///
    /// A page never repeats a row of the one before; a project that becomes active meanwhile
    /// moves to the first page.
    async fn projects(
        &self,
        scope: TenantScope,
        filter: ProjectFilter,
        page: PageRequest,
    ) -> Result<Page<ProjectOverview>, StoreError>;

    /// One project, or none if the tenant has none of this id.
    async fn project(
        &self,
        scope: TenantScope,
        id: ProjectId,
    ) -> Result<Option<ProjectOverview>, StoreError>;

    /// Builds, newest first, in the order and with the cursors of `Builds::list`.
    async fn builds(
        &self,
        scope: TenantScope,
        filter: BuildFilter,
        page: PageRequest,
    ) -> Result<Page<BuildSummary>, StoreError>;

    /// The last `limit` events of a build, in order; none for an unknown build.
    async fn latest_events(
        &self,
        scope: TenantScope,
        id: BuildId,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError>;

    /// A snapshot without its files, or none if the tenant has none of this id.
    async fn snapshot(
        &self,
        scope: TenantScope,
        id: SnapshotId,
    ) -> Result<Option<Snapshot>, StoreError>;

    /// Where those of `projects` are served that the tenant has.
    async fn sites(
        &self,
        scope: TenantScope,
        projects: &[ProjectId],
    ) -> Result<BTreeMap<ProjectId, SiteLabel>, StoreError>;

    /// A project's snapshots, newest first, with what each changed.
    async fn history(
        &self,
        scope: TenantScope,
        project: ProjectId,
        page: PageRequest,
    ) -> Result<Page<HistoryEntry>, StoreError>;

    /// The holds that keep credits aside now, newest first, at most `limit`.
    async fn open_holds(&self, scope: TenantScope, limit: u32)
    -> Result<Vec<OpenHold>, StoreError>;

    /// The ledger, newest first, with the cursors of `CreditBooks::entries`.
    async fn ledger(
        &self,
        scope: TenantScope,
        page: PageRequest,
    ) -> Result<Page<LedgerLine>, StoreError>;

    /// What the tenant used, by day, month and project.
    ///
    /// The days of a whole month always sum to what the tenant's usage says of that month.
    async fn usage(&self, scope: TenantScope, query: UsageQuery)
    -> Result<UsageReport, StoreError>;
}
