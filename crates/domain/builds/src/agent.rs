//! The port through which agents call models.

use std::sync::Arc;

use async_trait::async_trait;
use keelway_kernel::{BuildId, MicroUsd, Millis};
use keelway_patch::{FilePath, FileTree};
use serde::{Deserialize, Serialize};

use crate::{AgentSpec, BuildRequest, Plan};

/// What every agent of a build is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief {
    /// The project's name, as the site should call itself unless the description does.
    pub project_name: String,
    /// What the caller asked for.
    pub request: BuildRequest,
    /// Keys of the features found in the description, such as `authentication`.
    pub features: Vec<String>,
}

/// One call: who asks, for what, on top of which files.
#[derive(Debug, Clone)]
pub struct AgentTask {
    /// The build, for logs and for providers that deduplicate calls.
    pub build: BuildId,
    /// Which attempt at the build this is, from 1.
    pub attempt: u32,
    /// What every agent of the build is told.
    pub brief: Arc<Brief>,
    /// All agents, so that each knows what is left to others.
    pub plan: Arc<Plan>,
    /// Which of them this is.
    pub agent: AgentSpec,
    /// What agents of earlier phases made.
    pub files: Arc<FileTree<Vec<u8>>>,
    /// The most this call may cost; a provider stops before it spends more.
    pub budget: MicroUsd,
}

/// What a call took, as the provider counted it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// The provider, such as `offline`.
    pub provider: String,
    /// The model, as the provider names it.
    pub model: String,
    /// Tokens read.
    pub tokens_in: u64,
    /// Tokens written.
    pub tokens_out: u64,
    /// At the provider's list price.
    pub cost: MicroUsd,
}

/// What an agent made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentReply {
    /// One sentence for the event feed, in plain words.
    pub summary: String,
    /// Files to add to the tree; a path made earlier is replaced.
    pub files: Vec<(FilePath, Vec<u8>)>,
    /// What it took.
    pub usage: Usage,
}

/// Why an agent made nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AgentFailure {
    /// The provider failed or refused.
    #[error("the model provider failed: {message}")]
    Provider {
        /// What it said, fit for the caller's eyes.
        message: String,
        /// Whether the same call may work later.
        retryable: bool,
        /// What the provider charged us all the same.
        charged: MicroUsd,
        /// How long the provider asked us to wait.
        retry_after: Option<Millis>,
    },
    /// The call would have cost more than its budget, and was not finished.
    #[error("the call's budget was reached")]
    Budget {
        /// What was spent before it stopped.
        charged: MicroUsd,
    },
    /// Our own code failed; the caller never pays for this.
    #[error("the agent could not be run: {message}")]
    Internal {
        /// For the log.
        message: String,
    },
}

/// Runs agents on some provider of models.
#[async_trait]
pub trait AgentRunner: Send + Sync {
    /// Runs one agent to its end.
    ///
    /// Never exceeds `task.budget` by more than one model call's rounding, and always says in
    /// [`Usage`] or in the failure what the provider charged.
    async fn run(&self, task: AgentTask) -> Result<AgentReply, AgentFailure>;

    /// A sentence for the event feed that says which engine builds, and that it is offline
    /// if it is.
    fn introduction(&self) -> String;
}
