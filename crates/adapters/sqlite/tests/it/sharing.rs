//! Several stores on one file, as several processes have, and stores that are broken into.

use std::sync::Arc;
use std::time::Duration;

use keelway_builds::Rules;
use keelway_builds::ports::{BuildQueue, Inspector, Submissions};
use keelway_builds::run::Take;
use keelway_builds::submit::Submitted;
use keelway_contract::{ManualClock, SeededEntropy, race, sorted};
use keelway_kernel::{Entropy, Failure, Reply, StoreError};
use keelway_sqlite::{SqliteSettings, SqliteStore};
use keelway_tiers::LimitTable;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use tokio::sync::Notify;

use crate::opened::Opened;

async fn unmigrated(settings: SqliteSettings) -> SqliteStore {
    let clock = Arc::new(ManualClock::default());
    let rules = Arc::new(Rules::new(LimitTable::default()));
    SqliteStore::open(settings, clock, Arc::new(SeededEntropy::new(1)), rules).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_may_migrate_at_once_and_again() {
    let folder = tempfile::tempdir().unwrap();
    let settings = SqliteSettings::new(folder.path().join("keelway.db"));
    let (one, two) = (unmigrated(settings.clone()).await, unmigrated(settings).await);
    let before = one.migration_status().await.unwrap();
    assert!(!before.is_current() && before.newest.is_none());
    let (first, second) = tokio::join!(one.migrate(), two.migrate());
    assert_eq!((first, second), (Ok(()), Ok(())));
    one.migrate().await.unwrap();
    let after = two.migration_status().await.unwrap();
    assert!(after.is_current());
    assert_eq!(after.newest, Some(i64::try_from(before.pending).unwrap()));
}

/// Whoever waits draws: then the lock is given back.
struct Waiting(Notify);

impl Entropy for Waiting {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(1);
        self.0.notify_one();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_another_process_is_making_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keelway.db");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let maker = SqlitePoolOptions::new().max_connections(1).connect_lazy_with(options);
    sqlx::raw_sql("BEGIN EXCLUSIVE").execute(&maker).await.unwrap();
    let entropy = Arc::new(Waiting(Notify::new()));
    let rules = Arc::new(Rules::new(LimitTable::default()));
    let settings = SqliteSettings { wait: Duration::from_millis(40), ..SqliteSettings::new(path) };
    let opened =
        SqliteStore::open(settings, Arc::new(ManualClock::default()), entropy.clone(), rules);
    let released = async {
        entropy.0.notified().await;
        sqlx::raw_sql("COMMIT").execute(&maker).await.unwrap();
    };
    let opened = tokio::select! {
        biased;
        opened = opened => opened.err(),
        never = async { released.await; std::future::pending().await } => never,
    };
    assert_eq!(opened, None);
}

#[tokio::test]
async fn a_schema_of_another_version_is_told_apart() {
    let status = async |sql| {
        let opened = Opened::new().await;
        opened.tamper(sql).await.unwrap();
        let status = opened.store.migration_status().await.unwrap();
        assert!(!status.is_current(), "{sql}");
        (status.pending, status.unknown, status.modified)
    };
    let [modified, unknown, pending] = [
        "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1",
        "UPDATE _sqlx_migrations SET version = 9999 WHERE version = 1",
        "DELETE FROM _sqlx_migrations WHERE version = 1",
    ];
    assert_eq!(status(modified).await, (0, 0, 1));
    assert_eq!(status(unknown).await, (1, 1, 0));
    assert_eq!(status(pending).await, (1, 0, 0));
}

#[tokio::test]
async fn a_database_of_somebody_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keelway.db");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let theirs = SqlitePool::connect_lazy_with(options);
    sqlx::raw_sql("CREATE TABLE recipes (name TEXT)").execute(&theirs).await.unwrap();
    let store = unmigrated(SqliteSettings::new(path)).await;
    let answer = store.migration_status().await;
    assert!(matches!(answer, Err(StoreError::Corrupt { .. })), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_never_take_one_build_and_never_fail_by_racing() {
    let one = Opened::new().await;
    let two = Opened::again(one.folder.clone()).await;
    let stores = [one.store.clone(), two.store.clone()];
    for _ in 0..10 {
        let owned = one.fx.funded(100).await;
        one.fx.submitted(owned).await;
    }
    let taken = race(20, |number| {
        let store = stores[number % 2].clone();
        let cmd = Take { worker: format!("worker-{number}"), ttl_ms: 30_000 };
        async move { store.take(cmd).await.unwrap().map(|taken| taken.build.id) }
    })
    .await;
    let mut taken: Vec<_> = taken.into_iter().flatten().collect();
    assert_eq!(taken.len(), 10);
    taken.sort_unstable();
    taken.dedup();
    assert_eq!(taken.len(), 10);

    let owned = one.fx.funded(75).await;
    let answers = race(10, |number| {
        let (store, cmd) = (stores[number % 2].clone(), one.fx.submit(owned));
        async move { store.submit(cmd).await }
    })
    .await;
    let (submitted, refused) = sorted(answers);
    assert_eq!((submitted.len(), refused.len()), (1, 9));
    assert_eq!(two.store.inspect().await.unwrap().violations, []);
}

#[tokio::test]
async fn a_command_that_panics_leaves_nothing_and_the_store_goes_on() {
    fn panicking(_: &Submitted) -> Reply {
        panic!("a reply that cannot be rendered")
    }
    let opened = Opened::new().await;
    let owned = opened.fx.funded(1_000).await;
    let mut cmd = opened.fx.submit(owned);
    cmd.keyed = Some(opened.fx.keyed(panicking));
    let answer = opened.store.submit(cmd.clone()).await;
    assert!(matches!(answer, Err(Failure::Store(StoreError::Unavailable(_)))), "{answer:?}");
    let found = opened.fx.store.builds.find(owned.scope, cmd.build).await.unwrap();
    assert_eq!(found, None);
    cmd.keyed = None;
    opened.store.submit(cmd).await.unwrap();
    assert_eq!(opened.store.inspect().await.unwrap().violations, []);
}

#[tokio::test]
async fn a_file_that_somebody_else_keeps_locked_is_contended_and_still_read() {
    let opened = Opened::new().await;
    let owned = opened.fx.funded(1_000).await;
    let settings = SqliteSettings {
        wait: Duration::from_millis(40),
        ..SqliteSettings::new(opened.folder.path().join("keelway.db"))
    };
    let impatient = unmigrated(settings).await;
    opened.tamper("BEGIN IMMEDIATE").await.unwrap();
    let cmd = opened.fx.submit(owned);
    let answer = impatient.submit(cmd.clone()).await;
    assert!(matches!(answer, Err(Failure::Store(StoreError::Contended))), "{answer:?}");
    assert_eq!(impatient.inspect().await.unwrap().violations, []);
    opened.tamper("COMMIT").await.unwrap();
    impatient.submit(cmd).await.unwrap();
}

#[tokio::test]
async fn a_write_that_breaks_half_way_leaves_nothing() {
    let opened = Opened::new().await;
    let owned = opened.fx.funded(1_000).await;
    opened
        .tamper(
            "CREATE TRIGGER full BEFORE INSERT ON build_queue
         BEGIN SELECT RAISE(ABORT, 'no room'); END",
        )
        .await
        .unwrap();
    let cmd = opened.fx.submit(owned);
    let answer = opened.store.submit(cmd.clone()).await;
    assert!(matches!(answer, Err(Failure::Store(StoreError::Corrupt { .. }))), "{answer:?}");
    assert_eq!(opened.store.inspect().await.unwrap().violations, []);
    opened.tamper("DROP TRIGGER full").await.unwrap();
    opened.store.submit(cmd).await.unwrap();
}

#[tokio::test]
async fn a_closed_store_refuses() {
    let opened = Opened::new().await;
    opened.store.close().await;
    let answer = opened.store.take(Take { worker: "w".into(), ttl_ms: 1_000 }).await;
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    assert!(matches!(opened.store.inspect().await, Err(StoreError::Unavailable(_))));
}
