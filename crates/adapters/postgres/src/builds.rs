//! Builds as rows: loading, saving exactly what a decision returned, and reads.

use async_trait::async_trait;
use keelway_builds::ports::{BuildFilter, Builds};
use keelway_builds::{AgentWork, Build, Event, Position};
use keelway_estimate::FinishedBuild;
use keelway_kernel::{
    BuildId, Page, PageRequest, ProjectId, SnapshotId, StoreError, TenantId, TenantScope, Timestamp,
};
use keelway_rows::build::{BuildRow, FinishedRow, StatusColumns, cursor};
use keelway_rows::event::{EventRow, body};
use keelway_rows::work::{self, WorkFileRow, WorkRow};
use keelway_rows::{Moment, estimate, json, stored};
use sqlx::postgres::PgConnection;
use sqlx::types::Uuid;

use crate::columns::column;
use crate::error::Sql;
use crate::events::{Wanted, events};
use crate::trip::Trip;
use crate::tx::Reach;
use crate::{PostgresStore, queue};

/// Every column of `builds`, and what the queue knows of the build.
macro_rules! build_columns {
    () => {
        "b.tenant_id, b.id, b.project_id, b.kind, b.state, b.request, b.estimate,
                    b.hold_id, b.held, b.attempt, b.failures, b.recorded, b.cancel_requested,
                    b.last_seq,
                    b.tokens_in, b.tokens_out, b.cost, b.phase, b.snapshot_id, b.deployment_url,
                    b.captured, b.requested_by, b.request_id, b.created_at, b.started_at,
                    b.deadline, b.ended_at, b.failure_reason, b.failure_message,
                    b.failure_retryable, b.version, q.standing, q.due_at, q.worker"
    };
}
pub(crate) use build_columns;

/// Builds with their places in the queue: looked up for each, so that what else of a tenant
/// waits is not read for a page.
macro_rules! builds_in_queue {
    () => {
        "builds b
             LEFT JOIN LATERAL (
                 SELECT standing, due_at, worker FROM build_queue
                 WHERE tenant_id = b.tenant_id AND build_id = b.id LIMIT 1) q ON true"
    };
}
pub(crate) use builds_in_queue;

macro_rules! select_builds {
    ($tail:literal) => {
        concat!(
            "SELECT ",
            crate::builds::build_columns!(),
            " FROM ",
            crate::builds::builds_in_queue!(),
            " ",
            $tail
        )
    };
}
pub(crate) use select_builds;

/// The build, if the tenant has it.
pub(crate) async fn find(
    connection: &mut PgConnection,
    tenant: TenantId,
    id: BuildId,
) -> Sql<Option<Build>> {
    let row: Option<BuildRow> =
        sqlx::query_as(select_builds!("WHERE b.tenant_id = $1 AND b.id = $2"))
            .bind(tenant.as_uuid())
            .bind(id.as_uuid())
            .fetch_optional(connection)
            .await?;
    Ok(row.map(BuildRow::decode).transpose()?)
}

/// Saves a new build with its first event.
pub(crate) fn insert(trip: &mut Trip, build: &Build, event: &Event) -> Sql<()> {
    let status = StatusColumns::from(&build.status);
    trip.one(
        "build",
        "INSERT INTO builds
             (tenant_id, id, project_id, kind, state, request, estimate, hold_id, held, attempt,
              failures, cancel_requested, last_seq, tokens_in, tokens_out, cost, captured,
              requested_by, request_id, created_at, deadline, recorded, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
                 $16, $17, $18, $19, $20, $21, $22, $23)",
    )
    .bind(build.tenant.as_uuid())
    .bind(build.id.as_uuid())
    .bind(build.project.as_uuid())
    .bind(build.kind.as_str())
    .bind(status.state)
    .bind(json(&build.request)?)
    .bind(estimate::encode(&build.estimate)?)
    .bind(build.hold.as_uuid())
    .bind(build.held.get())
    .bind(i64::from(build.attempt))
    .bind(i64::from(build.failures))
    .bind(build.cancel_requested)
    .bind(build.last_seq)
    .bind(stored(build.used.tokens_in))
    .bind(stored(build.used.tokens_out))
    .bind(build.used.cost.get())
    .bind(build.captured.get())
    .bind(build.requested_by.as_uuid())
    .bind(&build.request_id)
    .bind(Moment(build.created_at))
    .bind(Moment(build.deadline))
    .bind(i64::from(build.recorded))
    .bind(build.version);
    append_events(trip, build.tenant, std::slice::from_ref(event))
}

