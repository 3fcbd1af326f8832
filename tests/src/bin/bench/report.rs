//! Medians, goals and the table.

use std::fmt::{self, Write as _};

/// One line of the report.
pub struct Row {
    what: String,
    unit: &'static str,
    limit: Option<f64>,
    ours: Option<f64>,
    note: String,
}

/// What a figure should reach. A benchmark shows it; nothing fails for it.
#[derive(Clone, Copy)]
enum Goal {
    /// So many times the limit, or more.
    Times(f64),
    /// So many times the limit, or less.
    AtMostTimes(f64),
    /// This, or more.
    AtLeast(f64),
    /// This, or less.
    AtMost(f64),
}

/// By how the row begins.
const GOALS: [(&str, Goal); 23] = [
    ("credit reserve, SQLite, 1 in flight", Goal::Times(0.8)),
    ("credit reserve, SQLite, 64 in flight", Goal::Times(3.0)),
    ("credit reserve, PostgreSQL, 16 in flight", Goal::Times(0.6)),
    ("credit reserve, PostgreSQL, 64 in flight", Goal::Times(1.5)),
    ("credit reserve, PostgreSQL, 256 in flight", Goal::Times(2.0)),
    ("credit reserve, PostgreSQL, one hot account", Goal::Times(6.0)),
    ("a lone credit reserve, PostgreSQL, p50", Goal::AtMost(1.5)),
    ("a lone credit reserve, PostgreSQL, p99", Goal::AtMost(4.0)),
    ("build submitted over HTTP", Goal::Times(0.5)),
    ("take and finish a build", Goal::Times(0.7)),
    ("take with 1,000,000 waiting", Goal::AtMostTimes(1.2)),
    ("life of a build, old snapshot held", Goal::Times(0.5)),
    ("submitted to begun, SQLite", Goal::AtMost(0.5)),
    ("submitted to begun, PostgreSQL", Goal::AtMost(2.0)),
    ("read behind a session", Goal::Times(0.5)),
    ("rate limit on Redis", Goal::Times(0.8)),
    ("append to reader", Goal::AtMost(20.0)),
    ("start to ready, SQLite", Goal::AtMost(100.0)),
    ("start to ready, PostgreSQL", Goal::AtMost(300.0)),
    ("memory, idle", Goal::AtMost(40.0)),
    ("memory of an idle reader", Goal::AtMost(12.0)),
    ("page 10,000", Goal::AtMostTimes(1.5)),
    ("estimates", Goal::AtLeast(1_000_000.0)),
];

impl Goal {
    fn is_met(self, ours: f64, ratio: Option<f64>) -> bool {
        match self {
            Self::Times(least) => ratio.is_some_and(|ratio| ratio >= least),
            Self::AtMostTimes(most) => ratio.is_some_and(|ratio| ratio <= most),
            Self::AtLeast(least) => ours >= least,
            Self::AtMost(most) => ours <= most,
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Times(least) => write!(f, "≥ {least}x"),
            Self::AtMostTimes(most) => write!(f, "≤ {most}x"),
            Self::AtLeast(least) => write!(f, "≥ {}", number(*least)),
            Self::AtMost(most) => write!(f, "≤ {most}"),
        }
    }
}

impl Row {
    /// A figure with nothing to hold it against.
    pub fn alone(what: impl Into<String>, unit: &'static str, ours: f64) -> Self {
        Self { what: what.into(), unit, limit: None, ours: Some(ours), note: String::new() }
    }

    /// A figure beside the bare limit measured in the same run.
    pub fn against(what: impl Into<String>, unit: &'static str, limit: f64, ours: f64) -> Self {
        Self { what: what.into(), unit, limit: Some(limit), ours: Some(ours), note: String::new() }
    }

    /// A figure that could not be taken.
    pub fn missing(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self { what: what.into(), unit: "", limit: None, ours: None, note: why.into() }
    }

    /// The same with a remark.
    pub fn noted(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    fn goal(&self) -> Option<Goal> {
        GOALS.iter().find(|(begin, _)| self.what.starts_with(begin)).map(|(_, goal)| *goal)
    }

    fn line(&self) -> String {
        let Self { what, unit, limit, ours, note } = self;
        let figure = |value: Option<f64>| value.map(|value| format!("{}{unit}", number(value)));
        let ratio = limit.filter(|limit| *limit > 0.0).and_then(|limit| Some((*ours)? / limit));
        let shown = ratio.map(|ratio| format!("{ratio:.2}x"));
        let goal = self.goal().zip(*ours).map(|(goal, ours)| {
            let missed = if goal.is_met(ours, ratio) { "" } else { " **missed**" };
            format!("{goal}{missed}")
        });
        let [limit, ours, ratio, goal] =
            [figure(*limit), figure(*ours), shown, goal].map(Option::unwrap_or_default);
        format!("| {what} | {limit} | {ours} | {ratio} | {goal} | {note} |")
    }
}

/// The middle of some figures; 0 of none.
pub fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = figures.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// The report as Markdown.
pub fn table(rows: &[Row]) -> String {
    let mut text =
        String::from("| what | limit | ours | ratio | goal | |\n|---|---:|---:|---:|---|---|\n");
    for row in rows {
        let _ = writeln!(text, "{}", row.line());
    }
    text
}

fn number(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}
