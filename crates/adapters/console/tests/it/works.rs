//! Builds led step by step through the store, as a worker does, with files of the test's own.

use keelway_builds::end::{End, Finish};
use keelway_builds::run::{Assignment, Progress, Record, Take};
use keelway_builds::{
    AgentWork, BuildFailure, FailureReason, Lease, Manifest, Phase, Plan, SiteLabel, Usage,
};
use keelway_kernel::{Clock as _, DeploymentId, MicroUsd, SnapshotId};
use keelway_patch::FilePath;

use crate::app::{Someone, TestApp};

/// Five agents, 75 credits on the free tier.
pub(crate) const BAKERY: &str = "A landing page for a bakery in the old town";

/// What came of a build.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) project: String,
    pub(crate) build: String,
    pub(crate) snapshot: SnapshotId,
}

impl TestApp {
    /// Asks for a build and answers its project's and its own id.
    pub(crate) async fn submit(
        &self,
        who: &Someone,
        description: &str,
        project: Option<&str>,
    ) -> (String, String) {
        let mut body = serde_json::json!({ "description": description });
        if let Some(project) = project {
            body["project_id"] = project.into();
        }
        let call = self.post("/v1/builds");
        let call = call.header("authorization", &format!("Bearer {}", who.token.expose()));
        let answer = call.body("application/json", &body.to_string()).send().await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        let accepted: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
        let text = |name: &str| accepted[name].as_str().unwrap().to_owned();
        (text("project_id"), text("id"))
    }

    /// Takes the build whose turn it is.
    pub(crate) async fn taken(&self) -> Assignment {
        let take = Take { worker: "test".into(), ttl_ms: 600_000 };
        self.fixture().store.queue.take(take).await.unwrap().unwrap()
    }

    pub(crate) async fn record(&self, lease: &Lease, progress: Vec<Progress>) {
        let store = self.fixture().store;
        let build = store.builds.find(lease.scope, lease.build).await.unwrap().unwrap();
        let step = build.recorded + 1;
        store.queue.record(Record { lease: *lease, step, progress }).await.unwrap();
    }

    /// One agent's work of `number` seconds, beginning now.
    pub(crate) fn work(&self, agents: u32, number: u32) -> AgentWork {
        let agent = Plan::for_agents(agents).agents[number as usize - 1].clone();
        let now = self.clock.now();
        AgentWork {
            agent,
            usage: Usage {
                provider: "offline".into(),
                model: "offline-1".into(),
                tokens_in: 1_234,
                tokens_out: 567,
                cost: MicroUsd::new(25_000),
            },
            summary: "Wrote <b>index.html</b>.".into(),
            files: Vec::new(),
            started_at: now,
            ended_at: now.plus_seconds(number.into()),
        }
    }

    /// Freezes these files.
    pub(crate) async fn package(&self, lease: &Lease, files: &[(&str, Vec<u8>)]) -> SnapshotId {
        let blobs = &self.platform.ports().blobs;
        let mut manifest = Manifest::default();
        for (path, bytes) in files {
            let blob = blobs.put(bytes.clone()).await.unwrap();
            manifest.insert(FilePath::parse(path).unwrap(), blob).unwrap();
        }
        let id = SnapshotId::generate(self.clock.now(), &*self.entropy);
        let preview = SiteLabel::random(&*self.entropy);
        let packaged = Progress::Packaged { id, preview, manifest };
        let phase = Progress::PhaseStarted(Phase::Package);
        self.record(lease, vec![phase, packaged]).await;
        id
    }

    pub(crate) async fn finish(&self, lease: &Lease, end: End) {
        self.fixture().store.queue.finish(Finish { lease: *lease, end }).await.unwrap();
    }

    /// A build with these files that is served, in a new project or in `project`.
    pub(crate) async fn published(
        &self,
        who: &Someone,
        project: Option<&str>,
        files: &[(&str, Vec<u8>)],
    ) -> Made {
        let (project, build) = self.submit(who, BAKERY, project).await;
        let lease = self.taken().await.lease;
        let begun = Progress::PhaseStarted(Phase::Plan);
        let done = Progress::AgentCompleted(self.work(5, 1));
        self.record(&lease, vec![begun, done]).await;
        self.clock.advance(5);
        let snapshot = self.package(&lease, files).await;
        let end = End::Deployed {
            deployment: DeploymentId::generate(self.clock.now(), &*self.entropy),
            target: "local".into(),
            url: "http://site.localhost/".into(),
        };
        self.finish(&lease, end).await;
        Made { project, build, snapshot }
    }

    /// Lets the build that runs fail for good.
    pub(crate) async fn fail(&self, lease: &Lease, reason: FailureReason, message: &str) {
        let failure = BuildFailure { reason, message: message.into(), retryable: false };
        let (charged, retry_after) = (MicroUsd::ZERO, None);
        self.finish(lease, End::Failed { failure, charged, retry_after, jitter: 0 }).await;
    }
}

/// Files as a build makes them.
pub(crate) fn files(texts: &[(&'static str, &str)]) -> Vec<(&'static str, Vec<u8>)> {
    texts.iter().map(|(path, text)| (*path, text.as_bytes().to_vec())).collect()
}
