//! Files with what names them.

use keelway_builds::ports::{NamedBy, NamedFile};
use keelway_kernel::{BuildId, SnapshotId, StoreError, TenantId};
use sqlx::types::Uuid;

use crate::decode::Of;
use crate::snapshot::{FileRow, blob};

/// A row of `snapshot_files`.
#[derive(Debug, Clone, sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct OfSnapshotRow {
    pub tenant_id: Uuid,
    pub snapshot_id: Uuid,
    #[sqlx(flatten)]
    pub file: FileRow,
}

/// A row of `build_work_files`.
#[derive(Debug, Clone, sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct OfWorkRow {
    pub tenant_id: Uuid,
    pub build_id: Uuid,
    pub number: i64,
    pub position: i64,
    #[sqlx(flatten)]
    pub file: FileRow,
}

impl OfSnapshotRow {
    /// The key that the rows behind `after` follow; none once those of work are its turn.
    pub fn key(after: Option<&NamedFile>) -> Option<(Uuid, Uuid, &str)> {
        match after {
            None => Some((Uuid::nil(), Uuid::nil(), "")),
            Some(NamedFile { tenant, by: NamedBy::Snapshot(id), path, .. }) => {
                Some((tenant.as_uuid(), id.as_uuid(), path))
            }
            Some(NamedFile { by: NamedBy::Work { .. }, .. }) => None,
        }
    }

    /// The file.
    pub fn decode(self) -> Result<NamedFile, StoreError> {
        let snapshot = SnapshotId::from_uuid(self.snapshot_id);
        let row = Of("snapshot", &snapshot);
        named(self.tenant_id, NamedBy::Snapshot(snapshot), row, self.file)
    }
}

impl OfWorkRow {
    /// The key that the rows behind `after` follow.
    pub fn key(after: Option<&NamedFile>) -> (Uuid, Uuid, i64, i64) {
        match after {
            Some(NamedFile { tenant, by: NamedBy::Work { build, agent, position }, .. }) => {
                (tenant.as_uuid(), build.as_uuid(), (*agent).into(), (*position).into())
            }
            _ => (Uuid::nil(), Uuid::nil(), 0, 0),
        }
    }

    /// The file.
    pub fn decode(self) -> Result<NamedFile, StoreError> {
        let build = BuildId::from_uuid(self.build_id);
        let id = format!("{build}/{}", self.number);
        let row = Of("work", &id);
        let (agent, position) = (row.number(self.number)?, row.number(self.position)?);
        named(self.tenant_id, NamedBy::Work { build, agent, position }, row, self.file)
    }
}

fn named(tenant: Uuid, by: NamedBy, row: Of<'_>, file: FileRow) -> Result<NamedFile, StoreError> {
    let blob = blob(row, &file.digest, file.bytes)?;
    Ok(NamedFile { tenant: TenantId::from_uuid(tenant), by, path: file.path, blob })
}
