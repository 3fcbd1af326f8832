//! What builds need of the outside. Each method is one whole command.
//!
//! Stores take the time from their own clock inside the transaction, so commands carry none.
//! All of them are safe to repeat and safe to cancel: a dropped future never leaves half an
//! effect.

use std::fmt;

use async_trait::async_trait;
use keelway_estimate::FinishedBuild;
use keelway_kernel::{
    BuildId, Failure, Millis, Once, Page, PageRequest, ProjectId, QueueId, SnapshotId, StoreError,
    TenantId, TenantScope,
};

pub use crate::operations::Operations;
pub use crate::overview::Overviews;

use crate::cancel::{Cancel, CancelError, CancelPreview, Cancelling};
use crate::end::{Finish, Finished};
use crate::guest::GuestEntry;
use crate::run::{Assignment, LeaseLost, Record, Recorded, Renewed, Take};
use crate::submit::{Park, ParkError, Submit, SubmitError, SubmitPreview, Submitted};
use crate::{
    AgentWork, BlobRef, Build, BuildState, Event, Lease, Manifest, Position, Project, SiteLabel,
    Snapshot,
};

/// Where builds are asked for and called off.
#[async_trait]
pub trait Submissions: Send + Sync {
    /// Accepts a build: idempotency record, project lock, tier gate, credit hold, queue row,
    /// first event and audit row, all or none.
    ///
    /// Of any number of concurrent calls on one project exactly one succeeds; the others are
    /// refused with the holder of the lock. Never holds more credits than are available. A
    /// parked request becomes at most one build.
    async fn submit(&self, cmd: Submit) -> Result<Once<Submitted>, Failure<SubmitError>>;

    /// Refuses what [`Submissions::submit`] would refuse now, and else says what it would hold.
    /// Changes nothing; idempotency keys are not looked at.
    async fn rehearse(&self, cmd: Submit) -> Result<SubmitPreview, Failure<SubmitError>>;

    /// Keeps a guest's request for an hour.
    async fn park(&self, cmd: Park) -> Result<Once<GuestEntry>, Failure<ParkError>>;

    /// A parked request, claimed or not, until it is swept away.
    async fn find_parked(&self, id: QueueId) -> Result<Option<GuestEntry>, StoreError>;

    /// Calls a build off: one that waits ends at once, one that is being built is marked and
    /// ends with its worker's next heartbeat. Calling it off again answers the same.
    async fn cancel(&self, cmd: Cancel) -> Result<Once<Cancelling>, Failure<CancelError>>;

    /// Refuses what [`Submissions::cancel`] would refuse now, and else says what would become
    /// of the build. Changes nothing; idempotency keys are not looked at.
    async fn rehearse_cancel(&self, cmd: Cancel) -> Result<CancelPreview, Failure<CancelError>>;
}

/// Where workers get builds from and bring them back to.
#[async_trait]
pub trait BuildQueue: Send + Sync {
    /// Leases the build whose turn it is, or none.
    ///
    /// Never hands one build to two workers. Costs the same whatever waits. A build that cannot
    /// be read is passed over: it stops no other.
    async fn take(&self, cmd: Take) -> Result<Option<Assignment>, StoreError>;

    /// Extends a lease that still holds.
    async fn renew(&self, lease: &Lease, ttl_ms: Millis) -> Result<Renewed, Failure<LeaseLost>>;

    /// Writes what a running build did: events in order and without gaps, kept work, totals.
    ///
    /// Never writes anything for a lease that has run out or was superseded, and never writes
    /// a step twice.
    async fn record(&self, cmd: Record) -> Result<Recorded, Failure<LeaseLost>>;

    /// Ends an attempt: state, terminal event, captured and released credits, usage, audit,
    /// the project's live snapshot and the tenant's next build, all or none.
    ///
    /// Exactly one call ends an attempt; any other is refused as [`LeaseLost`].
    async fn finish(&self, cmd: Finish) -> Result<Finished, Failure<LeaseLost>>;

    /// Mends what time has overtaken: leases that ran out, builds that waited too long,
    /// delays that are over, parked requests nobody claimed. Handles at most a batch and says
    /// how many rows it touched; zero means there is nothing more to do now.
    async fn sweep(&self, jitter: u64) -> Result<u64, StoreError>;
}

/// What can be asked of a list of builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BuildFilter {
    /// Only of this project.
    pub project: Option<ProjectId>,
    /// Only in this state.
    pub state: Option<BuildState>,
}

/// Reads of builds, always inside one tenant.
#[async_trait]
pub trait Builds: Send + Sync {
    /// One build, or none if the tenant has none of this id.
    async fn find(&self, scope: TenantScope, id: BuildId) -> Result<Option<Build>, StoreError>;

    /// Builds, newest first.
    async fn list(
        &self,
        scope: TenantScope,
        filter: BuildFilter,
        page: PageRequest,
    ) -> Result<Page<Build>, StoreError>;

    /// Events with `seq > after`, in order, at most `limit`; none for an unknown build.
    async fn events(
        &self,
        scope: TenantScope,
        id: BuildId,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError>;

    /// What each finished agent made and took, in plan order.
    async fn work(&self, scope: TenantScope, id: BuildId) -> Result<Vec<AgentWork>, StoreError>;

    /// The newest finished builds, at most `limit`, to learn from: the tenant's, or without a
    /// tenant those of the whole platform, which carry nothing but features and figures.
    async fn history(
        &self,
        scope: Option<TenantScope>,
        limit: u32,
    ) -> Result<Vec<FinishedBuild>, StoreError>;

    /// How far from being taken a waiting build is; none if it does not wait.
    async fn position(
        &self,
        scope: TenantScope,
        id: BuildId,
    ) -> Result<Option<Position>, StoreError>;
}

/// Projects and their snapshots.
#[async_trait]
pub trait Projects: Send + Sync {
    /// Makes a project, within the tier's limit.
    async fn create(
        &self,
        cmd: crate::project::CreateProject,
    ) -> Result<Once<Project>, Failure<crate::project::CreateProjectError>>;

