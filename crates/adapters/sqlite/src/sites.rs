//! What the public sees.

use async_trait::async_trait;
use keelway_builds::ports::Sites;
use keelway_builds::{BlobRef, SiteLabel};
use keelway_kernel::StoreError;
use keelway_patch::FilePath;
use keelway_rows::snapshot::FileRow;

use crate::SqliteStore;
use crate::error::Broken;

#[async_trait]
impl Sites for SqliteStore {
    async fn site_file(
        &self,
        label: &SiteLabel,
        path: &FilePath,
    ) -> Result<Option<BlobRef>, StoreError> {
        let row: Option<FileRow> = sqlx::query_as(
            "WITH site AS (
                 -- A preview shows one snapshot for ever, a project whatever is live.
                 SELECT tenant_id, id AS snapshot_id FROM snapshots WHERE preview = ?1
                 UNION ALL
                 SELECT tenant_id, live_snapshot_id FROM projects WHERE site = ?1
             )
             SELECT f.path, f.digest, f.bytes
             FROM site s
             JOIN snapshot_files f
               ON f.tenant_id = s.tenant_id AND f.snapshot_id = s.snapshot_id AND f.path = ?2
             LIMIT 1",
        )
        .bind(label.as_str())
        .bind(path.as_str())
        .fetch_optional(self.readers())
        .await
        .map_err(Broken::from)?;
        Ok(row.map(|row| row.decode()).transpose()?.map(|(_, blob)| blob))
    }
}
