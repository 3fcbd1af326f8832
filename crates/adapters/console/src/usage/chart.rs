//! Bars over time, drawn on the server: round ticks, exact places, a gap where nothing was.
//!
//! All lengths are hundredths of a per cent of the plot, so nothing is rounded twice.

use std::fmt::Write as _;

use crate::text::{grouped, short};

/// The whole of the plot, in hundredths of a per cent.
const WHOLE: u64 = 10_000;
/// The most lines over the base line.
const MOST_TICKS: u64 = 4;
/// The most labels along the days.
const MOST_LABELS: usize = 7;

/// What one part of each bar stands for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Series {
    /// What it is called.
    pub(super) name: &'static str,
    /// Its look in the style sheet; empty for the usual one.
    pub(super) look: &'static str,
}

/// One bar: a day or a week.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// "12 Nov", or "week of 12 Nov".
    pub(super) label: String,
    /// Under the axis, where there is room.
    pub(super) tick: String,
    /// How much of each series, from the base line upwards.
    pub(super) values: Vec<u64>,
}

/// A chart, ready to be written.
#[derive(Debug, Clone)]
pub(super) struct Chart {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    /// The chart in one sentence, for those who do not see it.
    pub(super) about: String,
    /// Labels of the lines, from the top to zero.
    pub(super) ticks: Vec<String>,
    /// The lines.
    pub(super) lines: String,
    pub(super) bars: Vec<Bar>,
    pub(super) labels: Vec<Label>,
    pub(super) legend: Vec<Entry>,
}

/// A bar that has a height.
#[derive(Debug, Clone)]
pub(super) struct Bar {
    /// "12 Nov: 4 deployed, 1 failed".
    pub(super) says: String,
    /// The whole strip of the plot that it stands in.
    pub(super) strip: String,
    pub(super) parts: Vec<Part>,
}

/// A part of a bar.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) look: &'static str,
    pub(super) path: String,
}

/// A label under the axis.
#[derive(Debug, Clone)]
pub(super) struct Label {
    /// Its middle, in per cent of the width.
    pub(super) at: String,
    pub(super) text: String,
    /// Left out where there is little room.
    pub(super) is_minor: bool,
}

/// A line of the legend.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) look: &'static str,
    pub(super) name: &'static str,
    pub(super) total: String,
}

impl Chart {
    /// `columns` as stacked bars of `series`; every column has one value for each series.
    pub(super) fn new(
        (id, title): (&'static str, &'static str),
        series: &[Series],
        columns: &[Column],
    ) -> Self {
        let height =
            |column: &Column| column.values.iter().fold(0_u64, |a, b| a.saturating_add(*b));
        let highest = columns.iter().map(height).max().unwrap_or(0);
        let step = step(highest);
        let count = highest.div_ceil(step).max(1);
        let top = step.saturating_mul(count);
        let total = |at: usize| {
            let values = columns.iter().filter_map(|column| column.values.get(at));
            values.fold(0_u64, |sum, value| sum.saturating_add(*value))
        };
        // What never happened needs no colour explained; the first says that nothing did.
        let legend: Vec<Entry> = series
            .iter()
            .enumerate()
            .filter(|(at, _)| *at == 0 || total(*at) > 0)
            .map(|(at, one)| Entry { look: one.look, name: one.name, total: grouped(total(at)) })
            .collect();
        Self {
            id,
            title,
            about: about(columns, &legend, highest),
            ticks: (0..=count).rev().map(|line| short(line.saturating_mul(step))).collect(),
            lines: lines(count),
            bars: columns
                .iter()
                .enumerate()
                .filter(|(_, column)| height(column) > 0)
                .map(|(at, column)| Bar::new(Place::new(at, columns.len()), column, series, top))
                .collect(),
            labels: labels(columns),
            legend,
        }
    }
}

