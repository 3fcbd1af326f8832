//! Builds that really run: a worker with the offline engine, on the test's own store.

use std::sync::Arc;
use std::time::Duration;

use keelway_builds::BuildStatus;
use keelway_builds::ports::{Builds as _, DeployTarget, Topic};
use keelway_contract::scope;
use keelway_deploy::{LocalHost, SiteUrl};
use keelway_kernel::Clock as _;
use keelway_models::{OfflineEngine, Scripted};
use keelway_worker::{Ports, Worker, WorkerSettings};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::app::{Answer, Someone, TestApp};

/// Fits on the free tier, and asks for nothing in particular.
pub(crate) const BAKERY: &str = "A landing page for a bakery in the old town";

impl TestApp {
    /// Asks for a build of [`BAKERY`].
    pub(crate) async fn submit(&self, who: &Someone) -> Answer {
        self.submit_with(who, &json!({ "description": BAKERY })).await
    }

    pub(crate) async fn submit_with(&self, who: &Someone, body: &Value) -> Answer {
        self.post("/v1/builds").by(who).json(body).send().await
    }

    /// A build of [`BAKERY`] that waits.
    pub(crate) async fn queued(&self, who: &Someone) -> String {
        let accepted = self.submit(who).await;
        assert_eq!(accepted.verdict(), "202");
        accepted.json()["id"].as_str().unwrap().to_owned()
    }

    /// A build of [`BAKERY`] that is served.
    pub(crate) async fn deployed(&self, who: &Someone) -> String {
        let build = self.queued(who).await;
        self.work(who, &build).await;
        let state = self.build(who, &build).await;
        assert_eq!(state["status"], "deployed", "{state}");
        build
    }

    pub(crate) async fn build(&self, who: &Someone, build: &str) -> Value {
        self.get(&format!("/v1/builds/{build}")).by(who).send().await.json()
    }

    pub(crate) fn worker(&self) -> Worker {
        let ports = self.platform.ports();
        let sites = SiteUrl::parse("http://{label}.sites.test/").unwrap();
        let deploy: Arc<dyn DeployTarget> = Arc::new(LocalHost::new(ports.blobs.clone(), sites));
        let ports = Ports {
            queue: Arc::new(self.store.clone()),
            agents: Arc::new(Scripted::new(OfflineEngine::default())),
            blobs: ports.blobs.clone(),
            deploy,
            signals: ports.signals.clone(),
            clock: ports.clock.clone(),
            entropy: ports.entropy.clone(),
        };
        let often = Duration::from_millis(10);
        let settings =
            WorkerSettings { poll_every: often, sweep_every: often, ..WorkerSettings::new("test") };
        Worker::new(ports, settings)
    }

    /// Works until the build of `who` has ended.
    pub(crate) async fn work(&self, who: &Someone, build: &str) {
        let (worker, shutdown) = (self.worker(), CancellationToken::new());
        let ended = async {
            self.ended(who, build).await;
            shutdown.cancel();
        };
        tokio::join!(worker.run(shutdown.clone()), ended);
    }

    async fn ended(&self, who: &Someone, build: &str) {
        let (id, scope) = (build.parse().unwrap(), scope(who.tenant.unwrap()));
        let mut watch = self.platform.ports().signals.watch(Topic::Build(id));
        loop {
            let found = self.store.find(scope, id).await.unwrap().unwrap();
            match found.status {
                // Nobody waits for the next attempt: its time has come.
                BuildStatus::Queued { retry_at: Some(at), .. } if at > self.clock.now() => {
                    self.clock.set(at);
                }
                status if status.state().is_terminal() => return,
                _ => watch.changed().await,
            }
        }
    }
}
