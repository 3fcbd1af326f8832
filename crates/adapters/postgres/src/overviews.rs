//! What people look at: rows joined with what belongs to them, a page in a statement.

use std::collections::BTreeMap;

use async_trait::async_trait;
use keelway_builds::overview::{
    BuildSummary, HistoryEntry, LedgerLine, OpenHold, Overviews, ProjectFilter, ProjectOverview,
};
use keelway_builds::ports::BuildFilter;
use keelway_builds::usage::{UsageQuery, UsageReport};
use keelway_builds::{BuildState, Event, ProjectName, SiteLabel, Snapshot};
use keelway_kernel::{
    BuildId, Cursor, Page, PageRequest, ProjectId, SnapshotId, StoreError, TenantScope,
};
use keelway_rows::event::EventRow;
use keelway_rows::overview::{
    HistoryRow, LineRow, OpenHoldRow, OverviewRow, SummaryRow, build_cursor, overview_cursor,
};
use keelway_rows::snapshot::SnapshotRow;
use keelway_rows::{Moment, Of};
use sqlx::types::Uuid;

use crate::PostgresStore;
use crate::builds::before;
use crate::tx::Reach;
use crate::usage;

/// The columns of a build that lists show, each with `b_` before its name.
macro_rules! summary {
    () => {
        "b.id b_id, b.project_id b_project_id, b.state b_state, b.phase b_phase,
         b.request b_request, b.requested_by b_requested_by, b.attempt b_attempt,
         b.cancel_requested b_cancel_requested, b.held b_held, b.captured b_captured,
         b.tokens_in b_tokens_in, b.tokens_out b_tokens_out, b.cost b_cost,
         b.snapshot_id b_snapshot_id, b.deployment_url b_deployment_url,
         b.failure_reason b_failure_reason, b.failure_message b_failure_message,
         b.failure_retryable b_failure_retryable, b.created_at b_created_at,
         b.started_at b_started_at, b.ended_at b_ended_at "
    };
}
pub(crate) use summary;

/// Some projects with their newest builds, each found in the index of its project.
macro_rules! overviews {
    ($projects:literal) => {
        concat!(
            "SELECT p.tenant_id, p.id, p.name, p.slug, p.site, p.live_snapshot_id, p.created_at,
                    p.active_at,
                    (SELECT count(*) FROM builds c
                     WHERE c.tenant_id = p.tenant_id AND c.project_id = p.id) AS builds, ",
            summary!(),
            "FROM ",
            $projects,
            " p
             LEFT JOIN LATERAL (
                 SELECT * FROM builds n
                 WHERE n.tenant_id = p.tenant_id AND n.project_id = p.id
                 ORDER BY n.created_at DESC, n.id DESC LIMIT 1) b ON true "
        )
    };
}

/// What a hold is for: the build with its project, or another service's reference.
macro_rules! spent {
    () => {
        "h.build_id spent_build, b.state spent_state, b.project_id spent_project,
         p.name spent_name, h.reference spent_reference "
    };
}

/// Where the columns of `spent` come from: each looked up for itself, whatever else of the
/// tenant the planner would rather read and keep.
macro_rules! spent_on {
    () => {
        " LEFT JOIN LATERAL (
              SELECT state, project_id FROM builds
              WHERE tenant_id = h.tenant_id AND id = h.build_id LIMIT 1) b ON true
          LEFT JOIN LATERAL (
              SELECT name FROM projects
              WHERE tenant_id = h.tenant_id AND id = b.project_id LIMIT 1) p ON true "
    };
}

/// The page first, then what belongs to its rows.
const PROJECTS: &str = concat!(
    overviews!(
        "(SELECT * FROM projects
          WHERE tenant_id = $1 AND (active_at, id) < ($2, $3)
            AND ($4::text IS NULL OR strpos(name_key, $4) > 0)
          ORDER BY active_at DESC, id DESC LIMIT $5)"
    ),
    "ORDER BY p.active_at DESC, p.id DESC"
);

