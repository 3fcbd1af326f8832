//! How the store's statements are carried out once its tables are large.
//!
//! The store works on a database of many builds, and the server tells by `auto_explain` which
//! plans it used: of the statements that are really sent, by the role and with the walls that
//! they are sent with, and as often as it takes the server to settle on a plan.
//!
//! `KEELWAY_TEST_BUILDS` says of how many builds, if not of 200,000: the plans of a million are
//! kept beside those, and take some minutes.

mod empty;
mod filled;
mod listener;
mod whale;

use std::collections::HashSet;
use std::fmt::Write as _;

use filled::Filled;
use keelway_access::NewTicket;
use keelway_builds::BuildState;
use keelway_builds::cancel::Cancel;
use keelway_builds::operations::BuildSearch;
use keelway_builds::overview::ProjectFilter;
use keelway_builds::ports::BuildFilter;
use keelway_builds::run::Take;
use keelway_builds::usage::UsageQuery;
use keelway_contract::actor;
use keelway_credits::Finality;
use keelway_kernel::{Actor, BuildId, Cursor, PageRequest, ProjectId, Reply};
use keelway_signing::{KeyId, Nonce};
use listener::Plan;

/// A statement that was prepared is planned for its values five times, and then, if that is no
/// dearer, for all values.
const UNTIL_SETTLED: usize = 7;

/// What has a row for each tenant, person, project, build, event or request.
const LARGE: [&str; 24] = [
    "audit_log",
    "build_events",
    "build_queue",
    "build_work",
    "build_work_files",
    "builds",
    "credit_accounts",
    "credit_entries",
    "credit_holds",
    "credit_operations",
    "deployments",
    "guest_entries",
    "idempotency_keys",
    "memberships",
    "nonces",
    "projects",
    "queue_tenants",
    "sessions",
    "sign_in_attempts",
    "snapshot_files",
    "snapshots",
    "tenants",
    "users",
    "viewer_tickets",
];

/// The plans of some calls, for people.
struct Told<'a> {
    of: &'a Filled,
    text: String,
    known: HashSet<(String, String)>,
    wrong: Vec<String>,
}

impl<'a> Told<'a> {
    fn new(of: &'a Filled) -> Self {
        Self { of, text: String::new(), known: HashSet::new(), wrong: Vec::new() }
    }

    /// Makes a call until its plans are settled, none of which may read a large table through.
    async fn of<T, E: std::fmt::Debug>(
        &mut self,
        name: &str,
        call: impl AsyncFn() -> Result<T, E>,
    ) {
        for plan in self.settled(name, call).await {
            let through = |step: &str| step.split_once("Seq Scan on ").map(|(_, of)| of.to_owned());
            for of in plan.steps.lines().filter_map(through) {
                if LARGE.contains(&of.split(' ').next().unwrap_or(&of)) {
                    self.wrong.push(format!("{name} reads {of} through: {}", plan.statement));
                }
            }
        }
    }

    /// The same for a page for operators that counts what there is.
    async fn counting<T, E: std::fmt::Debug>(
        &mut self,
        name: &str,
        call: impl AsyncFn() -> Result<T, E>,
    ) {
        self.settled(name, call).await;
    }

    async fn settled<T, E: std::fmt::Debug>(
        &mut self,
        name: &str,
        call: impl AsyncFn() -> Result<T, E>,
    ) -> Vec<Plan> {
        let mut plans = Vec::new();
        for _ in 0..UNTIL_SETTLED {
            self.of.listener.heard();
            if let Err(error) = call().await {
                self.wrong.push(format!("{name}: {error:?}"));
            }
            plans = self.of.listener.heard();
        }
        if plans.is_empty() {
            self.wrong.push(format!("{name}: no plan was heard"));
        }
        writeln!(self.text, "## {name}").unwrap();
        for plan in &plans {
            let short: String = plan.statement.chars().take(96).collect();
            let steps = plan.without_values();
            let is_new = self.known.insert((plan.statement.clone(), steps.clone()));
            let steps = if is_new { steps } else { "As above.".to_owned() };
            writeln!(self.text, "\n{short}\n{steps}").unwrap();
        }
        self.text.push('\n');
        plans
    }

    fn end(self) -> (String, Vec<String>) {
        (self.text, self.wrong)
    }
}

fn page() -> PageRequest {
    PageRequest::new(50, None)
}

/// Somewhere in the middle of a list that is ordered by time.
fn middle(of: &Filled) -> PageRequest {
    PageRequest::new(50, Some(Cursor { key: of.middle.as_micros(), id: of.build.as_uuid() }))
}

