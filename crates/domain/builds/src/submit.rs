//! Accepting a build: one decision over lock, tier, limits, credits and queue.

use std::collections::BTreeMap;

use keelway_access::{AuditAction, AuditEntry};
use keelway_credits as credits;
use keelway_estimate::Estimate;
use keelway_kernel::{
    Actor, BuildId, Credits, HoldId, Keyed, ProjectId, QueueId, TenantScope, Timestamp, UserId,
    once::KeyReused,
};
use keelway_tiers::{Demand, LimitExceeded, Limited, NotInTier, may_build};

use crate::guest::{ClaimError, GUEST_LIFETIME_SECONDS, GuestEntry, claim};
use crate::project::{ProjectFacts, TenantFacts, create_project};
use crate::queue::{Lane, Placement, place};
use crate::run::append;
use crate::{
    Build, BuildKind, BuildRequest, BuildStatus, Event, EventBody, NewProject, Position, Project,
    ProjectLock, Rules, Totals,
};

/// The project a build is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProjectChoice {
    /// One the tenant has.
    Existing(ProjectId),
    /// One to be made along with the build.
    New(NewProject),
}

/// Asks for a build.
#[derive(Debug, Clone)]
pub struct Submit {
    /// For whom.
    pub scope: TenantScope,
    /// Who asks.
    pub user: UserId,
    /// Under which request.
    pub request_id: String,
    /// The new build's id.
    pub build: BuildId,
    /// The id of its hold.
    pub hold: HoldId,
    /// What is asked for.
    pub request: BuildRequest,
    /// What that will take.
    pub estimate: Estimate,
    /// For which project.
    pub project: ProjectChoice,
    /// The parked request that becomes this build, if it is a claim.
    pub guest: Option<QueueId>,
    /// The caller's idempotency key, if there is one.
    pub keyed: Option<Keyed<Submitted>>,
}

/// What a store knows when a build is asked for.
#[derive(Debug, Clone)]
pub struct SubmitFacts {
    /// The tenant's tier, limits and month.
    pub tenant: TenantFacts,
    /// How many builds the tenant asked for this month.
    pub builds_this_month: u64,
    /// The project named, if the tenant has it.
    pub project: Option<Project>,
    /// What matters for a new project.
    pub new_project: ProjectFacts,
    /// The project's active build.
    pub lock: Option<ProjectLock>,
    /// The tenant's credits.
    pub account: credits::Account,
    /// Holds of the account that are past their time.
    pub due: Vec<credits::Hold>,
    /// The queue around the tenant.
    pub lane: Lane,
    /// The parked request named.
    pub guest: Option<GuestEntry>,
}

