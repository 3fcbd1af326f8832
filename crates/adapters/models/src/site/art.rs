//! Pictures drawn from a seed, coloured by the style sheet.

use super::design::Draw;
use super::html::{Element, el};
use super::kind::Kind;

/// The proportions a picture is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frame {
    /// 600 by 360.
    Wide,
    /// 480 by 600.
    Tall,
    /// 480 by 480.
    Square,
}

impl Frame {
    const fn size(self) -> (u16, u16) {
        match self {
            Self::Wide => (600, 360),
            Self::Tall => (480, 600),
            Self::Square => (480, 480),
        }
    }
}

/// A picture for a site of `kind`; the caller says what it is called, or that it is decoration.
pub(super) fn scene(kind: Kind, seed: u64, frame: Frame) -> Element {
    let (width, height) = frame.size();
    let mut draw = Draw::new(seed);
    let svg = el("svg")
        .class("art")
        .with("viewBox", format!("0 0 {width} {height}"))
        .with("preserveAspectRatio", "xMidYMid slice");
    let horizon = height / 2 + draw.below(height / 5);
    let sun = el("circle")
        .class("b")
        .with("cx", (width / 5 + draw.below(width * 3 / 5)).to_string())
        .with("cy", (horizon - height / 6).to_string())
        .with("r", (height / 7 + draw.below(height / 9)).to_string());
    let first = u16::try_from(kind.file().len()).unwrap_or_default();
    let hills =
        (0..3).map(|row| hill(&mut draw, (width, height), horizon + row * height / 7, first));
    svg.child(sun).children(hills.collect::<Vec<_>>())
}

fn hill(draw: &mut Draw, (width, height): (u16, u16), y: u16, first: u16) -> Element {
    let (one, two) = (draw.below(height / 5), draw.below(height / 4));
    let path = format!(
        "M0 {y} C{} {} {} {} {width} {y} V{height} H0 Z",
        width / 4 + first,
        y.saturating_sub(two),
        width * 2 / 3,
        y + one,
    );
    el("path").class(draw.pick(["a", "c", "a"])).with("d", path).with("fill-opacity", "0.75")
}
