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
mod lexicon;
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

use canvas::{Canvas, Put, Shot};

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

/// A smaller picture: its place among a site's pictures, and how it is cut.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) seed: u64,
    pub(super) number: usize,
    pub(super) frame: Frame,
}

/// A smaller picture. Numbers that follow one another give different ones, up to eight; the
/// seed decides where they begin and in which colours they are printed.
pub(super) fn picture(kind: Kind, place: Place) -> Element {
    shown(kind, place, &shots(kind)[slot(place)])
}

/// A picture of what `text` names, or any if it names nothing that can be drawn.
pub(super) fn picture_of(text: &str, kind: Kind, place: Place) -> Element {
    match lexicon::subject(text) {
        Some(subject) => still(kind, place, &subject),
        None => picture(kind, place),
    }
}

/// Whether `text` names something that can be drawn.
pub(super) fn draws(text: &str) -> bool {
    lexicon::subject(text).is_some()
}

/// A picture for each caption, of what it names where that can be drawn, and none twice.
pub(super) fn pictures(
    kind: Kind,
    seed: u64,
    captions: impl IntoIterator<Item = (Frame, String)>,
) -> Vec<(String, Element)> {
    let all = shots(kind);
    let captions: Vec<_> = captions.into_iter().collect();
    let subjects: Vec<_> = captions.iter().map(|(_, text)| lexicon::subject(text)).collect();
    let mut free: Vec<usize> =
        (0..all.len()).map(|number| slot(Place { seed, number, frame: Frame::Square })).collect();
    // Captions that name something choose first.
    let mut chosen: Vec<Option<usize>> = Vec::new();
    for subject in &subjects {
        let at = subject
            .as_ref()
            .and_then(|subject| free.iter().position(|slot| all[*slot].shows(subject)));
        chosen.push(at.map(|at| free.remove(at)));
    }
    let mut free = free.into_iter();
    let drawn = captions.into_iter().zip(subjects).zip(chosen).enumerate();
    let drawn = drawn.map(|(number, (((frame, caption), subject), chosen))| {
        let place = Place { seed, number, frame };
        let art = match (chosen, subject) {
            (Some(slot), _) => shown(kind, place, &all[slot]),
            (None, Some(subject)) => still(kind, place, &subject),
            (None, None) => {
                let slot = free.next().unwrap_or_else(|| slot(place));
                shown(kind, place, &all[slot])
            }
        };
        (caption, art)
    });
    drawn.collect()
}

/// Which of the eight stands in a place.
fn slot(Place { seed, number, .. }: Place) -> usize {
    let mut draw = Draw::new(seed);
    let step = draw.pick([1, 3, 5, 7]);
    (draw.index(8) + number * step) % 8
}

fn shown(kind: Kind, place: Place, shot: &Shot) -> Element {
    let mut canvas = Canvas::new(Draw::new(place.seed), place.frame);
    canvas.shot(shot);
    sheet(print(kind, place), place.frame).children(canvas.into_parts())
}

fn still(kind: Kind, place: Place, subject: &Put) -> Element {
    let mut canvas = Canvas::new(Draw::new(place.seed), place.frame);
    canvas.still(lexicon::GROUNDS[slot(place)], subject);
    sheet(print(kind, place), place.frame).children(canvas.into_parts())
}

/// The class for the colours of a picture: a second round of eight has the other ones.
fn print(kind: Kind, Place { seed, number, .. }: Place) -> &'static str {
    let some = Draw::new(Draw::new(seed).at(number % 8)).below(3) == 0;
    // Bread is not blue, nor the sea brown.
    let coloured = matches!(kind, Kind::Bakery | Kind::Restaurant | Kind::Hotel);
    if !coloured && (some ^ (number / 8 % 2 == 1)) { "art turned" } else { "art" }
}

fn sheet(class: &'static str, frame: Frame) -> Element {
    el("svg")
        .class(class)
        .with("viewBox", frame.view())
        .with("preserveAspectRatio", "xMidYMid slice")
}

#[cfg(test)]
mod tests;
