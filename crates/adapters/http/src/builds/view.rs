//! Builds on the wire.

use keelway_builds::submit::Submitted;
use keelway_builds::{
    Build, BuildFailure, BuildState, BuildStatus, BuildTier, Event, EventBody, Phase, Plan,
    SiteLabel,
};
use keelway_kernel::{BuildId, Credits, MicroUsd, ProjectId, SnapshotId, Timestamp, UserId};
use keelway_platform::reports::Report;
use serde::Serialize;
use utoipa::ToSchema;

use crate::estimates::labels;

/// A build that was accepted.
#[derive(Serialize, ToSchema)]
#[schema(as = AcceptedBuild)]
pub(crate) struct AcceptedView {
    #[schema(value_type = String)]
    pub(crate) id: BuildId,
    #[schema(value_type = String)]
    pub(crate) project_id: ProjectId,
    #[schema(value_type = String)]
    pub(crate) status: BuildState,
    plan: PlanView,
    /// Its place in the queue: 1 is next.
    position: u64,
    #[schema(value_type = String, format = DateTime)]
    estimated_start: Timestamp,
    events_url: String,
    stream_url: String,
}

impl AcceptedView {
    pub(crate) fn of(submitted: &Submitted) -> Self {
        let (build, position) = (&submitted.build, submitted.position);
        Self {
            id: build.id,
            project_id: build.project,
            status: build.status.state(),
            plan: PlanView::of(build),
            position: position.place,
            estimated_start: position.estimated_start,
            events_url: events_url(build.id),
            stream_url: stream_url(build.id),
        }
    }
}

/// Where a build is read.
pub(crate) fn build_url(id: BuildId) -> String {
    format!("/v1/builds/{id}")
}

pub(crate) fn events_url(id: BuildId) -> String {
    format!("/v1/builds/{id}/events")
}

pub(crate) fn stream_url(id: BuildId) -> String {
    format!("/v1/builds/{id}/events/stream")
}

/// What a build is going to do, and for how much.
#[derive(Serialize, ToSchema)]
#[schema(as = BuildPlan)]
struct PlanView {
    agents: u32,
    /// In the order they run.
    phases: Vec<PlannedPhaseView>,
    tokens: u64,
    #[schema(value_type = i64)]
    cost_micro_usd: MicroUsd,
    /// What is set aside for it: the estimate, or the caller's own lower cap.
    #[schema(value_type = i64)]
    credits: Credits,
    /// In words.
    duration_text: String,
    /// What was found in the description.
    features: Vec<String>,
}

/// A phase and who works in it.
#[derive(Serialize, ToSchema)]
#[schema(as = PlannedPhase)]
struct PlannedPhaseView {
    phase: &'static str,
    /// None where no model is called.
    agents: Vec<String>,
}

impl PlanView {
    fn of(build: &Build) -> Self {
        let (estimate, plan) = (&build.estimate, build.plan());
        let phases = Phase::ALL
            .into_iter()
            .map(|phase| PlannedPhaseView { phase: phase.as_str(), agents: agents(&plan, phase) });
        Self {
            agents: estimate.agents,
            phases: phases.collect(),
            tokens: estimate.tokens,
            cost_micro_usd: estimate.cost,
            credits: build.held,
            duration_text: estimate.duration_text(),
            features: labels(estimate),
        }
    }
}

fn agents(plan: &Plan, phase: Phase) -> Vec<String> {
    plan.of_phase(phase).map(keelway_builds::AgentSpec::name).collect()
}

/// A build in a list.
#[derive(Serialize, ToSchema)]
#[schema(as = BuildSummary)]
pub(crate) struct BuildRow {
    #[schema(value_type = String)]
    pub(crate) id: BuildId,
    #[schema(value_type = String)]
    project_id: ProjectId,
    kind: &'static str,
    /// queued, building, deployed, failed, cancelled or expired; the last four are final.
    #[schema(value_type = String)]
    pub(crate) status: BuildState,
    description: String,
    #[schema(value_type = String)]
    tier: BuildTier,
    /// How often a worker took it.
    attempt: u32,
    /// The phase reached.
    phase: Option<&'static str>,
    /// Whether the caller asked to stop it.
    pub(crate) cancel_requested: bool,
    tokens: TokensView,
    /// What its agents have used so far.
    #[schema(value_type = i64)]
    cost_micro_usd: MicroUsd,
    credits: CreditsView,
    /// Why it ended without a result.
    failure: Option<FailureView>,
    #[schema(value_type = Option<String>)]
    snapshot_id: Option<SnapshotId>,
    deployment_url: Option<String>,
    #[schema(value_type = String)]
    requested_by: UserId,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
}

