//! Pictures of a site's subject: flat shapes in the inks of its palette, chosen by its seed.
//!
//! Every kind has one large scene for the first screen and eight smaller pictures. Shapes carry
//! classes of inks only, which the style sheet fills in for day and night.

mod bakery;
mod canvas;
mod charity;
mod clinic;
mod emblem;
mod event;
mod general;
mod gym;
mod hotel;
mod ink;
mod journal;
mod law;
mod music;
mod podcast;
mod portfolio;
mod property;
mod restaurant;
mod school;
mod shop;
mod software;
mod things;
mod tool;

pub(super) use emblem::emblem;
pub(super) use ink::{inks, style};

use canvas::{Canvas, Shot};

use super::design::Draw;
use super::html::{Element, el};
use super::kind::Kind;

/// The proportions a picture is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frame {
    /// 12 to 5.
    Banner,
    /// 8 to 5.
    Wide,
    /// 4 to 5.
    Tall,
    Square,
}

impl Frame {
    /// What of the sheet it shows.
    const fn view(self) -> &'static str {
        match self {
            Self::Banner => "-480 -200 960 400",
            Self::Wide => "-320 -200 640 400",
            Self::Tall => "-200 -250 400 500",
            Self::Square => "-200 -200 400 400",
        }
    }

    const fn half(self) -> i16 {
        match self {
            Self::Banner => 480,
            Self::Wide => 320,
            Self::Tall | Self::Square => 200,
        }
    }
}

/// The large scene of a site; the caller says what it is called, or that it is decoration.
pub(super) fn scene(kind: Kind, seed: u64, frame: Frame) -> Element {
    let mut draw = Draw::new(seed);
    let mirrored = !reads(kind) && draw.below(2) == 0;
    let mut canvas = Canvas::new(draw, frame);
    match kind {
        Kind::Bakery => bakery::hero(&mut canvas),
        Kind::Restaurant => restaurant::hero(&mut canvas),
        Kind::Shop => shop::hero(&mut canvas),
        Kind::Portfolio => portfolio::hero(&mut canvas),
        Kind::Clinic => clinic::hero(&mut canvas),
        Kind::School => school::hero(&mut canvas),
        Kind::Law => law::hero(&mut canvas),
        Kind::Gym => gym::hero(&mut canvas),
        Kind::Hotel => hotel::hero(&mut canvas),
        Kind::Music => music::hero(&mut canvas),
        Kind::Charity => charity::hero(&mut canvas),
        Kind::Software => software::hero(&mut canvas),
        Kind::Event => event::hero(&mut canvas),
        Kind::Podcast => podcast::hero(&mut canvas),
        Kind::Property => property::hero(&mut canvas),
        Kind::Journal => journal::hero(&mut canvas),
        Kind::Tool => tool::hero(&mut canvas),
        Kind::General => general::hero(&mut canvas),
    }
    let parts = canvas.into_parts();
    if mirrored {
        let all = el("g").with("transform", "scale(-1 1)").children(parts);
        sheet("art", frame).child(all)
    } else {
        sheet("art", frame).children(parts)
    }
}

/// Whether its scene has letters, or lines that run the way of reading.
const fn reads(kind: Kind) -> bool {
    matches!(kind, Kind::Clinic | Kind::Journal | Kind::Software | Kind::Tool)
}

const fn shots(kind: Kind) -> &'static [Shot; 8] {
    match kind {
        Kind::Bakery => &bakery::SHOTS,
        Kind::Restaurant => &restaurant::SHOTS,
        Kind::Shop => &shop::SHOTS,
        Kind::Portfolio => &portfolio::SHOTS,
        Kind::Clinic => &clinic::SHOTS,
        Kind::School => &school::SHOTS,
        Kind::Law => &law::SHOTS,
        Kind::Gym => &gym::SHOTS,
        Kind::Hotel => &hotel::SHOTS,
        Kind::Music => &music::SHOTS,
        Kind::Charity => &charity::SHOTS,
        Kind::Software => &software::SHOTS,
        Kind::Event => &event::SHOTS,
        Kind::Podcast => &podcast::SHOTS,
        Kind::Property => &property::SHOTS,
        Kind::Journal => &journal::SHOTS,
        Kind::Tool => &tool::SHOTS,
        Kind::General => &general::SHOTS,
    }
}

