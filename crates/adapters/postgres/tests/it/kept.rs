//! Connections that lie between one command and the next.

use keelway_contract::race;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;

use crate::opened::Opened;

/// Every session of the store.
const SESSIONS: &str = "SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND usename = 'keelway_test'";

async fn sessions(observer: &mut PgConnection) -> i64 {
    sqlx::query_scalar(SESSIONS).fetch_one(observer).await.unwrap()
}

async fn run(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.unwrap();
}

/// Changes and reads at once, for which the store has several connections.
async fn use_several(opened: &Opened) {
    let owned = opened.fx.funded(1_000).await;
    let answers = race(16, |_| {
        let (fx, scope) = (opened.fx.clone(), owned.scope);
        async move {
            let held = fx.store.ledger.reserve(scope, fx.reserve(1)).await;
            (held, fx.store.books.available(scope).await)
        }
    });
    for (held, available) in answers.await {
        assert!(held.is_ok() && available.is_ok(), "{held:?} {available:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_command_fails_because_the_server_ended_sessions_between_two() {
    let opened = Opened::new().await;
    let mut server = opened.raw().await;
    for _ in 0..4 {
        use_several(&opened).await;
        assert!(sessions(&mut server).await > 1, "several were in use");
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND usename = 'keelway_test'";
        run(&mut server, end).await;
        while sessions(&mut server).await > 0 {}
    }
}

/// As some who run servers have it.
#[tokio::test(flavor = "multi_thread")]
async fn no_command_fails_because_the_server_ends_sessions_that_are_idle() {
    let opened = Opened::new().await;
    let mut server = opened.raw().await;
    let name = opened.database.owner.get_database().unwrap();
    let limit = "SET idle_session_timeout = '50ms'";
    run(&mut server, &format!("ALTER ROLE keelway_test IN DATABASE {name} {limit}")).await;
    for _ in 0..2 {
        use_several(&opened).await;
        while sessions(&mut server).await > 0 {}
    }
}
