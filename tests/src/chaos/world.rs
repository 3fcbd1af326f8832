//! What everybody knows: where the servers are, what is disturbed, and what was seen.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::Answer;
use crate::api::Ask;
use crate::dice::Dice;

/// What is being done to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trouble {
    /// A server is gone, until it listens again.
    ServerGone,
    /// A worker is gone, until another is started.
    WorkerGone,
    /// A server or a worker stands still, perhaps with a transaction open.
    Frozen,
    /// `PostgreSQL` is away, until it accepts connections.
    PostgresAway,
    /// Something is wrong with Redis, which nobody may notice.
    RedisTroubled,
}

/// How long after trouble its consequences may be seen: to answer again takes no longer.
const AFTERMATH: Duration = Duration::from_secs(5);

/// How long a client waits for an answer before it asks again.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
struct Period {
    trouble: Trouble,
    until: Option<Instant>,
}

/// What was seen.
#[derive(Debug, Default, Clone)]
pub(super) struct Seen {
    /// Answers by request and status.
    pub(super) answers: BTreeMap<(&'static str, u16), u64>,
    /// Requests that were never answered.
    pub(super) cut_off: u64,
    /// 503s, each with the trouble that explains it.
    pub(super) excused: BTreeMap<Trouble, u64>,
    pub(super) faults: BTreeMap<&'static str, u64>,
    /// How often each promise was checked by asking.
    pub(super) checked: BTreeMap<&'static str, u64>,
    /// On how many rows each was checked while everything went on.
    pub(super) inspected: BTreeMap<&'static str, u64>,
    pub(super) violations: Vec<String>,
    pub(super) reconnects: u64,
}

pub(super) struct World {
    doors: Vec<String>,
    periods: Mutex<Vec<Period>>,
    seen: Mutex<Seen>,
    is_closing: AtomicBool,
}

/// Trouble that goes on until it is said to be over.
#[must_use]
pub(super) struct Ongoing(usize);

impl World {
    pub(super) fn new(doors: Vec<String>) -> Self {
        Self {
            doors,
            periods: Mutex::default(),
            seen: Mutex::default(),
            is_closing: AtomicBool::new(false),
        }
    }

    /// Where servers listen, or will again.
    pub(super) fn doors(&self) -> &[String] {
        &self.doors
    }

    /// One of them.
    pub(super) fn any_door(&self, dice: &mut Dice) -> &str {
        dice.pick::<String>(&self.doors)
    }

    /// Lets everybody finish what they began.
    pub(super) fn close(&self) {
        self.is_closing.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Relaxed)
    }

    pub(super) fn begins(&self, trouble: Trouble) -> Ongoing {
        let mut periods = lock(&self.periods);
        periods.push(Period { trouble, until: None });
        Ongoing(periods.len() - 1)
    }

    #[expect(clippy::needless_pass_by_value, reason = "trouble is over once")]
    pub(super) fn is_over(&self, ongoing: Ongoing) {
        lock(&self.periods)[ongoing.0].until = Some(Instant::now());
    }

