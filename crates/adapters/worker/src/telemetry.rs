//! What a worker counts. No label ever holds an id.

use std::time::Duration;

use keelway_builds::run::Progress;
use keelway_builds::{AgentFailure, Build, Phase};
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

pub(crate) fn describe() {
    describe_gauge!("keelway_active_builds", "Builds this process runs now");
    describe_gauge!("keelway_worker_loops", "Loops of this process that look for work");
    describe_histogram!("keelway_build_latency_seconds", "From acceptance to the end of a build");
    describe_counter!("keelway_build_events_total", "Phases begun, completed, failed or stopped");
    describe_counter!("keelway_ai_provider_errors_total", "Model calls that made nothing");
    describe_histogram!(
        "keelway_ai_provider_latency_seconds",
        "From the start of an agent to its end"
    );
    describe_counter!("keelway_lease_lost_total", "Attempts stopped because their lease was lost");
    describe_counter!("keelway_worker_panics_total", "Loops, builds and agents that fell over");
    // There from the start, so that its first increase is seen as one.
    counter!("keelway_lease_lost_total").increment(0);
}

/// Counts something for as long as it lives.
pub(crate) struct Counted(&'static str);

impl Counted {
    pub(crate) fn new(name: &'static str) -> Self {
        gauge!(name).increment(1);
        Self(name)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        gauge!(self.0).decrement(1);
    }
}

pub(crate) fn progress(progress: &[Progress]) {
    for step in progress {
        match step {
            Progress::PhaseStarted(phase) => phase_is(*phase, "started"),
            Progress::PhaseCompleted { phase, .. } => phase_is(*phase, "completed"),
            Progress::Engine { .. }
            | Progress::AgentStarted(_)
            | Progress::AgentCompleted(_)
            | Progress::Packaged { .. } => {}
        }
    }
}

pub(crate) fn phase_is(phase: Phase, status: &'static str) {
    counter!("keelway_build_events_total", "phase" => phase.as_str(), "status" => status)
        .increment(1);
}

pub(crate) fn build_ended(build: &Build) {
    if let Some(ended_at) = build.status.ended_at() {
        let status = build.status.state().as_str();
        let millis = ended_at.millis_since(build.created_at);
        let latency = Duration::from_millis(u64::try_from(millis).unwrap_or(0));
        histogram!("keelway_build_latency_seconds", "status" => status).record(latency);
    }
}

pub(crate) fn provider_answered(provider: &str, latency: Duration) {
    histogram!("keelway_ai_provider_latency_seconds", "provider" => provider.to_owned())
        .record(latency);
}

/// The port's failures do not name the provider, so it is the one that answered last.
pub(crate) fn provider_failed(provider: &str, failure: &AgentFailure) {
    let code = match failure {
        AgentFailure::Provider { retry_after: Some(_), .. } => "throttled",
        AgentFailure::Provider { retryable: true, .. } => "failed",
        AgentFailure::Provider { .. } => "refused",
        AgentFailure::Budget { .. } => "budget",
        AgentFailure::Internal { .. } => "internal",
    };
    counter!("keelway_ai_provider_errors_total", "provider" => provider.to_owned(), "code" => code)
        .increment(1);
}

pub(crate) fn lease_lost() {
    counter!("keelway_lease_lost_total").increment(1);
}

pub(crate) fn panicked(what: &'static str) {
    counter!("keelway_worker_panics_total", "what" => what).increment(1);
}
