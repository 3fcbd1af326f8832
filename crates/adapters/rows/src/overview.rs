//! What lists show: rows joined with what belongs to them.

use keelway_builds::changes::ChangeCounts;
use keelway_builds::overview::{
    BuildSummary, HistoryEntry, LedgerLine, OpenHold, ProjectOverview, SpentOn,
};
use keelway_builds::{BuildFailure, BuildRequest, BuildState, FailureReason, Phase, ProjectName};
use keelway_kernel::{
    BuildId, Credits, Cursor, MicroUsd, ProjectId, SnapshotId, StoreError, Timestamp, UserId,
};
use sqlx::types::Uuid;
use sqlx::{ColumnIndex, Decode, FromRow, Row, Type};

use crate::Moment;
use crate::credits::{EntryRow, HoldRow, source};
use crate::decode::Of;
use crate::project::ProjectRow;
use crate::snapshot::SnapshotRow;

/// The columns of `builds` that lists show, each with `b_` before its name.
#[derive(Debug, Clone, FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct SummaryRow {
    #[sqlx(rename = "b_id")]
    pub id: Uuid,
    #[sqlx(rename = "b_project_id")]
    pub project_id: Uuid,
    #[sqlx(rename = "b_state")]
    pub state: String,
    #[sqlx(rename = "b_phase")]
    pub phase: Option<String>,
    #[sqlx(rename = "b_request")]
    pub request: String,
    #[sqlx(rename = "b_requested_by")]
    pub requested_by: Uuid,
    #[sqlx(rename = "b_attempt")]
    pub attempt: i64,
    #[sqlx(rename = "b_cancel_requested")]
    pub cancel_requested: bool,
    #[sqlx(rename = "b_held")]
    pub held: i64,
    #[sqlx(rename = "b_captured")]
    pub captured: i64,
    #[sqlx(rename = "b_tokens_in")]
    pub tokens_in: i64,
    #[sqlx(rename = "b_tokens_out")]
    pub tokens_out: i64,
    #[sqlx(rename = "b_cost")]
    pub cost: i64,
    #[sqlx(rename = "b_snapshot_id")]
    pub snapshot_id: Option<Uuid>,
    #[sqlx(rename = "b_deployment_url")]
    pub deployment_url: Option<String>,
    #[sqlx(rename = "b_failure_reason")]
    pub failure_reason: Option<String>,
    #[sqlx(rename = "b_failure_message")]
    pub failure_message: Option<String>,
    #[sqlx(rename = "b_failure_retryable")]
    pub failure_retryable: Option<bool>,
    #[sqlx(rename = "b_created_at")]
    pub created_at: Moment,
    #[sqlx(rename = "b_started_at")]
    pub started_at: Option<Moment>,
    #[sqlx(rename = "b_ended_at")]
    pub ended_at: Option<Moment>,
}

impl SummaryRow {
    /// The build in short.
    pub fn decode(self) -> Result<BuildSummary, StoreError> {
        let id = BuildId::from_uuid(self.id);
        let row = Of("build", &id);
        let request: BuildRequest = row.document(&self.request)?;
        let tokens = (row.number::<u64>(self.tokens_in)?, row.number::<u64>(self.tokens_out)?);
        let failure = match (self.failure_reason, self.failure_message, self.failure_retryable) {
            (Some(reason), Some(message), Some(retryable)) => Some(BuildFailure {
                reason: row.known(FailureReason::from_name(&reason))?,
                message,
                retryable,
            }),
            (None, None, None) => None,
            _ => return Err(row.corrupt()),
        };
        let phase = self.phase.map(|name| row.known(Phase::from_name(&name))).transpose()?;
        Ok(BuildSummary {
            id,
            project: ProjectId::from_uuid(self.project_id),
            state: row.known(BuildState::from_name(&self.state))?,
            phase,
            description: request.description,
            tier: request.tier,
            requested_by: UserId::from_uuid(self.requested_by),
            attempt: row.number(self.attempt)?,
            cancel_requested: self.cancel_requested,
            held: Credits::new(self.held),
            captured: Credits::new(self.captured),
            tokens: tokens.0.saturating_add(tokens.1),
            cost: MicroUsd::new(self.cost),
            snapshot: self.snapshot_id.map(SnapshotId::from_uuid),
            deployment_url: self.deployment_url,
            failure,
            created_at: Timestamp::from(self.created_at),
            started_at: self.started_at.map(Timestamp::from),
            ended_at: self.ended_at.map(Timestamp::from),
        })
    }
}

/// Where a list of builds goes on.
pub fn build_cursor(build: &BuildSummary) -> Cursor {
    Cursor { key: build.created_at.as_micros(), id: build.id.as_uuid() }
}

/// A build that was joined, or none.
#[derive(Debug, Clone)]
pub struct Joined(Option<SummaryRow>);

