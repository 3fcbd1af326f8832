//! What the blobs are to have: the files of snapshots first, then those of kept work.

use keelway_builds::ports::NamedFile;
use keelway_rows::named::{OfSnapshotRow, OfWorkRow};
use sqlx::postgres::PgConnection;
use sqlx::types::Uuid;

use crate::error::Sql;

/// The next files behind `after`, at most `limit`.
pub(super) async fn files(
    reader: &mut PgConnection,
    after: Option<&NamedFile>,
    limit: u32,
) -> Sql<Vec<NamedFile>> {
    if let Some(key) = OfSnapshotRow::key(after) {
        let files = files_of_snapshots(reader, key, limit).await?;
        if !files.is_empty() {
            return Ok(files);
        }
    }
    files_of_work(reader, OfWorkRow::key(after), limit).await
}

async fn files_of_snapshots(
    reader: &mut PgConnection,
    (tenant, snapshot, path): (Uuid, Uuid, &str),
    limit: u32,
) -> Sql<Vec<NamedFile>> {
    let rows: Vec<OfSnapshotRow> = sqlx::query_as(
        "SELECT tenant_id, snapshot_id, path, digest, bytes
         FROM snapshot_files
         WHERE (tenant_id, snapshot_id, path) > ($1, $2, $3)
         ORDER BY tenant_id, snapshot_id, path
         LIMIT $4",
    )
    .bind(tenant)
    .bind(snapshot)
    .bind(path)
    .bind(i64::from(limit))
    .fetch_all(reader)
    .await?;
    Ok(rows.into_iter().map(OfSnapshotRow::decode).collect::<Result<_, _>>()?)
}

async fn files_of_work(
    reader: &mut PgConnection,
    (tenant, build, agent, position): (Uuid, Uuid, i64, i64),
    limit: u32,
) -> Sql<Vec<NamedFile>> {
    let rows: Vec<OfWorkRow> = sqlx::query_as(
        "SELECT tenant_id, build_id, number, position, path, digest, bytes
         FROM build_work_files
         WHERE (tenant_id, build_id, number, position) > ($1, $2, $3, $4)
         ORDER BY tenant_id, build_id, number, position
         LIMIT $5",
    )
    .bind(tenant)
    .bind(build)
    .bind(agent)
    .bind(position)
    .bind(i64::from(limit))
    .fetch_all(reader)
    .await?;
    Ok(rows.into_iter().map(OfWorkRow::decode).collect::<Result<_, _>>()?)
}
