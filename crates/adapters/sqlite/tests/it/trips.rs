//! How often each step of a build goes to the connection's thread and back, and what it asks.
//!
//! Every command holds the write lock all that time.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use keelway_builds::cancel::Cancel;
use keelway_builds::end::{End, Finish};
use keelway_builds::ports::{BuildQueue as _, Submissions as _};
use keelway_builds::run::{Progress, Record, Take};
use keelway_builds::submit::{ProjectChoice, Submit};
use keelway_builds::{
    AgentSpec, AgentWork, BlobRef, BuildFailure, FailureReason, Lease, Manifest, Phase, Role,
    Rules, SiteLabel, Usage,
};
use keelway_contract::{Fixture, actor};
use keelway_kernel::{Clock as _, DeploymentId, MicroUsd, SnapshotId};
use keelway_patch::FilePath;
use keelway_sqlite::{SqliteSettings, SqliteStore};
use keelway_tiers::LimitTable;
use sqlx::AssertSqlSafe;
use tracing::field::{Field, Visit};
use tracing::span::Id;
use tracing::{Event, Instrument as _, Span, Subscriber, info_span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, Registry};

use crate::opened::Opened;

/// What the driver was asked within each span: it says so once for each time it was gone to.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<HashMap<Id, Vec<String>>>>);

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Asked {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != "sqlx::query" {
            return;
        }
        let Some(span) = context.event_span(event) else { return };
        let mut statements = Statements::default();
        event.record(&mut statements);
        self.0.lock().unwrap().entry(span.id()).or_default().push(statements.text());
    }
}

/// The text of an event: whole where it is more than its summary.
#[derive(Default)]
struct Statements {
    summary: String,
    whole: String,
}

impl Statements {
    fn text(self) -> String {
        if self.whole.is_empty() { self.summary } else { self.whole }
    }
}

impl Visit for Statements {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.clone_into(&mut self.whole),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// Steps, and what each asked.
struct Told {
    asked: Asked,
    steps: Vec<(&'static str, Span)>,
}

impl Told {
    async fn step<T>(&mut self, name: &'static str, step: impl Future<Output = T>) -> T {
        let span = info_span!("step");
        self.steps.push((name, span.clone()));
        step.instrument(span).await
    }

