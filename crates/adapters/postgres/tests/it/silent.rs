//! A server that is gone without a word, as behind a firewall or after a host has failed.

use std::future;
use std::sync::Arc;
use std::time::Duration;

use keelway_contract::{Fixture, ManualClock, SeededEntropy};
use keelway_kernel::{Credits, Failure, StoreError};
use keelway_postgres::{PostgresSettings, Time};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::database::Database;
use crate::opened::Opened;

/// The port of a way to the server. All that uses it when `silence` falls hears nothing any more.
async fn way(database: &Database, silence: watch::Receiver<()>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = (database.owner.get_host().to_owned(), database.owner.get_port());
    tokio::spawn(async move {
        while let Ok((mut store, _)) = listener.accept().await {
            let mut server = TcpStream::connect(&server).await.unwrap();
            let mut silence = silence.clone();
            silence.mark_unchanged();
            tokio::spawn(async move {
                tokio::select! {
                    _ = copy_bidirectional(&mut store, &mut server) => {}
                    _ = silence.changed() => future::pending().await,
                }
            });
        }
    });
    port
}

/// A store of few connections, and what makes those that it has by then fall silent.
async fn store(opened: &Opened) -> (Fixture, watch::Sender<()>) {
    let database = opened.database.clone();
    let (fall, silence) = watch::channel(());
    let (port, name) = (way(&database, silence).await, database.owner.get_database().unwrap());
    let url = format!("postgres://keelway_test@127.0.0.1:{port}/{name}?sslmode=disable");
    let mut settings = PostgresSettings::new(url);
    // Two for reads, one for what tenants change.
    settings.connections = 4;
    let (clock, entropy) = (Arc::new(ManualClock::default()), Arc::new(SeededEntropy::new(5)));
    let time = Time::Given(clock.clone());
    let store = Arc::new(Database::store_of(&settings, time, entropy.clone()));
    (Fixture { clock, entropy, store: crate::ports(store, database) }, fall)
}

fn silent() -> StoreError {
    StoreError::Unavailable("the server does not answer".to_owned())
}

#[tokio::test]
async fn who_comes_while_the_server_is_silent_does_not_wait_as_long_as_a_statement_may_take() {
    let (fx, fall) = store(&Opened::new().await).await;
    let of = fx.funded(100).await.scope;
    fall.send(()).unwrap();
    tokio::time::pause();
    let asked = Instant::now();
    assert_eq!(fx.store.books.available(of).await, Err(silent()));
    // By the same connection or, while time flies, by none.
    let held = fx.store.ledger.reserve(of, fx.reserve(10)).await;
    assert!(matches!(held, Err(Failure::Store(StoreError::Unavailable(_)))), "{held:?}");
    // By a clock that moves on by itself while there is nothing else to do.
    assert!(asked.elapsed() < Duration::from_secs(15), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn a_server_that_falls_silent_in_the_midst_of_commands_keeps_nothing_for_ever() {
    let opened = Opened::new().await;
    let (fx, fall) = store(&opened).await;
    let of = fx.funded(100).await.scope;

    let mut raw = opened.raw().await;
    let lock = "BEGIN; LOCK TABLE credit_accounts IN ACCESS EXCLUSIVE MODE";
    sqlx::raw_sql(lock).execute(&mut raw).await.unwrap();
    let read = || {
        let books = fx.store.books.clone();
        tokio::spawn(async move { books.available(of).await })
    };
    let (one, other) = (read(), read());
    let (ledger, cmd) = (fx.store.ledger.clone(), fx.reserve(10));
    let held = tokio::spawn(async move { ledger.reserve(of, cmd).await });
    let mut observer = opened.raw().await;
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND database =
                       (SELECT oid FROM pg_database WHERE datname = current_database())";
    while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut observer).await.unwrap() < 3 {}
    fall.send(()).unwrap();
    let end = "ROLLBACK; SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND usename = 'keelway_test'";
    sqlx::raw_sql(end).execute(&mut raw).await.unwrap();

    // Nothing else happens from here on than that time passes.
    tokio::time::pause();
    assert_eq!(one.await.unwrap(), Err(silent()));
    assert_eq!(other.await.unwrap(), Err(silent()));
    let held = held.await.unwrap();
    assert!(matches!(&held, Err(Failure::Store(error)) if *error == silent()), "{held:?}");
    tokio::time::resume();
    fx.held(of, 10).await;
    assert_eq!(fx.store.books.available(of).await, Ok(Credits::new(90)));
}
