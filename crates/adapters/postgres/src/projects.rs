//! Projects and their snapshots.

use async_trait::async_trait;
use keelway_access::{AuditAction, Slug};
use keelway_builds::ports::Projects;
use keelway_builds::project::{CreateProject, CreateProjectError, ProjectFacts, create_project};
use keelway_builds::{Build, Manifest, NewProject, Project, ProjectName, Snapshot};
use keelway_kernel::{
    Failure, Once, Page, PageRequest, ProjectId, SnapshotId, StoreError, TenantId, TenantScope,
    Timestamp,
};
use keelway_rows::project::{ProjectRow, cursor};
use keelway_rows::snapshot::{self, FileRow, SnapshotRow, manifest};
use keelway_rows::{Moment, Of, stored};
use sqlx::postgres::PgConnection;
use sqlx::types::Uuid;

use crate::audit::Ends;
use crate::builds::before;
use crate::columns::column;
use crate::error::{Sql, Stop};
use crate::trip::Trip;
use crate::tx::Reach;
use crate::{PostgresStore, audit, idempotency, tenant};

/// The project, if the tenant has it.
pub(crate) async fn find(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: ProjectId,
) -> Sql<Option<Project>> {
    let row: Option<ProjectRow> = sqlx::query_as(
        "SELECT tenant_id, id, name, slug, site, live_snapshot_id, created_at
         FROM projects WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant.as_uuid())
    .bind(id.as_uuid())
    .fetch_optional(connection)
    .await?;
    Ok(row.map(ProjectRow::decode).transpose()?)
}

/// What a row of a build tells of its project.
#[derive(sqlx::FromRow)]
pub(crate) struct Beside {
    name: String,
    slug: String,
    site: String,
    live_snapshot_id: Option<Uuid>,
    project_created_at: Moment,
}

impl Beside {
    pub(crate) fn decode(self, build: &Build) -> Sql<Project> {
        let row = ProjectRow {
            tenant_id: build.tenant.as_uuid(),
            id: build.project.as_uuid(),
            name: self.name,
            slug: self.slug,
            site: self.site,
            live_snapshot_id: self.live_snapshot_id,
            created_at: self.project_created_at,
        };
        Ok(row.decode()?)
    }
}

/// What matters for a new project.
async fn facts(tx: &mut PgConnection, tenant: TenantId, new: &NewProject) -> Sql<ProjectFacts> {
    let slug: Slug = new.slug();
    let (projects, slug_taken): (i64, bool) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM projects WHERE tenant_id = $1),
                EXISTS (SELECT 1 FROM projects WHERE tenant_id = $1 AND slug = $2)",
    )
    .bind(tenant.as_uuid())
    .bind(slug.as_str())
    .fetch_one(tx)
    .await?;
    Ok(ProjectFacts { projects: Of("tenant", &tenant).number(projects)?, slug_taken })
}

/// Saves a new project.
pub(crate) fn insert(trip: &mut Trip, project: &Project) {
    trip.one(
        "project",
        "INSERT INTO projects
             (tenant_id, id, name, slug, site, live_snapshot_id, created_at, name_key, active_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7)",
    )
    .bind(project.tenant.as_uuid())
    .bind(project.id.as_uuid())
    .bind(project.name.as_str())
    .bind(project.slug.as_str())
    .bind(project.site.as_str())
    .bind(project.live.map(SnapshotId::as_uuid))
    .bind(Moment(project.created_at))
    .bind(ProjectName::search_key(project.name.as_str()));
}

/// Notes that a build of the project was accepted or ended, and what is served from now on if
/// that changed it.
pub(crate) fn was_active(
    trip: &mut Trip,
    build: &Build,
    (at, live): (Timestamp, Option<SnapshotId>),
) {
    trip.one(
        "project",
        "UPDATE projects SET active_at = $1, live_snapshot_id = COALESCE($2, live_snapshot_id)
         WHERE tenant_id = $3 AND id = $4",
    )
    .bind(Moment(at))
    .bind(live.map(SnapshotId::as_uuid))
    .bind(build.tenant.as_uuid())
    .bind(build.project.as_uuid());
}

