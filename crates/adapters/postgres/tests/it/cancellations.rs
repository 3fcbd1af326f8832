//! Handlers whose clients hang up.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keelway_builds::cancel::Cancel;
use keelway_builds::ports::{BuildQueue, Inspector as _, Submissions as _};
use keelway_builds::run::Take;
use keelway_contract::{Fixture, ManualClock, Owned, SeededEntropy, abandon, race};
use keelway_credits::CreditLedger;
use keelway_kernel::{Actor, BuildId, HoldId, Tier};
use keelway_postgres::{PostgresSettings, PostgresStore, Time};
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use tokio::task::JoinSet;

use crate::database::Database;

const HANDLERS: usize = 10_000;
/// How many are under way at any moment: many for four connections.
const AT_ONCE: usize = 50;

/// A tenant, and what it has to call off and to renew.
#[derive(Clone)]
struct Tenant {
    owned: Owned,
    builds: Arc<Mutex<Vec<BuildId>>>,
    holds: Arc<Mutex<Vec<HoldId>>>,
}

fn take() -> Take {
    Take { worker: "worker-1".into(), ttl_ms: 60_000 }
}

/// One handler, gone after as many polls as it was given. A refusal is as good as an answer.
async fn handle(store: Arc<PostgresStore>, fx: Fixture, tenant: Tenant) {
    let owned = tenant.owned;
    let pick = |from: u64| fx.entropy.below(from);
    let polls = pick(4);
    match pick(6) {
        0 => {
            let cmd = fx.submit(owned);
            tenant.builds.lock().unwrap().push(cmd.build);
            abandon(polls, store.submit(cmd)).await;
        }
        1 => {
            let known = tenant.builds.lock().unwrap().pop();
            let Some(build) = known else { return };
            let actor = Actor { user: Some(owned.user), request_id: "req_cancel".into() };
            let cmd = Cancel { scope: owned.scope, actor, build, keyed: None };
            abandon(polls, store.cancel(cmd)).await;
        }
        2 | 3 => {
            let cmd = fx.reserve(1);
            tenant.holds.lock().unwrap().push(cmd.hold);
            abandon(polls, store.reserve(owned.scope, cmd)).await;
        }
        4 => {
            let known = tenant.holds.lock().unwrap().pop();
            let Some(hold) = known else { return };
            abandon(polls, CreditLedger::renew(&*store, owned.scope, fx.renew(hold))).await;
        }
        _ => {
            if let Some(Ok(Some(taken))) = abandon(polls, store.take(take())).await {
                abandon(polls, BuildQueue::renew(&*store, &taken.lease, 60_000)).await;
            }
        }
    }
}

/// The store's open transactions: whose connection, and since when.
async fn open(raw: &mut PgConnection) -> HashSet<String> {
    let open: Vec<String> = sqlx::query_scalar(
        "SELECT concat_ws(' ', pid, xact_start) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'keelway'
           AND xact_start IS NOT NULL",
    )
    .fetch_all(raw)
    .await
    .unwrap();
    open.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_handlers_that_vanish_leave_nothing_open_and_nothing_half_done() {
    let database = Arc::new(Database::fresh().await);
    let clock = Arc::new(ManualClock::default());
    let entropy = Arc::new(SeededEntropy::new(7));
    let settings = PostgresSettings {
        connections: 4,
        wait: Duration::from_mins(1),
        ..PostgresSettings::new(database.url())
    };
    let store = Arc::new(Database::store_of(&settings, Time::Server, entropy.clone()));
    let ports = crate::ports(store.clone(), database.clone());
    let fx = Fixture { clock, entropy, store: ports };
    let mut tenants = Vec::new();
    for _ in 0..8 {
        let owned = fx.tenant_of(Tier::Enterprise).await;
        store.grant(owned.scope, fx.grant(1_000_000)).await.unwrap();
        tenants.push(Tenant { owned, builds: Arc::default(), holds: Arc::default() });
    }

    let mut handlers = JoinSet::new();
    for number in 0..HANDLERS {
        if handlers.len() == AT_ONCE {
            handlers.join_next().await.unwrap().unwrap();
        }
        let tenant = tenants[number % tenants.len()].clone();
        handlers.spawn(handle(store.clone(), fx.clone(), tenant));
    }
    handlers.join_all().await;

    // The pool still works, for as many as it was made for and more; and what was begun before
    // in a tenant's name has ended when this has.
    let answers = race(4 * tenants.len(), |number| {
        let (store, fx) = (store.clone(), fx.clone());
        let owned = tenants[number % tenants.len()].owned;
        async move { store.reserve(owned.scope, fx.reserve(1)).await }
    })
    .await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    // A take that was given up may still be on its way, but not after twenty others.
    let mut raw = PgConnection::connect_with(&database.owner).await.unwrap();
    let before = open(&mut raw).await;
    for _ in 0..20 {
        store.take(take()).await.unwrap();
    }
    let after = open(&mut raw).await;
    assert!(before.is_disjoint(&after), "{before:?} and {after:?}");
    assert_eq!(store.inspect().await.unwrap().violations, []);
}
