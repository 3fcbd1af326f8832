//! Asking for builds, following them and calling them off.

use keelway_builds::cancel::{Cancel, CancelError, CancelPreview, Cancelling};
use keelway_builds::guest::{self, ClaimError};
use keelway_builds::ports::{BuildFilter, Topic};
use keelway_builds::submit::{Park, ParkError, ProjectChoice, Submit, SubmitError, Submitted};
use keelway_builds::{
    AgentWork, Build, BuildRequest, BuildStatus, GuestEntry, NewProject, Position, ProjectName,
    SiteLabel,
};
use keelway_kernel::{
    BuildId, Failure, HoldId, Keyed, Once, Page, PageRequest, ProjectId, QueueId, StoreError,
};
use keelway_tiers::Feature;

use crate::permit::right::{CancelBuild, SubmitBuild, ViewBuilds};
use crate::{Permit, Platform};

/// Which project a build is for, as callers say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForProject {
    /// One the tenant has.
    Existing(ProjectId),
    /// A new one of this name.
    Named(ProjectName),
    /// A new one, named after the description.
    Unnamed,
}

/// Why a guest's request was not parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GuestError {
    /// Guests are not admitted.
    #[error("sign in to build")]
    SignInFirst,
    /// The idempotency key belongs to another request.
    #[error(transparent)]
    Park(#[from] ParkError),
}

/// What a guest parked, and whether it may still be claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// What was parked.
    pub entry: GuestEntry,
    /// Why nobody may claim it any more.
    pub refused: Option<ClaimError>,
}

impl Parked {
    /// What was parked, where it may still be claimed.
    pub fn open(self) -> Option<GuestEntry> {
        self.refused.is_none().then_some(self.entry)
    }
}

impl Platform {
    /// Takes a build, all or nothing, and wakes a worker.
    pub async fn submit_build(
        &self,
        permit: &Permit<SubmitBuild>,
        request: BuildRequest,
        project: ForProject,
        keyed: Option<Keyed<Submitted>>,
    ) -> Result<Once<Submitted>, Failure<SubmitError>> {
        self.submit(Submit { keyed, ..self.submission(permit, request, project) }).await
    }

    /// Turns a parked request into a build, once.
    pub async fn claim_build(
        &self,
        permit: &Permit<SubmitBuild>,
        queue: QueueId,
        name: Option<ProjectName>,
        keyed: Option<Keyed<Submitted>>,
    ) -> Result<Once<Submitted>, Failure<SubmitError>> {
        // What is claimed never changes after parking, so it may be read ahead; whether it may
        // still be claimed is decided in the transaction.
        let parked = self.ports.submissions.find_parked(queue).await?;
        let Some(parked) = parked else {
            return Err(Failure::Rejected(ClaimError::Unknown.into()));
        };
        let project = name.map_or(ForProject::Unnamed, ForProject::Named);
        let cmd = self.submission(permit, parked.request, project);
        self.submit(Submit { guest: Some(queue), keyed, ..cmd }).await
    }

    /// What the ports are asked for, with new ids.
    pub(crate) fn submission(
        &self,
        permit: &Permit<SubmitBuild>,
        request: BuildRequest,
        project: ForProject,
    ) -> Submit {
        let (now, entropy) = (self.now(), self.entropy());
        let new = |name| {
            let id = ProjectId::generate(now, entropy);
            ProjectChoice::New(NewProject { id, name, site: SiteLabel::random(entropy) })
        };
        let project = match project {
            ForProject::Existing(id) => ProjectChoice::Existing(id),
            ForProject::Named(name) => new(name),
            ForProject::Unnamed => new(ProjectName::from_description(&request.description)),
        };
        let description = request.description.as_str();
        Submit {
            scope: permit.scope(),
            user: permit.user(),
            request_id: permit.request_id().to_owned(),
            build: BuildId::generate(now, entropy),
            hold: HoldId::generate(now, entropy),
            estimate: self.settings.estimator.estimate(description, request.tier),
            request,
            project,
            guest: None,
            keyed: None,
        }
    }

