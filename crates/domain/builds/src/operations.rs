//! What those who run the platform look at, across tenants: queue, builds, leases, speed.
//!
//! Reads only. No method takes a tenant's scope, so only use cases that were shown who asks for
//! the whole platform may call them.

use async_trait::async_trait;
use keelway_access::{Slug, WorkspaceName};
use keelway_kernel::{
    BuildId, Credits, Millis, Page, PageRequest, ProjectId, StoreError, TenantId, Timestamp,
};

use crate::overview::BuildSummary;
use crate::percentiles::Percentiles;
use crate::{BuildState, FailureReason, Phase, ProjectName, Standing};

/// A tenant by its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantRef {
    /// Its id.
    pub id: TenantId,
    /// Unique on the platform.
    pub slug: Slug,
    /// What its people call it.
    pub name: WorkspaceName,
}

/// Builds in the queue, by where they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standings {
    /// The next worker may take them.
    pub ready: u64,
    /// Behind others of their tenant, because of its concurrency.
    pub parked: u64,
    /// Waiting for their next attempt.
    pub delayed: u64,
    /// In the hands of workers.
    pub leased: u64,
    /// Since when the one that waits longest has been in the queue; none if none waits.
    pub oldest: Option<Timestamp>,
}

impl Standings {
    /// Builds that are not being built.
    pub const fn waiting(&self) -> u64 {
        self.ready.saturating_add(self.parked).saturating_add(self.delayed)
    }

    /// The same with `count` more of one standing, the oldest of them since `oldest`.
    #[must_use]
    pub fn with(self, standing: Standing, count: u64, oldest: Timestamp) -> Self {
        let mut sum = self;
        let (of, waits) = match standing {
            Standing::Ready => (&mut sum.ready, true),
            Standing::Parked => (&mut sum.parked, true),
            Standing::Delayed => (&mut sum.delayed, true),
            Standing::Leased => (&mut sum.leased, false),
        };
        *of = of.saturating_add(count);
        if waits && count > 0 {
            sum.oldest = Some(self.oldest.map_or(oldest, |earlier| earlier.min(oldest)));
        }
        sum
    }
}

/// The queue as a whole and by tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueBoard {
    /// All of it.
    pub total: Standings,
    /// Those tenants with most builds in it, at most as many as were asked for.
    pub tenants: Vec<(TenantRef, Standings)>,
    /// The smoothed time a build takes.
    pub pace_ms: Millis,
}

/// A build that waits for a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingBuild {
    /// The build.
    pub build: BuildId,
    /// Whose it is.
    pub tenant: TenantRef,
    /// Its project.
    pub project: ProjectId,
    /// What people call that.
    pub project_name: ProjectName,
    /// Ready, parked or delayed.
    pub standing: Standing,
    /// The priority of its band: higher ones are taken first.
    pub priority: u8,
    /// Its place among all that wait; 1 is next.
    pub place: u64,
    /// Since when it has been in the queue.
    pub since: Timestamp,
    /// When it expires, or may be tried again; none if nothing follows from waiting.
    pub due_at: Option<Timestamp>,
    /// When it will likely start, by the pace of recent builds.
    pub estimated_start: Timestamp,
}

/// A build of any tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildAnywhere {
    /// Whose it is.
    pub tenant: TenantRef,
    /// What people call its project.
    pub project_name: ProjectName,
    /// The build.
    pub build: BuildSummary,
}

/// What can be asked of the list of all builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BuildSearch {
    /// Only this build.
    pub build: Option<BuildId>,
    /// Only of this tenant.
    pub tenant: Option<TenantId>,
    /// Only in this state.
    pub state: Option<BuildState>,
}

/// A text that is neither a build's id nor a tenant's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a build or of a tenant")]
pub struct NotAnId;

impl BuildSearch {
    /// The same, with what a person typed to search for: the id of a build or of a tenant.
    pub fn by_id(self, text: &str) -> Result<Self, NotAnId> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(self);
        }
        if let Ok(build) = text.parse() {
            return Ok(Self { build: Some(build), ..self });
        }
        text.parse().map(|tenant| Self { tenant: Some(tenant), ..self }).map_err(|_| NotAnId)
    }
}

/// A build in the hands of a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLease {
    /// The build.
    pub build: BuildId,
    /// Whose it is.
    pub tenant: TenantRef,
    /// What people call its project.
    pub project_name: ProjectName,
    /// Who has it.
    pub worker: String,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// The phase reached.
    pub phase: Option<Phase>,
    /// Whether it was asked to stop.
    pub cancel_requested: bool,
    /// When it was first leased.
    pub started_at: Option<Timestamp>,
    /// When the lease runs out unless renewed.
    pub until: Timestamp,
}

impl HeldLease {
    /// For how long the lease has been over at `now`; none while it runs.
    pub fn overdue_ms(&self, now: Timestamp) -> Option<Millis> {
        (self.until <= now).then(|| now.millis_since(self.until))
    }
}

/// How far back figures reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Window {
    /// The last 24 hours.
    #[default]
    Day,
    /// The last 7 days.
    Week,
    /// The last 30 days.
    Month,
}

impl Window {
    /// Every window, shortest first.
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// The name in addresses: `24h`, `7d`, `30d`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
        }
    }

    /// Reads what [`Window::as_str`] wrote.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|window| window.as_str() == name)
    }

    /// When it begins, if it ends at `now`.
    pub const fn since(self, now: Timestamp) -> Timestamp {
        let days = match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 30,
        };
        now.plus_seconds(-days * 24 * 60 * 60)
    }
}

