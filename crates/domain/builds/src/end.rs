//! Ending an attempt, and with it most often the build.
//!
//! State, terminal event, credits, usage, audit and the tenant's next build are one decision
//! and one commit: there is no moment at which a build has ended and its hold has not.

use std::collections::BTreeMap;

use keelway_access::{AuditAction, AuditEntry};
use keelway_credits as credits;
use keelway_kernel::{
    Actor, Credits, DeploymentId, Failure, MicroUsd, Millis, ProjectId, SnapshotId, StoreError,
    Timestamp,
};

use crate::queue::{promotable, smooth_pace};
use crate::run::{LeaseLost, append, holds};
use crate::state::{Step, transition};
use crate::{
    Build, BuildFailure, BuildState, BuildStatus, Event, EventBody, FailureReason,
    InvalidTransition, Lease, Rules,
};

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The target serves the snapshot.
    Deployed {
        /// The deployment's id.
        deployment: DeploymentId,
        /// The target's name.
        target: String,
        /// Where it is served.
        url: String,
    },
    /// It made nothing.
    Failed {
        /// Why.
        failure: BuildFailure,
        /// What a provider charged for the call that failed.
        charged: MicroUsd,
        /// How long the provider asked us to wait, if it did.
        retry_after: Option<Millis>,
        /// A random number, for the delay before the next attempt.
        jitter: u64,
    },
    /// The caller stopped it.
    Cancelled,
    /// The worker shuts down and gives the build back unharmed.
    HandedBack,
    /// It waited too long.
    Expired,
}

/// Ends an attempt.
#[derive(Debug, Clone)]
pub struct Finish {
    /// The right to end it.
    pub lease: Lease,
    /// How it ended.
    pub end: End,
}

/// The answer to [`Finish`].
#[derive(Debug, Clone)]
pub struct Finished {
    /// The build after it.
    pub build: Build,
}

/// What a store knows when an attempt ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndFacts {
    /// The build.
    pub build: Build,
    /// The tenant's credits.
    pub account: credits::Account,
    /// What is held for the build.
    pub hold: credits::Hold,
    /// How many other builds of the tenant are ready, delayed or leased.
    pub occupied: u32,
    /// How many builds of the tenant may be.
    pub limit: u32,
    /// The smoothed time a build takes.
    pub pace_ms: Millis,
}

/// What happens to the build's place in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueChange {
    /// It leaves.
    Leave,
    /// It may be taken again at once.
    Ready,
    /// It may be taken again from this moment on.
    Delay(Timestamp),
}

/// What is served from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// Its id.
    pub id: DeploymentId,
    /// Whose.
    pub project: ProjectId,
    /// What.
    pub snapshot: SnapshotId,
    /// The target's name.
    pub target: String,
    /// Where.
    pub url: String,
}

/// What the month's usage grows by; zero everywhere while the build goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UsageChange {
    /// Builds that run.
    pub completed: u64,
    /// Builds that ended otherwise.
    pub failed: u64,
    /// Tokens read and written.
    pub tokens: u64,
    /// Model cost at list price.
    pub cost: MicroUsd,
    /// Credits charged.
    pub credits: Credits,
}

/// What ending an attempt changes; stores save exactly this.
#[derive(Debug, Clone)]
pub struct EndChange {
    /// The build after it.
    pub build: Build,
    /// New events, in order; the last one is terminal unless the build goes on.
    pub events: Vec<Event>,
    /// Captured and released credits; none while the build goes on.
    pub settled: Option<credits::Change>,
    /// Its place in the queue.
    pub queue: QueueChange,
    /// How many builds of the tenant's backlog join the ready set, lowest tag first.
    pub promote: u32,
    /// What the month's usage grows by.
    pub usage: UsageChange,
    /// What the project serves from now on, if this build changed it.
    pub deployment: Option<Deployment>,
    /// The smoothed time a build takes, from now on.
    pub pace_ms: Millis,
    /// Who did what.
    pub audit: Vec<AuditEntry>,
}