/// A smaller picture. Numbers that follow one another give different ones, up to eight; the
/// seed decides where they begin and in which colours they are printed.
pub(super) fn picture(kind: Kind, seed: u64, number: usize, frame: Frame) -> Element {
    let mut draw = Draw::new(seed);
    let all = shots(kind);
    let step = draw.pick([1, 3, 5, 7]);
    let chosen = (draw.index(all.len()) + number * step) % all.len();
    // A second round of the eight is printed in the other colours.
    // Bread is not blue: food keeps its colours.
    let food = matches!(kind, Kind::Bakery | Kind::Restaurant);
    let turned = !food
        && ((Draw::new(draw.at(number % all.len())).below(3) == 0) ^ (number / all.len() % 2 == 1));
    let mut canvas = Canvas::new(draw, frame);
    canvas.shot(&all[chosen]);
    sheet(if turned { "art turned" } else { "art" }, frame).children(canvas.into_parts())
}

fn sheet(class: &'static str, frame: Frame) -> Element {
    el("svg")
        .class(class)
        .with("viewBox", frame.view())
        .with("preserveAspectRatio", "xMidYMid slice")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::site::html::document;

    const FRAMES: [Frame; 4] = [Frame::Banner, Frame::Wide, Frame::Tall, Frame::Square];

    fn scenes(seed: u64) -> impl Iterator<Item = (Kind, Frame, String)> {
        Kind::ALL.into_iter().flat_map(move |kind| {
            FRAMES.map(|frame| (kind, frame, document(&scene(kind, seed, frame), None)))
        })
    }

    #[test]
    fn the_same_seed_draws_the_same_and_others_do_not() {
        for (kind, frame, svg) in scenes(7) {
            assert_eq!(svg, document(&scene(kind, 7, frame), None));
            let drawn = (0..12).map(|seed| document(&scene(kind, seed, frame), None));
            let distinct = drawn.collect::<BTreeSet<_>>().len();
            assert!(distinct > 3, "{kind:?} {frame:?}: {distinct} of 12 seeds");
        }
    }

    #[test]
    fn pictures_cost_little() {
        for seed in 0..4 {
            for (kind, frame, svg) in scenes(seed) {
                assert!(svg.len() < 6_000, "{kind:?} {frame:?}: {}", svg.len());
            }
        }
        for kind in Kind::ALL {
            for number in 0..8 {
                let svg = document(&picture(kind, 3, number, Frame::Wide), None);
                assert!(svg.len() < 3_200, "{kind:?} {number}: {}", svg.len());
            }
        }
    }

    #[test]
    fn eight_pictures_of_any_kind_are_eight_and_no_other_kind_has_them() {
        let mut seen = BTreeSet::new();
        for kind in Kind::ALL {
            for number in 0..8 {
                let svg = document(&picture(kind, 5, number, Frame::Square), None);
                let body = svg.split_once("slice\">").expect("a sheet").1.to_owned();
                assert!(seen.insert(body), "{kind:?} {number} was seen before");
            }
        }
    }

    #[test]
    fn colours_come_from_the_style_sheet_and_nothing_from_elsewhere() {
        let style = style();
        let pictures = Kind::ALL.into_iter().flat_map(|kind| {
            (0..8).map(move |number| document(&picture(kind, 1, number, Frame::Wide), None))
        });
        for svg in pictures.chain(scenes(1).map(|(_, _, svg)| svg)) {
            for forbidden in ["href", "url(", "style=", "fill=", "stroke=", " id="] {
                assert!(!svg.contains(forbidden), "{forbidden} in {svg}");
            }
            for classes in svg.split("class=\"").skip(1) {
                let classes = classes.split('"').next().expect("a value");
                for class in classes.split(' ') {
                    let known = style.contains(&format!(".{class} {{"))
                        || style.contains(&format!(".art .{class} {{"))
                        || style.contains(&format!(".art.{class} {{"));
                    assert!(known, "{class} is not in the style sheet");
                }
            }
        }
    }

    #[test]
    fn every_path_is_drawn_to_its_end() {
        // Letters of commands, digits, signs, dots and spaces; begins with a move.
        for (kind, _, svg) in scenes(2) {
            for path in svg.split(" d=\"").skip(1) {
                let path = path.split('"').next().expect("a value");
                assert!(path.starts_with('M'), "{kind:?}: {path}");
                let fit = |c: char| "MmLlHhVvCcSsQqTtAaZz0123456789-. ".contains(c);
                assert!(path.chars().all(fit), "{kind:?}: {path}");
            }
        }
    }
}
