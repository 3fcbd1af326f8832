//! Who waits for whom.

use std::sync::Arc;
use std::time::Duration;

use keelway_builds::end::{End, Finish};
use keelway_builds::ports::BuildQueue as _;
use keelway_builds::{BuildFailure, FailureReason};
use keelway_contract::{Fixture, Owned};
use keelway_kernel::{BuildId, MicroUsd};
use keelway_postgres::{PostgresSettings, Time};
use sqlx::postgres::PgConnection;
use tokio::task::JoinHandle;

use super::next;
use crate::database::Database;
use crate::opened::Opened;

/// Keeps a tenant's lock as a command of another process does.
async fn keep_busy(raw: &mut PgConnection, owned: Owned) {
    let (high, low) = owned.scope.tenant().as_uuid().as_u64_pair();
    let lock = sqlx::query("SELECT pg_advisory_lock($1)").bind((high ^ low).cast_signed());
    lock.execute(raw).await.unwrap();
}

async fn run(raw: &mut PgConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(raw).await.unwrap();
}

/// A worker that looks for a build, once it waits for a lock.
async fn waits(opened: &Arc<Opened>) -> JoinHandle<Option<BuildId>> {
    let waiting = tokio::spawn({
        let opened = opened.clone();
        async move { next(&opened).await }
    });
    let mut raw = opened.raw().await;
    loop {
        let waiters: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        )
        .fetch_one(&mut raw)
        .await
        .unwrap();
        if waiters > 0 {
            break waiting;
        }
        assert!(!waiting.is_finished(), "a busy tenant's build was taken");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_tenant_is_passed_over_and_waited_for_only_if_there_is_nobody_else() {
    let opened = Arc::new(Opened::new().await);
    let fx = &opened.fx;
    let (first, second) = (fx.funded(100).await, fx.funded(100).await);
    let busy = fx.submitted(first).await.build.id;
    fx.clock.advance(1);
    let free = fx.submitted(second).await.build.id;

    let mut raw = opened.raw().await;
    keep_busy(&mut raw, first).await;
    assert_eq!(next(&opened).await, Some(free));
    let waiting = waits(&opened).await;
    run(&mut raw, "SELECT pg_advisory_unlock_all()").await;
    assert_eq!(waiting.await.unwrap(), Some(busy));
    assert_eq!(next(&opened).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_busy_tenant_keeps_nobody_else_of_the_platform_waiting() {
    let Opened { database, fx: Fixture { clock, entropy, .. }, .. } = Opened::new().await;
    let mut settings = PostgresSettings::new(database.url());
    // One turn at the platform's work.
    settings.connections = 4;
    settings.wait = Duration::from_secs(20);
    let store = Database::store_of(&settings, Time::Given(clock.clone()), entropy.clone());
    let store = Arc::new(store);
    let ports = crate::ports(store.clone(), database.clone());
    let fx = Fixture { clock, entropy, store: ports };
    let opened = Arc::new(Opened { store, fx, database });
    let fx = &opened.fx;
    let owned = fx.funded(100).await;
    let busy = fx.submitted(owned).await.build.id;

    let mut raw = opened.raw().await;
    keep_busy(&mut raw, owned).await;
    let waiting = waits(&opened).await;
    for _ in 0..3 {
        fx.person().await;
    }
    assert!(!waiting.is_finished(), "somebody waited until it gave up");
    run(&mut raw, "SELECT pg_advisory_unlock_all()").await;
    assert_eq!(waiting.await.unwrap(), Some(busy));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_every_worker_writes_keeps_none_waiting() {
    let opened = Opened::new().await;
    let fx = &opened.fx;
    // The rows are there from here on.
    let (_, taken) = fx.running().await;
    fx.deployed(&taken.lease, 10_000).await;
    let mut raw = opened.raw().await;
    run(
        &mut raw,
        "BEGIN; SELECT * FROM queue_bands FOR UPDATE; SELECT * FROM queue_pace FOR UPDATE",
    )
    .await;
    let (_, taken) = fx.running().await;
    fx.clock.advance(7);
    fx.deployed(&taken.lease, 10_000).await;
    run(&mut raw, "COMMIT").await;

    // What was not written then is made good by whoever comes next.
    let (_, taken) = fx.running().await;
    fx.clock.advance(7);
    fx.deployed(&taken.lease, 10_000).await;
    let (time, pace): (i64, i64) =
        sqlx::query_as("SELECT virtual_time, pace_ms FROM queue_bands, queue_pace")
            .fetch_one(&mut raw)
            .await
            .unwrap();
    assert_eq!((time, pace), (10, (5_000 * 7 / 8 * 7 + 7_000) / 8));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delay_that_is_over_is_left_to_whoever_is_at_its_build() {
    let opened = Opened::new().await;
    let fx = &opened.fx;
    let (_, delayed) = fx.running().await;
    let failure = BuildFailure {
        reason: FailureReason::Provider,
        message: "It did not work.".into(),
        retryable: true,
    };
    let end = End::Failed { failure, charged: MicroUsd::ZERO, retry_after: None, jitter: 0 };
    opened.store.finish(Finish { lease: delayed.lease, end }).await.unwrap();
    let owned = fx.funded(100).await;
    let other = fx.submitted(owned).await.build.id;
    fx.clock.advance(3_600);

    let mut raw = opened.raw().await;
    run(&mut raw, "BEGIN; SELECT * FROM build_queue WHERE standing = 'delayed' FOR UPDATE").await;
    assert_eq!(next(&opened).await, Some(other));
    assert_eq!(next(&opened).await, None);
    run(&mut raw, "ROLLBACK").await;
    assert_eq!(next(&opened).await, Some(delayed.build.id));
}

/// The first change of a place meets no row, as if somebody had been faster.
const OUTRUN: &str = "
    CREATE SEQUENCE tries;
    GRANT USAGE ON tries TO keelway_jobs;
    CREATE FUNCTION outrun() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF nextval('tries') = 1 THEN RETURN NULL; END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER outrun BEFORE UPDATE ON build_queue FOR EACH ROW EXECUTE FUNCTION outrun()";

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_was_outrun_has_written_nothing_and_looks_again() {
    let opened = Opened::new().await;
    let fx = &opened.fx;
    let owned = fx.funded(100).await;
    let id = fx.submitted(owned).await.build.id;
    let mut raw = opened.raw().await;
    run(&mut raw, OUTRUN).await;

    assert_eq!(next(&opened).await, Some(id));
    let written: (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT last_value FROM tries), (SELECT attempt FROM builds),
                (SELECT count(*) FROM build_events)",
    )
    .fetch_one(&mut raw)
    .await
    .unwrap();
    assert_eq!(written, (2, 1, 2), "tries, attempts, events");
}
