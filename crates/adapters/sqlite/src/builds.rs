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
use keelway_rows::{estimate, json, stored};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use sqlx::types::Uuid;

use crate::error::{Broken, Sql};
use crate::trip::{Trip, first};
use crate::{SqliteStore, queue, work};

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

macro_rules! select_builds {
    ($tail:literal) => {
        concat!(
            "SELECT ",
            build_columns!(),
            " FROM builds b
             LEFT JOIN build_queue q ON q.tenant_id = b.tenant_id AND q.build_id = b.id ",
            $tail
        )
    };
}

impl Trip {
    /// Asks for the build, if the tenant has it.
    pub(crate) fn ask_build(self, tenant: TenantId, id: BuildId) -> Self {
        self.add(select_builds!("WHERE b.tenant_id = ? AND b.id = ?"))
            .bind(tenant.as_uuid())
            .bind(id.as_uuid())
    }

    /// Saves a new build with its first event.
    pub(crate) fn put_new_build(self, build: &Build, event: &Event) -> Sql<Self> {
        let status = StatusColumns::from(&build.status);
        self.add(
            "INSERT INTO builds
                 (tenant_id, id, project_id, kind, state, request, estimate, hold_id, held,
                  attempt, failures, cancel_requested, last_seq, tokens_in, tokens_out, cost,
                  captured, requested_by, request_id, created_at, deadline, recorded, version)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
        .bind(build.created_at.as_micros())
        .bind(build.deadline.as_micros())
        .bind(i64::from(build.recorded))
        .bind(build.version)
        .put_active(build, build.created_at)
        .put_event(build.tenant, event)
    }

    /// Saves what a decision made of `before`, and nothing if the row is not `before` any more:
    /// its state, its attempt (the fence) and its version. Gives the build as it then is.
    pub(crate) fn put_build(
        self,
        before: &Build,
        mut after: Build,
        events: &[Event],
    ) -> Sql<(Self, Build)> {
        let status = StatusColumns::from(&after.status);
        let mut trip = self
            .add(
                "UPDATE builds SET
                     state = ?, attempt = ?, failures = ?, cancel_requested = ?, last_seq = ?,
                     tokens_in = ?, tokens_out = ?, cost = ?, phase = ?, snapshot_id = ?,
                     deployment_url = ?, captured = ?, started_at = ?, recorded = ?,
                     ended_at = ?, failure_reason = ?, failure_message = ?,
                     failure_retryable = ?, version = version + 1
                 WHERE tenant_id = ? AND id = ? AND state = ? AND attempt = ? AND version = ?",
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
            .bind(after.started_at.map(Timestamp::as_micros))
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
        if let Some(at) = after.status.ended_at() {
            trip = trip.put_active(before, at);
        }
        for event in events {
            trip = trip.put_event(before.tenant, event)?;
        }
        after.version += 1;
        Ok((trip, after))
    }

    fn put_event(self, tenant: TenantId, event: &Event) -> Sql<Self> {
        Ok(self
            .add(
                "INSERT INTO build_events (tenant_id, build_id, seq, at, request_id, kind, body)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(tenant.as_uuid())
            .bind(event.build.as_uuid())
            .bind(event.seq)
            .bind(event.at.as_micros())
            .bind(&event.request_id)
            .bind(event.body.kind())
            .bind(body(event)?))
    }
}

/// The build that was asked for.
pub(crate) fn build(found: &[SqliteRow]) -> Sql<Option<Build>> {
    Ok(first(found)?.map(BuildRow::decode).transpose()?)
}

/// The build, if the tenant has it.
pub(crate) async fn find(
    connection: &mut SqliteConnection,
    tenant: TenantId,
    id: BuildId,
) -> Sql<Option<Build>> {
    let [found] = Trip::default().ask_build(tenant, id).read(connection).await?;
    build(&found)
}

#[async_trait]
impl Builds for SqliteStore {
    async fn find(&self, scope: TenantScope, id: BuildId) -> Result<Option<Build>, StoreError> {
        let mut reader = self.reader().await?;
        Ok(find(&mut reader, scope.tenant(), id).await?)
    }

    async fn list(
        &self,
        scope: TenantScope,
        filter: BuildFilter,
        page: PageRequest,
    ) -> Result<Page<Build>, StoreError> {
        let by_time = match filter.project {
            None => sqlx::query_as(select_builds!(
                "WHERE b.tenant_id = ?1 AND (b.created_at, b.id) < (?2, ?3)
                   AND (?4 IS NULL OR b.state = ?4) AND ?5 IS NULL
                 ORDER BY b.created_at DESC, b.id DESC LIMIT ?6"
            )),
            Some(_) => sqlx::query_as(select_builds!(
                "WHERE b.tenant_id = ?1 AND (b.created_at, b.id) < (?2, ?3)
                   AND (?4 IS NULL OR b.state = ?4) AND b.project_id = ?5
                 ORDER BY b.created_at DESC, b.id DESC LIMIT ?6"
            )),
        };
        let (key, id) = before(&page);
        let rows: Vec<BuildRow> = by_time
            .bind(scope.tenant().as_uuid())
            .bind(key)
            .bind(id)
            .bind(filter.state.map(keelway_builds::BuildState::as_str))
            .bind(filter.project.map(ProjectId::as_uuid))
            .bind(i64::from(page.limit()) + 1)
            .fetch_all(self.readers())
            .await
            .map_err(Broken::from)?;
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
        let rows: Vec<EventRow> = sqlx::query_as(
            "SELECT build_id, seq, at, request_id, body
             FROM build_events
             WHERE tenant_id = ? AND build_id = ? AND seq > ?
             ORDER BY seq LIMIT ?",
        )
        .bind(scope.tenant().as_uuid())
        .bind(id.as_uuid())
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(self.readers())
        .await
        .map_err(Broken::from)?;
        rows.into_iter().map(EventRow::decode).collect()
    }

    async fn work(&self, scope: TenantScope, id: BuildId) -> Result<Vec<AgentWork>, StoreError> {
        self.read(move |reader| {
            Box::pin(async move { Ok(work::of(reader, scope.tenant(), id).await?) })
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
                 FROM builds WHERE state = 'deployed' AND tenant_id = ?2
                 ORDER BY ended_at DESC LIMIT ?1",
            )
            .bind(i64::from(limit))
            .bind(scope.tenant().as_uuid()),
            None => sqlx::query_as(
                "SELECT id, estimate, tokens_in, tokens_out, cost, started_at, ended_at
                 FROM builds WHERE state = 'deployed'
                 ORDER BY ended_at DESC LIMIT ?1",
            )
            .bind(i64::from(limit)),
        };
        let rows: Vec<FinishedRow> =
            newest.fetch_all(self.readers()).await.map_err(Broken::from)?;
        rows.into_iter().map(FinishedRow::decode).collect()
    }

    async fn position(
        &self,
        scope: TenantScope,
        id: BuildId,
    ) -> Result<Option<Position>, StoreError> {
        let now = self.now();
        self.read(move |reader| {
            Box::pin(async move { Ok(queue::position(reader, scope.tenant(), id, now).await?) })
        })
        .await
    }
}

/// The sort key that a newest-first page begins below.
pub(crate) fn before(page: &PageRequest) -> (i64, Uuid) {
    page.after.as_ref().map_or((i64::MAX, Uuid::max()), |cursor| (cursor.key, cursor.id))
}
