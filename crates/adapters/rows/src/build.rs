//! Builds: state words and nullable columns to and from [`BuildStatus`].

use keelway_builds::{
    Build, BuildFailure, BuildKind, BuildState, BuildStatus, FailureReason, Phase, Standing, Totals,
};
use keelway_estimate::FinishedBuild;
use keelway_kernel::{
    BuildId, Credits, Cursor, HoldId, MicroUsd, ProjectId, SnapshotId, StoreError, TenantId,
    Timestamp, UserId,
};
use sqlx::types::Uuid;

use crate::Moment;
use crate::decode::Of;
use crate::estimate;

/// A row of `builds` with what `build_queue` knows of it.
#[derive(Debug, Clone, sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct BuildRow {
    pub tenant_id: Uuid,
    pub id: Uuid,
    pub project_id: Uuid,
    pub kind: String,
    pub state: String,
    pub request: String,
    pub estimate: String,
    pub hold_id: Uuid,
    pub held: i64,
    pub attempt: i64,
    pub failures: i64,
    pub recorded: i64,
    pub cancel_requested: bool,
    pub last_seq: i64,
    pub tokens_in: i64,
    pub tokens_out: i64,
    pub cost: i64,
    pub phase: Option<String>,
    pub snapshot_id: Option<Uuid>,
    pub deployment_url: Option<String>,
    pub captured: i64,
    pub requested_by: Uuid,
    pub request_id: String,
    pub created_at: Moment,
    pub started_at: Option<Moment>,
    pub deadline: Moment,
    pub ended_at: Option<Moment>,
    pub failure_reason: Option<String>,
    pub failure_message: Option<String>,
    pub failure_retryable: Option<bool>,
    pub version: i64,
    pub standing: Option<String>,
    pub due_at: Option<Moment>,
    pub worker: Option<String>,
}

impl BuildRow {
    /// The build; a row in two states, or in none, is corrupt.
    pub fn decode(self) -> Result<Build, StoreError> {
        let id = BuildId::from_uuid(self.id);
        let row = Of("build", &id);
        Ok(Build {
            id,
            tenant: TenantId::from_uuid(self.tenant_id),
            project: ProjectId::from_uuid(self.project_id),
            kind: row.known(BuildKind::from_name(&self.kind))?,
            status: self.status(row)?,
            request: row.document(&self.request)?,
            estimate: estimate::decode(row, &self.estimate)?,
            hold: HoldId::from_uuid(self.hold_id),
            held: Credits::new(self.held),
            attempt: row.number(self.attempt)?,
            failures: row.number(self.failures)?,
            recorded: row.number(self.recorded)?,
            cancel_requested: self.cancel_requested,
            last_seq: self.last_seq,
            used: Totals {
                tokens_in: row.number(self.tokens_in)?,
                tokens_out: row.number(self.tokens_out)?,
                cost: MicroUsd::new(self.cost),
            },
            phase: match &self.phase {
                Some(name) => Some(row.known(Phase::from_name(name))?),
                None => None,
            },
            snapshot: self.snapshot_id.map(SnapshotId::from_uuid),
            deployment_url: self.deployment_url,
            captured: Credits::new(self.captured),
            requested_by: UserId::from_uuid(self.requested_by),
            request_id: self.request_id,
            created_at: Timestamp::from(self.created_at),
            deadline: Timestamp::from(self.deadline),
            started_at: self.started_at.map(Timestamp::from),
            version: self.version,
        })
    }

