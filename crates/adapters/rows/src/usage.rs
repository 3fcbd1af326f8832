//! What tenants used.

use keelway_builds::usage::{DayCount, MonthUsage, ProjectUsage, UsageSpan};
use keelway_builds::{BuildState, ProjectName};
use keelway_kernel::{Credits, MicroUsd, Period, ProjectId, StoreError, Timestamp};
use sqlx::FromRow;
use sqlx::types::Uuid;

use crate::Moment;
use crate::decode::{Of, json};

/// The days of a span as a document: pairs of first moment and first moment after.
pub fn days(span: &UsageSpan) -> Result<String, StoreError> {
    let bounds = |period: &Period| (period.start().as_micros(), period.end().as_micros());
    json(&span.days.iter().map(|(_, period)| bounds(period)).collect::<Vec<_>>())
}

/// What was counted of one day.
#[derive(Debug, Clone, FromRow)]
#[expect(missing_docs, reason = "each field is what its name says")]
pub struct DayRow {
    pub day: i64,
    pub ended: Option<String>,
    pub builds: i64,
    pub tokens_in: i64,
    pub tokens_out: i64,
    pub cost: i64,
    pub credits: i64,
}

impl DayRow {
    /// The count.
    pub fn decode(self) -> Result<DayCount, StoreError> {
        let row = Of("day", &self.day);
        let state = |name: String| row.known(BuildState::from_name(&name));
        Ok(DayCount {
            day: row.number(self.day)?,
            ended: self.ended.map(state).transpose()?,
            builds: row.number(self.builds)?,
            tokens_in: row.number(self.tokens_in)?,
            tokens_out: row.number(self.tokens_out)?,
            cost: MicroUsd::new(self.cost),
            credits: Credits::new(self.credits),
        })
    }
}

/// A row of `tenant_usage`, without its tenant.
#[derive(Debug, Clone, FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct MonthRow {
    pub period_start: Moment,
    pub period_end: Moment,
    pub builds_created: i64,
    pub builds_completed: i64,
    pub builds_failed: i64,
    pub tokens: i64,
    pub cost: i64,
    pub credits: i64,
}

impl MonthRow {
    /// The month.
    pub fn decode(self) -> Result<MonthUsage, StoreError> {
        let start = Timestamp::from(self.period_start);
        let row = Of("month", &start);
        Ok(MonthUsage {
            period: row.known(Period::new(start, Timestamp::from(self.period_end)))?,
            created: row.number(self.builds_created)?,
            completed: row.number(self.builds_completed)?,
            failed: row.number(self.builds_failed)?,
            tokens: row.number(self.tokens)?,
            cost: MicroUsd::new(self.cost),
            credits: Credits::new(self.credits),
        })
    }
}

/// What was counted of one project.
#[derive(Debug, Clone, FromRow)]
#[expect(missing_docs, reason = "each field is what its name says")]
pub struct ProjectUsageRow {
    pub project_id: Uuid,
    pub name: String,
    pub builds: i64,
    pub tokens: i64,
    pub cost: i64,
    pub credits: i64,
}

impl ProjectUsageRow {
    /// The project and what it took.
    pub fn decode(self) -> Result<ProjectUsage, StoreError> {
        let project = ProjectId::from_uuid(self.project_id);
        let row = Of("project", &project);
        Ok(ProjectUsage {
            project,
            name: row.parsed(ProjectName::stored(&self.name))?,
            builds: row.number(self.builds)?,
            tokens: row.number(self.tokens)?,
            cost: MicroUsd::new(self.cost),
            credits: Credits::new(self.credits),
        })
    }
}