#[tokio::test]
async fn no_hot_statement_reads_a_large_table_through() {
    let filled = Filled::new().await;
    let told = [
        ("overviews", overviews(&filled).await),
        ("reads", reads(&filled).await),
        ("operations", operations(&filled).await),
        ("people", people(&filled).await),
        ("credits", credits(&filled).await),
        ("builds", builds(&filled).await),
        ("sweeps", sweeps(&filled).await),
    ];
    let wrong: Vec<_> = told.iter().flat_map(|(_, (_, wrong))| wrong).collect();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_suffix(filled.builds.to_string());
    settings.bind(|| {
        for (name, (text, _)) in &told {
            insta::assert_snapshot!(*name, text);
        }
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}

async fn overviews(of: &Filled) -> (String, Vec<String>) {
    let (port, scope) = (&of.fx.store.overviews, of.owned.scope);
    let mut told = Told::new(of);
    let filter = ProjectFilter::default();
    told.of("projects", async || port.projects(scope, filter.clone(), page()).await).await;
    told.of("projects, further on", async || {
        port.projects(scope, filter.clone(), middle(of)).await
    })
    .await;
    let named = ProjectFilter { name: Some("Bakery 1".into()), state: None };
    told.of("projects by name", async || port.projects(scope, named.clone(), page()).await).await;
    told.of("project", async || port.project(scope, of.project).await).await;
    let filter = BuildFilter::default();
    told.of("builds", async || port.builds(scope, filter, page()).await).await;
    let failed = BuildFilter { state: Some(BuildState::Failed), project: None };
    told.of("builds that failed", async || port.builds(scope, failed, middle(of)).await).await;
    let project = BuildFilter { project: Some(of.project), state: None };
    told.of("builds of a project", async || port.builds(scope, project, page()).await).await;
    told.of("latest_events", async || port.latest_events(scope, of.build, 20).await).await;
    told.of("snapshot", async || port.snapshot(scope, of.snapshot).await).await;
    let projects: Vec<_> =
        (0..20).map(|n| ProjectId::from_uuid(filled::id(5, n * 200 + 1))).collect();
    told.of("sites", async || port.sites(scope, &projects).await).await;
    told.of("history", async || port.history(scope, of.project, page()).await).await;
    told.of("open_holds", async || port.open_holds(scope, 50).await).await;
    told.of("ledger", async || port.ledger(scope, page()).await).await;
    told.of("usage", async || port.usage(scope, UsageQuery::default()).await).await;
    told.end()
}

async fn reads(of: &Filled) -> (String, Vec<String>) {
    let (store, scope) = (&of.fx.store, of.owned.scope);
    let mut told = Told::new(of);
    told.of("find", async || store.builds.find(scope, of.build).await).await;
    let filter = BuildFilter::default();
    told.of("list", async || store.builds.list(scope, filter, middle(of)).await).await;
    let failed = BuildFilter { state: Some(BuildState::Failed), project: None };
    told.of("list of failed", async || store.builds.list(scope, failed, page()).await).await;
    let project = BuildFilter { project: Some(of.project), state: None };
    told.of("list of a project", async || store.builds.list(scope, project, page()).await).await;
    told.of("events", async || store.builds.events(scope, of.build, 1, 100).await).await;
    told.of("work", async || store.builds.work(scope, of.build).await).await;
    told.of("history", async || store.builds.history(Some(scope), 50).await).await;
    told.of("history of all", async || store.builds.history(None, 50).await).await;
    told.of("position", async || store.builds.position(scope, of.waiting).await).await;
    told.of("find_project", async || store.projects.find_project(scope, of.project).await).await;
    told.of("list_projects", async || store.projects.list_projects(scope, page()).await).await;
    told.of("list_snapshots", async || {
        store.projects.list_snapshots(scope, of.project, page()).await
    })
    .await;
    told.of("find_snapshot", async || store.projects.find_snapshot(scope, of.snapshot).await).await;
    told.of("site_file", async || store.sites.site_file(&of.site, &of.page).await).await;
    told.of("statement", async || store.books.statement(scope).await).await;
    told.of("available", async || store.books.available(scope).await).await;
    told.of("entries", async || store.books.entries(scope, page()).await).await;
    told.of("find_hold", async || store.books.find_hold(scope, of.hold).await).await;
    told.end()
}

async fn operations(of: &Filled) -> (String, Vec<String>) {
    let port = &of.fx.store.operations;
    let mut told = Told::new(of);
    told.counting("queue", async || port.queue(20).await).await;
    told.of("waiting", async || port.waiting(page()).await).await;
    let next = port.waiting(page()).await.unwrap().next;
    let next = PageRequest::new(50, next);
    told.of("waiting, further on", async || port.waiting(next.clone()).await).await;
    let all = BuildSearch { build: None, tenant: None, state: None };
    let one = BuildSearch { build: Some(of.build), ..all };
    told.of("a build", async || port.builds_anywhere(one, page()).await).await;
    let tenant = BuildSearch { tenant: Some(of.owned.scope.tenant()), ..all };
    told.of("builds of a tenant", async || port.builds_anywhere(tenant, page()).await).await;
    let failed = BuildSearch { state: Some(BuildState::Failed), ..all };
    told.of("builds that failed", async || port.builds_anywhere(failed, page()).await).await;
    told.of("builds", async || port.builds_anywhere(all, page()).await).await;
    told.of("leases", async || port.leases(100).await).await;
    told.of("samples", async || port.samples(of.fx.now().plus_seconds(-86_400)).await).await;
    told.counting("totals", async || port.totals().await).await;
    told.end()
}

async fn people(of: &Filled) -> (String, Vec<String>) {
    let (fx, scope, user) = (&of.fx, of.owned.scope, of.owned.user);
    let store = &fx.store;
    let mut told = Told::new(of);
    let someone = fx.sign_up(&fx.email());
    let (token, policy) = (someone.session.hash, someone.session.policy);
    store.accounts.sign_up(someone).await.unwrap();
    told.of("session", async || store.sessions.find(&token).await).await;
    told.of("touch", async || {
        fx.clock.advance(3_600);
        store.sessions.touch(&token, &policy).await
    })
    .await;
    told.of("sign_up", async || store.accounts.sign_up(fx.sign_up(&fx.email())).await).await;
    told.of("begin_sign_in", async || {
        let email = fx.sign_up(&fx.email()).email;
        store.accounts.begin_sign_in(&email).await
    })
    .await;
    told.of("find_user", async || store.accounts.find_user(user).await).await;
    told.of("memberships", async || store.accounts.memberships(user).await).await;
    told.of("sessions", async || store.people.sessions(user).await).await;
    told.of("members", async || store.members.members(scope).await).await;
    told.of("open_invitations", async || store.invitations.open_invitations(scope).await).await;
    told.of("ticket", async || {
        let token = fx.token();
        let ticket = NewTicket { token, build: of.build, user, session: Some(fx.token()) };
        store.tickets.issue(scope, ticket).await?;
        store.tickets.redeem(&token).await
    })
    .await;
    let key = KeyId::parse("key-1").unwrap();
    told.of("nonce", async || {
        store.replay_guard.remember(&key, &Nonce::generate(&*fx.entropy)).await
    })
    .await;
    told.end()
}

async fn credits(of: &Filled) -> (String, Vec<String>) {
    let (fx, scope) = (&of.fx, of.owned.scope);
    let ledger = &fx.store.ledger;
    let mut told = Told::new(of);
    told.of("grant", async || ledger.grant(scope, fx.grant(10)).await).await;
    told.of("reserve", async || ledger.reserve(scope, fx.reserve(10)).await).await;
    let hold = fx.held(scope, 1_000).await.hold;
    told.of("renew", async || {
        fx.clock.advance(1);
        ledger.renew(scope, fx.renew(hold)).await
    })
    .await;
    told.of("commit", async || ledger.commit(scope, fx.commit(hold, 1, Finality::Partial)).await)
        .await;
    told.of("refund", async || ledger.refund(scope, fx.refund(hold, 1)).await).await;
    told.of("release", async || {
        let hold = fx.held(scope, 10).await.hold;
        ledger.release(scope, fx.release(hold)).await
    })
    .await;
    told.end()
}

async fn builds(of: &Filled) -> (String, Vec<String>) {
    let (fx, owned) = (&of.fx, of.owned);
    let store = &fx.store;
    let mut told = Told::new(of);
    told.of("rehearse", async || store.submissions.rehearse(fx.submit(owned)).await).await;
    told.of("submit", async || {
        let mut cmd = fx.submit(owned);
        cmd.keyed = Some(fx.keyed(|_| Reply { status: 202, headers: vec![], body: vec![] }));
        store.submissions.submit(cmd).await
    })
    .await;
    let mut again = fx.submit(owned);
    again.keyed = Some(fx.keyed(|_| Reply { status: 202, headers: vec![], body: vec![] }));
    store.submissions.submit(again.clone()).await.unwrap();
    told.of("submit again", async || store.submissions.submit(again.clone()).await).await;
    let take = Take { worker: "worker-2".into(), ttl_ms: 30_000 };
    told.of("take", async || store.queue.take(take.clone()).await).await;
    let lease = fx.taken().await.lease;
    told.of("renew", async || store.queue.renew(&lease, 30_000).await).await;
    told.of("record and finish", async || {
        let lease = fx.taken().await.lease;
        Ok::<_, ()>(fx.deployed(&lease, 10_000).await)
    })
    .await;
    let mut waiting = (0..).map(|n| BuildId::from_uuid(of.waiting_number(n)));
    let cancelled = std::cell::RefCell::new(&mut waiting);
    told.of("cancel", async || {
        let build = cancelled.borrow_mut().next().unwrap();
        let actor = Actor { user: Some(owned.user), request_id: "req_cancel".into() };
        let cmd = Cancel { scope: owned.scope, actor, build, keyed: None };
        store.submissions.cancel(cmd).await
    })
    .await;
    told.end()
}

async fn sweeps(of: &Filled) -> (String, Vec<String>) {
    let store = &of.fx.store;
    let mut told = Told::new(of);
    told.of("queue", async || store.queue.sweep(0).await).await;
    told.of("credits", async || store.ledger.expire(10, actor()).await).await;
    told.of("sessions", async || store.sessions.sweep_expired().await).await;
    told.of("attempts", async || store.accounts.sweep_attempts().await).await;
    told.of("tickets", async || store.tickets.sweep().await).await;
    told.of("nonces", async || store.replay_guard.sweep().await).await;
    told.end()
}