    fn status(&self, row: Of<'_>) -> Result<BuildStatus, StoreError> {
        let state = row.known(BuildState::from_name(&self.state))?;
        let standing = match &self.standing {
            Some(name) => Some(row.known(Standing::from_name(name))?),
            None => None,
        };
        let due_at = self.due_at.map(Timestamp::from);
        let ended_at = self.ended_at.map(Timestamp::from);
        match (state, standing, ended_at, self.failure()) {
            (BuildState::Queued, Some(Standing::Delayed), None, None) => {
                Ok(BuildStatus::Queued { retry_at: Some(row.known(due_at)?) })
            }
            (BuildState::Queued, Some(Standing::Ready | Standing::Parked), None, None) => {
                Ok(BuildStatus::Queued { retry_at: None })
            }
            (BuildState::Building, Some(Standing::Leased), None, None) => {
                Ok(BuildStatus::Building {
                    worker: row.known(self.worker.clone())?,
                    lease_until: row.known(due_at)?,
                })
            }
            (BuildState::Deployed, None, Some(at), None) => Ok(BuildStatus::Deployed { at }),
            (BuildState::Failed, None, Some(at), Some(failure)) => {
                Ok(BuildStatus::Failed { at, failure })
            }
            (BuildState::Cancelled, None, Some(at), None) => Ok(BuildStatus::Cancelled { at }),
            (BuildState::Expired, None, Some(at), None) => Ok(BuildStatus::Expired { at }),
            _ => Err(row.corrupt()),
        }
    }

    fn failure(&self) -> Option<BuildFailure> {
        Some(BuildFailure {
            reason: FailureReason::from_name(self.failure_reason.as_deref()?)?,
            message: self.failure_message.clone()?,
            retryable: self.failure_retryable?,
        })
    }
}

/// The columns of `builds` that a status sets.
#[derive(Debug, Clone, Copy)]
pub struct StatusColumns<'a> {
    /// The state word.
    pub state: &'static str,
    /// Set once it has ended.
    pub ended_at: Option<Moment>,
    /// Set if it failed.
    pub failure: Option<&'a BuildFailure>,
}

impl<'a> From<&'a BuildStatus> for StatusColumns<'a> {
    fn from(status: &'a BuildStatus) -> Self {
        Self {
            state: status.state().as_str(),
            ended_at: status.ended_at().map(Moment),
            failure: match status {
                BuildStatus::Failed { failure, .. } => Some(failure),
                _ => None,
            },
        }
    }
}

/// Where a list of builds goes on.
pub fn cursor(build: &Build) -> Cursor {
    Cursor { key: build.created_at.as_micros(), id: build.id.as_uuid() }
}

/// What is learned from a deployed build.
#[derive(Debug, Clone, sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct FinishedRow {
    pub id: Uuid,
    pub estimate: String,
    pub tokens_in: i64,
    pub tokens_out: i64,
    pub cost: i64,
    pub started_at: Moment,
    pub ended_at: Moment,
}

