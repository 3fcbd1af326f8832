//! Drawings out of plain shapes, coloured by the style sheet.

use super::design::Draw;
use super::html::{Element, el};

/// A drawing of one of five families; `label` names it for those who cannot see it.
pub(super) fn drawing(family: u8, seed: u64, label: Option<String>) -> Element {
    let mut draw = Draw::new(seed);
    let svg = el("svg")
        .class("art")
        .with("viewBox", "0 0 600 360")
        .with("preserveAspectRatio", "xMidYMid slice");
    let svg = match label {
        Some(label) => svg.with("role", "img").with("aria-label", label),
        None => svg.with("aria-hidden", "true"),
    };
    let shapes: Vec<Element> = match family {
        0 => (0..9).map(|_| circle(&mut draw)).collect(),
        1 => (0..5).map(|row| wave(&mut draw, row)).collect(),
        2 => (0..12).map(|column| bar(&mut draw, column)).collect(),
        3 => (0..40).map(|cell| triangle(&mut draw, cell)).collect(),
        _ => (0..7).map(|ring| arc(&mut draw, ring)).collect(),
    };
    svg.children(shapes)
}

/// Bars over a common ground line, one for each value.
pub(super) fn chart(values: &[u16], label: &str) -> Element {
    let highest = values.iter().copied().max().unwrap_or(1).max(1);
    let bars = (0_u16..).zip(values).map(|(at, value)| {
        let height = u32::from(*value) * 300 / u32::from(highest);
        el("rect")
            .class("a")
            .with("x", (20 + at * 82).to_string())
            .with("y", (340 - height).to_string())
            .with("width", "60")
            .with("height", height.to_string())
            .with("rx", "4")
    });
    el("svg")
        .class("art")
        .with("viewBox", "0 0 600 360")
        .with("role", "img")
        .with("aria-label", label)
        .children(bars)
}

fn colour(draw: &mut Draw) -> &'static str {
    draw.pick(["a", "b", "c"])
}

fn circle(draw: &mut Draw) -> Element {
    el("circle")
        .class(colour(draw))
        .with("cx", draw.below(600).to_string())
        .with("cy", draw.below(360).to_string())
        .with("r", (20 + draw.below(90)).to_string())
        .with("fill-opacity", "0.75")
}

fn wave(draw: &mut Draw, row: u16) -> Element {
    let y = 60 + row * 60;
    let (one, two) = (draw.below(120), draw.below(120));
    let path = format!(
        "M0 {y} C150 {} 300 {} 450 {y} S600 {} 600 {y} V360 H0 Z",
        y + one,
        y.saturating_sub(two),
        y + two,
    );
    el("path").class(colour(draw)).with("d", path).with("fill-opacity", "0.6")
}

fn bar(draw: &mut Draw, column: u16) -> Element {
    let height = 40 + draw.below(300);
    el("rect")
        .class(colour(draw))
        .with("x", (column * 50 + 6).to_string())
        .with("y", (360 - height).to_string())
        .with("width", "38")
        .with("height", height.to_string())
}

fn triangle(draw: &mut Draw, cell: u16) -> Element {
    let (x, y) = (cell % 8 * 75, cell / 8 * 72);
    let (right, bottom) = (x + 75, y + 72);
    let points = if draw.below(2) == 0 {
        format!("{x},{y} {right},{y} {x},{bottom}")
    } else {
        format!("{right},{y} {right},{bottom} {x},{bottom}")
    };
    el("polygon").class(colour(draw)).with("points", points)
}

fn arc(draw: &mut Draw, ring: u16) -> Element {
    let circle = el("circle")
        .with("cx", (250 + draw.below(100)).to_string())
        .with("cy", (160 + draw.below(60)).to_string())
        .with("r", (30 + ring * 32).to_string());
    circle.class("d").with("stroke-opacity", draw.pick(["0.9", "0.6", "0.35"]))
}
