//! Shapes, things made of shapes, and the sheet they are put on.
//!
//! The middle of the sheet is (0, 0). A sheet reaches 480 to the sides and 250 up and down; what
//! a frame does not show is cut off, so that what matters stays within 200 of the middle.

use super::super::design::Draw;
use super::super::html::{Element, el};
use super::Frame;
use super::ink::Ink;

/// One shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Cut(Ink, &'static str),
    Disc(Ink, (i16, i16), i16),
    Line(Ink, u8, &'static str),
    Dots(Ink, u8, &'static str),
}

/// What a picture shows: shapes that stand on (0, 0), the lowest first.
pub(super) type Thing = &'static [Mark];

pub(super) const fn cut(ink: Ink, path: &'static str) -> Mark {
    Mark::Cut(ink, path)
}

pub(super) const fn disc(ink: Ink, middle: (i16, i16), radius: i16) -> Mark {
    Mark::Disc(ink, middle, radius)
}

pub(super) const fn line(ink: Ink, width: u8, path: &'static str) -> Mark {
    Mark::Line(ink, width, path)
}

pub(super) const fn dots(ink: Ink, width: u8, path: &'static str) -> Mark {
    Mark::Dots(ink, width, path)
}

/// A thing in its place; a size of 100 is its own, a negative one mirrors it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Put {
    thing: Thing,
    at: (i16, i16),
    size: i16,
    turn: i16,
}

pub(super) const fn put(thing: Thing, at: (i16, i16), size: i16) -> Put {
    Put { thing, at, size, turn: 0 }
}

/// As [`put`], turned by so many degrees.
pub(super) const fn lean(thing: Thing, at: (i16, i16), size: i16, turn: i16) -> Put {
    Put { thing, at, size, turn }
}

/// What lies behind the things of a picture; the second ink is its figure.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ground {
    Plain(Ink),
    /// A wall and a table from 80 below the middle.
    Table(Ink, Ink),
    Disc(Ink, Ink),
    /// Light that falls from the upper left.
    Beam(Ink, Ink),
    Arch(Ink, Ink),
    Split(Ink, Ink),
    Dotted(Ink, Ink),
    Hatched(Ink, Ink),
    /// Window light on a wall.
    Panes(Ink, Ink),
    Rays(Ink, Ink),
    Waves(Ink, Ink),
}

/// A picture that is the same wherever it is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shot {
    pub(super) ground: Ground,
    pub(super) things: &'static [Put],
}

impl Shot {
    /// Whether what `subject` puts is in it.
    pub(super) fn shows(&self, subject: &Put) -> bool {
        self.things.iter().any(|put| put.thing == subject.thing)
    }
}

pub(super) const fn shot(ground: Ground, things: &'static [Put]) -> Shot {
    Shot { ground, things }
}

/// A picture at work.
pub(super) struct Canvas {
    pub(super) draw: Draw,
    /// How far it shows to the sides.
    half: i16,
    parts: Vec<Element>,
}

const SHEET: &str = "M-480-250H480V250H-480Z";

impl Canvas {
    pub(super) fn new(draw: Draw, frame: Frame) -> Self {
        Self { draw, half: frame.half(), parts: Vec::new() }
    }

    pub(super) fn into_parts(self) -> Vec<Element> {
        self.parts
    }

    pub(super) fn cut(&mut self, ink: Ink, path: impl Into<String>) {
        self.parts.push(el("path").class(ink.fill()).with("d", path));
    }

    pub(super) fn line(&mut self, ink: Ink, width: u8, path: impl Into<String>) {
        self.parts.push(stroke(ink.line(), width, path.into()));
    }

    pub(super) fn dots(&mut self, ink: Ink, width: u8, path: impl Into<String>) {
        self.parts.push(stroke(ink.dots(), width, path.into()));
    }

    pub(super) fn disc(&mut self, ink: Ink, middle: (i16, i16), radius: i16) {
        self.parts.push(circle(ink, middle, radius));
    }

    pub(super) fn put(&mut self, thing: Thing, at: (i16, i16), size: i16) {
        self.place(&put(thing, at, size));
    }

    pub(super) fn lean(&mut self, thing: Thing, at: (i16, i16), size: i16, turn: i16) {
        self.place(&lean(thing, at, size, turn));
    }

    /// A number from `least` to `most`.
    pub(super) fn between(&mut self, least: i16, most: i16) -> i16 {
        let span = u16::try_from(most - least + 1).unwrap_or(1);
        least + i16::try_from(self.draw.below(span)).unwrap_or_default()
    }

    /// One thing before a ground.
    pub(super) fn still(&mut self, ground: Ground, thing: &Put) {
        self.ground(ground);
        self.place(thing);
    }

