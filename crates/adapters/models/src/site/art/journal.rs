//! Pages, letters, a cup beside them.

use super::canvas::{Canvas, Ground, Shot, Thing, cut, lean, line, put, shot};
use super::ink::Ink::{Accent, Bright, Deep, Haze, Light, Night, Pale, Paper, Second, Soft, Tint};
use super::things::city::BRIDGE;
use super::things::desk::{BOOK, BOOKS, LAMP, NEWSPAPER, PEN, PENCIL, SHEET, SHELF};
use super::things::nature::CLOUD;
use super::things::table::{COFFEE, CUP};

/// The letter a, 200 wide.
const LETTER_A: Thing =
    &[line(Accent, 46, "M-84 24a72 72 0 1 0 144 0a72 72 0 1 0-144 0ZM66-46V96")];

/// The letter R.
const LETTER_R: Thing = &[cut(
    Second,
    "M-90 130V-130H16C96-130 96 10 20 14L104 130H50L-20 26H-44V130ZM-44-88V-20H6C46-22 46-86 6-88Z",
)];

/// An ampersand.
const AND: Thing = &[line(
    Night,
    40,
    "M112 118L-44-58C-88-110 22-158 34-92C42-36-96-24-96 52C-96 136 54 130 96-6",
)];

pub(super) fn hero(c: &mut Canvas) {
    c.ground(Ground::Plain(Pale));
    c.disc(Haze, (250, 60), 190);
    c.put(LETTER_A, (-340, -20), 140);
    c.put(LETTER_R, (356, -30), 120);
    c.put(AND, (212, 60), 74);
    let tilt = c.between(-4, 4);
    c.lean(NEWSPAPER, (-96, 150), 122, tilt - 8);
    c.lean(SHEET, (110, 190), 136, tilt + 6);
    c.put(COFFEE, (112, -118), 78);
    c.lean(PENCIL, (34, 70), 104, 24);
}

pub(super) const SHOTS: [Shot; 8] = [
    shot(Ground::Plain(Second), &[lean(NEWSPAPER, (-10, 150), 132, -5)]),
    shot(Ground::Split(Tint, Soft), &[put(LETTER_A, (0, 0), 150)]),
    shot(Ground::Table(Deep, Accent), &[put(LAMP, (-60, 130), 124), put(BOOKS, (100, 170), 76)]),
    shot(
        Ground::Dotted(Light, Paper),
        &[lean(BOOK, (-10, -10), 120, -8), put(COFFEE, (130, 130), 70)],
    ),
    shot(Ground::Disc(Pale, Soft), &[put(AND, (-4, 0), 122)]),
    shot(
        Ground::Table(Soft, Tint),
        &[put(CLOUD, (-80, -80), 90), put(BRIDGE, (0, 100), 116), put(CLOUD, (120, -120), 60)],
    ),
    shot(
        Ground::Hatched(Tint, Pale),
        &[
            lean(SHEET, (-50, 130), 116, -12),
            lean(SHEET, (50, 140), 124, 6),
            lean(PEN, (110, 90), 100, 28),
        ],
    ),
    shot(Ground::Beam(Light, Bright), &[put(SHELF, (0, 100), 124), put(CUP, (120, 206), 66)]),
];
