//! Snapshots and files by hash.

use keelway_builds::{BlobRef, Digest, Manifest, SiteLabel, Snapshot};
use keelway_kernel::{BuildId, Cursor, ProjectId, SnapshotId, StoreError, Timestamp};
use keelway_patch::FilePath;
use sqlx::types::Uuid;

use crate::Moment;
use crate::decode::Of;

/// A row of `snapshots`.
#[derive(Debug, Clone, sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct SnapshotRow {
    pub id: Uuid,
    pub project_id: Uuid,
    pub build_id: Uuid,
    pub parent_id: Option<Uuid>,
    pub tree: Vec<u8>,
    pub files: i64,
    pub bytes: i64,
    pub preview: String,
    pub created_at: Moment,
}

impl SnapshotRow {
    /// The snapshot without its files.
    pub fn decode(self) -> Result<Snapshot, StoreError> {
        let id = SnapshotId::from_uuid(self.id);
        let row = Of("snapshot", &id);
        Ok(Snapshot {
            id,
            project: ProjectId::from_uuid(self.project_id),
            build: BuildId::from_uuid(self.build_id),
            parent: self.parent_id.map(SnapshotId::from_uuid),
            tree: Digest::from_bytes(row.hash(&self.tree)?),
            files: row.number(self.files)?,
            bytes: row.number(self.bytes)?,
            preview: row.known(SiteLabel::parse(&self.preview))?,
            created_at: Timestamp::from(self.created_at),
        })
    }
}

/// Where a list of snapshots goes on.
pub fn cursor(snapshot: &Snapshot) -> Cursor {
    Cursor { key: snapshot.created_at.as_micros(), id: snapshot.id.as_uuid() }
}

/// A file of a snapshot, or of an agent's work.
#[derive(Debug, Clone, sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct FileRow {
    pub path: String,
    pub digest: Vec<u8>,
    pub bytes: i64,
}

impl FileRow {
    /// The file.
    pub fn decode(&self) -> Result<(FilePath, BlobRef), StoreError> {
        let row = Of("file", &self.path);
        let path = row.parsed(FilePath::parse(&self.path))?;
        Ok((path, blob(row, &self.digest, self.bytes)?))
    }
}

/// Stored bytes, by their hash.
pub fn blob(row: Of<'_>, digest: &[u8], bytes: i64) -> Result<BlobRef, StoreError> {
    Ok(BlobRef { digest: Digest::from_bytes(row.hash(digest)?), bytes: row.number(bytes)? })
}

/// The manifest of a snapshot's files.
pub fn manifest(snapshot: SnapshotId, files: &[FileRow]) -> Result<Manifest, StoreError> {
    let mut manifest = Manifest::default();
    for file in files {
        let (path, blob) = file.decode()?;
        Of("snapshot", &snapshot).parsed(manifest.insert(path, blob))?;
    }
    Ok(manifest)
}
