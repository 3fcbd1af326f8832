//! What agents made.

use keelway_builds::{AgentWork, BlobRef, Build};
use keelway_kernel::{BuildId, StoreError, TenantId};
use keelway_patch::FilePath;
use keelway_rows::work::{self, WorkFileRow, WorkRow};
use keelway_rows::{json, stored};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::error::Sql;
use crate::trip::{Trip, rows};

impl Trip {
    /// Asks for what each finished agent of a build made, and for the files, in plan order.
    pub(crate) fn ask_work(self, tenant: TenantId, build: BuildId) -> Self {
        self.add(
            "SELECT build_id, number, agent, provider, model, tokens_in, tokens_out, cost,
                    summary, started_at, ended_at
             FROM build_work WHERE tenant_id = ? AND build_id = ? ORDER BY number",
        )
        .bind(tenant.as_uuid())
        .bind(build.as_uuid())
        .add(
            "SELECT number, path, digest, bytes
             FROM build_work_files WHERE tenant_id = ? AND build_id = ?
             ORDER BY number, position",
        )
        .bind(tenant.as_uuid())
        .bind(build.as_uuid())
    }

    /// Asks for the numbers of the agents whose work is kept.
    pub(crate) fn ask_kept(self, tenant: TenantId, build: BuildId) -> Self {
        self.add("SELECT number FROM build_work WHERE tenant_id = ? AND build_id = ?")
            .bind(tenant.as_uuid())
            .bind(build.as_uuid())
    }

    /// Keeps what an agent made.
    pub(crate) fn put_work(self, build: &Build, work: &AgentWork) -> Sql<Self> {
        let trip = self
            .add(
                "INSERT INTO build_work
                     (tenant_id, build_id, number, agent, provider, model, tokens_in, tokens_out,
                      cost, summary, started_at, ended_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(build.tenant.as_uuid())
            .bind(build.id.as_uuid())
            .bind(i64::from(work.agent.number))
            .bind(work::agent(work)?)
            .bind(&work.usage.provider)
            .bind(&work.usage.model)
            .bind(stored(work.usage.tokens_in))
            .bind(stored(work.usage.tokens_out))
            .bind(work.usage.cost.get())
            .bind(&work.summary)
            .bind(work.started_at.as_micros())
            .bind(work.ended_at.as_micros());
        Ok(trip
            .add_any(
                "INSERT INTO build_work_files
                     (tenant_id, build_id, number, position, path, digest, bytes)
                 SELECT ?, ?, ?, key, value ->> 0, unhex(value ->> 1), value ->> 2
                 FROM json_each(?)",
            )
            .bind(build.tenant.as_uuid())
            .bind(build.id.as_uuid())
            .bind(i64::from(work.agent.number))
            .bind(files(work.files.iter().map(|(path, blob)| (path, blob)))?))
    }
}

/// Files as one value, so that a statement is the same for any number of them: it is prepared
/// once.
pub(crate) fn files<'a>(
    files: impl Iterator<Item = (&'a FilePath, &'a BlobRef)>,
) -> Result<String, StoreError> {
    let row = |(path, blob): (&'a FilePath, &BlobRef)| {
        (path.as_str(), blob.digest.to_string(), stored(blob.bytes))
    };
    json(&files.map(row).collect::<Vec<_>>())
}

/// The work that was asked for.
pub(crate) fn work(made: &[SqliteRow], files: &[SqliteRow]) -> Sql<Vec<AgentWork>> {
    let (made, files): (Vec<WorkRow>, Vec<WorkFileRow>) = (rows(made)?, rows(files)?);
    Ok(work::decode(made, files)?)
}

/// What each finished agent made, in plan order.
pub(crate) async fn of(
    connection: &mut SqliteConnection,
    tenant: TenantId,
    build: BuildId,
) -> Sql<Vec<AgentWork>> {
    let [made, files] = Trip::default().ask_work(tenant, build).read(connection).await?;
    work(&made, &files)
}