    fn all(self) -> Vec<(&'static str, Vec<String>)> {
        let mut asked = self.asked.0.lock().unwrap();
        let mut of = |span: Span| asked.remove(&span.id().unwrap()).unwrap_or_default();
        self.steps.into_iter().map(|(name, span)| (name, of(span))).collect()
    }
}

/// Files whose names are of all that a path may have in it.
fn pages() -> Vec<(FilePath, BlobRef)> {
    let names = ["index.html", "über/\"uns\", 'wir' ; -- 🥐.html", "%[]{}?$1/a.css"];
    names.map(|name| (FilePath::parse(name).unwrap(), BlobRef::of(name.as_bytes()))).to_vec()
}

fn manifest() -> Manifest {
    let mut manifest = Manifest::default();
    for (path, blob) in pages() {
        manifest.insert(path, blob).unwrap();
    }
    manifest
}

/// What an agent made.
fn made(fx: &Fixture) -> Progress {
    let agent =
        AgentSpec { number: 1, phase: Phase::Plan, role: Role::Architect, part: 1, parts: 1 };
    let (provider, model, cost) = ("local".into(), "small".into(), MicroUsd::new(1_000));
    let usage = Usage { tokens_in: 1, tokens_out: 1, provider, model, cost };
    Progress::AgentCompleted(AgentWork {
        agent,
        usage,
        summary: "It is done.".into(),
        files: pages(),
        started_at: fx.clock.now(),
        ended_at: fx.clock.now(),
    })
}

/// What it was frozen as.
fn packaged(fx: &Fixture) -> Progress {
    let manifest = manifest();
    let id = SnapshotId::generate(fx.clock.now(), &*fx.entropy);
    Progress::Packaged { id, preview: SiteLabel::random(&*fx.entropy), manifest }
}

fn deployed(fx: &Fixture) -> End {
    End::Deployed {
        deployment: DeploymentId::generate(fx.clock.now(), &*fx.entropy),
        target: "local".into(),
        url: "http://site.localhost/".into(),
    }
}

fn failed(retryable: bool) -> End {
    let failure = BuildFailure {
        reason: FailureReason::Provider,
        message: "It did not work.".into(),
        retryable,
    };
    End::Failed { failure, charged: MicroUsd::ZERO, retry_after: None, jitter: 0 }
}

/// The steps of some builds, and what each asked.
async fn life(fx: &Fixture, store: &SqliteStore, asked: Asked) -> Vec<(&'static str, Vec<String>)> {
    let mut told = Told { asked, steps: Vec::new() };
    let owned = fx.funded(1_000).await;
    let take = || store.take(Take { worker: "worker-1".into(), ttl_ms: 60_000 });
    let record = |lease: Lease, step, progress| {
        store.record(Record { lease, step, progress: vec![progress] })
    };
    let finish = |lease, end| {
        fx.clock.advance(7);
        store.finish(Finish { lease, end })
    };
    let submit = |project| {
        let cmd = fx.submit(owned);
        store.submit(Submit { project, ..cmd })
    };
    let cancel =
        |build| store.cancel(Cancel { scope: owned.scope, actor: actor(), build, keyed: None });

    let new = fx.submit(owned).project;
    told.step("submit", submit(new)).await.unwrap();
    let taken = told.step("take", take()).await.unwrap().unwrap();
    let (lease, project) = (taken.lease, taken.project.id);
    told.step("renew", store.renew(&lease, 60_000)).await.unwrap();
    told.step("record a phase", record(lease, 1, Progress::PhaseStarted(Phase::Plan)))
        .await
        .unwrap();
    told.step("record work", record(lease, 2, made(fx))).await.unwrap();
    told.step("record a snapshot", record(lease, 3, packaged(fx))).await.unwrap();
    told.step("fail for now", finish(lease, failed(true))).await.unwrap();
    fx.clock.advance(3_600);
    let taken = told.step("wake and take again", take()).await.unwrap().unwrap();
    assert_eq!(taken.work[0].files, pages());
    assert_eq!(taken.packaged.unwrap().1, manifest());
    let lease = taken.lease;
    told.step("deploy", finish(lease, deployed(fx))).await.unwrap();

    let again = ProjectChoice::Existing(project);
    told.step("submit again", submit(again.clone())).await.unwrap();
    let lease = take().await.unwrap().unwrap().lease;
    told.step("mark as cancelled", cancel(lease.build)).await.unwrap();
    told.step("fail", finish(lease, failed(false))).await.unwrap();
    let waiting = fx.submit(owned);
    let build = waiting.build;
    store.submit(waiting).await.unwrap();
    told.step("cancel", cancel(build)).await.unwrap();
    told.step("take nothing", take()).await.unwrap();

    submit(again).await.unwrap();
    store.sweep(0).await.unwrap();
    fx.clock.advance(7 * 24 * 60 * 60);
    assert_eq!(told.step("sweep", store.sweep(0)).await, Ok(1));
    // A connection tells of a trip just after it has answered.
    store.sweep(0).await.unwrap();
    told.all()
}

#[tokio::test]
async fn a_step_of_a_build_takes_so_many_trips_and_finds_all_by_indexes() {
    let asked = Asked::default();
    tracing::subscriber::set_global_default(Registry::default().with(asked.clone())).unwrap();
    let opened = Opened::new().await;
    let path = opened.folder.path().join("keelway.db");
    // With one of each kind, a connection has told of a trip before it makes the next.
    let settings = SqliteSettings { readers: 1, ..SqliteSettings::new(path) };
    let (fx, rules) = (&opened.fx, Arc::new(Rules::new(LimitTable::default())));
    let store = SqliteStore::open(settings, fx.clock.clone(), fx.entropy.clone(), rules);
    let told = life(fx, &store.await.unwrap(), asked).await;

    // Each begins and commits a transaction.
    let often: Vec<_> = told.iter().map(|(step, asked)| (*step, asked.len())).collect();
    assert_eq!(
        often,
        [
            ("submit", 5),
            ("take", 4),
            ("renew", 4),
            ("record a phase", 4),
            ("record work", 4),
            ("record a snapshot", 4),
            ("fail for now", 4),
            ("wake and take again", 7),
            ("deploy", 4),
            ("submit again", 5),
            ("mark as cancelled", 4),
            ("fail", 4),
            ("cancel", 4),
            ("take nothing", 3),
            ("sweep", 10),
        ],
        "{told:#?}"
    );

    let statements = told.iter().flat_map(|(_, asked)| asked).flat_map(|asked| asked.split(';'));
    for statement in statements.map(str::trim) {
        let changes_or_reads = ["SELECT", "INSERT", "UPDATE", "DELETE"];
        if !changes_or_reads.iter().any(|verb| statement.starts_with(verb)) {
            continue;
        }
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(explain).fetch_all(&opened.raw).await.unwrap();
        for (.., step) in plan {
            // What is made for the statement itself, and one row for each band there is.
            let small = ["CONSTANT ROW", "json_each", "q", "(subquery", "queue_bands"];
            let Some(scanned) = step.strip_prefix("SCAN ") else { continue };
            let is_small = small.iter().any(|small| scanned.starts_with(small));
            assert!(is_small, "{step} in {statement}");
        }
    }
}
