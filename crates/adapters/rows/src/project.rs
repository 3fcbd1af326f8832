//! Projects and their locks.

use keelway_access::Slug;
use keelway_builds::{Project, ProjectLock, ProjectName, SiteLabel};
use keelway_kernel::{
    BuildId, Cursor, ProjectId, SnapshotId, StoreError, TenantId, Timestamp, UserId,
};
use sqlx::types::Uuid;

use crate::Moment;
use crate::decode::Of;

/// A row of `projects`.
#[derive(Debug, Clone, sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct ProjectRow {
    pub tenant_id: Uuid,
    pub id: Uuid,
    pub name: String,
    pub slug: String,
    pub site: String,
    pub live_snapshot_id: Option<Uuid>,
    pub created_at: Moment,
}

impl ProjectRow {
    /// The project.
    pub fn decode(self) -> Result<Project, StoreError> {
        let id = ProjectId::from_uuid(self.id);
        let row = Of("project", &id);
        Ok(Project {
            id,
            tenant: TenantId::from_uuid(self.tenant_id),
            name: row.parsed(ProjectName::stored(&self.name))?,
            slug: row.parsed(Slug::parse(&self.slug))?,
            site: row.known(SiteLabel::parse(&self.site))?,
            live: self.live_snapshot_id.map(SnapshotId::from_uuid),
            created_at: Timestamp::from(self.created_at),
        })
    }
}

/// Where a list of projects goes on.
pub fn cursor(project: &Project) -> Cursor {
    Cursor { key: project.created_at.as_micros(), id: project.id.as_uuid() }
}

/// What is told of the active build of a project.
#[derive(Debug, Clone, sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct LockRow {
    pub id: Uuid,
    pub requested_by: Uuid,
    pub created_at: Moment,
}

impl From<LockRow> for ProjectLock {
    fn from(row: LockRow) -> Self {
        Self {
            build: BuildId::from_uuid(row.id),
            holder: UserId::from_uuid(row.requested_by),
            since: row.created_at.into(),
        }
    }
}