/// The most builds, and the most phases, that percentiles are taken of: the newest.
pub const MOST_SAMPLES: u32 = 10_000;

/// Times taken from what ended in a window.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Samples {
    /// From acceptance to the first lease, of builds that ended.
    pub waits: Vec<Millis>,
    /// From the first lease to the end, of builds that ended deployed.
    pub runs: Vec<Millis>,
    /// Of phases that ended well.
    pub phases: Vec<(Phase, Millis)>,
    /// How many builds failed for each reason.
    pub failures: Vec<(FailureReason, u64)>,
}

/// How fast the platform is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Performance {
    /// Over which window.
    pub window: Window,
    /// How long builds wait before they are first taken; none without any.
    pub wait: Option<Percentiles>,
    /// How long builds that succeed run; none without any.
    pub run: Option<Percentiles>,
    /// How long each phase takes, in the order they run.
    pub phases: Vec<(Phase, Option<Percentiles>)>,
    /// How many builds failed for each reason, most first; reasons without any are left out.
    pub failures: Vec<(FailureReason, u64)>,
}

impl Performance {
    /// The figures over what a store found.
    pub fn of(window: Window, samples: Samples) -> Self {
        let phase = |phase| {
            let times = samples.phases.iter().filter(|(of, _)| *of == phase);
            (phase, Percentiles::of(times.map(|(_, took)| *took).collect()))
        };
        let phases = Phase::ALL.map(phase).to_vec();
        let mut failures = samples.failures;
        failures.retain(|(_, count)| *count > 0);
        failures.sort_by_key(|(reason, count)| (std::cmp::Reverse(*count), reason.as_str()));
        Self {
            window,
            wait: Percentiles::of(samples.waits),
            run: Percentiles::of(samples.runs),
            phases,
            failures,
        }
    }
}

/// How much there is of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PlatformTotals {
    /// Tenants.
    pub tenants: u64,
    /// People with an account.
    pub people: u64,
    /// Projects.
    pub projects: u64,
    /// Builds that wait.
    pub queued: u64,
    /// Builds in the hands of workers.
    pub building: u64,
    /// Builds that ended deployed.
    pub deployed: u64,
    /// Builds that ended failed.
    pub failed: u64,
    /// Builds that ended cancelled.
    pub cancelled: u64,
    /// Builds that ended expired.
    pub expired: u64,
    /// Credits that all accounts together keep aside.
    pub held: Credits,
    /// Credits charged for builds so far.
    pub charged: Credits,
}

/// Reads across tenants.
#[async_trait]
pub trait Operations: Send + Sync {
    /// The queue by standing, and by the `tenants` tenants that have most in it.
    async fn queue(&self, tenants: u32) -> Result<QueueBoard, StoreError>;

    /// Builds that wait, in the order of their places.
    ///
    /// The cursor's key is [`crate::queue::sort_key`] of band and tag.
    async fn waiting(&self, page: PageRequest) -> Result<Page<WaitingBuild>, StoreError>;

    /// Builds of all tenants, newest first by their ids; the cursor's key is always zero.
    async fn builds_anywhere(
        &self,
        search: BuildSearch,
        page: PageRequest,
    ) -> Result<Page<BuildAnywhere>, StoreError>;

    /// Builds in the hands of workers, the lease that runs out first at the top, at most
    /// `limit`.
    async fn leases(&self, limit: u32) -> Result<Vec<HeldLease>, StoreError>;

    /// Times of what ended since then: of each kind the newest, at most [`MOST_SAMPLES`].
    async fn samples(&self, since: Timestamp) -> Result<Samples, StoreError>;

    /// How much there is of everything.
    async fn totals(&self) -> Result<PlatformTotals, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_takes_the_ids_of_builds_and_tenants_and_nothing_else() {
        let id = "01h455vb4pex5vsknk084sn02q";
        let none = BuildSearch::default();
        assert_eq!(none.by_id(" "), Ok(none));
        assert!(none.by_id(&format!(" bld_{id} ")).unwrap().build.is_some());
        assert!(none.by_id(&format!("ten_{id}")).unwrap().tenant.is_some());
        for text in ["bakery", "%", &format!("prj_{id}")] {
            assert_eq!(none.by_id(text), Err(NotAnId), "{text}");
        }
    }

    #[test]
    fn only_what_waits_is_old() {
        let at = Timestamp::from_micros;
        let board = Standings::default()
            .with(Standing::Leased, 2, at(1))
            .with(Standing::Parked, 3, at(7))
            .with(Standing::Ready, 1, at(5))
            .with(Standing::Delayed, 0, at(0));
        assert_eq!((board.waiting(), board.leased, board.oldest), (4, 2, Some(at(5))));
    }

    #[test]
    fn a_lease_is_overdue_from_the_moment_it_runs_out() {
        let now = Timestamp::from_micros(1_000_000);
        for (until, overdue) in [(1_000_001, None), (1_000_000, Some(0)), (0, Some(1_000))] {
            let lease = HeldLease {
                build: BuildId::from_uuid(uuid::Uuid::nil()),
                tenant: TenantRef {
                    id: TenantId::from_uuid(uuid::Uuid::nil()),
                    slug: Slug::parse("bakery").unwrap(),
                    name: WorkspaceName::parse("Bakery").unwrap(),
                },
                project_name: ProjectName::parse("Bread").unwrap(),
                worker: "worker-1".to_owned(),
                attempt: 1,
                phase: None,
                cancel_requested: false,
                started_at: None,
                until: Timestamp::from_micros(until),
            };
            assert_eq!(lease.overdue_ms(now), overdue);
        }
    }
}