/// Saves what a decision made of `before`, and nothing if the row is not `before` any more:
/// its state, its attempt (the fence) and its version. Gives the build as it then is.
pub(crate) fn update(
    trip: &mut Trip,
    before: &Build,
    mut after: Build,
    events: &[Event],
) -> Sql<Build> {
    let status = StatusColumns::from(&after.status);
    trip.one(
        "build",
        "UPDATE builds SET
             state = $1, attempt = $2, failures = $3, cancel_requested = $4, last_seq = $5,
             tokens_in = $6, tokens_out = $7, cost = $8, phase = $9, snapshot_id = $10,
             deployment_url = $11, captured = $12, started_at = $13, recorded = $14,
             ended_at = $15, failure_reason = $16, failure_message = $17, failure_retryable = $18,
             version = version + 1
         WHERE tenant_id = $19 AND id = $20 AND state = $21 AND attempt = $22 AND version = $23",
    )
    .bind(status.state)
    .bind(i64::from(after.attempt))
    .bind(i64::from(after.failures))
    .bind(after.cancel_requested)
    .bind(after.last_seq)
    .bind(stored(after.used.tokens_in))
    .bind(stored(after.used.tokens_out))
    .bind(after.used.cost.get())
    .bind(after.phase.map(keelway_builds::Phase::as_str))
    .bind(after.snapshot.map(SnapshotId::as_uuid))
    .bind(after.deployment_url.as_deref())
    .bind(after.captured.get())
    .bind(after.started_at.map(Moment))
    .bind(i64::from(after.recorded))
    .bind(status.ended_at)
    .bind(status.failure.map(|failure| failure.reason.as_str()))
    .bind(status.failure.map(|failure| failure.message.as_str()))
    .bind(status.failure.map(|failure| failure.retryable))
    .bind(before.tenant.as_uuid())
    .bind(before.id.as_uuid())
    .bind(before.status.state().as_str())
    .bind(i64::from(before.attempt))
    .bind(before.version);
    append_events(trip, before.tenant, events)?;
    after.version += 1;
    Ok(after)
}

/// What happened to the build that the trip saves, and nothing if it was not saved: its numbers
/// are somebody else's then.
fn append_events(trip: &mut Trip, tenant: TenantId, events: &[Event]) -> Sql<()> {
    if events.is_empty() {
        return Ok(());
    }
    let bodies: Vec<String> = events.iter().map(body).collect::<Result<_, _>>()?;
    trip.any(
        "events",
        "INSERT INTO build_events (tenant_id, build_id, seq, at, request_id, kind, body)
         SELECT $1, event.* FROM build, UNNEST($2::uuid[], $3::bigint[], $4::timestamptz[],
                                               $5::text[], $6::text[], $7::text[]) AS event",
    )
    .bind(tenant.as_uuid())
    .bind(column(events, |event| event.build.as_uuid()))
    .bind(column(events, |event| event.seq))
    .bind(column(events, |event| Moment(event.at)))
    .bind(column(events, |event| event.request_id.as_str()))
    .bind(column(events, |event| event.body.kind()))
    .bind(bodies);
    Ok(())
}