const PROJECTS_IN_STATE: &str = concat!(
    overviews!("projects"),
    "WHERE p.tenant_id = $1 AND (p.active_at, p.id) < ($2, $3)
       AND ($4::text IS NULL OR strpos(p.name_key, $4) > 0)
       AND b.state = $6
     ORDER BY p.active_at DESC, p.id DESC LIMIT $5"
);

const PROJECT: &str = concat!(overviews!("projects"), "WHERE p.tenant_id = $1 AND p.id = $2");

const BUILDS: &str = concat!(
    "SELECT ",
    summary!(),
    "FROM builds b
     WHERE b.tenant_id = $1 AND (b.created_at, b.id) < ($2, $3)
       AND ($4::text IS NULL OR b.state = $4) AND $5::uuid IS NULL
     ORDER BY b.created_at DESC, b.id DESC LIMIT $6"
);

const BUILDS_OF_PROJECT: &str = concat!(
    "SELECT ",
    summary!(),
    "FROM builds b
     WHERE b.tenant_id = $1 AND (b.created_at, b.id) < ($2, $3)
       AND ($4::text IS NULL OR b.state = $4) AND b.project_id = $5
     ORDER BY b.created_at DESC, b.id DESC LIMIT $6"
);

const LATEST_EVENTS: &str = "SELECT build_id, seq, at, request_id, body FROM (
         SELECT * FROM build_events
         WHERE tenant_id = $1 AND build_id = $2
         ORDER BY seq DESC LIMIT $3) latest
     ORDER BY seq";

const SNAPSHOT: &str =
    "SELECT id, project_id, build_id, parent_id, tree, files, bytes, preview, created_at
     FROM snapshots WHERE tenant_id = $1 AND id = $2";

const SITES: &str = "SELECT id, site FROM projects WHERE tenant_id = $1 AND id = ANY($2)";

/// Files are told apart by path, then by what they hash to.
const HISTORY: &str = "SELECT s.id, s.project_id, s.build_id, s.parent_id, s.tree, s.files,
         s.bytes, s.preview, s.created_at, b.request, b.requested_by, b.captured,
         (SELECT count(*) FROM snapshot_files n
          WHERE n.tenant_id = s.tenant_id AND n.snapshot_id = s.id AND NOT EXISTS (
              SELECT 1 FROM snapshot_files o WHERE o.tenant_id = s.tenant_id
                 AND o.snapshot_id = s.parent_id AND o.path = n.path)) AS added,
         (SELECT count(*) FROM snapshot_files n
          JOIN snapshot_files o ON o.tenant_id = n.tenant_id
              AND o.snapshot_id = s.parent_id AND o.path = n.path
          WHERE n.tenant_id = s.tenant_id AND n.snapshot_id = s.id
            AND o.digest <> n.digest) AS changed,
         (SELECT count(*) FROM snapshot_files o
          WHERE o.tenant_id = s.tenant_id AND o.snapshot_id = s.parent_id AND NOT EXISTS (
              SELECT 1 FROM snapshot_files n WHERE n.tenant_id = s.tenant_id
                 AND n.snapshot_id = s.id AND n.path = o.path)) AS removed
     FROM snapshots s
     JOIN builds b ON b.tenant_id = s.tenant_id AND b.id = s.build_id
     WHERE s.tenant_id = $1 AND s.project_id = $2 AND (s.created_at, s.id) < ($3, $4)
     ORDER BY s.created_at DESC, s.id DESC LIMIT $5";