/// Why a build was refused. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The parked request cannot be claimed.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// The tenant has no such project.
    #[error("no such project")]
    ProjectUnknown,
    /// Another build of the project is active.
    #[error("the project has an active build")]
    ProjectLocked(ProjectLock),
    /// The tenant's tier does not include builds of this size.
    #[error(transparent)]
    Tier(#[from] NotInTier),
    /// The month's builds or the tenant's projects are used up.
    #[error(transparent)]
    Limit(#[from] LimitExceeded),
    /// There are not enough credits, or the day's cap is reached.
    #[error(transparent)]
    Credits(#[from] credits::ReserveError),
    /// The idempotency key belongs to another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
}

/// What accepting a build changes; stores save exactly this.
#[derive(Debug, Clone)]
pub struct SubmitChange {
    /// The build, queued.
    pub build: Build,
    /// Its project.
    pub project: Project,
    /// Whether the project is made along with it.
    pub new_project: bool,
    /// Where it stands in the queue.
    pub placement: Placement,
    /// The hold and the account after it.
    pub reserved: credits::Change,
    /// The build's first event.
    pub event: Event,
    /// The parked request it came from.
    pub claimed: Option<QueueId>,
    /// Who did what.
    pub audit: Vec<AuditEntry>,
}

/// The answer to a submission.
#[derive(Debug, Clone)]
pub struct Submitted {
    /// The build, queued.
    pub build: Build,
    /// Its project.
    pub project: Project,
    /// Its place in the queue.
    pub position: Position,
}

/// What a submission would come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubmitPreview {
    /// What would be set aside for the build.
    pub held: Credits,
    /// What could be set aside now, the build's own share included.
    pub available: Credits,
}

/// Decides whether the build is accepted, and everything that follows from it.
///
/// Refusals come in the order in which a caller can mend them: what was named must exist and
/// be free (and a new project within the limit), then the tier must allow the size, then the
/// month's limit, then credits.
pub fn submit(
    facts: &SubmitFacts,
    cmd: &Submit,
    rules: &Rules,
    now: Timestamp,
) -> Result<SubmitChange, SubmitError> {
    if cmd.guest.is_some() {
        claim(facts.guest.as_ref(), now)?;
    }
    let (project, new_project) = match &cmd.project {
        ProjectChoice::Existing(_) => {
            (facts.project.clone().ok_or(SubmitError::ProjectUnknown)?, false)
        }
        ProjectChoice::New(new) => {
            let wanted = (cmd.scope, new);
            (create_project(&facts.tenant, &facts.new_project, wanted, rules, now)?, true)
        }
    };
    if let Some(lock) = facts.lock.filter(|_| !new_project) {
        return Err(SubmitError::ProjectLocked(lock));
    }
    may_build(facts.tenant.tier, cmd.request.tier)?;
    let plan = facts.tenant.plan(rules);
    let demand = Demand { of: Limited::BuildsPerMonth, used: facts.builds_this_month, more: 1 };
    plan.within(demand, facts.tenant.month)?;

    let actor = Actor { user: Some(cmd.user), request_id: cmd.request_id.clone() };
    let amount = hold_amount(cmd, rules);
    let reserve = credits::Reserve {
        hold: cmd.hold,
        amount,
        purpose: credits::Purpose::Build(cmd.build),
        user: Some(cmd.user),
        project: Some(project.id),
        caps: None,
        actor: actor.clone(),
    };
    let reserve_facts = credits::ReserveFacts {
        account: &facts.account,
        earlier: None,
        due: &facts.due,
        spent: credits::Spent::default(),
    };
    let decided = credits::decide::reserve(&reserve_facts, &reserve, now)?;
    let credits::Decided::Now { change: reserved, .. } = decided else {
        // The hold's id is as new as the build's: nobody can have used it before.
        return Err(credits::ReserveError::KeyReused.into());
    };

    let mut build = Build {
        id: cmd.build,
        tenant: cmd.scope.tenant(),
        project: project.id,
        kind: BuildKind::Generate,
        status: BuildStatus::Queued { retry_at: None },
        request: cmd.request.clone(),
        estimate: cmd.estimate.clone(),
        hold: cmd.hold,
        held: amount.credits(),
        attempt: 0,
        failures: 0,
        recorded: 0,
        cancel_requested: false,
        last_seq: 0,
        used: Totals::default(),
        phase: None,
        snapshot: None,
        deployment_url: None,
        captured: Credits::ZERO,
        requested_by: cmd.user,
        request_id: cmd.request_id.clone(),
        created_at: now,
        deadline: now.plus_seconds(i64::from(plan.limits.queue_hours.get()) * 60 * 60),
        started_at: None,
        version: 0,
    };
    let event = append(&mut build, EventBody::Queued { held: amount.credits() }, now);
    let audited = |action, subject: String| AuditEntry {
        tenant: Some(cmd.scope.tenant()),
        actor: actor.clone(),
        action,
        subject,
        at: now,
        data: BTreeMap::new(),
    };
    let mut audit = Vec::new();
    if new_project {
        audit.push(audited(AuditAction::ProjectCreated, project.id.to_string()));
    }
    if let Some(parked) = cmd.guest {
        audit.push(audited(AuditAction::GuestClaimed, parked.to_string()));
    }
    audit.push(audited(AuditAction::BuildSubmitted, build.id.to_string()));
    Ok(SubmitChange {
        placement: place(&facts.lane, cmd.estimate.agents),
        reserved,
        claimed: cmd.guest,
        build,
        project,
        new_project,
        event,
        audit,
    })
}

/// Decides what [`submit`] would, for whoever only asks.
pub fn rehearse(
    facts: &SubmitFacts,
    cmd: &Submit,
    rules: &Rules,
    now: Timestamp,
) -> Result<SubmitPreview, SubmitError> {
    let change = submit(facts, cmd, rules, now)?;
    let (held, after) = (change.build.held, change.reserved);
    let free = after.balance.get().saturating_sub(after.held.get());
    Ok(SubmitPreview { held, available: Credits::new(free.saturating_add(held.get())) })
}

/// The estimate, or less if the caller set a lower cap; at least 1 credit.
fn hold_amount(cmd: &Submit, rules: &Rules) -> credits::Amount {
    let estimated = cmd.estimate.credits(rules.micro_usd_per_credit);
    let capped = cmd.request.max_credits.map_or(estimated, |cap| cap.min(estimated));
    credits::Amount::new(capped).unwrap_or(credits::Amount::ONE)
}

/// Parks a guest's request.
#[derive(Debug, Clone)]
pub struct Park {
    /// Its id.
    pub id: QueueId,
    /// What is asked for.
    pub request: BuildRequest,
    /// The guest's idempotency key, if there is one.
    pub keyed: Option<Keyed<GuestEntry>>,
}

/// Why a request was not parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParkError {
    /// The idempotency key belongs to another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
}

/// Decides how long a guest's request is kept.
pub fn park(cmd: &Park, now: Timestamp) -> GuestEntry {
    GuestEntry {
        id: cmd.id,
        request: cmd.request.clone(),
        claimed: None,
        created_at: now,
        expires_at: now.plus_seconds(GUEST_LIFETIME_SECONDS),
    }
}
