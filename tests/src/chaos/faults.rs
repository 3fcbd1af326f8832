//! What happens, when and to whom: written down from the seed, then performed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::task::JoinSet;

use super::fleet::{Fleet, Member};
use super::report::{Blow, Recoveries};
use super::world::{Trouble, World};
use super::{INSPECT_EVERY, LEASE_TTL, Setting};
use crate::books::{Books, Moment};
use crate::dice::Dice;
use crate::house::signal;
use crate::postgres::{Cluster, Down};
use crate::redis::Redis;
use crate::{Api, within};

/// How long a lease may be overdue before somebody has to have seen it: two sweeps, and the
/// longest time for which all of them may be unable to.
const OVERDUE: Duration = Duration::from_secs(10);

/// One thing that happens. Numbers choose among those there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    KillServer(usize),
    KillWorker(usize),
    FreezeServer(usize, Duration),
    FreezeWorker(usize, Duration),
    Postgres(Down, Duration),
    KillPostgresProcess,
    KillRedis(Duration),
    FlushRedis,
    FillRedis(Duration),
    FreezeRedis(Duration),
    /// Long enough for everybody to give it up, while other things happen.
    FreezeRedisMeanwhile(Duration),
}

impl Fault {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::KillServer(_) => "server killed",
            Self::KillWorker(_) => "worker killed",
            Self::FreezeServer(..) => "server stopped and continued",
            Self::FreezeWorker(..) => "worker stopped for longer than a lease",
            Self::Postgres(Down::Immediate, _) => "PostgreSQL crashed",
            Self::Postgres(Down::Fast, _) => "PostgreSQL restarted",
            Self::KillPostgresProcess => "PostgreSQL's process killed",
            Self::KillRedis(_) => "Redis killed",
            Self::FlushRedis => "Redis flushed",
            Self::FillRedis(_) => "Redis full",
            Self::FreezeRedis(_) => "Redis stopped and continued",
            Self::FreezeRedisMeanwhile(_) => "Redis stopped for half a minute",
        }
    }
}

/// All that happens, each after a pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Script(Vec<(Duration, Fault)>);

impl Script {
    pub(super) fn written(setting: Setting, faults: usize, dice: &mut Dice) -> Self {
        let mut dice = dice.split();
        let mut line = || {
            let pause = millis(&mut dice, 150, 1_000);
            let who = usize::try_from(dice.below(6)).unwrap();
            let lease = u64::try_from(LEASE_TTL.as_millis()).unwrap();
            let away = millis(&mut dice, 0, 800);
            let long = millis(&mut dice, lease + 500, lease + 2_000);
            let one_of = match setting {
                Setting::Sqlite => 60,
                Setting::Postgres => 100,
            };
            let fault = match dice.below(one_of) {
                0..=21 => Fault::KillServer(who),
                22..=47 => Fault::KillWorker(who),
                48..=52 => Fault::FreezeServer(who, away),
                53..=59 => Fault::FreezeWorker(who, long),
                60..=65 => Fault::Postgres(Down::Immediate, away),
                66..=70 => Fault::KillPostgresProcess,
                71..=75 => Fault::Postgres(Down::Fast, away),
                76..=82 => Fault::KillRedis(away * 2),
                83..=89 => Fault::FlushRedis,
                90..=94 => Fault::FillRedis(away * 2),
                _ => Fault::FreezeRedis(long),
            };
            (pause, fault)
        };
        let mut script: Vec<_> = (0..faults).map(|_| line()).collect();
        if setting == Setting::Postgres && faults > 0 {
            let place = usize::try_from(dice.below(u64::try_from(faults).unwrap())).unwrap();
            script[place].1 = Fault::FreezeRedisMeanwhile(HALF_A_MINUTE);
        }
        Self(script)
    }
}

/// How long Redis may stand still without anybody being refused for it.
const HALF_A_MINUTE: Duration = Duration::from_secs(30);

fn millis(dice: &mut Dice, from: u64, to: u64) -> Duration {
    Duration::from_millis(from + dice.below(to - from))
}

/// Everything that things can be done to.
pub(super) struct Stage {
    pub(super) fleet: Fleet,
    pub(super) cluster: Option<Cluster>,
    pub(super) redis: Option<Redis>,
    pub(super) world: Arc<World>,
    pub(super) books: Books,
    /// Somebody who asks servers whether they answer.
    pub(super) prober: Api,
    pub(super) recoveries: Recoveries,
    /// Lets Redis go on, if it stands still while other things happen.
    pub(super) thawing: JoinSet<()>,
}

impl Stage {
    pub(super) async fn perform(mut self, script: Script) -> Self {
        let mut sleepers = JoinSet::new();
        for (number, (pause, fault)) in (1..).zip(script.0) {
            tokio::time::sleep(pause).await;
            *self.world.seen().faults.entry(fault.name()).or_default() += 1;
            within(fault.name(), self.happens(fault, &mut sleepers)).await;
            while sleepers.try_join_next().is_some() {}
            if number % INSPECT_EVERY == 0 {
                self.inspect().await;
            }
        }
        within("all sleepers wake", async { while sleepers.join_next().await.is_some() {} }).await;
        within("Redis goes on", self.thawed()).await;
        self
    }

    async fn thawed(&mut self) {
        while self.thawing.join_next().await.is_some() {}
    }