/// Those that are open first: walking by time to the last of them could take long.
const OPEN_HOLDS: &str = concat!(
    "WITH h AS MATERIALIZED (
         SELECT * FROM credit_holds
         WHERE tenant_id = $1 AND state = 'open' AND (expires_at IS NULL OR expires_at > $2))
     SELECT h.id, h.amount, h.captured, h.refunded, h.state, h.charged, h.ended_at, h.build_id,
            h.reference, h.lifetime_ms, h.user_id, h.project_id, h.opened_at, h.expires_at,
            h.weight, ",
    spent!(),
    "FROM (SELECT * FROM h ORDER BY opened_at DESC, id DESC LIMIT $3) h",
    spent_on!(),
    "ORDER BY h.opened_at DESC, h.id DESC"
);

const LEDGER: &str = concat!(
    "SELECT e.seq, e.amount, e.reason, e.balance_after, e.hold_id, e.grant_id, e.user_id,
            e.request_id, e.at, g.source, ",
    spent!(),
    "FROM credit_entries e
     LEFT JOIN LATERAL (
         SELECT source FROM credit_grants
         WHERE tenant_id = e.tenant_id AND id = e.grant_id LIMIT 1) g ON true
     LEFT JOIN LATERAL (
         SELECT * FROM credit_holds
         WHERE tenant_id = e.tenant_id AND id = e.hold_id LIMIT 1) h ON true",
    spent_on!(),
    "WHERE e.tenant_id = $1 AND e.seq < $2
     ORDER BY e.seq DESC LIMIT $3"
);

#[async_trait]
impl Overviews for PostgresStore {
    async fn projects(
        &self,
        scope: TenantScope,
        filter: ProjectFilter,
        page: PageRequest,
    ) -> Result<Page<ProjectOverview>, StoreError> {
        let (key, id) = before(&page);
        let of = |sql| {
            sqlx::query_as(sql)
                .bind(scope.tenant().as_uuid())
                .bind(key)
                .bind(id)
                .bind(filter.name.as_deref().map(ProjectName::search_key))
                .bind(i64::from(page.limit()) + 1)
        };
        let asked = match filter.state {
            None => of(PROJECTS),
            Some(state) => of(PROJECTS_IN_STATE).bind(state.as_str()),
        };
        let rows: Vec<OverviewRow> = self.rows(Reach::from(scope), asked).await?;
        let rows = rows.into_iter().map(OverviewRow::decode).collect::<Result<_, _>>()?;
        Ok(Page::from_rows(rows, &page, overview_cursor))
    }

    async fn project(
        &self,
        scope: TenantScope,
        id: ProjectId,
    ) -> Result<Option<ProjectOverview>, StoreError> {
        let asked = sqlx::query_as(PROJECT).bind(scope.tenant().as_uuid()).bind(id.as_uuid());
        let row: Option<OverviewRow> = self.row(Reach::from(scope), asked).await?;
        row.map(OverviewRow::decode).transpose()
    }

    async fn builds(
        &self,
        scope: TenantScope,
        filter: BuildFilter,
        page: PageRequest,
    ) -> Result<Page<BuildSummary>, StoreError> {
        let (key, id) = before(&page);
        let sql = if filter.project.is_some() { BUILDS_OF_PROJECT } else { BUILDS };
        let asked = sqlx::query_as(sql)
            .bind(scope.tenant().as_uuid())
            .bind(key)
            .bind(id)
            .bind(filter.state.map(BuildState::as_str))
            .bind(filter.project.map(ProjectId::as_uuid))
            .bind(i64::from(page.limit()) + 1);
        let rows: Vec<SummaryRow> = self.rows(Reach::from(scope), asked).await?;
        let rows = rows.into_iter().map(SummaryRow::decode).collect::<Result<_, _>>()?;
        Ok(Page::from_rows(rows, &page, build_cursor))
    }

    async fn latest_events(
        &self,
        scope: TenantScope,
        id: BuildId,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        let asked = sqlx::query_as(LATEST_EVENTS)
            .bind(scope.tenant().as_uuid())
            .bind(id.as_uuid())
            .bind(i64::from(limit));
        let rows: Vec<EventRow> = self.rows(Reach::from(scope), asked).await?;
        rows.into_iter().map(EventRow::decode).collect()
    }

