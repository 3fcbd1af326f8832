//! A platform on which much has happened, and nobody thought of what.

use keelway_builds::ports::BuildFilter;
use keelway_builds::run::Progress;
use keelway_builds::submit::Submit;
use keelway_builds::{
    BlobRef, Build, BuildState, FailureReason, Lease, Manifest, Phase, Project, SiteLabel,
};
use keelway_kernel::{Failure, PageRequest, SnapshotId, Tier};
use keelway_patch::FilePath;

use super::setup::{Retry, cancel, failed};
use crate::{Fixture, Owned, scope};

const NAMES: [&str; 4] = ["Bakery", "Bäckerei Öz", "Night Shop", "100% Bread_"];
const PATHS: [&str; 5] = ["index.html", "about.html", "site.css", "img/a.svg", "img/b.svg"];
const TEXTS: [&str; 3] = ["Fresh bread", "Old bread", "No bread"];

impl Fixture {
    fn pick<T: Copy>(&self, of: &[T]) -> T {
        of[usize::try_from(self.entropy.below(of.len() as u64)).unwrap()]
    }

    /// Three tenants of different tiers, the last of them in Tokyo, whose builds have ended in
    /// every way, over weeks, and some of whose builds wait and run.
    pub(super) async fn busy(&self) -> Vec<Owned> {
        let mut owned = vec![self.rich(Tier::Enterprise).await, self.rich(Tier::Starter).await];
        let mut workspace = self.new_tenant("Tokyo");
        workspace.tier = Tier::Professional;
        workspace.time_zone = "Asia/Tokyo".parse().unwrap();
        let tenant = scope(workspace.id);
        let sign_up = self.sign_up(&self.email());
        let cmd = keelway_access::SignUp { workspace: Some(workspace), ..sign_up };
        owned.push(Owned { scope: tenant, user: cmd.user });
        self.store.accounts.sign_up(cmd).await.unwrap();
        self.store.ledger.grant(tenant, self.grant(1_000_000)).await.unwrap();
        for _ in 0..120 {
            self.something_happens(&owned).await;
        }
        for owned in &owned {
            for _ in 0..4 {
                self.try_to(self.submit(*owned)).await;
            }
        }
        self.taken().await;
        self.taken().await;
        owned
    }

    async fn something_happens(&self, all: &[Owned]) {
        let owned = self.pick(all);
        match self.entropy.below(8) {
            0 | 1 => {
                let mut cmd = self.submit(owned);
                let name = self.new_project(self.pick(&NAMES));
                cmd.project = keelway_builds::submit::ProjectChoice::New(name);
                self.try_to(cmd).await;
            }
            2 => {
                let projects = self.projects_of(owned).await;
                if !projects.is_empty() {
                    let ids: Vec<_> = projects.iter().map(|project| project.id).collect();
                    self.try_to(self.submit_to(owned, self.pick(&ids))).await;
                }
            }
            3 => {
                let filter = BuildFilter { project: None, state: Some(BuildState::Queued) };
                let waiting =
                    self.store.builds.list(owned.scope, filter, PageRequest::new(100, None));
                let ids: Vec<_> =
                    waiting.await.unwrap().items.iter().map(|build| build.id).collect();
                if !ids.is_empty() {
                    let cmd = cancel(owned, self.pick(&ids));
                    self.store.submissions.cancel(cmd).await.unwrap();
                }
            }
            _ => {
                if let Some(taken) = self.find_taken().await {
                    self.clock.advance(i64::try_from(self.entropy.below(20)).unwrap());
                    self.work_on(&taken.lease).await;
                }
            }
        }
        self.clock.advance(i64::try_from(self.entropy.below(6 * 3600)).unwrap());
        self.swept().await;
    }

    /// A refusal is as good as a success here.
    async fn try_to(&self, cmd: Submit) {
        if let Err(Failure::Store(error)) = self.store.submissions.submit(cmd).await {
            panic!("the store broke: {error}");
        }
    }

    async fn work_on(&self, lease: &Lease) {
        let (id, preview) =
            (SnapshotId::generate(self.now(), &*self.entropy), SiteLabel::random(&*self.entropy));
        let duration_ms = i64::try_from(self.entropy.below(9_000)).unwrap();
        let cost = i64::try_from(self.entropy.below(400_000)).unwrap();
        let phase = self.pick(&Phase::ALL);
        let mut progress = vec![
            Progress::PhaseStarted(phase),
            Progress::AgentCompleted(self.work(1, cost)),
            Progress::PhaseCompleted { phase, duration_ms },
        ];
        let end = match self.entropy.below(6) {
            0 => failed(self.pick(&FailureReason::ALL), Retry::Futile),
            1 => failed(FailureReason::Provider, Retry::Possible),
            _ => {
                progress.push(Progress::Packaged { id, preview, manifest: self.some_files() });
                self.live()
            }
        };
        // An attempt after one that kept its work may do neither twice.
        self.record(lease, progress).await.unwrap();
        self.finish(lease, end).await.unwrap();
    }

    fn some_files(&self) -> Manifest {
        let mut manifest = Manifest::default();
        for path in PATHS {
            if self.entropy.below(3) > 0 {
                let blob = BlobRef::of(self.pick(&TEXTS).as_bytes());
                manifest.insert(FilePath::parse(path).unwrap(), blob).unwrap();
            }
        }
        manifest
    }

    /// Everything a tenant has built, newest first.
    pub(super) async fn builds_of(&self, owned: Owned) -> Vec<Build> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = PageRequest::new(100, after);
            let page = self.store.builds.list(owned.scope, BuildFilter::default(), page);
            let page = page.await.unwrap();
            all.extend(page.items);
            after = page.next;
            if after.is_none() {
                return all;
            }
        }
    }

    /// Every project of a tenant, newest first.
    pub(super) async fn projects_of(&self, owned: Owned) -> Vec<Project> {
        let page = self.store.projects.list_projects(owned.scope, PageRequest::new(100, None));
        let page = page.await.unwrap();
        assert_eq!(page.next, None, "more projects than a case reads");
        page.items
    }
}