    async fn happens(&mut self, fault: Fault, sleepers: &mut JoinSet<()>) {
        match fault {
            Fault::KillServer(number) => self.kill(&one(&self.fleet.servers, number)).await,
            Fault::KillWorker(number) => self.kill(&one(&self.fleet.workers, number)).await,
            Fault::FreezeServer(number, time) => {
                freeze(one(&self.fleet.servers, number), time, &self.world, sleepers).await;
            }
            Fault::FreezeWorker(number, time) => {
                freeze(one(&self.fleet.workers, number), time, &self.world, sleepers).await;
            }
            Fault::Postgres(..) | Fault::KillPostgresProcess => self.end_postgres(fault).await,
            Fault::KillRedis(_)
            | Fault::FlushRedis
            | Fault::FillRedis(_)
            | Fault::FreezeRedis(_)
            | Fault::FreezeRedisMeanwhile(_) => {
                // One thing after the other: what stands still cannot be flushed.
                self.thawed().await;
                self.trouble_redis(fault).await;
            }
        }
    }

    async fn kill(&mut self, member: &Member) {
        let pid = member.pid();
        let at = SystemTime::now();
        member.kill().await;
        // Whose they were is known until somebody takes them over.
        let worker = format!("keelway-{pid}-");
        let leases = self.books.rows::<(String, String)>(LEASES).await;
        let mine = leases.into_iter().filter(|(_, name)| name.starts_with(&worker));
        self.recoveries.blows.extend(mine.map(|(build, _)| Blow { build, at }));
    }

    async fn end_postgres(&mut self, fault: Fault) {
        let Some(cluster) = &self.cluster else { return };
        let ongoing = self.world.begins(Trouble::PostgresAway);
        if let Fault::Postgres(how, away) = fault {
            cluster.stop(how).await;
            tokio::time::sleep(away).await;
            cluster.go_on().await;
        } else {
            cluster.lose_a_process().await;
        }
        let accepts = Instant::now();
        self.world.is_over(ongoing);
        for door in self.world.doors() {
            let prober = self.prober.turned_to(door);
            let first = async {
                // Every try reads from the database: only its answer counts.
                while !prober
                    .ask(&reqwest::Method::GET, "/v1/builds?limit=1")
                    .try_answer()
                    .await
                    .is_ok_and(|answer| answer.status == 200)
                {
                    tokio::time::sleep(PROBE).await;
                }
            };
            within("a server answers after PostgreSQL is back", first).await;
            self.recoveries.postgres.push(accepts.elapsed());
        }
    }

    async fn trouble_redis(&mut self, fault: Fault) {
        let Some(redis) = &mut self.redis else { return };
        let ongoing = self.world.begins(Trouble::RedisTroubled);
        match fault {
            Fault::KillRedis(away) => {
                redis.kill().await;
                tokio::time::sleep(away).await;
                redis.go_on().await;
            }
            Fault::FillRedis(time) => {
                redis.limit_memory(FULL).await;
                tokio::time::sleep(time).await;
                redis.limit_memory(0).await;
            }
            Fault::FreezeRedis(time) => {
                redis.freeze().await;
                tokio::time::sleep(time).await;
                redis.thaw().await;
            }
            Fault::FreezeRedisMeanwhile(time) => {
                redis.freeze().await;
                let (pid, world) = (redis.pid(), Arc::clone(&self.world));
                self.thawing.spawn(async move {
                    tokio::time::sleep(time).await;
                    signal("CONT", pid).await;
                    world.is_over(ongoing);
                });
                return;
            }
            _ => redis.flush().await,
        }
        self.world.is_over(ongoing);
    }

    /// Reads the books while everybody writes into them.
    async fn inspect(&self) {
        let findings = self.books.inspect(Moment::Live).await;
        for (promise, count) in &findings.checked {
            *self.world.seen().inspected.entry(promise).or_default() += count;
        }
        for violation in findings.violations {
            self.world.violated(format!("while it went on: {violation}"));
        }
        let now = micros(SystemTime::now());
        let leases = self.books.rows::<(String, i64)>(DUE).await;
        let overdue: BTreeMap<_, _> = leases
            .into_iter()
            .filter(|(_, due)| due + i64::try_from(OVERDUE.as_micros()).unwrap() < now)
            .collect();
        self.world.check("I9 no lease outlives its time and a sweep", overdue.is_empty(), || {
            format!("{overdue:?} at {now}")
        });
    }
}

const LEASES: &str = "SELECT hex(build_id), worker FROM build_queue WHERE standing = 'leased'";

const DUE: &str = "SELECT hex(build_id), micros(due_at) FROM build_queue
                   WHERE standing = 'leased'";

/// Too little for anything: Redis itself takes more.
const FULL: u32 = 1_000_000;

/// Between two looks whether a server answers again.
const PROBE: Duration = Duration::from_millis(5);

pub(super) fn micros(at: SystemTime) -> i64 {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_micros()).unwrap()
}

fn one(of: &[Member], number: usize) -> Member {
    of[number % of.len()].clone()
}

/// Lets it stand still for this long, while other things happen.
async fn freeze(member: Member, time: Duration, world: &Arc<World>, sleepers: &mut JoinSet<()>) {
    let ongoing = world.begins(Trouble::Frozen);
    member.freeze().await;
    let world = Arc::clone(world);
    sleepers.spawn(async move {
        tokio::time::sleep(time).await;
        member.thaw().await;
        world.is_over(ongoing);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_writes_one_script_and_another_seed_another() {
        let written = |setting, seed| Script::written(setting, 200, &mut Dice::of(seed));
        let script = written(Setting::Postgres, 7);
        assert_eq!(script, written(Setting::Postgres, 7));
        assert_ne!(script, written(Setting::Postgres, 8));
        let kinds = |script: &Script| {
            let names = script.0.iter().map(|(_, fault)| fault.name());
            names.collect::<std::collections::BTreeSet<_>>().len()
        };
        assert_eq!(kinds(&script), 12, "everything happens");
        assert_eq!(kinds(&written(Setting::Sqlite, 7)), 4, "there is no server to restart");
    }
}