/// 1, 2 or 5 times a power of ten, so that few of them reach `highest`.
fn step(highest: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for step in [power, power.saturating_mul(2), power.saturating_mul(5)] {
            if step.saturating_mul(MOST_TICKS) >= highest {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

fn lines(count: u64) -> String {
    (0..=count).fold(String::new(), |mut path, line| {
        let _ = write!(path, "M0 {}H100", percent(WHOLE * line / count));
        path
    })
}

/// What most need to know: over what, how much, and at most how much at once.
fn about(columns: &[Column], legend: &[Entry], highest: u64) -> String {
    let (Some(first), Some(last)) = (columns.first(), columns.last()) else { return String::new() };
    let totals: Vec<String> =
        legend.iter().map(|one| format!("{} {}", one.total, one.name)).collect();
    format!(
        "{} to {}: {}. At most {} in one bar.",
        first.label,
        last.label,
        totals.join(", "),
        grouped(highest),
    )
}

/// Few enough labels to be read, evenly apart, the last bar always one of them.
fn labels(columns: &[Column]) -> Vec<Label> {
    let apart = columns.len().div_ceil(MOST_LABELS).max(1);
    let label = |(number, at): (usize, usize)| Label {
        at: percent(Place::new(at, columns.len()).middle()),
        text: columns[at].tick.clone(),
        is_minor: number % 2 == 1,
    };
    (0..columns.len()).rev().step_by(apart).enumerate().map(label).collect()
}

/// Where a column stands.
#[derive(Debug, Clone, Copy)]
struct Place {
    left: u64,
    width: u64,
}

impl Place {
    fn new(at: usize, of: usize) -> Self {
        let edge = |at: usize| scaled(at as u64, of.max(1) as u64);
        Self { left: edge(at), width: edge(at + 1).saturating_sub(edge(at)) }
    }

    const fn middle(self) -> u64 {
        self.left + self.width / 2
    }
}

impl Bar {
    fn new(place: Place, column: &Column, series: &[Series], top: u64) -> Self {
        let says: Vec<String> = series
            .iter()
            .zip(&column.values)
            .filter(|(_, value)| **value > 0)
            .map(|(one, value)| format!("{} {}", grouped(*value), one.name))
            .collect();
        // A fifth of its place is the gap to the next.
        let gap = place.width / 10;
        let (left, right) = (place.left + gap, place.left + place.width - gap);
        let mut base = 0_u64;
        let mut parts = Vec::new();
        for (one, value) in series.iter().zip(&column.values).filter(|(_, value)| **value > 0) {
            let reached = base.saturating_add(*value);
            let (low, high) = (WHOLE - scaled(base, top), WHOLE - scaled(reached, top));
            parts.push(Part { look: one.look, path: block((left, right), (high, low)) });
            base = reached;
        }
        Self {
            says: format!("{}: {}", column.label, says.join(", ")),
            strip: block((place.left, place.left + place.width), (0, WHOLE)),
            parts,
        }
    }
}

/// A rectangle as a path: shorter than the element of that name.
fn block((left, right): (u64, u64), (high, low): (u64, u64)) -> String {
    let (left, right, high, low) = (percent(left), percent(right), percent(high), percent(low));
    format!("M{left} {high}V{low}H{right}V{high}z")
}

/// `part` of `whole`, in hundredths of a per cent.
fn scaled(part: u64, whole: u64) -> u64 {
    let scaled = u128::from(part) * u128::from(WHOLE) / u128::from(whole.max(1));
    u64::try_from(scaled).unwrap_or(WHOLE)
}

/// Hundredths of a per cent as per cent, as short as can be.
fn percent(hundredths: u64) -> String {
    match (hundredths / 100, hundredths % 100) {
        (whole, 0) => whole.to_string(),
        (whole, rest) if rest % 10 == 0 => format!("{whole}.{}", rest / 10),
        (whole, rest) => format!("{whole}.{rest:02}"),
    }
}

/// `part` of `whole` in per cent with a decimal or two, for widths of bars.
pub(crate) fn share(part: u64, whole: u64) -> String {
    percent(scaled(part.min(whole), whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: [Series; 1] = [Series { name: "builds", look: "a" }];
    const TWO: [Series; 2] =
        [Series { name: "deployed", look: "a" }, Series { name: "failed", look: "b" }];

    fn columns(values: &[&[u64]]) -> Vec<Column> {
        let column = |(at, values): (usize, &&[u64])| Column {
            label: format!("day {at}"),
            tick: at.to_string(),
            values: values.to_vec(),
        };
        values.iter().enumerate().map(column).collect()
    }

    fn chart(series: &[Series], values: &[&[u64]]) -> Chart {
        Chart::new(("test", "Test"), series, &columns(values))
    }

    #[test]
    fn ticks_are_round_few_and_reach_over_everything() {
        for (highest, ticks) in [
            (0, vec!["1", "0"]),
            (1, vec!["1", "0"]),
            (3, vec!["3", "2", "1", "0"]),
            (5, vec!["6", "4", "2", "0"]),
            (9, vec!["10", "5", "0"]),
            (75, vec!["80", "60", "40", "20", "0"]),
            (148_902, vec!["150k", "100k", "50k", "0"]),
        ] {
            assert_eq!(chart(&ONE, &[&[highest]]).ticks, ticks, "{highest}");
        }
        // Nothing breaks at the end of the scale.
        assert!(!chart(&TWO, &[&[u64::MAX, u64::MAX]]).bars.is_empty());
    }

    #[test]
    fn parts_stand_on_each_other_and_gaps_stay_empty() {
        let chart = chart(&TWO, &[&[1, 1], &[0, 0], &[0, 2], &[2, 0]]);
        let said: Vec<&str> = chart.bars.iter().map(|bar| bar.says.as_str()).collect();
        assert_eq!(said, ["day 0: 1 deployed, 1 failed", "day 2: 2 failed", "day 3: 2 deployed"]);
        let parts: Vec<(&str, &str)> =
            chart.bars[0].parts.iter().map(|part| (part.look, part.path.as_str())).collect();
        assert_eq!(parts, [("a", "M2.5 50V100H22.5V50z"), ("b", "M2.5 0V50H22.5V0z")]);
        assert_eq!(chart.bars[1].strip, "M50 0V100H75V0z");
        assert_eq!(chart.about, "day 0 to day 3: 3 deployed, 3 failed. At most 2 in one bar.");
    }

    #[test]
    fn labels_are_few_and_in_the_middle_of_their_bars() {
        let values: Vec<&[u64]> = vec![&[1]; 30];
        let labels = chart(&ONE, &values).labels;
        let texts: Vec<&str> = labels.iter().map(|label| label.text.as_str()).collect();
        assert_eq!(texts, ["29", "24", "19", "14", "9", "4"]);
        assert_eq!(labels[0].at, "98.33");
        assert!(chart(&ONE, &[]).labels.is_empty());
    }

    #[test]
    fn shares_are_of_the_whole_also_of_nothing() {
        assert_eq!([share(1, 3), share(0, 0), share(5, 2)], ["33.33", "0", "100"]);
    }
}
