//! Readers of events who come at the same time.

use std::sync::Arc;

use futures::future::join_all;
use keelway_builds::run::{Progress, Record};
use keelway_builds::{Event, Phase};
use keelway_contract::Fixture;
use keelway_kernel::{BuildId, StoreError, TenantScope};
use keelway_postgres::{PostgresSettings, Time};
use sqlx::postgres::PgConnection;
use tokio::task::JoinSet;

use crate::between::Between;
use crate::database::Database;
use crate::opened::Opened;

/// A tenant's build, and all that happened to it.
struct Told {
    of: TenantScope,
    build: BuildId,
    events: Vec<Event>,
}

/// Builds of as many tenants, of which each has one event more than the one before.
async fn told(fx: &Fixture, builds: u32) -> Vec<Told> {
    let mut told = Vec::new();
    for number in 0..builds {
        let (owned, taken) = fx.running().await;
        let (of, lease) = (owned.scope, taken.lease);
        let progress = (0..=number).map(|_| Progress::PhaseStarted(Phase::Plan)).collect();
        fx.store.queue.record(Record { lease, step: 1, progress }).await.unwrap();
        let events = fx.store.builds.events(of, lease.build, 0, 1_000).await.unwrap();
        assert_eq!(u32::try_from(events.len()), Ok(number + 3));
        told.push(Told { of, build: lease.build, events });
    }
    told
}

/// The same store by way of somebody who listens.
async fn listened_to(opened: &Opened) -> (Fixture, Between) {
    let between = Between::default();
    let settings = PostgresSettings::new(between.url(&opened.database).await);
    let (clock, entropy) = (opened.fx.clock.clone(), opened.fx.entropy.clone());
    let store = Database::store_of(&settings, Time::Given(clock.clone()), entropy.clone());
    let store = crate::ports(Arc::new(store), opened.database.clone());
    (Fixture { clock, entropy, store }, between)
}

/// How many transactions were begun.
fn begun(between: &Between) -> usize {
    between.asked().iter().filter(|asked| asked.starts_with("BEGIN")).count()
}

/// Waits until so many are at a locked door.
async fn waited(observer: &mut PgConnection, for_how_many: i64) {
    let waiting = "SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock'";
    loop {
        let count: i64 = sqlx::query_scalar(waiting).fetch_one(&mut *observer).await.unwrap();
        if count >= for_how_many {
            return;
        }
    }
}

/// Nobody reads events until this transaction is over.
async fn closed_door(opened: &Opened) -> PgConnection {
    let mut raw = opened.raw().await;
    let close = "BEGIN; LOCK TABLE build_events IN ACCESS EXCLUSIVE MODE";
    sqlx::raw_sql(close).execute(&mut raw).await.unwrap();
    raw
}

#[tokio::test]
async fn two_hundred_readers_share_a_few_transactions_and_each_gets_what_it_asked_for() {
    let opened = Opened::new().await;
    let told = told(&opened.fx, 12).await;
    let (fx, between) = listened_to(&opened).await;
    let asks: Vec<_> = (0..200).map(|n| (&told[n % 12], n % 7, n % 11)).collect();
    let reads = asks.iter().map(|(told, after, limit)| {
        let (after, limit) = (i64::try_from(*after).unwrap(), u32::try_from(*limit).unwrap());
        fx.store.builds.events(told.of, told.build, after, limit)
    });
    for ((told, after, limit), read) in asks.iter().zip(join_all(reads).await) {
        let expected: Vec<_> = told.events.iter().skip(*after).take(*limit).cloned().collect();
        assert_eq!(read, Ok(expected));
    }
    assert_eq!(begun(&between), 4);
}

#[tokio::test]
async fn a_stranger_who_shares_a_transaction_with_the_tenant_sees_nothing() {
    let opened = Opened::new().await;
    let told = told(&opened.fx, 2).await;
    let (fx, between) = listened_to(&opened).await;
    let [one, other] = told.as_slice() else { unreachable!("two were made") };
    let read = |of, build| fx.store.builds.events(of, build, 0, 100);
    let asks = [
        read(one.of, one.build),
        read(other.of, one.build),
        read(one.of, other.build),
        read(other.of, other.build),
    ];
    let expected = [one.events.clone(), vec![], vec![], other.events.clone()];
    assert_eq!(join_all(asks).await, expected.map(Ok));
    assert_eq!(begun(&between), 1);
}

