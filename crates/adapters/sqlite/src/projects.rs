//! Projects and their snapshots.

use async_trait::async_trait;
use keelway_access::AuditAction;
use keelway_builds::ports::Projects;
use keelway_builds::project::{CreateProject, CreateProjectError, ProjectFacts, create_project};
use keelway_builds::{Build, Manifest, NewProject, Project, ProjectLock, ProjectName, Snapshot};
use keelway_kernel::{
    BuildId, Failure, Once, Page, PageRequest, ProjectId, SnapshotId, StoreError, TenantId,
    TenantScope, Timestamp,
};
use keelway_rows::project::{LockRow, ProjectRow, cursor};
use keelway_rows::snapshot::{self, FileRow, SnapshotRow, manifest};
use keelway_rows::{Of, stored};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::builds::before;
use crate::error::{Broken, Sql, Stop};
use crate::trip::{Trip, first, rows};
use crate::tx::Tx;
use crate::work::files;
use crate::{SqliteStore, audit, idempotency, tenant};

impl Trip {
    /// Asks for the project, if the tenant has it; for nothing without an id.
    pub(crate) fn ask_project(self, tenant: TenantId, id: Option<ProjectId>) -> Self {
        self.add(
            "SELECT tenant_id, id, name, slug, site, live_snapshot_id, created_at
             FROM projects WHERE tenant_id = ? AND id = ?",
        )
        .bind(tenant.as_uuid())
        .bind(id.map(ProjectId::as_uuid))
    }

    /// Asks for what matters for a new project; for nothing if none is wanted.
    pub(crate) fn ask_room(self, tenant: TenantId, new: Option<&NewProject>) -> Self {
        let tenant = new.map(|_| tenant.as_uuid());
        self.add(
            "SELECT (SELECT count(*) FROM projects WHERE tenant_id = ?),
                    EXISTS (SELECT 1 FROM projects WHERE tenant_id = ? AND slug = ?)",
        )
        .bind(tenant)
        .bind(tenant)
        .bind(new.map(|new| new.slug().as_str().to_owned()))
    }

    /// Asks for the active build of a project; for nothing without an id.
    pub(crate) fn ask_lock(self, tenant: TenantId, project: Option<ProjectId>) -> Self {
        self.add(
            "SELECT id, requested_by, created_at
             FROM builds
             WHERE tenant_id = ? AND project_id = ? AND state IN ('queued', 'building')",
        )
        .bind(tenant.as_uuid())
        .bind(project.map(ProjectId::as_uuid))
    }

    /// Asks for what the project of a build serves.
    pub(crate) fn ask_live(self, tenant: TenantId, build: BuildId) -> Self {
        self.add(
            "SELECT live_snapshot_id FROM projects
             WHERE tenant_id = ?
               AND id = (SELECT project_id FROM builds WHERE tenant_id = ? AND id = ?)",
        )
        .bind(tenant.as_uuid())
        .bind(tenant.as_uuid())
        .bind(build.as_uuid())
    }

    /// Asks for the snapshot, if the tenant has it, and for its files.
    pub(crate) fn ask_snapshot(self, tenant: TenantId, id: Option<SnapshotId>) -> Self {
        self.add(
            "SELECT id, project_id, build_id, parent_id, tree, files, bytes, preview, created_at
             FROM snapshots WHERE tenant_id = ? AND id = ?",
        )
        .bind(tenant.as_uuid())
        .bind(id.map(SnapshotId::as_uuid))
        .add(
            "SELECT path, digest, bytes
             FROM snapshot_files WHERE tenant_id = ? AND snapshot_id = ? ORDER BY path",
        )
        .bind(tenant.as_uuid())
        .bind(id.map(SnapshotId::as_uuid))
    }

