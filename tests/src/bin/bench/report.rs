//! Medians and the table.

use std::fmt::Write as _;

/// One line of the report.
pub struct Row {
    what: String,
    unit: &'static str,
    limit: Option<f64>,
    ours: Option<f64>,
    note: String,
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
}

/// The middle of some figures; 0 of none.
pub fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = figures.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// The report as Markdown.
pub fn table(rows: &[Row]) -> String {
    let mut text = String::from("| what | limit | ours | ratio | |\n|---|---:|---:|---:|---|\n");
    for row in rows {
        let figure = |value: Option<f64>| {
            value.map_or_else(String::new, |value| format!("{}{}", number(value), row.unit))
        };
        let ratio = match (row.limit, row.ours) {
            (Some(limit), Some(ours)) if limit > 0.0 => format!("{:.2}x", ours / limit),
            _ => String::new(),
        };
        let (limit, ours) = (figure(row.limit), figure(row.ours));
        let _ = writeln!(text, "| {} | {limit} | {ours} | {ratio} | {} |", row.what, row.note);
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