/// Keeps what agents made.
pub(crate) fn keep_work(trip: &mut Trip, build: &Build, made: &[AgentWork]) -> Sql<()> {
    if made.is_empty() {
        return Ok(());
    }
    let agents: Vec<String> = made.iter().map(work::agent).collect::<Result<_, _>>()?;
    trip.any(
        "work",
        "INSERT INTO build_work
             (tenant_id, build_id, number, agent, provider, model, tokens_in, tokens_out,
              cost, summary, started_at, ended_at)
         SELECT $1, $2, work.* FROM UNNEST($3::bigint[], $4::text[], $5::text[], $6::text[],
                                           $7::bigint[], $8::bigint[], $9::bigint[],
                                           $10::text[], $11::timestamptz[],
                                           $12::timestamptz[]) AS work",
    )
    .bind(build.tenant.as_uuid())
    .bind(build.id.as_uuid())
    .bind(column(made, number))
    .bind(agents)
    .bind(column(made, |work| work.usage.provider.as_str()))
    .bind(column(made, |work| work.usage.model.as_str()))
    .bind(column(made, |work| stored(work.usage.tokens_in)))
    .bind(column(made, |work| stored(work.usage.tokens_out)))
    .bind(column(made, |work| work.usage.cost.get()))
    .bind(column(made, |work| work.summary.as_str()))
    .bind(column(made, |work| Moment(work.started_at)))
    .bind(column(made, |work| Moment(work.ended_at)));
    keep_files(trip, build, made);
    Ok(())
}

fn number(work: &AgentWork) -> i64 {
    i64::from(work.agent.number)
}

fn keep_files(trip: &mut Trip, build: &Build, made: &[AgentWork]) {
    let files: Vec<_> = made
        .iter()
        .flat_map(|work| (0_i64..).zip(&work.files).map(move |file| (number(work), file)))
        .collect();
    if files.is_empty() {
        return;
    }
    trip.any(
        "work_files",
        "INSERT INTO build_work_files
             (tenant_id, build_id, number, position, path, digest, bytes)
         SELECT $1, $2, file.* FROM UNNEST($3::bigint[], $4::bigint[], $5::text[],
                                           $6::bytea[], $7::bigint[]) AS file",
    )
    .bind(build.tenant.as_uuid())
    .bind(build.id.as_uuid())
    .bind(column(&files, |(number, _)| *number))
    .bind(column(&files, |(_, (position, _))| *position))
    .bind(column(&files, |(_, (_, (path, _)))| path.as_str()))
    .bind(column(&files, |(_, (_, (_, blob)))| blob.digest.as_bytes().as_slice()))
    .bind(column(&files, |(_, (_, (_, blob)))| stored(blob.bytes)));
}

/// What each finished agent made, in plan order.
pub(crate) async fn work_of(
    connection: &mut PgConnection,
    tenant: TenantId,
    build: BuildId,
) -> Sql<Vec<AgentWork>> {
    let rows: Vec<WorkRow> = sqlx::query_as(
        "SELECT build_id, number, agent, provider, model, tokens_in, tokens_out, cost, summary,
                started_at, ended_at
         FROM build_work WHERE tenant_id = $1 AND build_id = $2 ORDER BY number",
    )
    .bind(tenant.as_uuid())
    .bind(build.as_uuid())
    .fetch_all(&mut *connection)
    .await?;
    let files: Vec<WorkFileRow> = sqlx::query_as(
        "SELECT number, path, digest, bytes
         FROM build_work_files WHERE tenant_id = $1 AND build_id = $2 ORDER BY number, position",
    )
    .bind(tenant.as_uuid())
    .bind(build.as_uuid())
    .fetch_all(connection)
    .await?;
    Ok(work::decode(rows, files)?)
}

#[async_trait]
impl Builds for PostgresStore {
    async fn find(&self, scope: TenantScope, id: BuildId) -> Result<Option<Build>, StoreError> {
        self.read(Reach::from(scope), move |tx| {
            Box::pin(async move { Ok(find(tx, scope.tenant(), id).await?) })
        })
        .await
    }