impl FinishedRow {
    /// The figures, in whole minutes begun, and nothing that tells whose they are.
    pub fn decode(self) -> Result<FinishedBuild, StoreError> {
        let id = BuildId::from_uuid(self.id);
        let row = Of("build", &id);
        let estimate = estimate::decode(row, &self.estimate)?;
        let started_at = Timestamp::from(self.started_at);
        let took_ms = Timestamp::from(self.ended_at).millis_since(started_at).max(0);
        let features = estimate.features.iter().map(|feature| feature.key.clone());
        Ok(FinishedBuild {
            tier: estimate.tier,
            features: features.collect(),
            agents: estimate.agents,
            tokens: row.number::<u64>(self.tokens_in)? + row.number::<u64>(self.tokens_out)?,
            cost: MicroUsd::new(self.cost),
            minutes: row.number((took_ms + 59_999) / 60_000)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &str = r#"{"description":"A landing page for a bakery","tier":"starter",
        "target_users":null,"tech_constraints":null,"use_conductor":true,"max_credits":null,
        "script":null}"#;
    const ESTIMATE: &str = r#"{"tier":"starter","features":[{"key":"api","label":"REST API"}],
        "agents":5,"tokens":250000,"cost":750000,"minutes":15,"range":null}"#;

    fn at(micros: i64) -> Moment {
        Moment(Timestamp::from_micros(micros))
    }

    /// A row whose every column could be, whether or not they could be together.
    fn row(state: &str, standing: Option<&str>, ended: bool, failed: bool) -> BuildRow {
        BuildRow {
            tenant_id: Uuid::from_u128(1),
            id: Uuid::from_u128(2),
            project_id: Uuid::from_u128(3),
            kind: "generate".into(),
            state: state.into(),
            request: REQUEST.into(),
            estimate: ESTIMATE.into(),
            hold_id: Uuid::from_u128(4),
            held: 75,
            attempt: 1,
            failures: 0,
            recorded: 0,
            cancel_requested: false,
            last_seq: 2,
            tokens_in: 0,
            tokens_out: 0,
            cost: 0,
            phase: Some("plan".into()),
            snapshot_id: None,
            deployment_url: None,
            captured: 0,
            requested_by: Uuid::from_u128(5),
            request_id: "req_1".into(),
            created_at: at(1),
            started_at: Some(at(2)),
            deadline: at(9),
            ended_at: ended.then(|| at(8)),
            failure_reason: failed.then(|| "internal_error".into()),
            failure_message: failed.then(|| "It did not work.".into()),
            failure_retryable: failed.then_some(false),
            version: 3,
            standing: standing.map(Into::into),
            due_at: standing.map(|_| at(7)),
            worker: standing.filter(|name| *name == "leased").map(|_| "worker-1".into()),
        }
    }

    #[test]
    fn exactly_the_possible_rows_decode_and_encode_to_what_they_were() {
        let standings = [None, Some("ready"), Some("parked"), Some("delayed"), Some("leased")];
        let mut decoded = Vec::new();
        for state in BuildState::ALL.map(BuildState::as_str) {
            for standing in standings {
                for (ended, failed) in [(false, false), (false, true), (true, false), (true, true)]
                {
                    let row = row(state, standing, ended, failed);
                    let Ok(build) = row.clone().decode() else { continue };
                    let columns = StatusColumns::from(&build.status);
                    assert_eq!((columns.state, columns.ended_at), (state, row.ended_at));
                    assert_eq!(columns.failure.is_some(), failed);
                    decoded.push((state, standing));
                }
            }
        }
        assert_eq!(
            decoded,
            [
                ("queued", Some("ready")),
                ("queued", Some("parked")),
                ("queued", Some("delayed")),
                ("building", Some("leased")),
                ("deployed", None),
                ("failed", None),
                ("cancelled", None),
                ("expired", None),
            ]
        );
    }

    #[test]
    fn unknown_words_numbers_and_documents_are_corrupt() {
        let broken: [fn(&mut BuildRow); 9] = [
            |row| row.state = "Queued".into(),
            |row| row.kind = "teleport".into(),
            |row| row.standing = Some("standing".into()),
            |row| row.phase = Some("dream".into()),
            |row| row.attempt = -1,
            |row| row.failures = i64::MAX,
            |row| row.tokens_in = -1,
            |row| row.request = "{}".into(),
            |row| row.estimate = "not a document".into(),
        ];
        for (number, breach) in broken.into_iter().enumerate() {
            let mut row = row("queued", Some("ready"), false, false);
            breach(&mut row);
            let id = BuildId::from_uuid(row.id);
            assert_eq!(row.decode(), Err(StoreError::corrupt("build", id)), "breach {number}");
        }
    }

    #[test]
    fn minutes_begun_are_learned() {
        let finished = |took_ms: i64| FinishedRow {
            id: Uuid::from_u128(2),
            estimate: ESTIMATE.into(),
            tokens_in: 10,
            tokens_out: 5,
            cost: 7,
            started_at: at(1_000_000),
            ended_at: at(1_000_000 + took_ms * 1_000),
        };
        for (took_ms, minutes) in [(-5, 0), (0, 0), (1, 1), (60_000, 1), (60_001, 2)] {
            let learned = finished(took_ms).decode().unwrap();
            assert_eq!((learned.minutes, learned.tokens), (minutes, 15));
            assert_eq!(learned.features, ["api"]);
        }
    }
}
