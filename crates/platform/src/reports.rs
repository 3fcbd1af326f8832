//! Everything there is to say about one build, and waiting until it changes.

use std::collections::BTreeMap;
use std::time::Duration;

use keelway_builds::ports::Topic;
use keelway_builds::submit::SubmitError;
use keelway_builds::{
    Build, BuildRequest, BuildState, Event, Manifest, Position, Project, SiteLabel, Snapshot,
};
use keelway_credits::ReserveError;
use keelway_estimate::Estimate;
use keelway_kernel::{BuildId, Credits, Failure, ProjectId, StoreError, TenantScope};

use crate::builds::ForProject;
use crate::events::{BATCH, POLL};
use crate::permit::right::{DownloadSnapshot, SubmitBuild, ViewBuilds};
use crate::{Permit, Platform};

/// One build with what belongs to it.
#[derive(Debug, Clone)]
pub struct Report {
    /// The build.
    pub build: Build,
    /// Under which label its project is served by the platform itself.
    pub site: Option<SiteLabel>,
    /// Its place in the queue, while it waits.
    pub position: Option<Position>,
    /// All its events.
    pub history: Vec<Event>,
    /// What it made.
    pub snapshot: Option<Snapshot>,
}

/// What a build made, ready to be taken away.
#[derive(Debug, Clone)]
pub struct BuildResult {
    /// The project it is for.
    pub project: Project,
    /// What it made.
    pub snapshot: Snapshot,
    /// The files.
    pub manifest: Manifest,
}

/// Why there is nothing to take away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoResult {
    /// The tenant has no such build.
    #[error("no such build")]
    Unknown,
    /// It goes on.
    #[error("the build is still {0}")]
    NotFinished(BuildState),
    /// It ended before it made anything.
    #[error("the {0} build made nothing")]
    Nothing(BuildState),
}

/// What would come of asking for a build.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    /// What the build would take.
    pub estimate: Estimate,
    /// What would be set aside for it.
    pub required: Credits,
    /// What could be set aside now.
    pub available: Credits,
}

impl Platform {
    /// One build with what belongs to it; none for an unknown build.
    pub async fn report(
        &self,
        permit: &Permit<ViewBuilds>,
        id: BuildId,
    ) -> Result<Option<Report>, StoreError> {
        let scope = permit.scope();
        let Some((build, position)) = self.find_build(permit, id).await? else {
            return Ok(None);
        };
        let site = self.sites_of(permit, [&build]).await?.remove(&build.project);
        let history = self.history_of(scope, id).await?;
        let snapshot = match build.snapshot {
            Some(snapshot) => self.ports.overviews.snapshot(scope, snapshot).await?,
            None => None,
        };
        Ok(Some(Report { build, site, position, history, snapshot }))
    }

    /// Under which labels the projects of those of `builds` are served that were deployed.
    pub async fn sites_of(
        &self,
        permit: &Permit<ViewBuilds>,
        builds: impl IntoIterator<Item = &Build>,
    ) -> Result<BTreeMap<ProjectId, SiteLabel>, StoreError> {
        let deployed = builds.into_iter().filter(|build| build.deployment_url.is_some());
        let mut projects: Vec<ProjectId> = deployed.map(|build| build.project).collect();
        projects.sort_unstable();
        projects.dedup();
        if projects.is_empty() {
            return Ok(BTreeMap::new());
        }
        self.ports.overviews.sites(permit.scope(), &projects).await
    }

    async fn history_of(&self, scope: TenantScope, id: BuildId) -> Result<Vec<Event>, StoreError> {
        let mut history: Vec<Event> = Vec::new();
        loop {
            let after = history.last().map_or(0, |event| event.seq);
            let batch = self.ports.builds.events(scope, id, after, BATCH).await?;
            let is_all = batch.len() < BATCH as usize;
            history.extend(batch);
            if is_all {
                return Ok(history);
            }
        }
    }

    /// Waits until the build is no longer as it was at `version`, has ended, or `patience` is
    /// over.
    pub async fn await_change(
        &self,
        permit: &Permit<ViewBuilds>,
        id: BuildId,
        version: i64,
        patience: Duration,
    ) -> Result<(), StoreError> {
        let mut watch = self.ports.signals.watch(Topic::Build(id));
        let changed = async {
            loop {
                let build = self.ports.builds.find(permit.scope(), id).await?;
                let waits =
                    |build: &Build| build.version == version && !build.status.state().is_terminal();
                if !build.as_ref().is_some_and(waits) {
                    return Ok(());
                }
                // A hint or the poll, whichever comes first.
                let _ = tokio::time::timeout(POLL, watch.changed()).await;
            }
        };
        tokio::time::timeout(patience, changed).await.unwrap_or(Ok(()))
    }

    /// What a build made.
    pub async fn result_of_build(
        &self,
        permit: &Permit<DownloadSnapshot>,
        id: BuildId,
    ) -> Result<BuildResult, Failure<NoResult>> {
        let (scope, unknown) = (permit.scope(), || Failure::Rejected(NoResult::Unknown));
        let build = self.ports.builds.find(scope, id).await?.ok_or_else(unknown)?;
        let Some(snapshot) = build.snapshot else {
            let state = build.status.state();
            let why = if state.is_terminal() { NoResult::Nothing } else { NoResult::NotFinished };
            return Err(Failure::Rejected(why(state)));
        };
        let found = self.ports.projects.find_snapshot(scope, snapshot).await?;
        let (snapshot, manifest) = found.ok_or_else(unknown)?;
        let project = self.ports.projects.find_project(scope, build.project).await?;
        Ok(BuildResult { project: project.ok_or_else(unknown)?, snapshot, manifest })
    }

    /// What would come of asking for this build now; changes nothing and promises nothing.
    ///
    /// Missing credits are told, not refused: whoever asks wants to know how many.
    pub async fn rehearse_build(
        &self,
        permit: &Permit<SubmitBuild>,
        request: BuildRequest,
        project: ForProject,
    ) -> Result<Rehearsal, Failure<SubmitError>> {
        let scope = permit.scope();
        let estimate = self.estimate(Some(scope), &request.description, request.tier).await?;
        let cmd = self.submission(permit, request, project);
        let (required, available) = match self.ports.submissions.rehearse(cmd).await {
            Ok(preview) => (preview.held, preview.available),
            Err(Failure::Rejected(SubmitError::Credits(ReserveError::Insufficient {
                available,
                needed,
            }))) => (needed, available),
            Err(failure) => return Err(failure),
        };
        Ok(Rehearsal { estimate, required, available })
    }
}
