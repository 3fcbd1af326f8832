//! A process that stands still holds a tenant.

use std::sync::Arc;
use std::time::Duration;

use keelway_contract::{Fixture, ManualClock, SeededEntropy};
use keelway_kernel::{Failure, StoreError, TenantId};
use keelway_postgres::{PostgresSettings, Time};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use tokio::task::JoinSet;

use crate::database::Database;

async fn hold(database: &Database, tenant: TenantId) -> PgConnection {
    let (high, low) = tenant.as_uuid().as_u64_pair();
    let key = (high ^ low).cast_signed();
    let mut process = PgConnection::connect_with(&database.owner).await.unwrap();
    let lock = format!("BEGIN; SELECT pg_advisory_xact_lock({key})");
    process.execute(sqlx::raw_sql(AssertSqlSafe(lock))).await.unwrap();
    process
}

/// Its commands are told so, once each; those of others, who share its transactions, are served.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_tenant_that_is_held_elsewhere_keeps_no_other_from_being_served() {
    let database = Arc::new(Database::fresh().await);
    let mut settings = PostgresSettings::new(database.url());
    settings.wait = Duration::from_secs(3);
    let clock = Arc::new(ManualClock::default());
    let entropy = Arc::new(SeededEntropy::new(3));
    let store =
        Arc::new(Database::store_of(&settings, Time::Given(clock.clone()), entropy.clone()));
    let fx = Fixture { clock, entropy, store: crate::ports(store, database.clone()) };
    let held = fx.funded(1_000).await;
    let free = fx.funded(1_000).await;

    let process = hold(&database, held.scope.tenant()).await;
    let mut commands = JoinSet::new();
    for number in 0..24 {
        let (fx, scope) = (fx.clone(), if number % 3 == 0 { free.scope } else { held.scope });
        commands.spawn(async move {
            let cmd = fx.reserve(10);
            (scope.tenant(), fx.store.ledger.reserve(scope, cmd).await)
        });
    }
    let mut served = 0;
    for (tenant, answer) in commands.join_all().await {
        match answer {
            Ok(_) if tenant == free.scope.tenant() => served += 1,
            Err(Failure::Store(StoreError::Contended)) if tenant == held.scope.tenant() => {}
            other => panic!("{tenant}: {other:?}"),
        }
    }
    assert_eq!(served, 8);
    let left = fx.store.books.available(free.scope).await.unwrap();
    assert_eq!(left.get(), 1_000 - 10 * served);

    process.close().await.unwrap();
    fx.held(held.scope, 10).await;
    let left = fx.store.books.available(held.scope).await.unwrap();
    assert_eq!(left.get(), 990, "a command that was told it failed took effect");
}

/// Whoever asks and goes away leaves nothing in line.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_flood_of_reads_that_nobody_waits_for_keeps_no_command_waiting() {
    let database = Arc::new(Database::fresh().await);
    let mut settings = PostgresSettings::new(database.url());
    settings.connections = 4;
    let clock = Arc::new(ManualClock::default());
    let entropy = Arc::new(SeededEntropy::new(3));
    let store =
        Arc::new(Database::store_of(&settings, Time::Given(clock.clone()), entropy.clone()));
    let fx = Fixture { clock, entropy, store: crate::ports(store, database.clone()) };
    let owned = fx.funded(1_000).await;

    let mut flood = JoinSet::new();
    for _ in 0..5_000 {
        let fx = fx.clone();
        flood.spawn(async move {
            keelway_contract::abandon(2, fx.store.books.statement(owned.scope)).await.is_some()
        });
    }
    fx.held(owned.scope, 10).await;
    let answered = flood.join_all().await.into_iter().filter(|done| *done).count();
    assert!(answered < 5_000, "every read was waited for");
    assert!(fx.store.books.statement(owned.scope).await.is_ok(), "the flood left reads in line");
}