/// Decides how the attempt that `lease` runs ends.
pub fn finish(
    facts: &EndFacts,
    cmd: &Finish,
    rules: &Rules,
    now: Timestamp,
) -> Result<EndChange, Failure<LeaseLost>> {
    holds(&facts.build, &cmd.lease, now).map_err(Failure::Rejected)?;
    let actor = Actor { user: None, request_id: facts.build.request_id.clone() };
    end(facts, &cmd.end, &actor, rules, now).map_err(|failure| failure.map_rejected(|_| LeaseLost))
}

/// Decides what becomes of a build that time has overtaken, if anything: a lease that ran out
/// or a wait that was too long.
pub fn overtake(
    facts: &EndFacts,
    rules: &Rules,
    jitter: u64,
    now: Timestamp,
) -> Result<Option<EndChange>, Failure<InvalidTransition>> {
    let build = &facts.build;
    let actor = Actor { user: None, request_id: build.request_id.clone() };
    let over = match &build.status {
        BuildStatus::Building { lease_until, .. } if now >= *lease_until => {
            if build.cancel_requested { End::Cancelled } else { lost(jitter) }
        }
        // A build that was leased before is owed its attempts: only an untouched one expires.
        BuildStatus::Queued { .. } if build.attempt == 0 && now >= build.deadline => End::Expired,
        _ => return Ok(None),
    };
    end(facts, &over, &actor, rules, now).map(Some)
}

fn lost(jitter: u64) -> End {
    End::Failed {
        failure: BuildFailure {
            reason: FailureReason::WorkerLost,
            message: "The worker was lost before the build was done.".to_owned(),
            retryable: true,
        },
        charged: MicroUsd::ZERO,
        retry_after: None,
        jitter,
    }
}

const fn refused(transition: InvalidTransition) -> Failure<InvalidTransition> {
    Failure::Rejected(transition)
}

/// Decides how an attempt ends, whoever ends it.
pub(crate) fn end(
    facts: &EndFacts,
    end: &End,
    actor: &Actor,
    rules: &Rules,
    now: Timestamp,
) -> Result<EndChange, Failure<InvalidTransition>> {
    let mut change = EndChange {
        build: facts.build.clone(),
        events: Vec::new(),
        settled: None,
        queue: QueueChange::Leave,
        promote: 0,
        usage: UsageChange::default(),
        deployment: None,
        pace_ms: facts.pace_ms,
        audit: Vec::new(),
    };
    let build = &mut change.build;
    let from = build.status.state();
    match end {
        End::Deployed { deployment, target, url } => {
            transition(from, Step::Deploy).map_err(refused)?;
            let Some(snapshot) = build.snapshot else {
                return Err(refused(InvalidTransition { from, to: BuildState::Deployed }));
            };
            build.status = BuildStatus::Deployed { at: now };
            build.deployment_url = Some(url.clone());
            change.deployment = Some(Deployment {
                id: *deployment,
                project: build.project,
                snapshot,
                target: target.clone(),
                url: url.clone(),
            });
            let body = EventBody::DeploymentSucceeded { target: target.clone(), url: url.clone() };
            change.events.push(append(build, body, now));
            close(&mut change, facts, credits::Ending::Delivered, actor, rules, now)?;
        }
        End::Failed { failure, charged, retry_after, jitter } => {
            build.failures += 1;
            build.used.cost = build.used.cost.plus(*charged).unwrap_or(MicroUsd::MAX);
            if failure.retryable && build.failures < rules.max_attempts {
                transition(from, Step::Requeue).map_err(refused)?;
                let delay_ms = rules.retry_delay_ms(build.failures, *retry_after, *jitter);
                let retry_at = now.plus_millis(delay_ms);
                build.status = BuildStatus::Queued { retry_at: Some(retry_at) };
                change.queue = QueueChange::Delay(retry_at);
                let body = EventBody::Retrying { reason: failure.reason, delay_ms };
                change.events.push(append(build, body, now));
            } else {
                transition(from, Step::Fail).map_err(refused)?;
                build.status = BuildStatus::Failed { at: now, failure: failure.clone() };
                let ending = failure.reason.ending();
                close(&mut change, facts, ending, actor, rules, now)?;
            }
        }
        End::HandedBack => {
            transition(from, Step::Requeue).map_err(refused)?;
            build.status = BuildStatus::Queued { retry_at: None };
            change.queue = QueueChange::Ready;
            change.events.push(append(build, EventBody::HandedBack, now));
        }
        End::Cancelled => {
            transition(from, Step::Cancel).map_err(refused)?;
            let ending = match build.status {
                BuildStatus::Queued { .. } if build.attempt == 0 => credits::Ending::NeverStarted,
                // It waits because an attempt failed. Whether by us or by a provider is not kept:
                // so whoever does not wait for the next one pays nothing.
                BuildStatus::Queued { .. } if build.failures > 0 => credits::Ending::OurFailure,
                // Its worker was lost, whatever was asked meanwhile.
                BuildStatus::Building { lease_until, .. } if now >= lease_until => {
                    credits::Ending::OurFailure
                }
                _ => credits::Ending::Cancelled,
            };
            build.status = BuildStatus::Cancelled { at: now };
            close(&mut change, facts, ending, actor, rules, now)?;
        }
        End::Expired => {
            transition(from, Step::Expire).map_err(refused)?;
            build.status = BuildStatus::Expired { at: now };
            close(&mut change, facts, credits::Ending::NeverStarted, actor, rules, now)?;
        }
    }
    Ok(change)
}

