//! What the server makes of the statements that a store sends, as it tells it itself.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::subscriber::{DefaultGuard, set_default};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

/// A statement and the plan it was carried out by.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) statement: String,
    pub(crate) steps: String,
    /// The most rows that one of its steps read, if that was counted.
    pub(crate) most: u64,
}

/// Hears what `auto_explain` says on the connections of this thread's runtime.
#[derive(Clone, Default)]
pub(crate) struct Listener(Arc<Mutex<Vec<Plan>>>);

impl Listener {
    pub(crate) fn begin() -> (Self, DefaultGuard) {
        let listener = Self::default();
        let guard = set_default(tracing_subscriber::registry().with(listener.clone()));
        (listener, guard)
    }

    /// What was heard since the last time.
    pub(crate) fn heard(&self) -> Vec<Plan> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl<S: Subscriber> Layer<S> for Listener {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::postgres::notice" {
            let mut notice = Notice(String::new());
            event.record(&mut notice);
            self.0.lock().unwrap().extend(Plan::parse(&notice.0));
        }
    }
}

struct Notice(String);

impl Visit for Notice {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            write!(self.0, "{value:?}").unwrap();
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.0.push_str(value);
        }
    }
}

impl Plan {
    /// The steps, whatever the values were that they were planned for. The wall between tenants
    /// is on each step alike: it is said in a word, and where its list is read is not.
    pub(crate) fn without_values(&self) -> String {
        let mut text = String::new();
        let mut parts = self.steps.split('\'');
        while let Some(outside) = parts.next() {
            text.push_str(outside);
            let Some(value) = parts.next() else { break };
            let after = parts.clone().next().unwrap_or_default();
            let of = ["::uuid", "::timestamp with time zone", "::bytea"];
            match of.iter().find(|kind| after.starts_with(**kind)) {
                Some(_) => text.push('_'),
                None => write!(text, "'{value}'").unwrap(),
            }
        }
        while let Some((before, rest)) = text.split_once("COALESCE((") {
            let (_, after) = rest.split_once("), false)").unwrap();
            text = format!("{before}wall{after}");
        }
        let mut lines: Vec<&str> = text.lines().collect();
        let is_list = |pair: &[&str]| {
            pair[0].trim_start().starts_with("InitPlan") && pair[1].trim_start() == "->  Result"
        };
        while let Some(at) = lines.windows(2).position(is_list) {
            lines.drain(at..at + 2);
        }
        lines.join("\n")
    }

    /// None for what opens and shares transactions, which has no tables.
    fn parse(notice: &str) -> Option<Self> {
        let (_, told) = notice.split_once("Query Text: ")?;
        let lines: Vec<&str> = told.lines().collect();
        let first = lines.iter().position(|line| line.contains("  (cost="))?;
        let statement = lines[..first].join(" ");
        let statement = statement.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_about_tables =
            !["BEGIN", "SAVEPOINT", "SELECT pg_advisory_xact_lock", "SELECT set_config"]
                .iter()
                .any(|other| statement.starts_with(other));
        let most = lines[first..].iter().map(|line| read(line)).max().unwrap_or(0);
        let steps = lines[first..].iter().map(|line| line.split("  (cost=").next().unwrap_or(line));
        let steps = steps.collect::<Vec<_>>().join("\n");
        is_about_tables.then_some(Self { statement, steps, most })
    }
}

/// How many rows a line of a plan speaks of.
fn read(line: &str) -> u64 {
    let after = |word: &str| {
        let (_, rest) = line.split_once(word)?;
        let end = rest.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(rest.len());
        rest[..end].parse::<u64>().ok()
    };
    let passed = after("(actual rows=").unwrap_or(0) * after(" loops=").unwrap_or(1);
    ["Filter: ", "Recheck: "]
        .iter()
        .filter_map(|why| after(&format!("Rows Removed by {why}")))
        .fold(passed, u64::max)
}
