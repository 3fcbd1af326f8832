//! How long builds wait and run, and why they fail.

use actix_web::HttpResponse;
use askama::Template;
use keelway_builds::FailureReason;
use keelway_builds::operations::{Performance, Window};
use keelway_builds::percentiles::Percentiles;
use keelway_http::Problem;
use keelway_http::args::{Query, UseCases};
use keelway_http::guard::AsOperator;
use serde::Deserialize;

use crate::page::Page;
use crate::shell::Shell;
use crate::text::{count, grouped, span};
use crate::usage::share;

#[derive(Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    window: String,
}

#[derive(Template)]
#[template(path = "admin/performance.html")]
struct Speed {
    shell: Shell,
    tab: &'static str,
    windows: Vec<(&'static str, bool)>,
    /// An address with a window there is not.
    is_unknown: bool,
    tiles: Vec<Tile>,
    rows: Vec<Row>,
    /// Five labels at the quarters of the axis.
    ticks: Vec<String>,
    failures: Vec<FailureRow>,
    is_empty: bool,
}

struct Tile {
    label: &'static str,
    value: String,
    note: String,
}

/// The times of one thing.
struct Row {
    name: String,
    is_phase: bool,
    count: String,
    times: Option<Times>,
}

/// Percentiles as text, and where they are on the axis, in per cent.
struct Times {
    p50: String,
    p90: String,
    p95: String,
    p99: String,
    at_p50: String,
    to_p90: String,
    at_p90: String,
    to_p99: String,
}

struct FailureRow {
    reason: &'static str,
    means: &'static str,
    charged: &'static str,
    count: String,
    width: String,
}

pub(super) async fn show(
    operator: AsOperator,
    app: UseCases,
    page: Page,
    Query(wanted): Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let window = Window::from_name(&wanted.window);
    let found = app.performance(&operator, window.unwrap_or_default()).await?;
    let all = || [found.wait, found.run].into_iter().chain(found.phases.iter().map(|one| one.1));
    let longest = all().flatten().map(|times| times.p99.max(0)).max().unwrap_or(0);
    let end = round_end(u64::try_from(longest).unwrap_or(0));
    let mut rows = vec![
        Row::of("Wait for a worker".to_owned(), Kind::Whole, found.wait, end),
        Row::of("Run, if deployed".to_owned(), Kind::Whole, found.run, end),
    ];
    rows.extend(
        found
            .phases
            .iter()
            .map(|(phase, times)| Row::of(phase.as_str().to_owned(), Kind::Phase, *times, end)),
    );
    Ok(page.show(&Speed {
        shell: page.shell("Performance", "admin"),
        tab: "performance",
        windows: Window::ALL.map(|one| (one.as_str(), one == found.window)).into(),
        is_unknown: window.is_none() && !wanted.window.is_empty(),
        is_empty: all().all(|times| times.is_none()) && found.failures.is_empty(),
        tiles: tiles(&found),
        rows,
        ticks: (0..=4).map(|quarter| span_of(end / 4 * quarter)).collect(),
        failures: failures(&found),
    }))
}

fn tiles(found: &Performance) -> Vec<Tile> {
    let tile = |label, of: Option<Percentiles>, value: fn(&Percentiles) -> i64| Tile {
        label,
        value: of.as_ref().map_or_else(|| "–".to_owned(), |times| span(value(times))),
        note: of.map_or_else(
            || "nothing measured".to_owned(),
            |times| format!("of {}", count(times.count as u64, "build", "builds")),
        ),
    };
    let failed = found.failures.iter().fold(0_u64, |sum, (_, count)| sum.saturating_add(*count));
    vec![
        tile("Wait, median", found.wait, |times| times.p50),
        tile("Wait, 95th", found.wait, |times| times.p95),
        tile("Run, median", found.run, |times| times.p50),
        tile("Run, 95th", found.run, |times| times.p95),
        Tile {
            label: "Failed",
            value: grouped(failed),
            note: format!("{} deployed", grouped(found.run.map_or(0, |times| times.count as u64))),
        },
    ]
}

/// What a row stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Whole,
    Phase,
}

impl Row {
    fn of(name: String, kind: Kind, times: Option<Percentiles>, end: u64) -> Self {
        Self {
            name,
            is_phase: kind == Kind::Phase,
            count: grouped(times.map_or(0, |times| times.count as u64)),
            times: times.map(|times| Times::of(times, end)),
        }
    }
}

impl Times {
    fn of(times: Percentiles, end: u64) -> Self {
        let ms = |time: i64| u64::try_from(time).unwrap_or(0);
        let (p50, p90, p99) = (ms(times.p50), ms(times.p90), ms(times.p99));
        Self {
            p50: span(times.p50),
            p90: span(times.p90),
            p95: span(times.p95),
            p99: span(times.p99),
            at_p50: share(p50, end),
            to_p90: share(p90.saturating_sub(p50), end),
            at_p90: share(p90, end),
            to_p99: share(p99.saturating_sub(p90), end),
        }
    }
}

/// The end of an axis over `longest` whose quarters are round, in milliseconds.
fn round_end(longest: u64) -> u64 {
    const ENDS: [u64; 13] = [
        400, 800, 2_000, 4_000, 8_000, 20_000, 40_000, 60_000, 120_000, 240_000, 600_000,
        1_200_000, 2_400_000,
    ];
    let hours = || longest.div_ceil(3_600_000).next_multiple_of(4) * 3_600_000;
    ENDS.into_iter().find(|end| *end >= longest).unwrap_or_else(hours)
}

fn span_of(ms: u64) -> String {
    if ms == 0 { "0".to_owned() } else { span(i64::try_from(ms).unwrap_or(i64::MAX)) }
}

fn failures(found: &Performance) -> Vec<FailureRow> {
    let most = found.failures.iter().map(|(_, count)| *count).max().unwrap_or(0);
    let row = |(reason, count): &(FailureReason, u64)| {
        let (means, charged) = told(*reason);
        FailureRow {
            reason: reason.as_str(),
            means,
            charged,
            count: grouped(*count),
            width: share(*count, most),
        }
    };
    found.failures.iter().map(row).collect()
}

/// What a reason means, and what it costs the workspace.
const fn told(reason: FailureReason) -> (&'static str, &'static str) {
    match reason {
        FailureReason::Provider => ("the model provider failed", "what the provider charged"),
        FailureReason::Budget => ("the held credits were used up", "what was used"),
        FailureReason::WorkerLost => ("workers were lost too often", "nothing"),
        FailureReason::Deployment => ("the result could not be put online", "nothing"),
        FailureReason::Internal => ("our own code failed", "nothing"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_round_and_over_everything() {
        for (longest, end) in
            [(0, 400), (400, 400), (14_200, 20_000), (61_000, 120_000), (9_000_000, 14_400_000)]
        {
            assert_eq!(round_end(longest), end);
        }
    }
}