#[tokio::test]
async fn a_lost_connection_is_told_to_all_who_shared_it_and_to_nobody_later() {
    let opened = Opened::new().await;
    let told = told(&opened.fx, 3).await;
    let mut door = closed_door(&opened).await;
    let builds = opened.fx.store.builds.clone();
    let asks: Vec<_> = told.iter().cycle().take(30).map(|told| (told.of, told.build)).collect();
    let mut readers = JoinSet::new();
    readers.spawn(async move {
        join_all(asks.iter().map(|(of, build)| builds.events(*of, *build, 0, 100))).await
    });
    let mut observer = opened.raw().await;
    waited(&mut observer, 1).await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock'";
    sqlx::raw_sql(end).execute(&mut observer).await.unwrap();
    let answers = readers.join_next().await.unwrap().unwrap();
    let is_lost = |answer: &Result<_, _>| matches!(answer, Err(StoreError::Unavailable(_)));
    let is_shared = |answer: &Result<_, _>| is_lost(answer) && answer == &answers[0];
    assert!(answers.len() == 30 && answers.iter().all(is_shared), "{answers:?}");

    sqlx::raw_sql("COMMIT").execute(&mut door).await.unwrap();
    for told in &told {
        let read = opened.fx.store.builds.events(told.of, told.build, 0, 100).await;
        assert_eq!(read.as_ref(), Ok(&told.events));
    }
}

#[tokio::test]
async fn who_goes_away_takes_nothing_from_those_who_stay_and_others_read_meanwhile() {
    let opened = Opened::new().await;
    let told = Arc::new(told(&opened.fx, 4).await);
    let mut door = closed_door(&opened).await;
    let (mut staying, mut leaving) = (JoinSet::new(), JoinSet::new());
    for number in 0..400 {
        let (told, builds) = (told.clone(), opened.fx.store.builds.clone());
        let read = async move {
            let told = &told[number % 4];
            assert_eq!(builds.events(told.of, told.build, 0, 100).await.as_ref(), Ok(&told.events));
        };
        if number % 2 == 0 {
            staying.spawn(read)
        } else {
            leaving.spawn(read)
        };
    }
    let mut observer = opened.raw().await;
    waited(&mut observer, 2).await;
    let found = opened.fx.store.builds.find(told[0].of, told[0].build).await;
    assert!(found.unwrap().is_some());
    leaving.shutdown().await;
    sqlx::raw_sql("COMMIT").execute(&mut door).await.unwrap();
    while let Some(read) = staying.join_next().await {
        read.unwrap();
    }
}

#[tokio::test]
async fn a_store_that_closes_answers_everybody() {
    let opened = Opened::new().await;
    let told = Arc::new(told(&opened.fx, 1).await);
    let mut door = closed_door(&opened).await;
    let mut readers = JoinSet::new();
    for _ in 0..200 {
        let (told, builds) = (told.clone(), opened.fx.store.builds.clone());
        readers.spawn(async move { builds.events(told[0].of, told[0].build, 0, 100).await });
    }
    let mut observer = opened.raw().await;
    waited(&mut observer, 2).await;
    let closing = opened.store.clone();
    let mut closed = JoinSet::new();
    closed.spawn(async move { closing.close().await });
    tokio::task::yield_now().await;
    sqlx::raw_sql("COMMIT").execute(&mut door).await.unwrap();
    let (mut read, mut refused) = (0, 0);
    while let Some(answer) = readers.join_next().await {
        match answer.unwrap() {
            Ok(events) => {
                assert_eq!(events, told[0].events);
                read += 1;
            }
            Err(StoreError::Unavailable(_)) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    closed.join_next().await.unwrap().unwrap();
    assert_eq!((read, refused), (128, 72));
    let late = opened.fx.store.builds.events(told[0].of, told[0].build, 0, 100).await;
    assert!(matches!(late, Err(StoreError::Unavailable(_))), "{late:?}");
}
