//! Failures on request, for demonstrations and tests.

use async_trait::async_trait;
use keelway_builds::{AgentFailure, AgentReply, AgentRunner, AgentTask, Phase, Script};
use keelway_kernel::MicroUsd;

/// Acts out the request's [`Script`], and is `runner` otherwise; for development mode only.
///
/// The first agent of the scripted phase fails in every attempt the script names. A phase
/// that calls no model has no agent that could fail.
#[derive(Debug, Clone)]
pub struct Scripted<R> {
    runner: R,
}

impl<R: AgentRunner> Scripted<R> {
    /// Puts scripted failures before `runner`.
    pub const fn new(runner: R) -> Self {
        Self { runner }
    }
}

#[async_trait]
impl<R: AgentRunner> AgentRunner for Scripted<R> {
    async fn run(&self, task: AgentTask) -> Result<AgentReply, AgentFailure> {
        let first_of = |phase: Phase| task.agent.phase == phase && task.agent.part == 1;
        match task.brief.request.script {
            Some(Script::Provider { phase, times, charged })
                if first_of(phase) && task.attempt <= times =>
            {
                Err(provider_failure(&task, charged))
            }
            Some(Script::Internal { phase }) if first_of(phase) => {
                Err(AgentFailure::Internal { message: "scripted failure".to_owned() })
            }
            Some(Script::Provider { .. } | Script::Internal { .. }) | None => {
                self.runner.run(task).await
            }
        }
    }

    fn introduction(&self) -> String {
        self.runner.introduction()
    }
}

/// A provider charges no more than it was allowed to spend, even in a script.
fn provider_failure(task: &AgentTask, charged: MicroUsd) -> AgentFailure {
    AgentFailure::Provider {
        message: "scripted failure".to_owned(),
        retryable: true,
        charged: charged.min(task.budget),
        retry_after: None,
    }
}
