//! What the public sees.

use async_trait::async_trait;
use keelway_builds::ports::Sites;
use keelway_builds::{BlobRef, SiteLabel};
use keelway_kernel::StoreError;
use keelway_patch::FilePath;
use keelway_rows::snapshot::FileRow;

use crate::PostgresStore;
use crate::tx::Reach;

#[async_trait]
impl Sites for PostgresStore {
    async fn site_file(
        &self,
        label: &SiteLabel,
        path: &FilePath,
    ) -> Result<Option<BlobRef>, StoreError> {
        let asked = sqlx::query_as(
            "WITH site AS (
                 -- A preview shows one snapshot for ever, a project whatever is live.
                 SELECT tenant_id, id AS snapshot_id FROM snapshots WHERE preview = $1
                 UNION ALL
                 SELECT tenant_id, live_snapshot_id FROM projects WHERE site = $1
             )
             SELECT f.path, f.digest, f.bytes
             FROM site s
             JOIN snapshot_files f
               ON f.tenant_id = s.tenant_id AND f.snapshot_id = s.snapshot_id AND f.path = $2
             LIMIT 1",
        )
        .bind(label.as_str().to_owned())
        .bind(path.as_str().to_owned());
        // Whose it is shows only when it is found, and then it is the public's.
        let row: Option<FileRow> = self.row(Reach::Platform, asked).await?;
        Ok(row.map(|row| row.decode()).transpose()?.map(|(_, blob)| blob))
    }
}
