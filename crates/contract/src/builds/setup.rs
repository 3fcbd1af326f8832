//! Builds to work with.

use keelway_builds::cancel::Cancel;
use keelway_builds::end::{End, Finish};
use keelway_builds::run::{Assignment, LeaseLost, Progress, Record, Recorded, Take};
use keelway_builds::submit::{ProjectChoice, Submit, Submitted};
use keelway_builds::{
    AgentWork, BlobRef, Build, BuildFailure, BuildRequest, BuildTier, Description, FailureReason,
    Lease, Manifest, NewProject, Plan, Project, ProjectName, SiteLabel, Usage,
};
use keelway_estimate::{Estimate, EstimateTable, estimate};
use keelway_kernel::{
    Actor, BuildId, DeploymentId, Failure, Keyed, MicroUsd, Once, ProjectId, QueueId, Reply,
    SnapshotId, TenantScope,
};
use keelway_patch::FilePath;

use crate::{Fixture, Owned};

/// What every build of these cases is asked for: 5 agents, 75 credits.
const DESCRIPTION: &str = "A landing page for a bakery";
/// The credits held for it.
pub(super) const PRICE: i64 = 75;
/// How long leases last in these cases.
pub(super) const TTL_S: i64 = 30;

pub(super) fn request() -> BuildRequest {
    BuildRequest {
        description: Description::parse(DESCRIPTION).unwrap(),
        tier: BuildTier::Starter,
        target_users: None,
        tech_constraints: None,
        use_conductor: true,
        max_credits: None,
        script: None,
    }
}

pub(super) fn estimated(tier: BuildTier) -> Estimate {
    estimate(&EstimateTable::default(), DESCRIPTION, tier).unwrap()
}

/// A reply that shows which build was made, so that two builds would show.
pub(super) fn reply(submitted: &Submitted) -> Reply {
    Reply {
        status: 202,
        headers: vec![("location".into(), format!("/v1/builds/{}", submitted.build.id))],
        body: format!("{} is {}", submitted.build.id, submitted.position.place).into_bytes(),
    }
}

/// What took effect now.
#[track_caller]
pub(super) fn fresh<T>(answer: Once<T>) -> T {
    match answer {
        Once::Fresh(effect) => effect,
        Once::Replayed { first_request_id, .. } => {
            panic!("a replay of {first_request_id}, not a fresh effect")
        }
    }
}

pub(super) fn take() -> Take {
    Take { worker: "worker-1".into(), ttl_ms: TTL_S * 1000 }
}

pub(super) fn failed(reason: FailureReason, retryable: Retry) -> End {
    End::Failed {
        failure: BuildFailure {
            reason,
            message: "It did not work.".into(),
            retryable: matches!(retryable, Retry::Possible),
        },
        charged: MicroUsd::ZERO,
        retry_after: None,
        jitter: 0,
    }
}

/// Calls a build off in the name of its tenant's owner.
pub(super) fn cancel(owned: Owned, build: BuildId) -> Cancel {
    let actor = Actor { user: Some(owned.user), request_id: "req_cancel".into() };
    Cancel { scope: owned.scope, actor, build, keyed: None }
}

/// Whether the same build may work later.
#[derive(Clone, Copy)]
pub(super) enum Retry {
    Possible,
    Futile,
}

impl Fixture {
    /// A project about to be made.
    pub(super) fn new_project(&self, name: &str) -> NewProject {
        NewProject {
            id: ProjectId::generate(self.now(), &*self.entropy),
            name: ProjectName::parse(name).unwrap(),
            site: SiteLabel::random(&*self.entropy),
        }
    }

    /// A build in a new project.
    pub fn submit(&self, owned: Owned) -> Submit {
        let project = ProjectChoice::New(self.new_project("Bakery"));
        Submit {
            scope: owned.scope,
            user: owned.user,
            request_id: "req_submit".into(),
            build: BuildId::generate(self.now(), &*self.entropy),
            hold: self.hold_id(),
            request: request(),
            estimate: estimated(BuildTier::Starter),
            project,
            guest: None,
            keyed: None,
        }
    }

    /// A build in a project there is.
    pub(super) fn submit_to(&self, owned: Owned, project: ProjectId) -> Submit {
        Submit { project: ProjectChoice::Existing(project), ..self.submit(owned) }
    }

    /// A key nobody used, answered by `reply`.
    pub fn keyed<T>(&self, reply: fn(&T) -> Reply) -> Keyed<T> {
        Keyed {
            owner: self.hold_id().to_string(),
            route: "POST /v1/builds",
            key: self.key(),
            fingerprint: [1; 32],
            request_id: "req_first".into(),
            reply,
        }
    }

    /// Takes a build in a new project.
    ///
    /// # Panics
    ///
    /// If the store refuses.
    pub async fn submitted(&self, owned: Owned) -> Submitted {
        fresh(self.store.submissions.submit(self.submit(owned)).await.unwrap())
    }