    /// Saves a new project.
    pub(crate) fn put_project(self, project: &Project) -> Self {
        self.add(
            "INSERT INTO projects
                 (tenant_id, id, name, slug, site, live_snapshot_id, created_at, active_at,
                  name_key)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(project.tenant.as_uuid())
        .bind(project.id.as_uuid())
        .bind(project.name.as_str())
        .bind(project.slug.as_str())
        .bind(project.site.as_str())
        .bind(project.live.map(SnapshotId::as_uuid))
        .bind(project.created_at.as_micros())
        .bind(project.created_at.as_micros())
        .bind(ProjectName::search_key(project.name.as_str()))
    }

    /// Notes that a build was accepted or ended, with its project.
    pub(crate) fn put_active(self, build: &Build, at: Timestamp) -> Self {
        self.add("UPDATE projects SET active_at = ? WHERE tenant_id = ? AND id = ?")
            .bind(at.as_micros())
            .bind(build.tenant.as_uuid())
            .bind(build.project.as_uuid())
    }

    /// Saves a new snapshot with its files.
    pub(crate) fn put_snapshot(
        self,
        tenant: TenantId,
        (snapshot, manifest): &(Snapshot, Manifest),
    ) -> Sql<Self> {
        let trip = self
            .add(
                "INSERT INTO snapshots
                     (tenant_id, id, project_id, build_id, parent_id, tree, files, bytes,
                      preview, created_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(tenant.as_uuid())
            .bind(snapshot.id.as_uuid())
            .bind(snapshot.project.as_uuid())
            .bind(snapshot.build.as_uuid())
            .bind(snapshot.parent.map(SnapshotId::as_uuid))
            .bind(snapshot.tree.as_bytes().as_slice())
            .bind(stored(snapshot.files))
            .bind(stored(snapshot.bytes))
            .bind(snapshot.preview.as_str())
            .bind(snapshot.created_at.as_micros());
        Ok(trip
            .add_any(
                "INSERT INTO snapshot_files (tenant_id, snapshot_id, path, digest, bytes)
                 SELECT ?, ?, value ->> 0, unhex(value ->> 1), value ->> 2 FROM json_each(?)",
            )
            .bind(tenant.as_uuid())
            .bind(snapshot.id.as_uuid())
            .bind(files(manifest.iter())?))
    }
}

/// The project that was asked for.
pub(crate) fn project(found: &[SqliteRow]) -> Sql<Option<Project>> {
    let row: Option<ProjectRow> = first(found)?;
    Ok(row.map(ProjectRow::decode).transpose()?)
}

/// What was asked for about a new project.
pub(crate) fn room(found: &[SqliteRow], tenant: TenantId) -> Sql<ProjectFacts> {
    let (projects, slug_taken): (i64, bool) = first(found)?.unwrap_or_default();
    Ok(ProjectFacts { projects: Of("tenant", &tenant).number(projects)?, slug_taken })
}

/// The active build that was asked for.
pub(crate) fn lock(found: &[SqliteRow]) -> Sql<Option<ProjectLock>> {
    let row: Option<LockRow> = first(found)?;
    Ok(row.map(ProjectLock::from))
}

/// The snapshot that was asked for, with its files.
pub(crate) fn snapshot(
    found: &[SqliteRow],
    files: &[SqliteRow],
) -> Sql<Option<(Snapshot, Manifest)>> {
    let row: Option<SnapshotRow> = first(found)?;
    let Some(snapshot) = row.map(SnapshotRow::decode).transpose()? else { return Ok(None) };
    let files: Vec<FileRow> = rows(files)?;
    let manifest = manifest(snapshot.id, &files)?;
    Ok(Some((snapshot, manifest)))
}

/// The project, if the tenant has it.
pub(crate) async fn find(
    connection: &mut SqliteConnection,
    tenant: TenantId,
    id: ProjectId,
) -> Sql<Option<Project>> {
    let [found] = Trip::default().ask_project(tenant, Some(id)).read(connection).await?;
    project(&found)
}

/// The snapshot with its files, if the tenant has it.
pub(crate) async fn find_snapshot(
    connection: &mut SqliteConnection,
    tenant: TenantId,
    id: SnapshotId,
) -> Sql<Option<(Snapshot, Manifest)>> {
    let [found, files] = Trip::default().ask_snapshot(tenant, Some(id)).read(connection).await?;
    snapshot(&found, &files)
}

async fn create(
    tx: &mut Tx,
    cmd: CreateProject,
) -> Result<(Once<Project>, Trip), Stop<CreateProjectError>> {
    let (now, id, keyed) = (tx.now, cmd.scope.tenant(), cmd.keyed.as_ref());
    let asked = Trip::default().ask_reply(keyed, now).ask_plan(id);
    let asked = asked.ask_room(id, Some(&cmd.project)).ask_end(Some(id));
    let [reply, plan, space, end] = asked.read(tx).await?;
    if let Some(replayed) = idempotency::replayed(&reply, keyed)? {
        return Ok((replayed, Trip::default()));
    }
    let (plan, facts) = (tenant::plan(&plan, id, now)?, room(&space, id)?);
    let project = create_project(&plan, &facts, (cmd.scope, &cmd.project), &tx.rules, now)
        .map_err(|refusal| Stop::Refused(refusal.into()))?;

    let made = AuditAction::ProjectCreated;
    let audited = audit::entry(Some(id), &cmd.actor, made, project.id, now);
    let change = Trip::default().put_project(&project).put_audit(&[audited], audit::end(&end)?)?;
    let change = change.put_reply(keyed, &project, now)?;
    Ok((Once::Fresh(project), change))
}

#[async_trait]
impl Projects for SqliteStore {
    async fn create(
        &self,
        cmd: CreateProject,
    ) -> Result<Once<Project>, Failure<CreateProjectError>> {
        self.save(move |tx| Box::pin(create(tx, cmd))).await
    }

    async fn find_project(
        &self,
        scope: TenantScope,
        id: ProjectId,
    ) -> Result<Option<Project>, StoreError> {
        let mut reader = self.reader().await?;
        Ok(find(&mut reader, scope.tenant(), id).await?)
    }

    async fn list_projects(
        &self,
        scope: TenantScope,
        page: PageRequest,
    ) -> Result<Page<Project>, StoreError> {
        let (key, id) = before(&page);
        let rows: Vec<ProjectRow> = sqlx::query_as(
            "SELECT tenant_id, id, name, slug, site, live_snapshot_id, created_at
             FROM projects
             WHERE tenant_id = ? AND (created_at, id) < (?, ?)
             ORDER BY created_at DESC, id DESC LIMIT ?",
        )
        .bind(scope.tenant().as_uuid())
        .bind(key)
        .bind(id)
        .bind(i64::from(page.limit()) + 1)
        .fetch_all(self.readers())
        .await
        .map_err(Broken::from)?;
        let projects: Vec<Project> =
            rows.into_iter().map(ProjectRow::decode).collect::<Result<_, _>>()?;
        Ok(Page::from_rows(projects, &page, cursor))
    }

    async fn list_snapshots(
        &self,
        scope: TenantScope,
        project: ProjectId,
        page: PageRequest,
    ) -> Result<Page<Snapshot>, StoreError> {
        let (key, id) = before(&page);
        let rows: Vec<SnapshotRow> = sqlx::query_as(
            "SELECT id, project_id, build_id, parent_id, tree, files, bytes, preview, created_at
             FROM snapshots
             WHERE tenant_id = ? AND project_id = ? AND (created_at, id) < (?, ?)
             ORDER BY created_at DESC, id DESC LIMIT ?",
        )
        .bind(scope.tenant().as_uuid())
        .bind(project.as_uuid())
        .bind(key)
        .bind(id)
        .bind(i64::from(page.limit()) + 1)
        .fetch_all(self.readers())
        .await
        .map_err(Broken::from)?;
        let snapshots: Vec<Snapshot> =
            rows.into_iter().map(SnapshotRow::decode).collect::<Result<_, _>>()?;
        Ok(Page::from_rows(snapshots, &page, snapshot::cursor))
    }

    async fn find_snapshot(
        &self,
        scope: TenantScope,
        id: SnapshotId,
    ) -> Result<Option<(Snapshot, Manifest)>, StoreError> {
        self.read(move |reader| {
            Box::pin(async move { Ok(find_snapshot(reader, scope.tenant(), id).await?) })
        })
        .await
    }
}
