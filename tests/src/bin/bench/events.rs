//! Events of running builds: how many can be appended, and how soon a reader has them.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use keelway_builds::ports::{Signals, Topic};
use keelway_builds::run::{Progress, Record};
use keelway_builds::{Lease, Phase};
use keelway_contract::{Fixture, SeededEntropy};
use keelway_local::LocalSignals;
use keelway_redis::{Redis, RedisSettings};
use tokio::task::JoinSet;

use crate::ROUNDS;
use crate::load::{Done, repeat};
use crate::place::{self, Kind, Place};
use crate::queue::{submit, take};
use crate::report::{Row, median};

const BUILDS: usize = 64;
const LENGTH: Duration = Duration::from_secs(1);
/// How long readers are watched, and how many builds have one.
const READ: Duration = Duration::from_secs(5);
const READERS: usize = 16;

/// A build in a worker's hands, and how often the worker has said something.
struct Running {
    lease: Lease,
    steps: AtomicU32,
}

pub async fn rows() -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for kind in Kind::BOTH {
        rows.extend(on(kind).await?);
    }
    Ok(rows)
}

async fn on(kind: Kind) -> anyhow::Result<Vec<Row>> {
    let place = Place::open(kind, "events").await?;
    let fx = place.fx();
    submit(&fx, &place.customers(BUILDS).await?, BUILDS).await?;
    let mut builds = Vec::new();
    for _ in 0..BUILDS {
        let lease = take(&fx).await?.context("a build")?.lease;
        builds.push(Running { lease, steps: AtomicU32::new(0) });
    }
    let builds: Arc<[Running]> = builds.into();
    let mut rates = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (in_flight, rates) in [1, BUILDS].into_iter().zip(&mut rates) {
            let (fx, builds) = (fx.clone(), Arc::clone(&builds));
            let append = move |number| {
                let (fx, builds) = (fx.clone(), Arc::clone(&builds));
                async move { append(&fx, &builds[number]).await }
            };
            rates.push(repeat(in_flight, LENGTH, append).await?.per_second);
        }
    }
    let [lone, crowd] = rates.map(median);
    let per_second = crowd / 2.0;
    let took = read(&fx, signals(kind).await?, &builds, per_second).await?;
    place.check_books().await?;
    let name = kind.name();
    Ok(vec![
        Row::alone(format!("event append, {name}, 1 in flight"), "/s", lone),
        Row::alone(format!("event append, {name}, 64 in flight"), "/s", crowd),
        Row::alone(format!("append to reader, p50, {name}"), " ms", took.quantile_ms(50)),
        Row::alone(format!("append to reader, p99, {name}"), " ms", took.quantile_ms(99))
            .noted(format!("{per_second:.0}/s of {READERS} builds with a reader each: half load")),
    ])
}

async fn append(fx: &Fixture, build: &Running) -> anyhow::Result<()> {
    let step = build.steps.fetch_add(1, Ordering::Relaxed) + 1;
    let progress = vec![Progress::PhaseStarted(Phase::Implement)];
    fx.store
        .queue
        .record(Record { lease: build.lease, step, progress })
        .await
        .context("a record")?;
    Ok(())
}

/// How a worker's process tells, and how a reader's hears.
async fn signals(kind: Kind) -> anyhow::Result<[Arc<dyn Signals>; 2]> {
    if kind == Kind::Sqlite {
        let within: Arc<dyn Signals> = Arc::new(LocalSignals::default());
        return Ok([Arc::clone(&within), within]);
    }
    let settings = RedisSettings::parse(&place::redis()?)?.within("bench-events")?;
    let process = async |seed| {
        let redis = Redis::connect(&settings, Arc::new(SeededEntropy::new(seed))).await?;
        redis.health().until(<[_]>::is_empty).await;
        let signals: Arc<dyn Signals> = Arc::new(redis.signals(Arc::new(LocalSignals::default())));
        anyhow::Ok(signals)
    };
    Ok([process(1).await?, process(2).await?])
}

/// Appends at an even rate; how long it was from when an append was due until a reader had it.
async fn read(
    fx: &Fixture,
    [tells, hears]: [Arc<dyn Signals>; 2],
    builds: &Arc<[Running]>,
    per_second: f64,
) -> anyhow::Result<Done> {
    let each = Duration::from_secs_f64(READERS as f64 / per_second);
    let count = u32::try_from(READ.as_micros() / each.as_micros())?;
    let mut readers = JoinSet::new();
    let mut writers = JoinSet::new();
    for number in 0..READERS {
        let due = Arc::new(Mutex::new(Vec::with_capacity(usize::try_from(count)?)));
        let lease = builds[number].lease;
        let topic = Topic::Build(lease.build);
        let (store, mut watch, dues) = (fx.store.clone(), hears.watch(topic), Arc::clone(&due));
        let first = last_seq(fx, &lease).await?;
        readers.spawn(async move {
            let (mut after, mut took) = (first, Vec::new());
            while took.len() < usize::try_from(count)? {
                watch.changed().await;
                let events = store.builds.events(lease.scope, lease.build, after, 1_000).await?;
                let dues = dues.lock().unwrap_or_else(PoisonError::into_inner);
                for event in events {
                    let due: Instant = dues[usize::try_from(event.seq - first - 1)?];
                    took.push(due.elapsed());
                    after = event.seq;
                }
            }
            anyhow::Ok(took)
        });
        let (fx, builds, tells) = (fx.clone(), Arc::clone(builds), Arc::clone(&tells));
        writers.spawn(async move {
            // Not all of them at the same moment.
            tokio::time::sleep(each.mul_f64(number as f64 / READERS as f64)).await;
            let mut moments = tokio::time::interval(each);
            for _ in 0..count {
                let moment = moments.tick().await.into_std();
                due.lock().unwrap_or_else(PoisonError::into_inner).push(moment);
                append(&fx, &builds[number]).await?;
                tells.notify(topic);
            }
            anyhow::Ok(())
        });
    }
    let started = Instant::now();
    while let Some(done) = writers.join_next().await {
        done??;
    }
    let mut took = Vec::new();
    while let Some(done) = readers.join_next().await {
        took.extend(done??);
    }
    Ok(Done::of(took, started.elapsed()))
}

async fn last_seq(fx: &Fixture, lease: &Lease) -> anyhow::Result<i64> {
    Ok(fx.store.builds.find(lease.scope, lease.build).await?.context("the build")?.last_seq)
}