    /// Takes a build in a project there is.
    pub(super) async fn submitted_to(&self, owned: Owned, project: ProjectId) -> Submitted {
        let cmd = self.submit_to(owned, project);
        fresh(self.store.submissions.submit(cmd).await.unwrap())
    }

    pub(super) fn queue_id(&self) -> QueueId {
        QueueId::random(&*self.entropy)
    }

    pub(super) async fn find_taken(&self) -> Option<Assignment> {
        self.store.queue.take(take()).await.unwrap()
    }

    /// The build whose turn it is, in a worker's hands.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub async fn taken(&self) -> Assignment {
        self.find_taken().await.expect("a build whose turn it is")
    }

    /// A new tenant's build in a worker's hands.
    ///
    /// # Panics
    ///
    /// If the store refuses.
    pub async fn running(&self) -> (Owned, Assignment) {
        let owned = self.funded(1_000).await;
        self.submitted(owned).await;
        (owned, self.taken().await)
    }

    pub(super) async fn build(&self, scope: TenantScope, id: BuildId) -> Build {
        self.store.builds.find(scope, id).await.unwrap().expect("the build")
    }

    pub(super) async fn project(&self, scope: TenantScope, id: ProjectId) -> Project {
        self.store.projects.find_project(scope, id).await.unwrap().expect("the project")
    }

    /// What an agent of the plan made, at this price.
    pub(super) fn work(&self, number: u32, micro_usd: i64) -> AgentWork {
        let plan = Plan::for_agents(5);
        AgentWork {
            agent: plan.agents[number as usize - 1].clone(),
            usage: Usage {
                provider: "offline".into(),
                model: "offline-1".into(),
                tokens_in: 1_000,
                tokens_out: 500,
                cost: MicroUsd::new(micro_usd),
            },
            summary: format!("Agent {number} is done."),
            files: vec![(
                FilePath::parse(&format!("page-{number}.html")).unwrap(),
                BlobRef::of(number.to_string().as_bytes()),
            )],
            started_at: self.now(),
            ended_at: self.now(),
        }
    }

    pub(super) async fn record(
        &self,
        lease: &Lease,
        progress: Vec<Progress>,
    ) -> Result<Recorded, Failure<LeaseLost>> {
        let build = self.store.builds.find(lease.scope, lease.build).await.unwrap();
        let step = build.map_or(0, |build| build.recorded) + 1;
        self.store.queue.record(Record { lease: *lease, step, progress }).await
    }

    pub(super) async fn finish(
        &self,
        lease: &Lease,
        end: End,
    ) -> Result<Build, Failure<LeaseLost>> {
        let finished = self.store.queue.finish(Finish { lease: *lease, end }).await;
        finished.map(|finished| finished.build)
    }

    /// Freezes one page that says `text`.
    pub(super) fn packaged(&self, text: &str) -> (SnapshotId, SiteLabel, Progress) {
        let mut manifest = Manifest::default();
        let index = FilePath::parse("index.html").unwrap();
        manifest.insert(index, BlobRef::of(text.as_bytes())).unwrap();
        let id = SnapshotId::generate(self.now(), &*self.entropy);
        let preview = SiteLabel::random(&*self.entropy);
        (id, preview.clone(), Progress::Packaged { id, preview, manifest })
    }

    pub(super) fn live(&self) -> End {
        End::Deployed {
            deployment: DeploymentId::generate(self.now(), &*self.entropy),
            target: "local".into(),
            url: "http://site.localhost/".into(),
        }
    }

    /// Does everything that is left of a build, at this price, and deploys it.
    ///
    /// # Panics
    ///
    /// If the store refuses.
    pub async fn deployed(&self, lease: &Lease, micro_usd: i64) -> Build {
        let (_, _, packaged) = self.packaged("Fresh bread");
        let work = Progress::AgentCompleted(self.work(1, micro_usd));
        self.record(lease, vec![work, packaged]).await.unwrap();
        self.finish(lease, self.live()).await.unwrap()
    }

    /// The types of a build's events, checked to be 1, 2, 3 ... on the way.
    pub(super) async fn events(&self, scope: TenantScope, id: BuildId) -> Vec<&'static str> {
        let events = self.store.builds.events(scope, id, 0, 1_000).await.unwrap();
        for (seq, event) in (1..).zip(&events) {
            assert_eq!((event.seq, event.build), (seq, id));
        }
        events.iter().map(|event| event.body.kind()).collect()
    }

    /// Balance and held credits.
    pub(super) async fn credits(&self, scope: TenantScope) -> (i64, i64) {
        let statement = self.store.books.statement(scope).await.unwrap();
        (statement.balance.get(), statement.held.get())
    }

    /// Sweeps until nothing more is to be done.
    pub(super) async fn swept(&self) -> u64 {
        let mut touched = 0;
        loop {
            match self.store.queue.sweep(0).await.unwrap() {
                0 => return touched,
                more => touched += more,
            }
        }
    }
}
