//! Projects and what builds made of them.

use keelway_builds::project::{CreateProject, CreateProjectError};
use keelway_builds::{BlobRef, Manifest, NewProject, Project, ProjectName, SiteLabel, Snapshot};
use keelway_kernel::{
    BuildId, Failure, Keyed, Once, Page, PageRequest, ProjectId, SnapshotId, StoreError,
};

use crate::permit::right::{CreateProject as MayCreate, DownloadSnapshot, ViewProjects};
use crate::{Permit, Platform};

impl Platform {
    /// Makes a project without a build.
    pub async fn create_project(
        &self,
        permit: &Permit<MayCreate>,
        name: ProjectName,
        keyed: Option<Keyed<Project>>,
    ) -> Result<Once<Project>, Failure<CreateProjectError>> {
        let (now, entropy) = (self.now(), self.entropy());
        let project = NewProject {
            id: ProjectId::generate(now, entropy),
            name,
            site: SiteLabel::random(entropy),
        };
        let cmd = CreateProject { scope: permit.scope(), actor: permit.actor(), project, keyed };
        self.ports.projects.create(cmd).await
    }

    /// One project.
    pub async fn find_project(
        &self,
        permit: &Permit<ViewProjects>,
        id: ProjectId,
    ) -> Result<Option<Project>, StoreError> {
        self.ports.projects.find_project(permit.scope(), id).await
    }

    /// Projects, newest first.
    pub async fn list_projects(
        &self,
        permit: &Permit<ViewProjects>,
        page: PageRequest,
    ) -> Result<Page<Project>, StoreError> {
        self.ports.projects.list_projects(permit.scope(), page).await
    }

    /// A project's snapshots, newest first; none for an unknown project.
    pub async fn list_snapshots(
        &self,
        permit: &Permit<ViewProjects>,
        project: ProjectId,
        page: PageRequest,
    ) -> Result<Option<Page<Snapshot>>, StoreError> {
        let scope = permit.scope();
        if self.ports.projects.find_project(scope, project).await?.is_none() {
            return Ok(None);
        }
        self.ports.projects.list_snapshots(scope, project, page).await.map(Some)
    }

    /// One snapshot with its files.
    pub async fn find_snapshot(
        &self,
        permit: &Permit<ViewProjects>,
        id: SnapshotId,
    ) -> Result<Option<(Snapshot, Manifest)>, StoreError> {
        self.ports.projects.find_snapshot(permit.scope(), id).await
    }

    /// The snapshot that a build made; none for an unknown build or one without a result.
    pub async fn snapshot_of_build(
        &self,
        permit: &Permit<DownloadSnapshot>,
        build: BuildId,
    ) -> Result<Option<(Snapshot, Manifest)>, StoreError> {
        let scope = permit.scope();
        let found = self.ports.builds.find(scope, build).await?;
        match found.and_then(|build| build.snapshot) {
            Some(snapshot) => self.ports.projects.find_snapshot(scope, snapshot).await,
            None => Ok(None),
        }
    }

    /// Stored bytes; the reference comes from a manifest the caller was allowed to see.
    pub async fn bytes(&self, blob: BlobRef) -> Result<Vec<u8>, StoreError> {
        self.ports.blobs.get(blob).await
    }

    /// Those of a manifest's files that are not there in their size; none of them is read.
    pub async fn missing_of(&self, manifest: &Manifest) -> Result<Vec<BlobRef>, StoreError> {
        let blobs = manifest.iter().map(|(_, blob)| *blob).collect();
        self.ports.blobs.missing(blobs).await
    }
}
