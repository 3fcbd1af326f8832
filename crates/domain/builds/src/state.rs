//! The one place that decides which state follows which.

use keelway_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a build stands, without the data that goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BuildState {
    /// Accepted, paid for by a hold, waiting for a worker.
    Queued,
    /// Leased by a worker.
    Building,
    /// Its target serves the result. Final.
    Deployed,
    /// It ended without a result. Final.
    Failed,
    /// The caller stopped it. Final.
    Cancelled,
    /// It waited longer than its tier allows without ever being leased. Final.
    Expired,
}

impl BuildState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Queued,
        Self::Building,
        Self::Deployed,
        Self::Failed,
        Self::Cancelled,
        Self::Expired,
    ];

    /// The name used on the wire and in stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Building => "building",
            Self::Deployed => "deployed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// Reads what [`BuildState::as_str`] wrote.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether nothing can follow.
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::Queued | Self::Building => false,
            Self::Deployed | Self::Failed | Self::Cancelled | Self::Expired => true,
        }
    }
}

impl std::fmt::Display for BuildState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What can happen to a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// A worker takes it.
    Lease,
    /// Its lease ends without a result and it may try again.
    Requeue,
    /// Its target serves the result.
    Deploy,
    /// It ends without a result.
    Fail,
    /// The caller stopped it.
    Cancel,
    /// It waited too long.
    Expire,
}

impl Step {
    /// Every step.
    pub const ALL: [Self; 6] =
        [Self::Lease, Self::Requeue, Self::Deploy, Self::Fail, Self::Cancel, Self::Expire];

    const fn leads_to(self) -> BuildState {
        match self {
            Self::Lease => BuildState::Building,
            Self::Requeue => BuildState::Queued,
            Self::Deploy => BuildState::Deployed,
            Self::Fail => BuildState::Failed,
            Self::Cancel => BuildState::Cancelled,
            Self::Expire => BuildState::Expired,
        }
    }
}

/// A step that the state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a {from} build cannot become {to}")]
pub struct InvalidTransition {
    /// Where the build stands.
    pub from: BuildState,
    /// Where the step would lead.
    pub to: BuildState,
}

/// Decides where `step` leads from `from`.
pub const fn transition(from: BuildState, step: Step) -> Result<BuildState, InvalidTransition> {
    let to = step.leads_to();
    match (from, step) {
        (BuildState::Queued, Step::Lease | Step::Cancel | Step::Expire)
        | (BuildState::Building, Step::Requeue | Step::Deploy | Step::Fail | Step::Cancel) => {
            Ok(to)
        }
        _ => Err(InvalidTransition { from, to }),
    }
}

/// Why a build ended without a result, and who bears it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureReason {
    /// The model provider failed; the caller pays what the provider charged.
    Provider,
    /// The credits held for the build are used up.
    Budget,
    /// The worker died or lost touch too often; ours.
    WorkerLost,
    /// The deploy target did not take the result; ours.
    Deployment,
    /// Our own code failed; ours.
    Internal,
}

impl FailureReason {
    /// Every reason.
    pub const ALL: [Self; 5] =
        [Self::Provider, Self::Budget, Self::WorkerLost, Self::Deployment, Self::Internal];

    /// The name used on the wire and in stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "provider_failed",
            Self::Budget => "budget_reached",
            Self::WorkerLost => "worker_lost",
            Self::Deployment => "deployment_failed",
            Self::Internal => "internal_error",
        }
    }

    /// Reads what [`FailureReason::as_str`] wrote.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }

    /// How the credit policy sees it.
    pub const fn ending(self) -> keelway_credits::Ending {
        match self {
            Self::Provider => keelway_credits::Ending::ProviderFailed,
            Self::Budget => keelway_credits::Ending::BudgetReached,
            Self::WorkerLost | Self::Deployment | Self::Internal => {
                keelway_credits::Ending::OurFailure
            }
        }
    }
}

/// What is kept about a failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildFailure {
    /// Why it failed.
    pub reason: FailureReason,
    /// For the caller's eyes: what happened and what helps.
    pub message: String,
    /// Whether the same build may work later.
    pub retryable: bool,
}

/// Where a build stands, with what only that state has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildStatus {
    /// Waiting.
    Queued {
        /// When it may next be taken, if it waits after a failure.
        retry_at: Option<Timestamp>,
    },
    /// Leased.
    Building {
        /// Who holds the lease.
        worker: String,
        /// When the lease runs out.
        lease_until: Timestamp,
    },
    /// Served.
    Deployed {
        /// Since when.
        at: Timestamp,
    },
    /// Ended without a result.
    Failed {
        /// Since when.
        at: Timestamp,
        /// Why.
        failure: BuildFailure,
    },
    /// Stopped by the caller.
    Cancelled {
        /// Since when.
        at: Timestamp,
    },
    /// Waited too long.
    Expired {
        /// Since when.
        at: Timestamp,
    },
}

impl BuildStatus {
    /// The state alone.
    pub const fn state(&self) -> BuildState {
        match self {
            Self::Queued { .. } => BuildState::Queued,
            Self::Building { .. } => BuildState::Building,
            Self::Deployed { .. } => BuildState::Deployed,
            Self::Failed { .. } => BuildState::Failed,
            Self::Cancelled { .. } => BuildState::Cancelled,
            Self::Expired { .. } => BuildState::Expired,
        }
    }

    /// When it ended, if it did.
    pub const fn ended_at(&self) -> Option<Timestamp> {
        match self {
            Self::Queued { .. } | Self::Building { .. } => None,
            Self::Deployed { at }
            | Self::Failed { at, .. }
            | Self::Cancelled { at }
            | Self::Expired { at } => Some(*at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    #[test]
    fn every_state_and_step() {
        let mut table = String::new();
        for from in BuildState::ALL {
            for step in Step::ALL {
                match transition(from, step) {
                    Ok(to) => writeln!(table, "{from:>9} {step:?} -> {to}").unwrap(),
                    Err(_) => writeln!(table, "{from:>9} {step:?} refused").unwrap(),
                }
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn nothing_follows_a_terminal_state() {
        for from in BuildState::ALL.into_iter().filter(|state| state.is_terminal()) {
            for step in Step::ALL {
                assert!(transition(from, step).is_err());
            }
        }
    }
}
