//! The loop that takes builds.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use keelway_builds::ports::Topic;
use keelway_builds::run::{Assignment, Take};
use keelway_kernel::StoreError;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::telemetry::{self, Counted};
use crate::{Ports, Shop, WorkerSettings, run, sweep};

/// After the first failure in a row; doubled by each further one, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Runs builds until told to stop.
pub struct Worker {
    shop: Arc<Shop>,
}

impl Worker {
    /// A worker that has not begun.
    pub fn new(ports: Ports, settings: WorkerSettings) -> Self {
        Self { shop: Arc::new(Shop { ports, settings }) }
    }

    /// Takes and runs builds until `shutdown` fires, then drains: it takes no more, lets what
    /// runs go on for the grace period, hands back what is left, and returns.
    ///
    /// Everything it started ends with it: dropping the future stops all builds at once, as
    /// a crash would, and their leases run out.
    pub async fn run(&self, shutdown: CancellationToken) {
        telemetry::describe();
        let shop = &self.shop;
        let hand_back = CancellationToken::new();
        // Owned out here, so that builds outlive a loop that fell over.
        let mut builds = JoinSet::new();
        tokio::join!(
            async {
                let mut falls = Falls::new(shop, "sweep");
                while falls.again(sweep::run(shop, &shutdown), &shutdown).await {}
            },
            async {
                let mut falls = Falls::new(shop, "take");
                let hands = (&shutdown, &hand_back);
                while falls.again(take(shop, &mut builds, hands), &shutdown).await {}
            }
        );
        tracing::info!(running = builds.len(), "draining");
        if timeout(shop.settings.grace, drain(&mut builds)).await.is_err() {
            hand_back.cancel();
            drain(&mut builds).await;
        }
    }
}

async fn drain(builds: &mut JoinSet<()>) {
    while let Some(ended) = builds.join_next().await {
        reap(ended);
    }
}

/// A build that fell over outside its pipeline ended nothing; its lease runs out.
fn reap(ended: Result<(), JoinError>) {
    if ended.is_err_and(|error| error.is_panic()) {
        telemetry::panicked("build");
        tracing::error!("a build fell over; its lease runs out");
    }
}

/// Restarts a loop that panicked, after a pause that grows with each time in a row.
struct Falls<'a> {
    shop: &'a Shop,
    name: &'static str,
    pauses: Pauses,
}

impl<'a> Falls<'a> {
    fn new(shop: &'a Shop, name: &'static str) -> Self {
        Self { shop, name, pauses: Pauses::default() }
    }

    /// Runs the loop until it ends, and says whether to run it again.
    async fn again(
        &mut self,
        body: impl Future<Output = ()>,
        shutdown: &CancellationToken,
    ) -> bool {
        let began = Instant::now();
        let ended: Result<(), Box<dyn Any + Send>> = {
            let _alive = Counted::new("keelway_worker_loops");
            AssertUnwindSafe(body).catch_unwind().await
        };
        if ended.is_ok() || shutdown.is_cancelled() {
            return false;
        }
        telemetry::panicked(self.name);
        tracing::error!(name = self.name, "a loop fell over and is started again");
        if began.elapsed() > LONGEST_PAUSE {
            self.pauses = Pauses::default();
        }
        shutdown.run_until_cancelled(sleep(self.pauses.next(self.shop))).await.is_some()
    }
}

/// Pauses with full jitter, so that workers do not come back all at once.
#[derive(Default)]
struct Pauses {
    failures: u32,
}

impl Pauses {
    fn next(&mut self, shop: &Shop) -> Duration {
        let ceiling = FIRST_PAUSE.saturating_mul(1 << self.failures.min(10)).min(LONGEST_PAUSE);
        self.failures += 1;
        let micros = u64::try_from(ceiling.as_micros()).unwrap_or(u64::MAX).max(1);
        Duration::from_micros(shop.ports.entropy.next_u64() % micros)
    }
}

/// Takes builds while slots are free, at once on a hint, and now and then without.
async fn take(
    shop: &Arc<Shop>,
    builds: &mut JoinSet<()>,
    (shutdown, hand_back): (&CancellationToken, &CancellationToken),
) {
    let settings = &shop.settings;
    let mut hints = shop.ports.signals.watch(Topic::Work);
    let mut pauses = Pauses::default();
    let cmd = Take { worker: settings.name.clone(), ttl_ms: settings.lease_ttl_ms() };
    while !shutdown.is_cancelled() {
        while let Some(ended) = builds.try_join_next() {
            reap(ended);
        }
        if builds.len() < settings.slots.get() {
            let asked = Instant::now();
            // A lease that comes later than this could not be relied on any more.
            let taken = timeout(settings.reliable(), shop.ports.queue.take(cmd.clone())).await;
            match taken.unwrap_or_else(|_| Err(StoreError::Unavailable("no answer".into()))) {
                Ok(Some(assignment)) => {
                    builds.spawn(one(Arc::clone(shop), assignment, asked, hand_back.clone()));
                    pauses = Pauses::default();
                    continue;
                }
                Ok(None) => pauses = Pauses::default(),
                Err(error) => {
                    let wait = pauses.next(shop);
                    tracing::warn!(%error, ?wait, "no build could be taken");
                    shutdown.run_until_cancelled(sleep(wait)).await;
                    continue;
                }
            }
        }
        let free = builds.len() < settings.slots.get();
        tokio::select! {
            () = shutdown.cancelled() => {}
            Some(ended) = builds.join_next() => reap(ended),
            () = hints.changed(), if free => {}
            () = sleep(settings.poll_every), if free => {}
        }
    }
}

/// One attempt, with its ids on every line it logs.
async fn one(
    shop: Arc<Shop>,
    assignment: Assignment,
    asked: Instant,
    hand_back: CancellationToken,
) {
    let build = &assignment.build;
    let span = tracing::info_span!(
        "build",
        build = %build.id,
        tenant = %build.tenant,
        project = %build.project,
        request_id = %build.request_id,
        attempt = build.attempt,
    );
    tracing::info!(parent: &span, "an attempt begins");
    run::run(&shop, assignment, asked, &hand_back).instrument(span).await;
}
