//! Many processes under load, and everything that can happen to them, at random from a seed.
//!
//! **Invariant:** whatever was acknowledged is kept, once, and nothing else is; what a client
//! does here is what the API's documentation tells it to do, and no more.
//!
//! People submit, claim, cancel and read through whichever server answers, and repeat under the
//! same idempotency key what was not answered; readers follow every build and come back where
//! a stream broke off. Meanwhile processes and servers are killed, stopped and restarted. At the
//! end all of it is asked for again, and the books are read by SQL.
//!
//! The seed decides who does what and what happens when; how real processes interleave is
//! theirs to decide, so a run is had again in its shape and not to the last packet.
#![expect(clippy::disallowed_methods, reason = "real processes are watched on a real clock")]

mod faults;
mod fleet;
mod people;
mod readers;
mod report;
mod verdict;
mod world;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use tokio::task::JoinSet;

use crate::House;
use crate::books::{Books, Moment};
use crate::dice::Dice;
use crate::house::Door;
use crate::postgres::Cluster;
use crate::redis::Redis;
use faults::{Script, Stage};
use fleet::Fleet;
use people::Person;
use report::Recoveries;
pub use report::Report;
use world::World;

/// Which processes there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// A server that builds too, and two workers beside it, on one file.
    Sqlite,
    /// Two servers and three workers on PostgreSQL and Redis.
    Postgres,
}

impl std::fmt::Display for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "1 server and 2 workers on SQLite",
            Self::Postgres => "2 servers and 3 workers on PostgreSQL and Redis",
        })
    }
}

/// A run that can be had again.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Which processes there are.
    pub setting: Setting,
    /// How many things happen to them.
    pub faults: usize,
    /// Decides what, when, to whom, and what people do meanwhile.
    pub seed: u64,
}

/// How many people are at work, each with a workspace.
const PEOPLE: usize = 6;

/// How long a worker may be silent before its builds are another's.
const LEASE_TTL: Duration = Duration::from_millis(1_500);

/// After how many faults the books are read while everything goes on.
const INSPECT_EVERY: usize = 10;

/// Lets it all happen, and says what came of it.
pub async fn run(plan: Plan) -> Report {
    Box::pin(run_with(plan, &[])).await
}

/// The same, but breaks promises behind the program's back before they are looked at: to show
/// that this is noticed.
pub async fn run_with(plan: Plan, sabotage: &[&'static str]) -> Report {
    let began = Instant::now();
    let mut dice = Dice::of(plan.seed);
    let script = Script::written(plan.setting, plan.faults, &mut dice);
    let (house, cluster, redis) = premises(plan.setting).await;
    let house = Arc::new(house);
    let books = Books::of(&house).await;
    let doors = match plan.setting {
        Setting::Sqlite => vec![house.door()],
        Setting::Postgres => vec![Door::free(), Door::free()],
    };
    let world = Arc::new(World::new(doors.iter().map(|door| door.base()).collect()));
    let fleet = Fleet::started(plan.setting, &house, &doors, &world).await;
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        people.push(Person::signed_up(number, &world, &mut dice).await);
    }
    let prober = people[0].api();

    let lives = people.into_iter().map(Person::live);
    let recoveries = Recoveries::default();
    let thawing = JoinSet::new();
    let stage = Stage {
        fleet,
        cluster,
        redis,
        world: Arc::clone(&world),
        books,
        prober,
        recoveries,
        thawing,
    };
    let faults = async {
        let stage = Box::pin(stage.perform(script)).await;
        world.close();
        stage
    };
    let (stage, mut people) = futures::join!(faults, join_all(lives));
    for sql in sabotage {
        assert!(stage.books.meddle(sql).await > 0, "nothing to break: {sql}");
    }
    verdict::ask_again(&world, &mut people).await;
    let Stage { fleet, books, cluster, redis, mut recoveries, .. } = stage;
    fleet.stop().await;
    recoveries.follow_up(&books).await;
    verdict::examine(&world, &house, &books, &people).await;
    let findings = books.inspect(Moment::AtRest).await;
    let found = (findings, books.rows(report::ENDS).await, recoveries);
    let report = Report::of(plan, began.elapsed(), &world, found, &people);
    if !report.is_sound() {
        eprintln!("--- the last lines of the log\n{}", house.last_logged(200));
    }
    books.close().await;
    drop((cluster, redis));
    report
}

async fn premises(setting: Setting) -> (House, Option<Cluster>, Option<Redis>) {
    let ttl_ms = LEASE_TTL.as_millis();
    let house = House::new().slow_agents(25).set("WORKER_LEASE_TTL_MS", ttl_ms);
    match setting {
        Setting::Sqlite => {
            // Tables first: nobody is to make them at the same time.
            let done = house.run(&["migrate", "up"]).await;
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            (house, None, None)
        }
        Setting::Postgres => {
            let (cluster, redis) = (Cluster::start().await, Redis::start().await);
            let house = house.on_server(&cluster.url(), "keelway").await;
            (house.set("REDIS_URL", redis.url()), Some(cluster), Some(redis))
        }
    }
}