    async fn list(
        &self,
        scope: TenantScope,
        filter: BuildFilter,
        page: PageRequest,
    ) -> Result<Page<Build>, StoreError> {
        let by_time = match filter.project {
            None => sqlx::query_as(select_builds!(
                "WHERE b.tenant_id = $1 AND (b.created_at, b.id) < ($2, $3)
                   AND ($4::text IS NULL OR b.state = $4) AND $5::uuid IS NULL
                 ORDER BY b.created_at DESC, b.id DESC LIMIT $6"
            )),
            Some(_) => sqlx::query_as(select_builds!(
                "WHERE b.tenant_id = $1 AND (b.created_at, b.id) < ($2, $3)
                   AND ($4::text IS NULL OR b.state = $4) AND b.project_id = $5
                 ORDER BY b.created_at DESC, b.id DESC LIMIT $6"
            )),
        };
        let (key, id) = before(&page);
        let asked = by_time
            .bind(scope.tenant().as_uuid())
            .bind(key)
            .bind(id)
            .bind(filter.state.map(keelway_builds::BuildState::as_str))
            .bind(filter.project.map(ProjectId::as_uuid))
            .bind(i64::from(page.limit()) + 1);
        let rows: Vec<BuildRow> = self.rows(Reach::from(scope), asked).await?;
        let builds: Vec<Build> =
            rows.into_iter().map(BuildRow::decode).collect::<Result<_, _>>()?;
        Ok(Page::from_rows(builds, &page, cursor))
    }

    async fn events(
        &self,
        scope: TenantScope,
        id: BuildId,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        let wanted = Wanted { tenant: scope.tenant(), build: id, after, limit };
        let rows = events(&self.0, wanted).await?;
        rows.into_iter().map(EventRow::decode).collect()
    }

    async fn work(&self, scope: TenantScope, id: BuildId) -> Result<Vec<AgentWork>, StoreError> {
        self.read(Reach::from(scope), move |tx| {
            Box::pin(async move { Ok(work_of(tx, scope.tenant(), id).await?) })
        })
        .await
    }

    async fn history(
        &self,
        scope: Option<TenantScope>,
        limit: u32,
    ) -> Result<Vec<FinishedBuild>, StoreError> {
        let newest = match scope {
            Some(scope) => sqlx::query_as(
                "SELECT id, estimate, tokens_in, tokens_out, cost, started_at, ended_at
                 FROM builds WHERE state = 'deployed' AND tenant_id = $2
                 ORDER BY ended_at DESC LIMIT $1",
            )
            .bind(i64::from(limit))
            .bind(scope.tenant().as_uuid()),
            None => sqlx::query_as(
                "SELECT id, estimate, tokens_in, tokens_out, cost, started_at, ended_at
                 FROM builds WHERE state = 'deployed'
                 ORDER BY ended_at DESC LIMIT $1",
            )
            .bind(i64::from(limit)),
        };
        let rows: Vec<FinishedRow> =
            self.rows(scope.map_or(Reach::Platform, Reach::from), newest).await?;
        rows.into_iter().map(FinishedRow::decode).collect()
    }

    async fn position(
        &self,
        scope: TenantScope,
        id: BuildId,
    ) -> Result<Option<Position>, StoreError> {
        self.read(Reach::from(scope), move |tx| {
            Box::pin(async move {
                let now = tx.now;
                Ok(queue::position(tx, scope.tenant(), id, now).await?)
            })
        })
        .await
    }
}

/// The sort key that a newest-first page begins below.
pub(crate) fn before(page: &PageRequest) -> (Moment, Uuid) {
    let (key, id) =
        page.after.as_ref().map_or((i64::MAX, Uuid::max()), |cursor| (cursor.key, cursor.id));
    (Moment(Timestamp::from_micros(key)), id)
}
