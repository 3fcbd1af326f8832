//! Phases in order, from a build to its address.

use std::collections::BTreeMap;
use std::sync::Arc;

use keelway_builds::end::End;
use keelway_builds::ports::{Placement, Topic};
use keelway_builds::run::{Assignment, Progress, Record};
use keelway_builds::{
    AgentWork, Brief, FailureReason, Lease, Manifest, Phase, Plan, Project, SiteLabel,
};
use keelway_kernel::{BuildId, DeploymentId, Failure, SnapshotId};
use keelway_patch::{FilePath, FileTree, TreeError};
use tokio::time::{Instant, timeout};

use crate::agent::recall;
use crate::purse::Purse;
use crate::stop::{Failed, Stop};
use crate::{Shop, telemetry};

/// One attempt's way through the phases.
///
/// What happens is first `said`, and recorded before the next thing that takes time or costs
/// money begins. The end of an agent, the end of its phase and the next start are one record:
/// an agent's work is kept exactly if its phase's events are.
pub(crate) struct Pipeline {
    pub(crate) shop: Arc<Shop>,
    pub(crate) build: BuildId,
    pub(crate) attempt: u32,
    pub(crate) side_by_side: usize,
    pub(crate) plan: Arc<Plan>,
    pub(crate) brief: Arc<Brief>,
    pub(crate) purse: Purse,
    /// The provider that answered last, for the metrics of failures.
    pub(crate) provider: String,
    /// What agents of earlier phases made.
    pub(crate) files: Arc<FileTree<Vec<u8>>>,
    /// What agents made that is not among `files` yet.
    pub(crate) fresh: BTreeMap<u32, Vec<(FilePath, Vec<u8>)>>,
    /// The work of every agent that has ended, in plan order.
    pub(crate) work: BTreeMap<u32, AgentWork>,
    /// All files so far: what is put together must fit together.
    pub(crate) manifest: Manifest,
    lease: Lease,
    project: Project,
    packaged: Option<(SnapshotId, Manifest)>,
    cancel_requested: bool,
    phase: Phase,
    said: Vec<Progress>,
    /// How many records this attempt has sent.
    step: u32,
}

impl Pipeline {
    pub(crate) fn new(shop: &Arc<Shop>, assignment: Assignment) -> Self {
        let Assignment { lease, build, project, work, packaged } = assignment;
        let plan = build.plan();
        let price = shop.settings.micro_usd_per_credit;
        let features = build.estimate.features.iter().map(|feature| feature.key.clone());
        let conducted = build.request.use_conductor;
        Self {
            shop: Arc::clone(shop),
            build: build.id,
            attempt: lease.attempt,
            side_by_side: if conducted { shop.settings.side_by_side.get() } else { 1 },
            purse: Purse::new(build.held, price, build.used.cost, plan.agents.len()),
            plan: Arc::new(plan),
            brief: Arc::new(Brief {
                project_name: project.name.as_str().to_owned(),
                features: features.collect(),
                request: build.request,
            }),
            provider: "unknown".to_owned(),
            files: Arc::default(),
            fresh: BTreeMap::new(),
            work: work.into_iter().map(|work| (work.agent.number, work)).collect(),
            manifest: Manifest::default(),
            lease,
            project,
            packaged: packaged.map(|(snapshot, manifest)| (snapshot.id, manifest)),
            cancel_requested: build.cancel_requested,
            phase: Phase::Plan,
            said: Vec::new(),
            step: 0,
        }
    }

    /// The phase reached.
    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    /// Goes from wherever earlier attempts came to, to the end.
    pub(crate) async fn run(&mut self) -> Result<End, Stop> {
        let ended = self.all_phases().await;
        if matches!(ended, Err(Stop::Failed(_))) {
            // Work that is done is kept and paid for, whatever stopped the rest.
            self.record().await?;
        }
        ended
    }

    async fn all_phases(&mut self) -> Result<End, Stop> {
        if self.cancel_requested {
            return Err(Stop::Cancelled);
        }
        let introduction = self.shop.ports.agents.introduction();
        self.say(Progress::Engine { introduction });
        let (snapshot, manifest) = match self.packaged.take() {
            Some(packaged) => packaged,
            None => self.make().await?,
        };
        self.deploy(snapshot, manifest).await
    }