/// Tokens read and written by models.
#[derive(Serialize, ToSchema)]
#[schema(as = Tokens)]
pub(crate) struct TokensView {
    pub(crate) r#in: u64,
    pub(crate) out: u64,
}

/// What became of the credits of a build.
#[derive(Serialize, ToSchema)]
#[schema(as = BuildCredits)]
pub(crate) struct CreditsView {
    /// Set aside when it was accepted: the most it is charged.
    #[schema(value_type = i64)]
    held: Credits,
    /// Charged.
    #[schema(value_type = i64)]
    captured: Credits,
    /// Given back at its end.
    #[schema(value_type = i64)]
    released: Credits,
}

impl CreditsView {
    pub(crate) fn of(build: &Build) -> Self {
        let unused = build.held.get().saturating_sub(build.captured.get()).max(0);
        let released = if build.status.state().is_terminal() { unused } else { 0 };
        Self { held: build.held, captured: build.captured, released: Credits::new(released) }
    }
}

/// Why a build ended without a result.
#[derive(Serialize, ToSchema)]
#[schema(as = BuildFailure)]
struct FailureView {
    /// `provider_failed`, `budget_reached`, `worker_lost`, `deployment_failed` or `internal_error`.
    reason: &'static str,
    message: String,
    /// Whether the same build may work later.
    retryable: bool,
}