    /// The first of these that was going on at some time since, or had just ended.
    pub(super) fn explains(&self, troubles: &[Trouble], since: Instant) -> Option<Trouble> {
        let periods = lock(&self.periods);
        let over = |period: &Period| period.until.is_some_and(|end| end + AFTERMATH < since);
        troubles.iter().copied().find(|trouble| {
            periods.iter().rev().any(|period| period.trouble == *trouble && !over(period))
        })
    }

    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        lock(&self.seen)
    }

    pub(super) fn violated(&self, what: impl Into<String>) {
        let what = what.into();
        eprintln!("violation: {what}");
        self.seen().violations.push(what);
    }

    /// Notes that a promise was looked at; says what is wrong unless it `holds`.
    pub(super) fn check(&self, promise: &'static str, holds: bool, what: impl FnOnce() -> String) {
        *self.seen().checked.entry(promise).or_default() += 1;
        if !holds {
            self.violated(format!("{promise}: {}", what()));
        }
    }

    /// Asks once; no answer if there was none, or one that says to ask again.
    pub(super) async fn ask(&self, what: &'static str, ask: Ask) -> Option<Answer> {
        let since = Instant::now();
        match ask.answer_within(PATIENCE).await {
            Ok(answer) => self.counted(what, answer, since),
            Err(error) => {
                self.unanswered(what, &error, since);
                None
            }
        }
    }

    /// Counts an answer, and keeps it back if the server could not answer.
    pub(super) fn counted(
        &self,
        what: &'static str,
        answer: Answer,
        since: Instant,
    ) -> Option<Answer> {
        *self.seen().answers.entry((what, answer.status)).or_default() += 1;
        if answer.status < 500 {
            return Some(answer);
        }
        let explanations = [Trouble::PostgresAway, Trouble::Frozen];
        match self.explains(&explanations, since) {
            Some(trouble) if is_polite(&answer) => {
                *self.seen().excused.entry(trouble).or_default() += 1;
            }
            Some(_) => self.violated(format!("an unfit 5xx: {answer}")),
            None => self.violated(format!("a 5xx that nothing explains: {answer}")),
        }
        None
    }

    /// Notes a request that nobody answered.
    pub(super) fn unanswered(&self, what: &str, error: &reqwest::Error, since: Instant) {
        self.seen().cut_off += 1;
        let explanations = [Trouble::ServerGone, Trouble::Frozen];
        if self.explains(&explanations, since).is_none() {
            self.violated(format!("{what} was not answered for no reason: {error:?}"));
        }
    }
}

/// Whether a server that cannot answer says when to come back.
fn is_polite(answer: &Answer) -> bool {
    let retry = answer.headers.get("retry-after").and_then(|value| value.to_str().ok());
    answer.status == 503 && retry.is_some_and(|value| value.parse::<u32>().is_ok())
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderValue};

    use super::*;

    fn answer(status: u16, retry_after: Option<&'static str>) -> Answer {
        let mut headers = HeaderMap::new();
        if let Some(value) = retry_after {
            headers.insert("retry-after", HeaderValue::from_static(value));
        }
        Answer { asked: "GET /".to_owned(), status, headers, body: Vec::new() }
    }

    fn violations(trouble: Option<Trouble>, answer: Answer) -> usize {
        let world = World::new(Vec::new());
        let since = Instant::now();
        if let Some(trouble) = trouble {
            let ongoing = world.begins(trouble);
            world.is_over(ongoing);
        }
        assert!(world.counted("read", answer, since).is_none());
        world.seen().violations.len()
    }

    #[test]
    fn only_a_polite_503_while_postgresql_is_away_or_somebody_stands_still_is_excused() {
        let polite = || answer(503, Some("5"));
        for trouble in [Trouble::PostgresAway, Trouble::Frozen] {
            assert_eq!(violations(Some(trouble), polite()), 0);
            assert_eq!(violations(Some(trouble), answer(503, None)), 1);
            assert_eq!(violations(Some(trouble), answer(500, Some("5"))), 1);
        }
        for trouble in [Trouble::RedisTroubled, Trouble::ServerGone, Trouble::WorkerGone] {
            assert_eq!(violations(Some(trouble), polite()), 1, "{trouble:?} explains nothing");
        }
        assert_eq!(violations(None, polite()), 1);
    }

    #[test]
    fn trouble_explains_what_comes_shortly_after_it_and_nothing_later() {
        let world = World::new(Vec::new());
        let ongoing = world.begins(Trouble::PostgresAway);
        let explains = |since| world.explains(&[Trouble::PostgresAway], since).is_some();
        let later = Instant::now() + AFTERMATH * 2;
        assert!(explains(later), "it goes on");
        world.is_over(ongoing);
        assert!(explains(Instant::now()));
        assert!(!explains(later));
    }
}