    pub(super) fn shot(&mut self, shot: &Shot) {
        self.ground(shot.ground);
        for thing in shot.things {
            self.place(thing);
        }
    }

    fn place(&mut self, Put { thing, at: (x, y), size, turn }: &Put) {
        if x.abs() > self.half + size.abs() / 4 * 5 {
            return;
        }
        let turned = if *turn == 0 { String::new() } else { format!("rotate({turn})") };
        let scale = f32::from(size.abs()) / 100.0;
        let scaled = match size {
            100 => String::new(),
            0.. => format!("scale({scale})"),
            _ => format!("scale(-{scale} {scale})"),
        };
        let transform = format!("translate({x} {y}){turned}{scaled}");
        let shapes = thing.iter().map(shape);
        self.parts.push(el("g").with("transform", transform).children(shapes));
    }

    pub(super) fn ground(&mut self, ground: Ground) {
        let (wall, figure) = match ground {
            Ground::Plain(wall) => return self.cut(wall.field(), SHEET),
            Ground::Table(wall, figure)
            | Ground::Disc(wall, figure)
            | Ground::Beam(wall, figure)
            | Ground::Arch(wall, figure)
            | Ground::Split(wall, figure)
            | Ground::Dotted(wall, figure)
            | Ground::Hatched(wall, figure)
            | Ground::Panes(wall, figure)
            | Ground::Rays(wall, figure)
            | Ground::Waves(wall, figure) => (wall.field(), figure.field()),
        };
        self.cut(wall, SHEET);
        match ground {
            Ground::Plain(_) => {}
            Ground::Table(..) => self.cut(figure, "M-480 80H480V250H-480Z"),
            Ground::Disc(..) => self.disc(figure, (0, -10), 158),
            Ground::Beam(..) => self.cut(figure, "M-250-250H20L330 250H-60Z"),
            Ground::Arch(..) => self.cut(figure, "M-135 250V-35a135 135 0 0 1 270 0V250Z"),
            Ground::Split(..) => self.cut(figure, "M90-250H480V250H-110Z"),
            Ground::Dotted(..) => self.dots(figure, 5, rows(28, 14)),
            Ground::Hatched(..) => self.line(figure, 5, diagonals(46)),
            Ground::Panes(..) => self.cut(
                figure,
                "M-150-160L-40-190V-40L-150-10ZM-22-195L88-225V-75L-22-45ZM-150 12L-40-18V132L-150 162Z\
                 M-22-23L88-53V97L-22 127Z",
            ),
            Ground::Rays(..) => self.cut(
                figure,
                "M0 40L-480-170V-60ZM0 40L-330-250H-200ZM0 40L-70-250H60ZM0 40L210-250H350ZM0 40L480-150V-40Z\
                 M0 40L480 80V190ZM0 40L380 250H220ZM0 40L60 250H-80ZM0 40L-230 250H-380ZM0 40L-480 180V70Z",
            ),
            Ground::Waves(..) => self.line(figure, 7, waves()),
        }
    }
}

/// Rows across the sheet, every second one moved by half of a dot's distance.
fn rows(gap: i16, half: i16) -> String {
    let rows = (0..500 / gap).map(|row| {
        let start = if row % 2 == 0 { -476 } else { -476 + half / 2 };
        format!("M{start} {}H480", row * gap - 240)
    });
    rows.collect::<Vec<_>>().concat()
}

fn diagonals(gap: i16) -> String {
    let lines = (0..1460 / gap).map(|at| format!("M{} 250l500-500", at * gap - 980));
    lines.collect::<Vec<_>>().concat()
}

fn waves() -> String {
    let crests = "t60 0".repeat(14);
    let rows = (0..9).map(|row| format!("M-480 {}q30-22 60 0t60 0{crests}", row * 56 - 226));
    rows.collect::<Vec<_>>().concat()
}

fn circle(ink: Ink, (x, y): (i16, i16), radius: i16) -> Element {
    el("circle")
        .class(ink.fill())
        .with("cx", x.to_string())
        .with("cy", y.to_string())
        .with("r", radius.to_string())
}

fn stroke(class: &'static str, width: u8, path: String) -> Element {
    el("path").class(class).with("stroke-width", width.to_string()).with("d", path)
}

fn shape(mark: &Mark) -> Element {
    match *mark {
        Mark::Cut(ink, path) => el("path").class(ink.fill()).with("d", path),
        Mark::Disc(ink, middle, radius) => circle(ink, middle, radius),
        Mark::Line(ink, width, path) => stroke(ink.line(), width, path.to_owned()),
        Mark::Dots(ink, width, path) => stroke(ink.dots(), width, path.to_owned()),
    }
}