impl BuildRow {
    pub(crate) fn of(build: Build) -> Self {
        let state = build.status.state();
        let failure = match &build.status {
            BuildStatus::Failed {
                failure: BuildFailure { reason, message, retryable }, ..
            } => {
                let (message, retryable) = (message.clone(), *retryable);
                Some(FailureView { reason: reason.as_str(), message, retryable })
            }
            _ => None,
        };
        Self {
            id: build.id,
            project_id: build.project,
            kind: build.kind.as_str(),
            status: state,
            credits: CreditsView::of(&build),
            ended_at: build.status.ended_at(),
            description: build.request.description.as_str().to_owned(),
            tier: build.request.tier,
            attempt: build.attempt,
            phase: build.phase.map(Phase::as_str),
            cancel_requested: build.cancel_requested,
            tokens: TokensView { r#in: build.used.tokens_in, out: build.used.tokens_out },
            cost_micro_usd: build.used.cost,
            failure,
            snapshot_id: build.snapshot,
            deployment_url: build.deployment_url,
            requested_by: build.requested_by,
            created_at: build.created_at,
            started_at: build.started_at,
        }
    }
}

impl BuildRow {
    /// Says where the build is served today. What the platform serves itself, under `site`,
    /// moves with the address of its sites; what others serve stays where they said.
    pub(crate) fn served(
        mut self,
        site: Option<&SiteLabel>,
        site_address: &dyn Fn(&SiteLabel) -> String,
    ) -> Self {
        let ours = |url: &String| site.filter(|site| url.contains(site.as_str()));
        if let Some(site) = self.deployment_url.as_ref().and_then(ours) {
            self.deployment_url = Some(site_address(site));
        }
        self
    }
}

/// A build with its plan, its phases and its place in the queue.
#[derive(Serialize, ToSchema)]
#[schema(as = Build)]
pub(crate) struct BuildView {
    #[serde(flatten)]
    row: BuildRow,
    plan: PlanView,
    phases: Vec<PhaseView>,
    /// Its place in the queue, while it waits: 1 is next.
    position: Option<u64>,
    #[schema(value_type = Option<String>, format = DateTime)]
    estimated_start: Option<Timestamp>,
    /// When it may next be taken, if it waits after a failure.
    #[schema(value_type = Option<String>, format = DateTime)]
    retry_at: Option<Timestamp>,
    /// Where its result can be looked at, on an origin of its own.
    preview_url: Option<String>,
    download_url: Option<String>,
    events_url: String,
    stream_url: String,
}

/// How far a phase is.
#[derive(Serialize, ToSchema)]
#[schema(as = BuildPhase)]
struct PhaseView {
    phase: &'static str,
    /// pending, running, completed, or stopped if the build ended in it.
    state: &'static str,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    completed_at: Option<Timestamp>,
}

impl BuildView {
    pub(crate) fn of(report: Report, site_address: &dyn Fn(&SiteLabel) -> String) -> Self {
        let Report { build, site, position, history, snapshot } = report;
        let id = build.id;
        let retry_at = match build.status {
            BuildStatus::Queued { retry_at, .. } => retry_at,
            _ => None,
        };
        Self {
            plan: PlanView::of(&build),
            phases: phases(build.status.state(), &history),
            position: position.map(|position| position.place),
            estimated_start: position.map(|position| position.estimated_start),
            retry_at,
            download_url: snapshot.as_ref().map(|_| format!("/v1/builds/{id}/download")),
            preview_url: snapshot.map(|snapshot| site_address(&snapshot.preview)),
            events_url: events_url(id),
            stream_url: stream_url(id),
            row: BuildRow::of(build).served(site.as_ref(), site_address),
        }
    }
}

/// How far each phase is, by what happened last in it: an attempt goes on where the one before
/// it stopped, so a phase may begin more than once and ends well at most once.
fn phases(state: BuildState, history: &[Event]) -> Vec<PhaseView> {
    let last = |is: fn(&EventBody) -> bool, phase: Phase| {
        let of = |event: &&Event| event.body.phase() == Some(phase) && is(&event.body);
        history.iter().rfind(of).map(|event| (event.seq, event.at))
    };
    let begins = |body: &EventBody| matches!(body, EventBody::PhaseStarted { .. });
    // The last phase ends with the build, whose success is told by the deployment.
    let ends = |body: &EventBody| {
        matches!(body, EventBody::PhaseCompleted { .. } | EventBody::DeploymentSucceeded { .. })
    };
    let phase = |phase: Phase| {
        let (started, completed) = (last(begins, phase), last(ends, phase));
        let completed = completed.filter(|completed| Some(*completed) > started);
        let state = match (started, completed, state) {
            (_, Some(_), _) => "completed",
            (Some(_), None, BuildState::Building) => "running",
            (None, None, _) | (Some(_), None, BuildState::Queued) => "pending",
            (Some(_), None, _) => "stopped",
        };
        let at = |moment: Option<(i64, Timestamp)>| {
            moment.filter(|_| state != "pending").map(|(_, at)| at)
        };
        let (started_at, completed_at) = (at(started), at(completed));
        PhaseView { phase: phase.as_str(), state, started_at, completed_at }
    };
    Phase::ALL.into_iter().map(phase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(state: BuildState, bodies: &[EventBody]) -> String {
        let events: Vec<Event> = (1..)
            .zip(bodies)
            .map(|(seq, body)| Event {
                build: "bld_01h455vb4pex5vsknk084sn02q".parse().unwrap(),
                seq,
                at: Timestamp::from_micros(seq * 1_000_000),
                request_id: String::new(),
                body: body.clone(),
            })
            .collect();
        let second = |at: Option<Timestamp>| at.map_or(0, |at| at.as_micros() / 1_000_000);
        phases(state, &events)
            .iter()
            .filter(|view| view.state != "pending")
            .map(|view| {
                let (began, ended) = (second(view.started_at), second(view.completed_at));
                format!("{} {} {began}-{ended}", view.phase, view.state)
            })
            .collect::<Vec<_>>()
            .join(", ")
    }

    #[test]
    fn what_happened_last_in_a_phase_says_how_far_it_is() {
        let started = |phase| EventBody::PhaseStarted { phase };
        let completed = |phase| EventBody::PhaseCompleted { phase, duration_ms: 1 };
        let (plan, design) = (Phase::Plan, Phase::Design);
        let history = [started(plan), completed(plan), started(design)];
        let table = [
            shown(BuildState::Queued, &[]),
            shown(BuildState::Building, &history),
            shown(BuildState::Queued, &history),
            shown(BuildState::Failed, &history),
            shown(
                BuildState::Building,
                &[history.as_slice(), &[started(design), completed(design)]].concat(),
            ),
            shown(
                BuildState::Deployed,
                &[
                    started(Phase::Deploy),
                    EventBody::DeploymentSucceeded { target: String::new(), url: String::new() },
                ],
            ),
        ];
        insta::assert_snapshot!(table.join("\n"));
    }
}