    async fn snapshot(
        &self,
        scope: TenantScope,
        id: SnapshotId,
    ) -> Result<Option<Snapshot>, StoreError> {
        let asked = sqlx::query_as(SNAPSHOT).bind(scope.tenant().as_uuid()).bind(id.as_uuid());
        let row: Option<SnapshotRow> = self.row(Reach::from(scope), asked).await?;
        row.map(SnapshotRow::decode).transpose()
    }

    async fn sites(
        &self,
        scope: TenantScope,
        projects: &[ProjectId],
    ) -> Result<BTreeMap<ProjectId, SiteLabel>, StoreError> {
        let ids: Vec<Uuid> = projects.iter().map(|id| id.as_uuid()).collect();
        let asked = sqlx::query_as(SITES).bind(scope.tenant().as_uuid()).bind(ids);
        let rows: Vec<(Uuid, String)> = self.rows(Reach::from(scope), asked).await?;
        let site = |(id, label): (Uuid, String)| {
            let id = ProjectId::from_uuid(id);
            Ok((id, Of("project", &id).known(SiteLabel::parse(&label))?))
        };
        rows.into_iter().map(site).collect()
    }

    async fn history(
        &self,
        scope: TenantScope,
        project: ProjectId,
        page: PageRequest,
    ) -> Result<Page<HistoryEntry>, StoreError> {
        let (key, id) = before(&page);
        let asked = sqlx::query_as(HISTORY)
            .bind(scope.tenant().as_uuid())
            .bind(project.as_uuid())
            .bind(key)
            .bind(id)
            .bind(i64::from(page.limit()) + 1);
        let rows: Vec<HistoryRow> = self.rows(Reach::from(scope), asked).await?;
        let rows = rows.into_iter().map(HistoryRow::decode).collect::<Result<_, _>>()?;
        let cursor = |entry: &HistoryEntry| keelway_rows::snapshot::cursor(&entry.snapshot);
        Ok(Page::from_rows(rows, &page, cursor))
    }

    async fn open_holds(
        &self,
        scope: TenantScope,
        limit: u32,
    ) -> Result<Vec<OpenHold>, StoreError> {
        let read = self.read(Reach::from(scope), move |tx| {
            Box::pin(async move {
                let asked = sqlx::query_as(OPEN_HOLDS)
                    .bind(scope.tenant().as_uuid())
                    .bind(Moment(tx.now))
                    .bind(i64::from(limit));
                Ok(asked.fetch_all(&mut **tx).await?)
            })
        });
        let rows: Vec<OpenHoldRow> = read.await?;
        rows.into_iter().map(OpenHoldRow::decode).collect()
    }

    async fn ledger(
        &self,
        scope: TenantScope,
        page: PageRequest,
    ) -> Result<Page<LedgerLine>, StoreError> {
        let tenant = scope.tenant().as_uuid();
        let asked = sqlx::query_as(LEDGER)
            .bind(tenant)
            .bind(page.after.as_ref().map_or(i64::MAX, |cursor| cursor.key))
            .bind(i64::from(page.limit()) + 1);
        let rows: Vec<LineRow> = self.rows(Reach::from(scope), asked).await?;
        let lines = rows.into_iter().map(LineRow::decode).collect::<Result<_, _>>()?;
        let cursor = |line: &LedgerLine| Cursor { key: line.entry.seq, id: tenant };
        Ok(Page::from_rows(lines, &page, cursor))
    }

    async fn usage(
        &self,
        scope: TenantScope,
        query: UsageQuery,
    ) -> Result<UsageReport, StoreError> {
        self.read(Reach::from(scope), move |tx| {
            Box::pin(async move {
                let now = tx.now;
                Ok(usage::report(tx, scope.tenant(), query, now).await?)
            })
        })
        .await
    }
}