/// Saves a new snapshot with its files.
pub(crate) fn insert_snapshot(
    trip: &mut Trip,
    tenant: TenantId,
    (snapshot, manifest): &(Snapshot, Manifest),
) {
    trip.one(
        "snapshot",
        "INSERT INTO snapshots
             (tenant_id, id, project_id, build_id, parent_id, tree, files, bytes, preview,
              created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
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
    .bind(Moment(snapshot.created_at));
    let files: Vec<_> = manifest.iter().collect();
    trip.any(
        "snapshot_files",
        "INSERT INTO snapshot_files (tenant_id, snapshot_id, path, digest, bytes)
         SELECT $1, $2, file.* FROM UNNEST($3::text[], $4::bytea[], $5::bigint[]) AS file",
    )
    .bind(tenant.as_uuid())
    .bind(snapshot.id.as_uuid())
    .bind(column(&files, |(path, _)| path.as_str()))
    .bind(column(&files, |(_, blob)| blob.digest.as_bytes().as_slice()))
    .bind(column(&files, |(_, blob)| stored(blob.bytes)));
}

/// The snapshot with its files, if the tenant has it.
pub(crate) async fn find_snapshot(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: SnapshotId,
) -> Sql<Option<(Snapshot, Manifest)>> {
    let row: Option<SnapshotRow> = sqlx::query_as(
        "SELECT id, project_id, build_id, parent_id, tree, files, bytes, preview, created_at
         FROM snapshots WHERE tenant_id = $1 AND id = $2",
    )
    .bind(tenant.as_uuid())
    .bind(id.as_uuid())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let files: Vec<FileRow> = sqlx::query_as(
        "SELECT path, digest, bytes
         FROM snapshot_files WHERE tenant_id = $1 AND snapshot_id = $2 ORDER BY path",
    )
    .bind(tenant.as_uuid())
    .bind(id.as_uuid())
    .fetch_all(connection)
    .await?;
    Ok(Some((row.decode()?, manifest(id, &files)?)))
}

#[async_trait]
impl Projects for PostgresStore {
    async fn create(
        &self,
        cmd: CreateProject,
    ) -> Result<Once<Project>, Failure<CreateProjectError>> {
        self.write(cmd.scope, cmd, |tx, cmd| {
            Box::pin(async move {
                if let Some(replayed) = idempotency::replay(tx, cmd.keyed.as_ref()).await? {
                    return Ok(replayed);
                }
                let (now, id) = (tx.now, cmd.scope.tenant());
                let tenant = tenant::facts(tx, id, now).await?;
                let facts = facts(tx, id, &cmd.project).await?;
                let wanted = (cmd.scope, &cmd.project);
                let project = create_project(&tenant, &facts, wanted, &tx.rules, now)
                    .map_err(|refusal| Stop::Refused(refusal.into()))?;

                let made = AuditAction::ProjectCreated;
                let told = [audit::entry(Some(id), &cmd.actor, made, project.id, now)];
                let mut chain = Ends::load(tx, &told).await?;
                let mut trip = Trip::default();
                insert(&mut trip, &project);
                audit::tell(&mut trip, &chain.seal(&told)?);
                idempotency::keep(&mut trip, now, cmd.keyed.as_ref(), &project)?;
                trip.write(tx).await?;
                Ok(Once::Fresh(project))
            })
        })
        .await
    }

    async fn find_project(
        &self,
        scope: TenantScope,
        id: ProjectId,
    ) -> Result<Option<Project>, StoreError> {
        self.read(Reach::from(scope), move |tx| {
            Box::pin(async move { Ok(find(tx, scope.tenant(), id).await?) })
        })
        .await
    }

    async fn list_projects(
        &self,
        scope: TenantScope,
        page: PageRequest,
    ) -> Result<Page<Project>, StoreError> {
        let (key, id) = before(&page);
        let asked = sqlx::query_as(
            "SELECT tenant_id, id, name, slug, site, live_snapshot_id, created_at
             FROM projects
             WHERE tenant_id = $1 AND (created_at, id) < ($2, $3)
             ORDER BY created_at DESC, id DESC LIMIT $4",
        )
        .bind(scope.tenant().as_uuid())
        .bind(key)
        .bind(id)
        .bind(i64::from(page.limit()) + 1);
        let rows: Vec<ProjectRow> = self.rows(Reach::from(scope), asked).await?;
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
        let asked = sqlx::query_as(
            "SELECT id, project_id, build_id, parent_id, tree, files, bytes, preview, created_at
             FROM snapshots
             WHERE tenant_id = $1 AND project_id = $2 AND (created_at, id) < ($3, $4)
             ORDER BY created_at DESC, id DESC LIMIT $5",
        )
        .bind(scope.tenant().as_uuid())
        .bind(project.as_uuid())
        .bind(key)
        .bind(id)
        .bind(i64::from(page.limit()) + 1);
        let rows: Vec<SnapshotRow> = self.rows(Reach::from(scope), asked).await?;
        let snapshots: Vec<Snapshot> =
            rows.into_iter().map(SnapshotRow::decode).collect::<Result<_, _>>()?;
        Ok(Page::from_rows(snapshots, &page, snapshot::cursor))
    }

    async fn find_snapshot(
        &self,
        scope: TenantScope,
        id: SnapshotId,
    ) -> Result<Option<(Snapshot, Manifest)>, StoreError> {
        self.read(Reach::from(scope), move |tx| {
            Box::pin(async move { Ok(find_snapshot(tx, scope.tenant(), id).await?) })
        })
        .await
    }
}
