//! What came of it, on one page.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use super::faults::micros;
use super::people::Person;
use super::world::{Seen, World};
use super::{Plan, Setting};
use crate::books::{Books, Findings};

/// A build whose worker was killed.
#[derive(Debug, Clone)]
pub(super) struct Blow {
    pub(super) build: String,
    pub(super) at: SystemTime,
}

/// How long it took until all was well again.
#[derive(Debug, Default)]
pub(super) struct Recoveries {
    pub(super) blows: Vec<Blow>,
    /// From a worker's death until somebody else knew of it.
    noticed: Vec<Duration>,
    /// From a worker's death to its build's next attempt.
    taken_over: Vec<Duration>,
    /// From PostgreSQL's return to a server's first answer from it.
    pub(super) postgres: Vec<Duration>,
}

impl Recoveries {
    /// Finds out what became of the builds of killed workers.
    pub(super) async fn follow_up(&mut self, books: &Books) {
        for (told, times) in [(RETRYING, &mut self.noticed), (STARTED, &mut self.taken_over)] {
            let mut events = BTreeMap::<String, Vec<i64>>::new();
            for (build, at) in books.rows::<(String, i64)>(told).await {
                events.entry(build).or_default().push(at);
            }
            // One that was called off, or failed for good, is taken by nobody.
            let next = |blow: &Blow| {
                let at = micros(blow.at);
                let next = events.get(&blow.build)?.iter().find(|next| **next > at)?;
                Some(Duration::from_micros(u64::try_from(next - at).unwrap()))
            };
            times.extend(self.blows.iter().filter_map(next));
        }
    }
}

const RETRYING: &str = "SELECT hex(build_id), micros(at) FROM build_events
                        WHERE kind = 'build.retrying' ORDER BY at";

const STARTED: &str = "SELECT hex(build_id), micros(at) FROM build_events
                       WHERE kind = 'build.started' ORDER BY at";

/// How builds ended, and how many did so.
pub(super) const ENDS: &str = "SELECT state || COALESCE(', ' || failure_reason, ''), COUNT(*)
                               FROM builds GROUP BY 1 ORDER BY 1";

/// What a run has shown.
#[derive(Debug)]
pub struct Report {
    plan: Plan,
    took: Duration,
    seen: Seen,
    findings: Findings,
    recoveries: Recoveries,
    /// Builds by their ends.
    ends: Vec<(String, i64)>,
    promises: usize,
    readers: usize,
    wanderers: usize,
}

impl Report {
    pub(super) fn of(
        plan: Plan,
        took: Duration,
        world: &World,
        (findings, ends, recoveries): (Findings, Vec<(String, i64)>, Recoveries),
        people: &[Person],
    ) -> Self {
        let told = || people.iter().flat_map(|person| &person.told);
        Self {
            plan,
            took,
            seen: world.seen().clone(),
            findings,
            recoveries,
            ends,
            promises: people.iter().map(|person| person.promises.len()).sum(),
            readers: told().count(),
            wanderers: told().filter(|told| told.doors.len() > 1).count(),
        }
    }

    /// Whether every promise was kept.
    pub fn is_sound(&self) -> bool {
        self.seen.violations.is_empty() && self.findings.violations.is_empty()
    }

    /// Whether some violation is one of this promise.
    pub fn names(&self, promise: &str) -> bool {
        let mut violations = self.seen.violations.iter().chain(&self.findings.violations);
        violations.any(|violation| violation.starts_with(promise))
    }

    /// How many things happened.
    pub fn faults(&self) -> u64 {
        self.seen.faults.values().sum()
    }

    /// Fails unless every promise was kept, and enough was promised to show it.
    pub fn must_be_sound(&self) {
        assert!(self.is_sound(), "{self}");
        self.findings.must_be_sound();
        assert!(self.promises > self.plan.faults, "hardly anything was asked for: {self}");
        assert!(self.seen.reconnects > 0, "no reader came back: {self}");
        assert!(!self.recoveries.taken_over.is_empty(), "no worker left a build behind: {self}");
        if self.plan.setting == Setting::Postgres {
            assert!(self.wanderers > 0, "no reader changed servers: {self}");
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan { setting, seed, .. } = self.plan;
        writeln!(f, "chaos: {setting}, seed {seed}, {:.0} s", self.took.as_secs_f64())?;
        writeln!(f, "\nfaults: {}", self.faults())?;
        for (fault, count) in &self.seen.faults {
            writeln!(f, "  {count:>6}  {fault}")?;
        }
        let requests: u64 = self.seen.answers.values().sum();
        writeln!(f, "\nrequests: {} answered, {} cut off", requests, self.seen.cut_off)?;
        for ((what, status), count) in &self.seen.answers {
            writeln!(f, "  {count:>6}  {what} -> {status}")?;
        }
        for (trouble, count) in &self.seen.excused {
            writeln!(f, "  {count:>6}  503 with Retry-After: {trouble:?}")?;
        }
        writeln!(f, "\ncommands acknowledged: {}", self.promises)?;
        for (end, count) in &self.ends {
            writeln!(f, "  {count:>6}  builds {end}")?;
        }
        let (came_back, wanderers) = (self.seen.reconnects, self.wanderers);
        writeln!(f, "  {:>6}  readers, {wanderers} of several servers", self.readers)?;
        writeln!(f, "  {came_back:>6}  times one came back")?;
        writeln!(f, "\nrecovery (median, 95 %, longest)")?;
        spread(f, "a worker is killed, and somebody notices", &self.recoveries.noticed)?;
        spread(f, "a worker is killed, and its build goes on", &self.recoveries.taken_over)?;
        spread(f, "PostgreSQL accepts, and a server answers", &self.recoveries.postgres)?;
        let live: u64 = self.seen.inspected.values().sum();
        writeln!(
            f,
            "\nchecks of the books: {live} meanwhile, {} at the end",
            self.findings.total()
        )?;
        writeln!(f, "  {:?}", self.findings.checked)?;
        writeln!(f, "checks by asking: {}", self.seen.checked.values().sum::<u64>())?;
        for (promise, count) in &self.seen.checked {
            writeln!(f, "  {count:>6}  {promise}")?;
        }
        let violations = self.seen.violations.iter().chain(&self.findings.violations);
        writeln!(f, "\nviolations: {}", violations.clone().count())?;
        violations.take(20).try_for_each(|violation| {
            let few: String = violation.chars().take(1_500).collect();
            writeln!(f, "  {few}")
        })
    }
}

fn spread(f: &mut fmt::Formatter<'_>, what: &str, times: &[Duration]) -> fmt::Result {
    let mut times = times.to_vec();
    times.sort();
    let Some(longest) = times.last() else { return Ok(()) };
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64();
    let (median, most, count) = (at(50), at(95), times.len());
    let longest = longest.as_secs_f64();
    writeln!(f, "  {what}: {median:.2} s, {most:.2} s, {longest:.2} s of {count}")
}
