//! The agents of one phase, side by side as far as bound and purse allow.

use std::collections::VecDeque;
use std::sync::Arc;

use keelway_builds::run::Progress;
use keelway_builds::{AgentSpec, AgentTask, FailureReason};
use keelway_kernel::MicroUsd;
use tokio::task::JoinSet;

use crate::agent::{Made, out_of_credits, work};
use crate::pipeline::Pipeline;
use crate::purse::Draw;
use crate::stop::{Failed, Stop};

/// An agent that has ended: what it might have spent, and what came of it.
type Ended = (MicroUsd, Result<Made, Failed>);

impl Pipeline {
    /// Runs `missing` to their ends and keeps what they made.
    ///
    /// No agent starts before its start is recorded: a worker without a lease spends nothing.
    /// After a failure that may pass, those already running are waited for, since their work
    /// is paid for and will be kept; after any other they are dropped.
    pub(crate) async fn crew(&mut self, missing: Vec<AgentSpec>) -> Result<(), Stop> {
        let mut missing = VecDeque::from(missing);
        let mut running = JoinSet::<Ended>::new();
        let mut failed: Option<Failed> = None;
        loop {
            let starting =
                if failed.is_none() { self.hire(&mut missing, running.len())? } else { Vec::new() };
            if starting.is_empty() && running.is_empty() {
                // What is said by now is recorded along with the end of the phase.
                break;
            }
            self.record().await?;
            for (task, budget) in starting {
                let work = work(Arc::clone(&self.shop), task, self.provider.clone());
                running.spawn(async move { (budget, work.await) });
            }
            let Some(ended) = running.join_next().await else { break };
            let ended = ended.map_err(|_| Failed::ours().retryable(true))?;
            if let Err(failure) = self.take_in(ended) {
                let all = match failed.take() {
                    Some(first) => first.and(failure),
                    None => failure,
                };
                if !all.failure.retryable {
                    return Err(all.into());
                }
                failed = Some(all);
            }
        }
        failed.map_or(Ok(()), |failed| Err(failed.into()))
    }

    /// The agents that may start now, beside `running` others.
    fn hire(
        &mut self,
        missing: &mut VecDeque<AgentSpec>,
        running: usize,
    ) -> Result<Vec<(AgentTask, MicroUsd)>, Stop> {
        let mut starting = Vec::new();
        loop {
            let busy = running + starting.len();
            let open = self.side_by_side.saturating_sub(busy).min(missing.len());
            if open == 0 {
                break;
            }
            let budget = match self.purse.draw(busy, open) {
                Draw::Budget(budget) => budget,
                Draw::Wait => break,
                Draw::Empty => return Err(out_of_credits().into()),
            };
            let Some(agent) = missing.pop_front() else { break };
            self.say(Progress::AgentStarted(agent.clone()));
            let task = AgentTask {
                build: self.build,
                attempt: self.attempt,
                brief: Arc::clone(&self.brief),
                plan: Arc::clone(&self.plan),
                agent,
                files: Arc::clone(&self.files),
                budget,
            };
            starting.push((task, budget));
        }
        Ok(starting)
    }

    fn take_in(&mut self, (budget, result): Ended) -> Result<(), Failed> {
        let made = match result {
            Ok(made) => made,
            Err(failed) => {
                self.purse.settle(budget, failed.charged);
                return Err(failed);
            }
        };
        let Made { work, files } = made;
        self.purse.settle(budget, work.usage.cost);
        self.provider.clone_from(&work.usage.provider);
        self.manifest.merge(work.files.iter().cloned()).map_err(|error| {
            let message = format!("The model made files that do not fit together: {error}.");
            Failed::new(FailureReason::Provider, message).retryable(true).charged(work.usage.cost)
        })?;
        self.fresh.insert(work.agent.number, files);
        self.work.insert(work.agent.number, work.clone());
        self.say(Progress::AgentCompleted(work));
        Ok(())
    }
}
