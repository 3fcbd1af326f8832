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
            let svg = document(&picture(kind, Place { seed: 3, number, frame: Frame::Wide }), None);
            assert!(svg.len() < 3_200, "{kind:?} {number}: {}", svg.len());
        }
    }
}

#[test]
fn eight_pictures_of_any_kind_are_eight_and_no_other_kind_has_them() {
    let mut seen = BTreeSet::new();
    for kind in Kind::ALL {
        for number in 0..8 {
            let svg =
                document(&picture(kind, Place { seed: 5, number, frame: Frame::Square }), None);
            let body = svg.split_once("slice\">").expect("a sheet").1.to_owned();
            assert!(seen.insert(body), "{kind:?} {number} was seen before");
        }
    }
}

#[test]
fn colours_come_from_the_style_sheet_and_nothing_from_elsewhere() {
    let style = style();
    let pictures = Kind::ALL.into_iter().flat_map(|kind| {
        (0..8).map(move |number| {
            document(&picture(kind, Place { seed: 1, number, frame: Frame::Wide }), None)
        })
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
fn captions_get_what_they_name_and_nothing_twice() {
    let captions = ["Keys on their board", "A long silence", "Bicycle by the gate", "Old keys"];
    let framed = captions.map(|caption| (Frame::Square, caption.to_owned()));
    let drawn = pictures(Kind::Hotel, 3, framed);
    let drawn: Vec<_> = drawn.iter().map(|(_, art)| document(art, None)).collect();
    let distinct: BTreeSet<_> = drawn.iter().collect();
    assert_eq!(distinct.len(), captions.len());
    let key = document(
        &picture_of("A key", Kind::Hotel, Place { seed: 1, number: 0, frame: Frame::Square }),
        None,
    );
    let bow = "M0-118a52";
    assert!(key.contains(bow) && drawn[0].contains(bow) && drawn[3].contains(bow));
    assert!(drawn[2].contains("M-158-58a58"), "a bicycle has wheels");
}

#[test]
fn words_name_what_they_mean_and_nothing_else() {
    for named in ["Fresh bread", "Pão de Deus", "Vélo bleu", "Blumen am Morgen", "La llave"] {
        assert!(lexicon::subject(named).is_some(), "{named}");
    }
    for other in ["Booking", "A hundred days", "Inside, dentro", "Badge and tablet", ""] {
        assert!(lexicon::subject(other).is_none(), "{other}");
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
