//! What the blobs are to have: the files of snapshots first, then those of kept work.

use keelway_builds::ports::{NamedBy, NamedFile};
use keelway_kernel::{BuildId, SnapshotId, TenantId};
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
    let start = (TenantId::from_uuid(Uuid::nil()), Uuid::nil());
    let of_snapshots = match after {
        None => Some((start.0, SnapshotId::from_uuid(start.1), "")),
        Some(NamedFile { tenant, by: NamedBy::Snapshot(id), path, .. }) => {
            Some((*tenant, *id, path.as_str()))
        }
        Some(_) => None,
    };
    if let Some(after) = of_snapshots {
        let files = files_of_snapshots(reader, after, limit).await?;
        if !files.is_empty() {
            return Ok(files);
        }
    }
    let after = match after {
        Some(NamedFile { tenant, by: NamedBy::Work { build, agent, position }, .. }) => {
            (*tenant, *build, *agent, *position)
        }
        _ => (start.0, BuildId::from_uuid(start.1), 0, 0),
    };
    files_of_work(reader, after, limit).await
}

async fn files_of_snapshots(
    reader: &mut PgConnection,
    (tenant, snapshot, path): (TenantId, SnapshotId, &str),
    limit: u32,
) -> Sql<Vec<NamedFile>> {
    let rows: Vec<OfSnapshotRow> = sqlx::query_as(
        "SELECT tenant_id, snapshot_id, path, digest, bytes
         FROM snapshot_files
         WHERE (tenant_id, snapshot_id, path) > ($1, $2, $3)
         ORDER BY tenant_id, snapshot_id, path
         LIMIT $4",
    )
    .bind(tenant.as_uuid())
    .bind(snapshot.as_uuid())
    .bind(path)
    .bind(i64::from(limit))
    .fetch_all(reader)
    .await?;
    Ok(rows.into_iter().map(OfSnapshotRow::decode).collect::<Result<_, _>>()?)
}

async fn files_of_work(
    reader: &mut PgConnection,
    (tenant, build, agent, position): (TenantId, BuildId, u32, u32),
    limit: u32,
) -> Sql<Vec<NamedFile>> {
    let rows: Vec<OfWorkRow> = sqlx::query_as(
        "SELECT tenant_id, build_id, number, position, path, digest, bytes
         FROM build_work_files
         WHERE (tenant_id, build_id, number, position) > ($1, $2, $3, $4)
         ORDER BY tenant_id, build_id, number, position
         LIMIT $5",
    )
    .bind(tenant.as_uuid())
    .bind(build.as_uuid())
    .bind(i64::from(agent))
    .bind(i64::from(position))
    .bind(i64::from(limit))
    .fetch_all(reader)
    .await?;
    Ok(rows.into_iter().map(OfWorkRow::decode).collect::<Result<_, _>>()?)
}
