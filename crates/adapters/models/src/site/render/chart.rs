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

/// Bars over a common ground line, one for each value.
pub(super) fn bars(values: &[u16], label: &str) -> Element {
    let highest = u32::from(values.iter().copied().max().unwrap_or(1).max(1));
    let step = WIDTH / u32::try_from(values.len()).unwrap_or(1).max(1);
    let bars = (0_u32..).zip(values).map(|(at, value)| {
        let height = u32::from(*value) * (HEIGHT - 20) / highest;
        el("rect")
            .class(if u32::from(*value) == highest { "b" } else { "a" })
            .with("x", (at * step + step / 6).to_string())
            .with("y", (HEIGHT - height).to_string())
            .with("width", (step * 2 / 3).to_string())
            .with("height", height.to_string())
            .with("rx", "3")
    });
    frame(label).children(bars)
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
