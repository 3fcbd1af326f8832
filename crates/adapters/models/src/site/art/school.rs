//! A desk before the slate.

use super::canvas::{Canvas, Ground, Shot, lean, put, shot};
use super::ink::Ink::{Accent, Bright, Deep, Haze, Light, Pale, Second, Soft, Tint};
use super::things::desk::{BLOCKS, BOOK, BOOKS, CLOCK, FLASK, GLOBE, PENCIL, SHELF, SLATE, SQUARE};
use super::things::food::APPLE;
use super::things::nature::{BICYCLE, PLANT, TREE};
use super::things::sound::NOTE;
use super::things::table::CHAIR;

pub(super) fn hero(c: &mut Canvas) {
    c.ground(Ground::Plain(Light));
    let roll = c.between(-6, 6);
    c.disc(Haze, (300 + roll * 10, -120), 150);
    c.put(SHELF, (-340, -10), 86);
    c.cut(Deep, "M-470-10H-210V0H-470Z");
    c.put(CLOCK, (350, -110), 62);
    c.put(SLATE, (0, 76), 116);
    c.cut(Second, "M-480 132H480V250H-480Z");
    c.cut(Soft, "M-480 132H480V146H-480Z");
    c.put(BOOKS, (-92, 140), 82);
    c.put(APPLE, (-98, 42), 60);
    c.put(GLOBE, (96, 146), 92);
    c.put(BLOCKS, (-350, 150), 74);
    c.put(PLANT, (284, 148), 84);
    c.lean(PENCIL, (-20, 194), 88, 98 + roll);
    c.lean(PENCIL, (-250, 196), 70, 82 - roll);
}

pub(super) const SHOTS: [Shot; 8] = [
    shot(Ground::Disc(Tint, Light), &[put(GLOBE, (0, 150), 136)]),
    shot(Ground::Plain(Second), &[put(BOOK, (0, 0), 138), lean(PENCIL, (104, 70), 92, 38)]),
    shot(Ground::Table(Light, Accent), &[put(BOOKS, (-20, 120), 116), put(APPLE, (10, -18), 96)]),
    shot(Ground::Dotted(Light, Pale), &[put(SQUARE, (0, 110), 138)]),
    shot(
        Ground::Arch(Soft, Tint),
        &[put(FLASK, (-96, 190), 110), put(FLASK, (96, 190), 84), put(FLASK, (6, 190), 134)],
    ),
    shot(
        Ground::Hatched(Tint, Pale),
        &[
            lean(PENCIL, (-110, -10), 136, -8),
            lean(PENCIL, (-36, 10), 136, 6),
            lean(PENCIL, (40, -14), 136, -4),
            lean(PENCIL, (114, 8), 136, 9),
        ],
    ),
    shot(Ground::Table(Soft, Light), &[put(TREE, (100, 96), 104), put(BICYCLE, (-30, 140), 104)]),
    shot(
        Ground::Beam(Bright, Light),
        &[put(BLOCKS, (-34, 160), 122), put(NOTE, (104, -20), 60), put(CHAIR, (-300, 170), 130)],
    ),
];
