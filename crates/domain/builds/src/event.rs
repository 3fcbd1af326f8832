//! What happened to a build, in an order without gaps.

use keelway_kernel::{BuildId, Credits, MicroUsd, Millis, SnapshotId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{FailureReason, Phase, Usage};

/// One thing that happened. `(build, seq)` is unique; `seq` is 1, 2, 3 … without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The build.
    pub build: BuildId,
    /// Its place in the build's history, from 1.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// The request that caused it; a worker carries on the one that submitted the build.
    pub request_id: String,
    /// What.
    pub body: EventBody,
}

/// What happened, with its data; the tag is the event's type on the wire and in stores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum EventBody {
    /// The build was accepted.
    #[serde(rename = "build.queued")]
    Queued {
        /// What is held for it.
        held: Credits,
    },
    /// A worker took it.
    #[serde(rename = "build.started")]
    Started {
        /// Which attempt, from 1.
        attempt: u32,
    },
    /// Which engine builds, and whether it is offline.
    #[serde(rename = "engine.selected")]
    Engine {
        /// A sentence for people.
        introduction: String,
    },
    /// A phase began.
    #[serde(rename = "phase.started")]
    PhaseStarted {
        /// Which.
        phase: Phase,
    },
    /// A phase ended well.
    #[serde(rename = "phase.completed")]
    PhaseCompleted {
        /// Which.
        phase: Phase,
        /// How long it took in this attempt.
        duration_ms: Millis,
    },
    /// An agent began.
    #[serde(rename = "agent.started")]
    AgentStarted {
        /// Its phase.
        phase: Phase,
        /// Its name.
        agent: String,
    },
    /// An agent ended well; its work and its cost are kept.
    #[serde(rename = "agent.completed")]
    AgentCompleted {
        /// Its phase.
        phase: Phase,
        /// Its name.
        agent: String,
        /// What it did, in its own words.
        summary: String,
        /// What it took.
        usage: Usage,
        /// How many files it made.
        files: u64,
    },
    /// The files were frozen into a snapshot.
    #[serde(rename = "snapshot.created")]
    SnapshotCreated {
        /// The snapshot.
        snapshot: SnapshotId,
        /// How many files it has.
        files: u64,
        /// How many bytes they have together.
        bytes: u64,
    },
    /// The target serves the snapshot.
    #[serde(rename = "deployment.succeeded")]
    DeploymentSucceeded {
        /// The target.
        target: String,
        /// Where.
        url: String,
    },
    /// The attempt ended without a result; another one follows.
    #[serde(rename = "build.retrying")]
    Retrying {
        /// Why the attempt ended.
        reason: FailureReason,
        /// How long until the next may start.
        delay_ms: Millis,
    },
    /// The worker gave the build back unharmed, because it shuts down.
    #[serde(rename = "build.handed_back")]
    HandedBack,
    /// The caller asked to stop.
    #[serde(rename = "build.cancel_requested")]
    CancelRequested,
    /// Terminal: it runs.
    #[serde(rename = "build.completed")]
    Completed {
        /// What was charged.
        charged: Credits,
        /// What the models cost.
        cost: MicroUsd,
    },
    /// Terminal: it ended without a result.
    #[serde(rename = "build.failed")]
    Failed {
        /// Whose failure it is.
        reason: FailureReason,
        /// For the caller's eyes.
        message: String,
        /// What was charged: nothing if the failure was ours.
        charged: Credits,
    },
    /// Terminal: the caller stopped it.
    #[serde(rename = "build.cancelled")]
    Cancelled {
        /// What was charged for the work done until then.
        charged: Credits,
    },
    /// Terminal: it waited too long; nothing was charged.
    #[serde(rename = "build.expired")]
    Expired,
}