impl<'r, R> FromRow<'r, R> for Joined
where
    R: Row,
    SummaryRow: FromRow<'r, R>,
    &'static str: ColumnIndex<R>,
    Option<Uuid>: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        let id: Option<Uuid> = row.try_get("b_id")?;
        Ok(Self(id.map(|_| SummaryRow::from_row(row)).transpose()?))
    }
}

/// A project with its newest build.
#[derive(Debug, Clone, FromRow)]
#[expect(missing_docs, reason = "each field is what its name says")]
pub struct OverviewRow {
    #[sqlx(flatten)]
    pub project: ProjectRow,
    #[sqlx(flatten)]
    pub last: Joined,
    pub builds: i64,
    pub active_at: Moment,
}

impl OverviewRow {
    /// The project with its newest build.
    pub fn decode(self) -> Result<ProjectOverview, StoreError> {
        let project = self.project.decode()?;
        Ok(ProjectOverview {
            builds: Of("project", &project.id).number(self.builds)?,
            last: self.last.0.map(SummaryRow::decode).transpose()?,
            active_at: Timestamp::from(self.active_at),
            project,
        })
    }
}

/// Where a list of projects by activity goes on.
pub fn overview_cursor(overview: &ProjectOverview) -> Cursor {
    Cursor { key: overview.active_at.as_micros(), id: overview.project.id.as_uuid() }
}

/// A snapshot with its build and what it changed.
#[derive(Debug, Clone, FromRow)]
#[expect(missing_docs, reason = "each field is what its name says")]
pub struct HistoryRow {
    #[sqlx(flatten)]
    pub snapshot: SnapshotRow,
    pub request: String,
    pub requested_by: Uuid,
    pub captured: i64,
    pub added: i64,
    pub changed: i64,
    pub removed: i64,
}

impl HistoryRow {
    /// The snapshot and what it changed.
    pub fn decode(self) -> Result<HistoryEntry, StoreError> {
        let snapshot = self.snapshot.decode()?;
        let row = Of("snapshot", &snapshot.id);
        let request: BuildRequest = row.document(&self.request)?;
        Ok(HistoryEntry {
            description: request.description,
            requested_by: UserId::from_uuid(self.requested_by),
            captured: Credits::new(self.captured),
            changes: ChangeCounts {
                added: row.number(self.added)?,
                changed: row.number(self.changed)?,
                removed: row.number(self.removed)?,
            },
            snapshot,
        })
    }
}

/// What a hold is for, joined: a build with its project, or a reference.
#[derive(Debug, Clone, FromRow)]
#[expect(missing_docs, reason = "each field is what its name says")]
pub struct SpentRow {
    pub spent_build: Option<Uuid>,
    pub spent_state: Option<String>,
    pub spent_project: Option<Uuid>,
    pub spent_name: Option<String>,
    pub spent_reference: Option<String>,
}

impl SpentRow {
    /// What for, if there was a hold at all.
    pub fn decode(self) -> Result<Option<SpentOn>, StoreError> {
        if let Some(reference) = self.spent_reference {
            return Ok(Some(SpentOn::External(reference)));
        }
        let Some(build) = self.spent_build.map(BuildId::from_uuid) else { return Ok(None) };
        let row = Of("build", &build);
        // The ledger also serves builds that are not in this store.
        let (Some(state), Some(project), Some(name)) =
            (self.spent_state, self.spent_project, self.spent_name)
        else {
            return Ok(Some(SpentOn::External(build.to_string())));
        };
        Ok(Some(SpentOn::Build {
            build,
            state: row.known(BuildState::from_name(&state))?,
            project: ProjectId::from_uuid(project),
            name: row.parsed(ProjectName::stored(&name))?,
        }))
    }
}

/// A hold with what it is for.
#[derive(Debug, FromRow)]
#[expect(missing_docs, reason = "each field is what its name says")]
pub struct OpenHoldRow {
    #[sqlx(flatten)]
    pub hold: HoldRow,
    #[sqlx(flatten)]
    pub spent: SpentRow,
}

impl OpenHoldRow {
    /// The hold with what it is for.
    pub fn decode(self) -> Result<OpenHold, StoreError> {
        let hold = self.hold.decode()?;
        let spent_on = Of("hold", &hold.id).known(self.spent.decode()?)?;
        Ok(OpenHold { hold, spent_on })
    }
}

/// A line of the ledger with what it was for.
#[derive(Debug, FromRow)]
#[expect(missing_docs, reason = "each field is what its name says")]
pub struct LineRow {
    #[sqlx(flatten)]
    pub entry: EntryRow,
    #[sqlx(flatten)]
    pub spent: SpentRow,
    pub source: Option<String>,
}

impl LineRow {
    /// The line with what it was for.
    pub fn decode(self) -> Result<LedgerLine, StoreError> {
        let entry = self.entry.decode()?;
        let row = Of("ledger entry", &entry.seq);
        let source = self.source.map(|word| row.known(source(&word))).transpose()?;
        Ok(LedgerLine { source, spent_on: self.spent.decode()?, entry })
    }
}