    async fn submit(&self, cmd: Submit) -> Result<Once<Submitted>, Failure<SubmitError>> {
        let submitted = self.ports.submissions.submit(cmd).await?;
        if matches!(submitted, Once::Fresh(_)) {
            self.ports.signals.notify(Topic::Work);
        }
        Ok(submitted)
    }

    /// Parks a guest's request for an hour, if guests are admitted.
    pub async fn park_build(
        &self,
        request: BuildRequest,
        keyed: Option<Keyed<GuestEntry>>,
    ) -> Result<Once<GuestEntry>, Failure<GuestError>> {
        if !self.flags().await.evaluate(Feature::GuestMode, None).value {
            return Err(Failure::Rejected(GuestError::SignInFirst));
        }
        let cmd = Park { id: QueueId::random(self.entropy()), request, keyed };
        self.ports
            .submissions
            .park(cmd)
            .await
            .map_err(|failure| failure.map_rejected(GuestError::Park))
    }

    /// What was parked under `queue`, as whoever knows that number may see it; changes nothing.
    pub async fn parked(&self, queue: QueueId) -> Result<Option<Parked>, StoreError> {
        let entry = self.ports.submissions.find_parked(queue).await?;
        Ok(entry.map(|entry| {
            let refused = guest::claim(Some(&entry), self.now()).err();
            Parked { entry, refused }
        }))
    }

    /// One build and, while it waits, its place in the queue.
    pub async fn find_build(
        &self,
        permit: &Permit<ViewBuilds>,
        id: BuildId,
    ) -> Result<Option<(Build, Option<Position>)>, StoreError> {
        let Some(build) = self.ports.builds.find(permit.scope(), id).await? else {
            return Ok(None);
        };
        let position = match build.status {
            BuildStatus::Queued { .. } => self.ports.builds.position(permit.scope(), id).await?,
            _ => None,
        };
        Ok(Some((build, position)))
    }

    /// Builds, newest first.
    pub async fn list_builds(
        &self,
        permit: &Permit<ViewBuilds>,
        filter: BuildFilter,
        page: PageRequest,
    ) -> Result<Page<Build>, StoreError> {
        self.ports.builds.list(permit.scope(), filter, page).await
    }

    /// What each finished agent took; none for an unknown build.
    pub async fn build_costs(
        &self,
        permit: &Permit<ViewBuilds>,
        id: BuildId,
    ) -> Result<Option<(Build, Vec<AgentWork>)>, StoreError> {
        let Some(build) = self.ports.builds.find(permit.scope(), id).await? else {
            return Ok(None);
        };
        let work = self.ports.builds.work(permit.scope(), id).await?;
        Ok(Some((build, work)))
    }

    /// Calls a build off and lets its worker know.
    pub async fn cancel_build(
        &self,
        permit: &Permit<CancelBuild>,
        build: BuildId,
        keyed: Option<Keyed<Cancelling>>,
    ) -> Result<Once<Cancelling>, Failure<CancelError>> {
        let cmd = Cancel { scope: permit.scope(), actor: permit.actor(), build, keyed };
        let cancelling = self.ports.submissions.cancel(cmd).await?;
        self.ports.signals.notify(Topic::Build(build));
        self.ports.signals.notify(Topic::Work);
        Ok(cancelling)
    }

    /// What would come of calling a build off now; changes nothing.
    pub async fn rehearse_cancel(
        &self,
        permit: &Permit<CancelBuild>,
        build: BuildId,
    ) -> Result<CancelPreview, Failure<CancelError>> {
        let cmd = Cancel { scope: permit.scope(), actor: permit.actor(), build, keyed: None };
        self.ports.submissions.rehearse_cancel(cmd).await
    }
}
