//! Rows that must say what they are, read by the page.

use std::collections::BTreeMap;

use keelway_builds::ports::Inspection;
use keelway_builds::{Snapshot, tree_digest};
use keelway_kernel::{BuildId, ProjectId, SnapshotId, StoreError, TenantId};
use keelway_rows::build::BuildRow;
use keelway_rows::project::ProjectRow;
use keelway_rows::snapshot::{FileRow, SnapshotRow, manifest};
use sqlx::postgres::PgConnection;
use sqlx::types::Uuid;

use super::{corrupt, count, unread, violated};
use crate::builds::{select_builds, work_of};
use crate::columns::column;
use crate::error::{Broken, Sql};

/// How many rows are held at once.
const PAGE: i64 = 500;

/// I8: every build is in exactly one state, which its row can say.
pub(super) async fn builds(reader: &mut PgConnection, seen: &mut Inspection) -> Sql<()> {
    let mut after = (Uuid::nil(), Uuid::nil());
    let mut subjects = 0;
    loop {
        let page: Vec<BuildRow> = sqlx::query_as(select_builds!(
            "WHERE (b.tenant_id, b.id) > ($1, $2) ORDER BY b.tenant_id, b.id LIMIT $3"
        ))
        .bind(after.0)
        .bind(after.1)
        .bind(PAGE)
        .fetch_all(&mut *reader)
        .await?;
        let Some(last) = page.last() else { break };
        after = (last.tenant_id, last.id);
        subjects += page.len() as u64;
        for row in page {
            let id = BuildId::from_uuid(row.id);
            if let Err(error) = row.decode() {
                corrupt(seen, "I8", id.to_string(), error)?;
            }
        }
    }
    count(seen, "I8", subjects);
    Ok(())
}

/// I8: what builds are of can be read.
pub(super) async fn projects(reader: &mut PgConnection, seen: &mut Inspection) -> Sql<()> {
    let mut after = (Uuid::nil(), Uuid::nil());
    loop {
        let page: Vec<ProjectRow> = sqlx::query_as(
            "SELECT tenant_id, id, name, slug, site, live_snapshot_id, created_at
             FROM projects
             WHERE (tenant_id, id) > ($1, $2) ORDER BY tenant_id, id LIMIT $3",
        )
        .bind(after.0)
        .bind(after.1)
        .bind(PAGE)
        .fetch_all(&mut *reader)
        .await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = (last.tenant_id, last.id);
        for row in page {
            let id = ProjectId::from_uuid(row.id);
            if let Err(error) = row.decode() {
                corrupt(seen, "I8", id.to_string(), error)?;
            }
        }
    }
}

/// I8: what builds that go on have kept can be read.
pub(super) async fn work(reader: &mut PgConnection, seen: &mut Inspection) -> Sql<()> {
    let begun: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "SELECT tenant_id, id FROM builds
         WHERE state IN ('queued', 'building') AND attempt > 0 ORDER BY tenant_id, id",
    )
    .fetch_all(&mut *reader)
    .await?;
    for (tenant, build) in begun {
        let (tenant, build) = (TenantId::from_uuid(tenant), BuildId::from_uuid(build));
        if let Err(Broken(error)) = work_of(reader, tenant, build).await {
            unread(reader, seen, ("I8", build.to_string()), error).await?;
        }
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct KeyedSnapshot {
    tenant_id: Uuid,
    #[sqlx(flatten)]
    snapshot: SnapshotRow,
}

#[derive(sqlx::FromRow)]
struct KeyedFile {
    tenant_id: Uuid,
    snapshot_id: Uuid,
    #[sqlx(flatten)]
    file: FileRow,
}

/// I16: what a snapshot says of its files is what its files say.
pub(super) async fn manifests(reader: &mut PgConnection, seen: &mut Inspection) -> Sql<()> {
    let mut after = (Uuid::nil(), Uuid::nil());
    let mut subjects = 0;
    loop {
        let page: Vec<KeyedSnapshot> = sqlx::query_as(
            "SELECT tenant_id, id, project_id, build_id, parent_id, tree, files, bytes, preview,
                    created_at
             FROM snapshots
             WHERE (tenant_id, id) > ($1, $2) ORDER BY tenant_id, id LIMIT $3",
        )
        .bind(after.0)
        .bind(after.1)
        .bind(PAGE)
        .fetch_all(&mut *reader)
        .await?;
        let Some(last) = page.last() else { break };
        after = (last.tenant_id, last.snapshot.id);
        subjects += page.len() as u64;
        let mut files = files_of(reader, &page).await?;
        for KeyedSnapshot { tenant_id, snapshot: row } in page {
            let id = SnapshotId::from_uuid(row.id);
            let files = files.remove(&(tenant_id, row.id)).unwrap_or_default();
            match row.decode().and_then(|snapshot| difference(&snapshot, &files)) {
                Err(error) => corrupt(seen, "I16", id.to_string(), error)?,
                Ok(None) => {}
                Ok(Some(detail)) => violated(seen, "I16", id.to_string(), detail),
            }
        }
    }
    count(seen, "I16", subjects);
    Ok(())
}

async fn files_of(
    reader: &mut PgConnection,
    page: &[KeyedSnapshot],
) -> Sql<BTreeMap<(Uuid, Uuid), Vec<FileRow>>> {
    let rows: Vec<KeyedFile> = sqlx::query_as(
        "SELECT tenant_id, snapshot_id, path, digest, bytes
         FROM unnest($1::uuid[], $2::uuid[]) AS wanted (tenant_id, snapshot_id)
         JOIN snapshot_files USING (tenant_id, snapshot_id)",
    )
    .bind(column(page, |keyed| keyed.tenant_id))
    .bind(column(page, |keyed| keyed.snapshot.id))
    .fetch_all(reader)
    .await?;
    let mut files: BTreeMap<_, Vec<FileRow>> = BTreeMap::new();
    for KeyedFile { tenant_id, snapshot_id, file } in rows {
        files.entry((tenant_id, snapshot_id)).or_default().push(file);
    }
    Ok(files)
}

/// How its files differ from what the snapshot says of them.
fn difference(snapshot: &Snapshot, files: &[FileRow]) -> Result<Option<String>, StoreError> {
    let manifest = manifest(snapshot.id, files)?;
    let bytes: u64 = manifest.iter().map(|(_, blob)| blob.bytes).sum();
    let sums = (manifest.len() as u64, bytes, tree_digest(&manifest));
    let is_so = sums == (snapshot.files, snapshot.bytes, snapshot.tree);
    Ok((!is_so).then(|| format!("its files come to {sums:?}")))
}
