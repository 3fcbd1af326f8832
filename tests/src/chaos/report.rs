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
    /// From a worker's death to its build's next attempt.
    workers: Vec<Duration>,
    /// From PostgreSQL's return to a server's first answer from it.
    pub(super) postgres: Vec<Duration>,
}

impl Recoveries {
    /// Finds out when the builds of killed workers were taken by others.
    pub(super) async fn taken_over(&mut self, books: &Books) {
        let started = "SELECT hex(build_id), micros(at) FROM build_events
                     WHERE kind = 'build.started' ORDER BY at";
        let mut attempts = BTreeMap::<String, Vec<i64>>::new();
        for (build, at) in books.rows::<(String, i64)>(started).await {
            attempts.entry(build).or_default().push(at);
        }
        for blow in &self.blows {
            let at = micros(blow.at);
            let next =
                attempts.get(&blow.build).and_then(|all| all.iter().find(|next| **next > at));
            // One that was called off, or failed for good, is taken by nobody.
            if let Some(next) = next {
                self.workers.push(Duration::from_micros(u64::try_from(next - at).unwrap()));
            }
        }
    }
}

/// What a run has shown.
#[derive(Debug)]
pub struct Report {
    plan: Plan,
    took: Duration,
    seen: Seen,
    findings: Findings,
    recoveries: Recoveries,
    builds: usize,
    promises: usize,
    readers: usize,
    wanderers: usize,
}

impl Report {
    pub(super) fn of(
        plan: Plan,
        took: Duration,
        world: &World,
        findings: Findings,
        recoveries: Recoveries,
        people: &[Person],
    ) -> Self {
        let told = || people.iter().flat_map(|person| &person.told);
        Self {
            plan,
            took,
            seen: world.seen().clone(),
            findings,
            recoveries,
            builds: people.iter().map(|person| person.builds.len()).sum(),
            promises: people.iter().map(|person| person.promises.len()).sum(),
            readers: told().count(),
            wanderers: told().filter(|told| told.doors.len() > 1).count(),
        }
    }

    /// Whether every promise was kept.
    pub fn is_sound(&self) -> bool {
        self.seen.violations.is_empty() && self.findings.violations.is_empty()
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
        assert!(!self.recoveries.workers.is_empty(), "no worker left a build behind: {self}");
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
        writeln!(
            f,
            "  {} builds, {} commands acknowledged; {} readers, of whom {} changed servers, came \
             back {} times",
            self.builds, self.promises, self.readers, self.wanderers, self.seen.reconnects
        )?;
        writeln!(f, "\nrecovery (median, 95 %, longest)")?;
        spread(f, "killed worker to its build's next attempt", &self.recoveries.workers)?;
        spread(f, "PostgreSQL accepts to a server's first answer", &self.recoveries.postgres)?;
        let asked: u64 = self.seen.checked.values().sum();
        writeln!(f, "\nchecks: {} of the books at the end, {asked} before", self.findings.total())?;
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
