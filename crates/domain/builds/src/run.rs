//! Decisions while a build runs: taking, renewing, recording.
//!
//! Every one of them refuses a lease that is not the build's any more, so that a worker
//! whose lease ran out writes nothing.

use keelway_kernel::{Millis, SnapshotId, Timestamp};

use crate::state::{Step, transition};
use crate::{
    AgentSpec, AgentWork, Build, BuildStatus, Event, EventBody, InvalidTransition, Lease, Manifest,
    Phase, Project, SiteLabel, Snapshot, tree_digest,
};

/// Asks for the build whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Take {
    /// Who asks; for people, never for fencing.
    pub worker: String,
    /// How long the lease lasts unless renewed.
    pub ttl_ms: Millis,
}

/// A build in a worker's hands.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The right to run it.
    pub lease: Lease,
    /// The build.
    pub build: Build,
    /// Its project.
    pub project: Project,
    /// What earlier attempts made: neither made nor paid for again.
    pub work: Vec<AgentWork>,
    /// The snapshot an earlier attempt packaged, if it got that far.
    pub packaged: Option<(Snapshot, Manifest)>,
}

/// The lease is not the build's any more: stop, and write nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the lease on the build was lost")]
pub struct LeaseLost;

/// The answer to a heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewed {
    /// The lease, longer.
    pub lease: Lease,
    /// Whether the caller wants the build to stop.
    pub cancel_requested: bool,
}

/// Decides that `build`, whose turn it is, is leased.
pub fn take(
    build: &Build,
    cmd: &Take,
    now: Timestamp,
) -> Result<(Build, Event), InvalidTransition> {
    transition(build.status.state(), Step::Lease)?;
    let mut build = build.clone();
    build.attempt += 1;
    build.recorded = 0;
    build.started_at = build.started_at.or(Some(now));
    build.status = BuildStatus::Building {
        worker: cmd.worker.clone(),
        lease_until: now.plus_millis(cmd.ttl_ms),
    };
    let started = EventBody::Started { attempt: build.attempt };
    let event = append(&mut build, started, now);
    Ok((build, event))
}

/// Decides whether `lease` still is the right to run `build`.
pub fn holds(build: &Build, lease: &Lease, now: Timestamp) -> Result<(), LeaseLost> {
    match &build.status {
        BuildStatus::Building { lease_until, .. }
            if build.attempt == lease.attempt && now < *lease_until =>
        {
            Ok(())
        }
        _ => Err(LeaseLost),
    }
}

/// Decides how long a lease that still holds lasts from now on.
pub fn renew(
    build: &Build,
    lease: &Lease,
    ttl_ms: Millis,
    now: Timestamp,
) -> Result<Renewed, LeaseLost> {
    holds(build, lease, now)?;
    Ok(Renewed {
        lease: Lease { until: now.plus_millis(ttl_ms), ..*lease },
        cancel_requested: build.cancel_requested,
    })
}

/// Something a running build did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It says which engine it builds with.
    Engine {
        /// The engine's own words.
        introduction: String,
    },
    /// A phase began.
    PhaseStarted(Phase),
    /// A phase ended well.
    PhaseCompleted {
        /// Which.
        phase: Phase,
        /// How long it took in this attempt.
        duration_ms: Millis,
    },
    /// An agent began.
    AgentStarted(AgentSpec),
    /// An agent ended well. Keeping the same agent's work twice changes nothing.
    AgentCompleted(AgentWork),
    /// The files were frozen.
    Packaged {
        /// The snapshot's id.
        id: SnapshotId,
        /// Where its preview is served.
        preview: SiteLabel,
        /// Its files; their bytes are in the blob store already.
        manifest: Manifest,
    },
}

/// Writes what a running build did.
#[derive(Debug, Clone)]
pub struct Record {
    /// The right to write it.
    pub lease: Lease,
    /// 1, 2, 3 … within the attempt: a step whose reply was lost can be sent again.
    pub step: u32,
    /// What happened, in order.
    pub progress: Vec<Progress>,
}

