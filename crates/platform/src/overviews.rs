//! Lists and pages: what people look at, each in a few reads however many rows there are.

use keelway_builds::changes::{self, FileChange, LineDiff, NoDiff};
use keelway_builds::overview::{
    BuildSummary, HistoryEntry, LedgerLine, OpenHold, ProjectFilter, ProjectOverview,
};
use keelway_builds::ports::BuildFilter;
use keelway_builds::{BlobRef, Event, Manifest, Project, Snapshot};
use keelway_credits::Statement;
use keelway_kernel::{BuildId, Page, PageRequest, ProjectId, SnapshotId, StoreError, TenantScope};
use keelway_patch::FilePath;

use crate::permit::right::{ViewBuildEvents, ViewBuilds, ViewCredits, ViewProjects};
use crate::reports::Report;
use crate::{Permit, Platform};

/// The most open holds that a page shows.
const MOST_HOLDS: u32 = 100;

/// A project with its builds.
#[derive(Debug, Clone)]
pub struct ProjectPage {
    /// The project with its newest build.
    pub project: ProjectOverview,
    /// Its builds, newest first.
    pub builds: Page<BuildSummary>,
    /// Everything about the newest.
    pub current: Option<Report>,
}

/// What a snapshot changed.
#[derive(Debug, Clone)]
pub struct SnapshotChanges {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// The project's snapshot before it.
    pub parent: Option<Snapshot>,
    /// The files that differ, by path; all of them in the first snapshot.
    pub changes: Vec<FileChange>,
}

/// What a snapshot changed in one file.
#[derive(Debug, Clone)]
pub struct FileDiff {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// How the file differs.
    pub change: FileChange,
    /// How its lines differ, if it is text and not too large.
    pub lines: Result<LineDiff, NoDiff>,
}

/// An account with what its credits are set aside and were moved for.
#[derive(Debug, Clone)]
pub struct CreditsPage {
    /// How the account stands, with its grants in the order they burn.
    pub statement: Statement,
    /// What credits are set aside for now, newest first.
    pub holds: Vec<OpenHold>,
    /// The ledger, newest first.
    pub ledger: Page<LedgerLine>,
}

impl Platform {
    /// Projects with their newest builds, the latest activity first.
    pub async fn project_overviews(
        &self,
        permit: &Permit<ViewProjects>,
        filter: ProjectFilter,
        page: PageRequest,
    ) -> Result<Page<ProjectOverview>, StoreError> {
        self.ports.overviews.projects(permit.scope(), filter, page).await
    }

    /// Builds in short, newest first.
    pub async fn build_summaries(
        &self,
        permit: &Permit<ViewBuilds>,
        filter: BuildFilter,
        page: PageRequest,
    ) -> Result<Page<BuildSummary>, StoreError> {
        self.ports.overviews.builds(permit.scope(), filter, page).await
    }

    /// A project, a page of its builds, and everything about the newest; none for an unknown
    /// project.
    pub async fn project_page(
        &self,
        permit: &Permit<ViewBuilds>,
        id: ProjectId,
        page: PageRequest,
    ) -> Result<Option<ProjectPage>, StoreError> {
        let Some(project) = self.ports.overviews.project(permit.scope(), id).await? else {
            return Ok(None);
        };
        let filter = BuildFilter { project: Some(id), state: None };
        let builds = self.ports.overviews.builds(permit.scope(), filter, page).await?;
        let current = match &project.last {
            Some(last) => self.report(permit, last.id).await?,
            None => None,
        };
        Ok(Some(ProjectPage { project, builds, current }))
    }

    /// The last `limit` events of a build, in order; none for an unknown build.
    pub async fn latest_events(
        &self,
        permit: &Permit<ViewBuildEvents>,
        build: BuildId,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        self.ports.overviews.latest_events(permit.scope(), build, limit).await
    }

    /// A project and its snapshots with what each changed, newest first; none for an unknown
    /// project.
    pub async fn project_history(
        &self,
        permit: &Permit<ViewProjects>,
        id: ProjectId,
        page: PageRequest,
    ) -> Result<Option<(Project, Page<HistoryEntry>)>, StoreError> {
        let scope = permit.scope();
        let Some(project) = self.ports.projects.find_project(scope, id).await? else {
            return Ok(None);
        };
        let history = self.ports.overviews.history(scope, id, page).await?;
        Ok(Some((project, history)))
    }

    /// What a snapshot changed; none for an unknown one.
    pub async fn snapshot_changes(
        &self,
        permit: &Permit<ViewProjects>,
        id: SnapshotId,
    ) -> Result<Option<SnapshotChanges>, StoreError> {
        let Some((snapshot, parent, changes)) = self.compared(permit.scope(), id).await? else {
            return Ok(None);
        };
        Ok(Some(SnapshotChanges { snapshot, parent, changes }))
    }

    /// What a snapshot changed in the file at `path`; none if it changed nothing there.
    pub async fn file_diff(
        &self,
        permit: &Permit<ViewProjects>,
        id: SnapshotId,
        path: &FilePath,
    ) -> Result<Option<FileDiff>, StoreError> {
        let Some((snapshot, _, changes)) = self.compared(permit.scope(), id).await? else {
            return Ok(None);
        };
        let Some(change) = changes.into_iter().find(|change| change.path == *path) else {
            return Ok(None);
        };
        let (old, new) = (change.difference.before(), change.difference.after());
        let lines = if [old, new].iter().flatten().any(|blob| blob.bytes > changes::MOST_BYTES) {
            Err(NoDiff::TooLarge)
        } else {
            let (old, new) = (self.bytes_or_none(old).await?, self.bytes_or_none(new).await?);
            let compared = tokio::task::spawn_blocking(move || changes::line_diff(&old, &new));
            compared.await.map_err(|_| StoreError::Unavailable("a diff did not end".to_owned()))?
        };
        Ok(Some(FileDiff { snapshot, change, lines }))
    }

    /// The account, what is set aside and a page of the ledger.
    pub async fn credits_page(
        &self,
        permit: &Permit<ViewCredits>,
        page: PageRequest,
    ) -> Result<CreditsPage, StoreError> {
        let scope = permit.scope();
        Ok(CreditsPage {
            statement: self.ports.books.statement(scope).await?,
            holds: self.ports.overviews.open_holds(scope, MOST_HOLDS).await?,
            ledger: self.ports.overviews.ledger(scope, page).await?,
        })
    }

    async fn compared(
        &self,
        scope: TenantScope,
        id: SnapshotId,
    ) -> Result<Option<(Snapshot, Option<Snapshot>, Vec<FileChange>)>, StoreError> {
        let Some((snapshot, manifest)) = self.ports.projects.find_snapshot(scope, id).await? else {
            return Ok(None);
        };
        let before: Option<(Snapshot, Manifest)> = match snapshot.parent {
            Some(parent) => self.ports.projects.find_snapshot(scope, parent).await?,
            None => None,
        };
        let (parent, old) = before.unzip();
        let changes = changes::changes(old.as_ref(), &manifest);
        Ok(Some((snapshot, parent, changes)))
    }

    async fn bytes_or_none(&self, blob: Option<BlobRef>) -> Result<Vec<u8>, StoreError> {
        match blob {
            Some(blob) => self.ports.blobs.get(blob).await,
            None => Ok(Vec::new()),
        }
    }
}
