//! Charts as inline drawings; their numbers stand in a table or list beside them.

use super::super::html::{Element, el};

const WIDTH: u32 = 600;
const HEIGHT: u32 = 200;

fn frame(label: &str) -> Element {
    el("svg")
        .class("chart")
        .with("viewBox", format!("0 0 {WIDTH} {HEIGHT}"))
        .with("role", "img")
        .with("aria-label", label)
}

/// A line as small as a word, for what a number beside it says.
pub(super) fn spark(values: &[u16]) -> Element {
    let values: Vec<u64> = values.iter().copied().map(u64::from).collect();
    let low = values.iter().copied().min().unwrap_or_default();
    let above: Vec<u64> = values.iter().map(|value| value - low).collect();
    let high = above.iter().copied().max().unwrap_or(1);
    el("svg")
        .class("chart spark")
        .with("viewBox", format!("0 0 {WIDTH} {HEIGHT}"))
        .with("preserveAspectRatio", "none")
        .with("aria-hidden", "true")
        .child(trend(line(&above, high)))
}

/// One bar of a table, `percent` long.
pub(super) fn bar(percent: u64) -> Element {
    let bar = el("rect").class("a").with("width", percent.to_string()).with("height", "10");
    el("svg")
        .class("chart")
        .with("viewBox", "0 0 100 10")
        .with("preserveAspectRatio", "none")
        .with("aria-hidden", "true")
        .child(bar)
}

/// A line with the area below it over a scale from nought.
pub(super) fn plot(values: &[u64], label: &str) -> Element {
    let top = round(values.iter().copied().max().unwrap_or(1));
    let line = line(values, top);
    let rule = |y: u32| el("path").class("rule").with("d", format!("M0 {y} H{WIDTH}"));
    let scale = [top, top / 2, 0].map(|value| el("span").ours(value.to_string()));
    let drawing = frame(label)
        .with("preserveAspectRatio", "none")
        .children([1, 100, 199].map(rule))
        .child(el("path").class("fill").with("d", format!("{line} V{HEIGHT} H0 Z")))
        .child(trend(line));
    el("div")
        .class("plot")
        .child(el("div").with("aria-hidden", "true").children(scale))
        .child(drawing)
        .child(el("div").with("aria-hidden", "true"))
}

/// A line as thick on a wide drawing as on a narrow one.
fn trend(line: String) -> Element {
    el("path").class("trend").with("vector-effect", "non-scaling-stroke").with("d", line)
}

fn line(values: &[u64], top: u64) -> String {
    let gaps = u64::try_from(values.len().saturating_sub(1)).unwrap_or(1).max(1);
    let points = (0_u64..).zip(values).map(|(at, value)| {
        let y = u64::from(HEIGHT) - value * u64::from(HEIGHT - 4) / top.max(1);
        format!("{} {y}", at * u64::from(WIDTH) / gaps)
    });
    format!("M{}", points.collect::<Vec<_>>().join(" L"))
}

/// The next even number that reads well on a scale.
fn round(value: u64) -> u64 {
    let mut step = 1;
    loop {
        if let Some(top) =
            [2, 4, 6, 10].map(|times| times * step).into_iter().find(|top| *top >= value)
        {
            return top;
        }
        step *= 10;
    }
}

/// A line with the area below it.
pub(super) fn area(values: &[u16], label: &str) -> Element {
    let highest = u32::from(values.iter().copied().max().unwrap_or(1).max(1));
    let gaps = u32::try_from(values.len().saturating_sub(1)).unwrap_or(1).max(1);
    let points: Vec<String> = (0_u32..)
        .zip(values)
        .map(|(at, value)| {
            let y = HEIGHT - 14 - u32::from(*value) * (HEIGHT - 40) / highest;
            format!("{} {y}", at * WIDTH / gaps)
        })
        .collect();
    let line = format!("M{}", points.join(" L"));
    let rule = |y: u32| el("path").class("rule").with("d", format!("M0 {y} H{WIDTH}"));
    frame(label)
        .children([50, 100, 150].map(rule))
        .child(el("path").class("fill").with("d", format!("{line} V{HEIGHT} H0 Z")))
        .child(el("path").class("trend").with("d", line))
}