    /// Runs all agents and freezes what they made.
    async fn make(&mut self) -> Result<(SnapshotId, Manifest), Stop> {
        self.recall().await?;
        for phase in Phase::ALL {
            let missing: Vec<_> = self
                .plan
                .of_phase(phase)
                .filter(|agent| !self.work.contains_key(&agent.number))
                .cloned()
                .collect();
            if !missing.is_empty() {
                let began = self.begin(phase);
                self.crew(missing).await?;
                self.complete(began);
            }
            self.collect(phase).map_err(|error| unfit(&error))?;
        }
        Ok(self.package().map_err(|error| unfit(&error))?)
    }

    /// Reads what earlier attempts kept, as far as agents still to come need it.
    async fn recall(&mut self) -> Result<(), Stop> {
        for work in self.work.values() {
            self.manifest.merge(work.files.iter().cloned()).map_err(|error| unfit(&error))?;
        }
        if self.plan.agents.iter().all(|agent| self.work.contains_key(&agent.number)) {
            return Ok(());
        }
        for (number, work) in &self.work {
            let files = recall(&self.shop, work).await.map_err(|error| {
                tracing::error!(%error, "files kept by an earlier attempt cannot be read");
                Failed::ours().retryable(true)
            })?;
            self.fresh.insert(*number, files);
        }
        Ok(())
    }

    /// Hands what agents of `phase` made on to those of the next, in plan order whatever the
    /// order they ended in.
    fn collect(&mut self, phase: Phase) -> Result<(), TreeError> {
        for agent in self.plan.of_phase(phase) {
            if let Some(made) = self.fresh.remove(&agent.number) {
                Arc::make_mut(&mut self.files).merge(made)?;
            }
        }
        Ok(())
    }

    fn package(&mut self) -> Result<(SnapshotId, Manifest), TreeError> {
        let ports = &self.shop.ports;
        let id = SnapshotId::generate(ports.clock.now(), &*ports.entropy);
        let preview = SiteLabel::random(&*ports.entropy);
        let began = self.begin(Phase::Package);
        let mut manifest = Manifest::default();
        for work in self.work.values() {
            manifest.merge(work.files.iter().cloned())?;
        }
        self.say(Progress::Packaged { id, preview, manifest: manifest.clone() });
        self.complete(began);
        Ok((id, manifest))
    }

    async fn deploy(&mut self, snapshot: SnapshotId, manifest: Manifest) -> Result<End, Stop> {
        let began = self.begin(Phase::Deploy);
        self.record().await?;
        let placement = Placement { site: self.project.site.clone(), snapshot, manifest };
        let target = Arc::clone(&self.shop.ports.deploy);
        let failed = |message: &str, retryable| {
            let message = format!("The result could not be put online: {message}.");
            Failed::new(FailureReason::Deployment, message).retryable(retryable)
        };
        let url = timeout(self.shop.settings.call_limit, target.deploy(&placement))
            .await
            .map_err(|_| failed("the target did not answer in time", true))?
            .map_err(|failure| failed(&failure.message, failure.retryable))?;
        self.complete(began);
        self.record().await?;
        let ports = &self.shop.ports;
        let deployment = DeploymentId::generate(ports.clock.now(), &*ports.entropy);
        Ok(End::Deployed { deployment, target: target.name().to_owned(), url })
    }

    fn begin(&mut self, phase: Phase) -> Instant {
        self.phase = phase;
        self.say(Progress::PhaseStarted(phase));
        Instant::now()
    }

    fn complete(&mut self, began: Instant) {
        let duration_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.say(Progress::PhaseCompleted { phase: self.phase, duration_ms });
    }

    pub(crate) fn say(&mut self, progress: Progress) {
        self.said.push(progress);
    }

    /// Writes what was said, and hears whether to go on.
    pub(crate) async fn record(&mut self) -> Result<(), Stop> {
        if self.said.is_empty() {
            return Ok(());
        }
        let shop = Arc::clone(&self.shop);
        self.step += 1;
        let progress = std::mem::take(&mut self.said);
        let cmd = Record { lease: self.lease, step: self.step, progress };
        telemetry::progress(&cmd.progress);
        let recorded = shop.persist(|| shop.ports.queue.record(cmd.clone())).await;
        let recorded = recorded.map_err(|failure| match failure {
            Failure::Rejected(_) => Stop::Lost,
            Failure::Store(error) => Stop::Unwritable(error),
        })?;
        shop.ports.signals.notify(Topic::Build(self.build));
        if recorded.cancel_requested { Err(Stop::Cancelled) } else { Ok(()) }
    }
}

/// Files that fitted together when their agents ended and do not any more: ours to mend.
fn unfit(error: &TreeError) -> Failed {
    tracing::error!(%error, "kept files do not fit together");
    Failed::ours()
}