    /// One project, or none if the tenant has none of this id.
    async fn find_project(
        &self,
        scope: TenantScope,
        id: ProjectId,
    ) -> Result<Option<Project>, StoreError>;

    /// Projects, newest first.
    async fn list_projects(
        &self,
        scope: TenantScope,
        page: PageRequest,
    ) -> Result<Page<Project>, StoreError>;

    /// A project's snapshots, newest first.
    async fn list_snapshots(
        &self,
        scope: TenantScope,
        project: ProjectId,
        page: PageRequest,
    ) -> Result<Page<Snapshot>, StoreError>;

    /// One snapshot with its files, or none if the tenant has none of this id.
    async fn find_snapshot(
        &self,
        scope: TenantScope,
        id: SnapshotId,
    ) -> Result<Option<(Snapshot, Manifest)>, StoreError>;
}

/// What the public sees: files under unguessable labels, without a session.
#[async_trait]
pub trait Sites: Send + Sync {
    /// The stored bytes behind `path` of the snapshot previewed, or the project deployed,
    /// under `label`; none if there is no such label or file.
    async fn site_file(
        &self,
        label: &SiteLabel,
        path: &keelway_patch::FilePath,
    ) -> Result<Option<BlobRef>, StoreError>;
}

/// Bytes kept once per hash.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Keeps `bytes` durably before it answers; keeping the same bytes again costs nothing.
    async fn put(&self, bytes: Vec<u8>) -> Result<BlobRef, StoreError>;

    /// The bytes, always those that hash to `blob.digest`; a damaged copy is an error.
    async fn get(&self, blob: BlobRef) -> Result<Vec<u8>, StoreError>;

    /// Those of `blobs` that are not there in their size. Nothing is read, so a copy that is
    /// damaged in another way counts as there.
    async fn missing(&self, blobs: Vec<BlobRef>) -> Result<Vec<BlobRef>, StoreError>;
}

/// What a deploy target needs to know.
#[derive(Debug, Clone)]
pub struct Placement {
    /// Where the project is served.
    pub site: SiteLabel,
    /// What is to be served.
    pub snapshot: SnapshotId,
    /// Its files.
    pub manifest: Manifest,
}

/// The target did not take the snapshot; what it served before is served still.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the deploy target failed: {message}")]
pub struct DeployFailure {
    /// For the log and the caller.
    pub message: String,
    /// Whether another attempt may work.
    pub retryable: bool,
}

/// Puts snapshots where people can reach them.
#[async_trait]
pub trait DeployTarget: Send + Sync {
    /// The target's name, such as `local`.
    fn name(&self) -> &'static str;

    /// Places a snapshot and answers its address once the target can serve it. Placing the
    /// same snapshot again changes nothing.
    async fn deploy(&self, placement: &Placement) -> Result<String, DeployFailure>;
}

/// What a signal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// There may be work to take.
    Work,
    /// A build has new events or was called off.
    Build(BuildId),
}

/// Wake-up hints. They may be lost or doubled and carry no content: whoever waits reads the
/// store, and reads it now and then without a hint.
pub trait Signals: Send + Sync {
    /// Wakes whoever watches `topic`.
    fn notify(&self, topic: Topic);

    /// Begins to watch: every later `notify` is seen by the watch, even before it waits.
    fn watch(&self, topic: Topic) -> Box<dyn Watch>;
}

/// One watcher of a topic.
#[async_trait]
pub trait Watch: Send {
    /// Waits for a notification since the last call (or since the watch began).
    async fn changed(&mut self);
}

/// A broken promise found in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which invariant, such as `I2`.
    pub invariant: &'static str,
    /// What it was found on.
    pub subject: String,
    /// What is wrong.
    pub detail: String,
}

/// Proves the ledger and queue invariants on live data.
#[async_trait]
pub trait Inspector: Send + Sync {
    /// Reads one consistent state and names every violation; changes nothing.
    async fn inspect(&self) -> Result<Inspection, StoreError>;

    /// At most `limit` of the files that snapshots and kept work name, those behind `after` in an
    /// order that never changes; none at the end. What is named meanwhile may be left out.
    async fn named_files(
        &self,
        after: Option<&NamedFile>,
        limit: u32,
    ) -> Result<Vec<NamedFile>, StoreError>;
}

/// A file that the blobs are to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// Whose it is.
    pub tenant: TenantId,
    /// What names it.
    pub by: NamedBy,
    /// As it is stored, whether or not it could be a path.
    pub path: String,
    /// The bytes.
    pub blob: BlobRef,
}

/// What names a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedBy {
    /// A snapshot.
    Snapshot(SnapshotId),
    /// What an agent of a build made.
    Work {
        /// The build.
        build: BuildId,
        /// The agent's number.
        agent: u32,
        /// Which of its files, from 0.
        position: u32,
    },
}

impl fmt::Display for NamedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Snapshot(id) => id.fmt(f),
            Self::Work { build, agent, .. } => write!(f, "{build}/{agent}"),
        }
    }
}

/// What an inspection saw.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inspection {
    /// How many subjects each invariant was checked on: zero violations mean little without.
    pub checked: Vec<(&'static str, u64)>,
    /// What is wrong.
    pub violations: Vec<Violation>,
}