/// The part all endings share: charge, terminal event, usage, audit, the tenant's next build.
fn close(
    change: &mut EndChange,
    facts: &EndFacts,
    ending: credits::Ending,
    actor: &Actor,
    rules: &Rules,
    now: Timestamp,
) -> Result<(), Failure<InvalidTransition>> {
    let build = &mut change.build;
    let bill = credits::Bill {
        used: build.used.cost,
        provider_charged: build.used.cost,
        ceiling: facts.hold.amount.credits(),
        micro_usd_per_credit: rules.micro_usd_per_credit,
    };
    let charged = credits::charge(ending, &bill);
    let settle = credits::Settle { charge: charged, actor: actor.clone() };
    // The charge is bounded by the hold, which only this decision ends: a refusal means that
    // the stored rows contradict one another.
    let settled = credits::decide::settle(&facts.account, &facts.hold, &settle, now)
        .map_err(|_| StoreError::corrupt("hold", facts.hold.id))?;
    change.settled = settled.change().cloned();
    build.captured = charged;

    let body = match &build.status {
        BuildStatus::Failed { failure, .. } => {
            EventBody::Failed { reason: failure.reason, message: failure.message.clone(), charged }
        }
        BuildStatus::Cancelled { .. } => EventBody::Cancelled { charged },
        BuildStatus::Expired { .. } => EventBody::Expired,
        BuildStatus::Deployed { .. } => EventBody::Completed { charged, cost: build.used.cost },
        BuildStatus::Queued { .. } | BuildStatus::Building { .. } => {
            return Err(StoreError::corrupt("build", build.id).into());
        }
    };
    change.events.push(append(build, body, now));

    let completed = u64::from(ending == credits::Ending::Delivered);
    change.usage = UsageChange {
        completed,
        failed: 1 - completed,
        tokens: build.used.tokens_in.saturating_add(build.used.tokens_out),
        cost: build.used.cost,
        credits: charged,
    };
    if let (Some(started_at), BuildStatus::Deployed { .. }) = (build.started_at, &build.status) {
        change.pace_ms = smooth_pace(facts.pace_ms, now.millis_since(started_at));
    }
    change.promote = promotable(facts.occupied, facts.limit);
    change.audit.push(AuditEntry {
        tenant: Some(build.tenant),
        actor: actor.clone(),
        action: AuditAction::BuildEnded,
        subject: build.id.to_string(),
        at: now,
        data: BTreeMap::from([
            ("state".to_owned(), build.status.state().to_string()),
            ("charged_credits".to_owned(), charged.to_string()),
        ]),
    });
    Ok(())
}
