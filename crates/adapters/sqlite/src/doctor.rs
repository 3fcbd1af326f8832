//! Proves the invariants on the stored rows: by SQL where sums and counts tell, and by the
//! domain's own checks where rules do. Before them stands that the file is whole.

mod books;
mod checks;
mod file;
mod named;

use async_trait::async_trait;
use keelway_access::audit::{Seal, verify_chain};
use keelway_builds::ports::{Inspection, Inspector, NamedFile, Violation};
use keelway_builds::tree_digest;
use keelway_credits as ledger;
use keelway_kernel::{BuildId, ProjectId, SnapshotId, StoreError, TenantId, Timestamp};
use keelway_rows::audit::AuditRow;
use sqlx::SqliteConnection;
use sqlx::types::Uuid;

use crate::error::{Broken, Sql};
use crate::{SqliteStore, builds, projects, work};
use checks::CHECKS;

#[async_trait]
impl Inspector for SqliteStore {
    async fn inspect(&self) -> Result<Inspection, StoreError> {
        let now = self.now();
        self.read(move |reader| Box::pin(async move { Ok(inspect(reader, now).await?) })).await
    }

    async fn named_files(
        &self,
        after: Option<&NamedFile>,
        limit: u32,
    ) -> Result<Vec<NamedFile>, StoreError> {
        let after = after.cloned();
        self.read(move |reader| {
            Box::pin(async move { Ok(named::files(reader, after.as_ref(), limit).await?) })
        })
        .await
    }
}

async fn inspect(reader: &mut SqliteConnection, now: Timestamp) -> Sql<Inspection> {
    let mut seen = Inspection::default();
    file::whole(reader, &mut seen).await?;
    let damaged = !seen.violations.is_empty();
    match rest(reader, now, &mut seen).await {
        // Why the rest cannot be read was said already.
        Err(Broken(StoreError::Corrupt { .. })) if damaged => {}
        done => done?,
    }
    Ok(seen)
}

async fn rest(reader: &mut SqliteConnection, now: Timestamp, seen: &mut Inspection) -> Sql<()> {
    file::references(reader, seen).await?;
    for check in CHECKS {
        let subjects: i64 = sqlx::query_scalar(check.subjects).fetch_one(&mut *reader).await?;
        let broken: Vec<(String, String)> =
            sqlx::query_as(check.broken).bind(now.as_micros()).fetch_all(&mut *reader).await?;
        count(seen, check.invariant, u64::try_from(subjects).unwrap_or(0));
        for (subject, detail) in broken {
            violated(seen, check.invariant, subject, detail);
        }
    }
    accounts(reader, seen).await?;
    rows(reader, seen).await?;
    chains(reader, seen).await?;
    manifests(reader, seen).await?;
    Ok(())
}

/// I1 to I4 once more, as the ledger's own rules see them.
async fn accounts(reader: &mut SqliteConnection, seen: &mut Inspection) -> Sql<()> {
    for tenant in ids(reader, "SELECT tenant_id FROM credit_accounts ORDER BY tenant_id").await? {
        let tenant = TenantId::from_uuid(tenant);
        match books::audit(reader, tenant).await {
            Err(error) => corrupt(seen, "I4", tenant.to_string(), error.into())?,
            Ok(violations) => {
                for violation in violations {
                    let invariant = match violation {
                        ledger::Violation::Balance { .. }
                        | ledger::Violation::Grants { .. }
                        | ledger::Violation::Entry { .. } => "I1",
                        ledger::Violation::Held { .. } => "I2",
                        ledger::Violation::Overspent { .. } => "I3",
                        ledger::Violation::Hold { .. } => "I4",
                    };
                    violated(seen, invariant, tenant.to_string(), violation.to_string());
                }
            }
        }
    }
    Ok(())
}

