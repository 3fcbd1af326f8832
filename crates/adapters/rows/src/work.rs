//! What agents made.

use std::collections::BTreeMap;

use keelway_builds::{AgentWork, BlobRef, Usage};
use keelway_kernel::{BuildId, MicroUsd, StoreError, Timestamp};
use keelway_patch::FilePath;
use sqlx::types::Uuid;

use crate::Moment;
use crate::decode::{Of, json};
use crate::snapshot::FileRow;

/// A row of `build_work`.
#[derive(Debug, Clone, sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct WorkRow {
    pub build_id: Uuid,
    pub number: i64,
    pub agent: String,
    pub provider: String,
    pub model: String,
    pub tokens_in: i64,
    pub tokens_out: i64,
    pub cost: i64,
    pub summary: String,
    pub started_at: Moment,
    pub ended_at: Moment,
}

/// A row of `build_work_files`.
#[derive(Debug, Clone, sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct WorkFileRow {
    pub number: i64,
    #[sqlx(flatten)]
    pub file: FileRow,
}

impl WorkRow {
    fn decode(self, files: Vec<(FilePath, BlobRef)>) -> Result<AgentWork, StoreError> {
        let id = format!("{}/{}", BuildId::from_uuid(self.build_id), self.number);
        let row = Of("work", &id);
        Ok(AgentWork {
            agent: row.document(&self.agent)?,
            usage: Usage {
                tokens_in: row.number(self.tokens_in)?,
                tokens_out: row.number(self.tokens_out)?,
                provider: self.provider,
                model: self.model,
                cost: MicroUsd::new(self.cost),
            },
            summary: self.summary,
            files,
            started_at: Timestamp::from(self.started_at),
            ended_at: Timestamp::from(self.ended_at),
        })
    }
}

/// The work of one build, in the order of its rows; files in the order of theirs.
pub fn decode(rows: Vec<WorkRow>, files: Vec<WorkFileRow>) -> Result<Vec<AgentWork>, StoreError> {
    let mut made: BTreeMap<i64, Vec<(FilePath, BlobRef)>> = BTreeMap::new();
    for row in files {
        made.entry(row.number).or_default().push(row.file.decode()?);
    }
    let take = |row: WorkRow| {
        let files = made.remove(&row.number).unwrap_or_default();
        row.decode(files)
    };
    rows.into_iter().map(take).collect()
}

/// What is kept of the agent that did it.
pub fn agent(work: &AgentWork) -> Result<String, StoreError> {
    json(&work.agent)
}