/// What a record changed; stores save exactly this.
#[derive(Debug, Clone)]
pub struct RecordChange {
    /// The build after it.
    pub build: Build,
    /// New events, in order.
    pub events: Vec<Event>,
    /// New work.
    pub work: Vec<AgentWork>,
    /// The new snapshot, if one was packaged.
    pub snapshot: Option<(Snapshot, Manifest)>,
}

/// The answer to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// The `seq` of the build's last event.
    pub last_seq: i64,
    /// Whether the caller wants the build to stop.
    pub cancel_requested: bool,
}

/// What a store knows when a record arrives.
#[derive(Debug, Clone)]
pub struct RecordFacts {
    /// The build.
    pub build: Build,
    /// Numbers of the agents whose work is kept already.
    pub kept: Vec<u32>,
    /// What the project serves now: the parent of a new snapshot.
    pub live: Option<SnapshotId>,
}

/// Decides what `cmd` changes; nothing if this step was recorded before.
pub fn record(
    facts: &RecordFacts,
    cmd: &Record,
    now: Timestamp,
) -> Result<Option<RecordChange>, LeaseLost> {
    holds(&facts.build, &cmd.lease, now)?;
    if cmd.progress.is_empty() || cmd.step <= facts.build.recorded {
        return Ok(None);
    }
    if cmd.step != facts.build.recorded + 1 {
        // A step before it was never written: its sender is not where the build is.
        return Err(LeaseLost);
    }
    let mut change = RecordChange {
        build: facts.build.clone(),
        events: Vec::new(),
        work: Vec::new(),
        snapshot: None,
    };
    change.build.recorded = cmd.step;
    let mut kept = facts.kept.clone();
    for step in &cmd.progress {
        let build = &mut change.build;
        let body = match step.clone() {
            Progress::Engine { introduction } => EventBody::Engine { introduction },
            Progress::PhaseStarted(phase) => {
                build.phase = Some(phase);
                EventBody::PhaseStarted { phase }
            }
            Progress::PhaseCompleted { phase, duration_ms } => {
                EventBody::PhaseCompleted { phase, duration_ms }
            }
            Progress::AgentStarted(agent) => {
                EventBody::AgentStarted { phase: agent.phase, agent: agent.name() }
            }
            Progress::AgentCompleted(work) => {
                if kept.contains(&work.agent.number) {
                    continue;
                }
                kept.push(work.agent.number);
                build.used = build.used.plus(&work.usage);
                let body = EventBody::AgentCompleted {
                    phase: work.agent.phase,
                    agent: work.agent.name(),
                    summary: work.summary.clone(),
                    usage: work.usage.clone(),
                    files: work.files.len() as u64,
                };
                change.work.push(work);
                body
            }
            Progress::Packaged { id, preview, manifest } => {
                if build.snapshot.is_some() {
                    continue;
                }
                build.snapshot = Some(id);
                let bytes = manifest.iter().map(|(_, blob)| blob.bytes).sum();
                let files = manifest.iter().count() as u64;
                let snapshot = Snapshot {
                    id,
                    project: build.project,
                    build: build.id,
                    parent: facts.live,
                    tree: tree_digest(&manifest),
                    files,
                    bytes,
                    preview,
                    created_at: now,
                };
                change.snapshot = Some((snapshot, manifest));
                EventBody::SnapshotCreated { snapshot: id, files, bytes }
            }
        };
        let event = append(build, body, now);
        change.events.push(event);
    }
    Ok(Some(change))
}

/// The build's next event; `last_seq` grows with it, so there is never a gap.
pub(crate) fn append(build: &mut Build, body: EventBody, now: Timestamp) -> Event {
    build.last_seq += 1;
    Event {
        build: build.id,
        seq: build.last_seq,
        at: now,
        request_id: build.request_id.clone(),
        body,
    }
}