/// I8: every build is in exactly one state, which its row can say; and what it goes on with can
/// be read as well.
async fn rows(reader: &mut SqliteConnection, seen: &mut Inspection) -> Sql<()> {
    let builds: Vec<(Uuid, Uuid)> =
        sqlx::query_as("SELECT tenant_id, id FROM builds ORDER BY tenant_id, id")
            .fetch_all(&mut *reader)
            .await?;
    count(seen, "I8", builds.len() as u64);
    for (tenant, build) in builds {
        let (tenant, build) = (TenantId::from_uuid(tenant), BuildId::from_uuid(build));
        if let Err(error) = builds::find(reader, tenant, build).await {
            corrupt(seen, "I8", build.to_string(), error.into())?;
        }
    }
    let projects: Vec<(Uuid, Uuid)> =
        sqlx::query_as("SELECT tenant_id, id FROM projects ORDER BY tenant_id, id")
            .fetch_all(&mut *reader)
            .await?;
    for (tenant, project) in projects {
        let (tenant, project) = (TenantId::from_uuid(tenant), ProjectId::from_uuid(project));
        if let Err(error) = projects::find(reader, tenant, project).await {
            corrupt(seen, "I8", project.to_string(), error.into())?;
        }
    }
    let begun: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "SELECT tenant_id, id FROM builds
         WHERE state IN ('queued', 'building') AND attempt > 0 ORDER BY tenant_id, id",
    )
    .fetch_all(&mut *reader)
    .await?;
    for (tenant, build) in begun {
        let (tenant, build) = (TenantId::from_uuid(tenant), BuildId::from_uuid(build));
        if let Err(error) = work::of(reader, tenant, build).await {
            corrupt(seen, "I8", build.to_string(), error.into())?;
        }
    }
    Ok(())
}

/// I14: every chain holds.
async fn chains(reader: &mut SqliteConnection, seen: &mut Inspection) -> Sql<()> {
    for tenant in ids(reader, "SELECT DISTINCT tenant_id FROM audit_log ORDER BY tenant_id").await?
    {
        let rows: Vec<AuditRow> = sqlx::query_as(
            "SELECT tenant_id, seq, at, user_id, request_id, action, subject, data, seal
             FROM audit_log WHERE tenant_id = ? ORDER BY seq",
        )
        .bind(tenant)
        .fetch_all(&mut *reader)
        .await?;
        count(seen, "I14", rows.len() as u64);
        let subject = TenantId::from_uuid(tenant).to_string();
        let gap = (1..).zip(&rows).find(|(seq, row)| row.seq != *seq);
        if let Some((seq, _)) = gap {
            violated(seen, "I14", subject.clone(), format!("entry {seq} is missing"));
        }
        match rows.into_iter().map(AuditRow::decode).collect::<Result<Vec<_>, _>>() {
            Err(error) => corrupt(seen, "I14", subject, error)?,
            Ok(entries) => {
                let sealed = entries.iter().map(|(entry, seal)| (entry, *seal));
                if let Err(broken) = verify_chain(Seal::FIRST, sealed) {
                    violated(seen, "I14", subject, broken.to_string());
                }
            }
        }
    }
    Ok(())
}

/// I16: what a snapshot says of its files is what its files say.
async fn manifests(reader: &mut SqliteConnection, seen: &mut Inspection) -> Sql<()> {
    let keys: Vec<(Uuid, Uuid)> =
        sqlx::query_as("SELECT tenant_id, id FROM snapshots ORDER BY tenant_id, id")
            .fetch_all(&mut *reader)
            .await?;
    count(seen, "I16", keys.len() as u64);
    for (tenant, id) in keys {
        let (tenant, id) = (TenantId::from_uuid(tenant), SnapshotId::from_uuid(id));
        match projects::find_snapshot(reader, tenant, id).await {
            Err(error) => corrupt(seen, "I16", id.to_string(), error.into())?,
            Ok(None) => {}
            Ok(Some((snapshot, manifest))) => {
                let bytes: u64 = manifest.iter().map(|(_, blob)| blob.bytes).sum();
                let sums = (manifest.len() as u64, bytes, tree_digest(&manifest));
                if sums != (snapshot.files, snapshot.bytes, snapshot.tree) {
                    let detail = format!("its files come to {sums:?}");
                    violated(seen, "I16", id.to_string(), detail);
                }
            }
        }
    }
    Ok(())
}

async fn ids(reader: &mut SqliteConnection, sql: &'static str) -> Sql<Vec<Uuid>> {
    Ok(sqlx::query_scalar(sql).fetch_all(reader).await?)
}

fn count(seen: &mut Inspection, invariant: &'static str, subjects: u64) {
    match seen.checked.iter_mut().find(|(name, _)| *name == invariant) {
        Some((_, checked)) => *checked = (*checked).max(subjects),
        None => seen.checked.push((invariant, subjects)),
    }
}

fn violated(seen: &mut Inspection, invariant: &'static str, subject: String, detail: String) {
    seen.violations.push(Violation { invariant, subject, detail });
}

/// A row that does not decode is a finding; a store that does not answer is a failure.
fn corrupt(
    seen: &mut Inspection,
    invariant: &'static str,
    subject: String,
    error: StoreError,
) -> Sql<()> {
    match error {
        StoreError::Corrupt { .. } => {
            violated(seen, invariant, subject, error.to_string());
            Ok(())
        }
        other => Err(other.into()),
    }
}