impl EventBody {
    /// The type on the wire, such as `phase.started`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Queued { .. } => "build.queued",
            Self::Started { .. } => "build.started",
            Self::Engine { .. } => "engine.selected",
            Self::PhaseStarted { .. } => "phase.started",
            Self::PhaseCompleted { .. } => "phase.completed",
            Self::AgentStarted { .. } => "agent.started",
            Self::AgentCompleted { .. } => "agent.completed",
            Self::SnapshotCreated { .. } => "snapshot.created",
            Self::DeploymentSucceeded { .. } => "deployment.succeeded",
            Self::Retrying { .. } => "build.retrying",
            Self::HandedBack => "build.handed_back",
            Self::CancelRequested => "build.cancel_requested",
            Self::Completed { .. } => "build.completed",
            Self::Failed { .. } => "build.failed",
            Self::Cancelled { .. } => "build.cancelled",
            Self::Expired => "build.expired",
        }
    }

    /// Whether no event can follow.
    pub const fn is_terminal(&self) -> bool {
        matches!(
            self,
            Self::Completed { .. } | Self::Failed { .. } | Self::Cancelled { .. } | Self::Expired
        )
    }

    /// Whether users see it. Every event of today does: what they read has no gaps either.
    pub const fn user_visible(&self) -> bool {
        true
    }

    /// The phase it belongs to, if any.
    pub const fn phase(&self) -> Option<Phase> {
        match self {
            Self::PhaseStarted { phase }
            | Self::PhaseCompleted { phase, .. }
            | Self::AgentStarted { phase, .. }
            | Self::AgentCompleted { phase, .. } => Some(*phase),
            Self::SnapshotCreated { .. } => Some(Phase::Package),
            Self::DeploymentSucceeded { .. } => Some(Phase::Deploy),
            Self::Queued { .. }
            | Self::Started { .. }
            | Self::Engine { .. }
            | Self::Retrying { .. }
            | Self::HandedBack
            | Self::CancelRequested
            | Self::Completed { .. }
            | Self::Failed { .. }
            | Self::Cancelled { .. }
            | Self::Expired => None,
        }
    }

    /// The agent it belongs to, if any.
    pub fn agent(&self) -> Option<&str> {
        match self {
            Self::AgentStarted { agent, .. } | Self::AgentCompleted { agent, .. } => Some(agent),
            _ => None,
        }
    }

    /// One sentence for people.
    pub fn message(&self) -> String {
        match self {
            Self::Queued { held } => format!("Accepted; {held} credits are set aside."),
            Self::Started { attempt: 1 } => "The build has started.".to_owned(),
            Self::Started { attempt } => format!("Attempt {attempt} has started."),
            Self::Engine { introduction } => introduction.clone(),
            Self::PhaseStarted { phase } => format!("Phase {phase} has started."),
            Self::PhaseCompleted { phase, .. } => format!("Phase {phase} is complete."),
            Self::AgentStarted { agent, .. } => format!("{agent} has started."),
            Self::AgentCompleted { summary, .. } => summary.clone(),
            Self::SnapshotCreated { files, .. } => format!("A snapshot of {files} files is kept."),
            Self::DeploymentSucceeded { url, .. } => format!("Live at {url}"),
            Self::Retrying { reason, delay_ms } => format!(
                "The attempt ended ({}); the next starts within {} s.",
                reason.as_str().replace('_', " "),
                (delay_ms + 999) / 1000
            ),
            Self::HandedBack => "The worker shuts down; another one continues.".to_owned(),
            Self::CancelRequested => "Cancelling.".to_owned(),
            Self::Completed { charged, .. } => format!("Done; {charged} credits were charged."),
            Self::Failed { message, charged, .. } => {
                format!("{message} {charged} credits were charged.")
            }
            Self::Cancelled { charged } => format!("Cancelled; {charged} credits were charged."),
            Self::Expired => "It waited too long and was not charged.".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_tag_is_the_kind() {
        for body in [
            EventBody::Queued { held: Credits::new(1) },
            EventBody::PhaseStarted { phase: Phase::Plan },
            EventBody::HandedBack,
            EventBody::Expired,
        ] {
            let kind = body.kind();
            let json = serde_json::to_value(&body).unwrap();
            assert_eq!(json["type"], kind);
            assert_eq!(serde_json::from_value::<EventBody>(json).unwrap(), body);
        }
    }
}
