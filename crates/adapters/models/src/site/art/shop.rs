//! Shelves.

use super::canvas::{Canvas, Ground, Shot, lean, put, shot};
use super::ink::Ink::{Accent, Deep, Light, Mist, Pale, Paper, Second, Soft, Tint};
use super::things::craft::{
    BAG, BALANCE, BOARD_BRUSH, BOX, BRUSH, CLOTHS, SCISSORS, SHIRT, SOAP, TWINE,
};
use super::things::desk::BOOKS;
use super::things::home::{CANDLE, JUG, VASE};
use super::things::nature::{PLANT, SPRIG};
use super::things::table::{BOTTLE, BOWL, CUP};

pub(super) fn hero(c: &mut Canvas) {
    c.ground(Ground::Plain(Pale));
    c.disc(Mist, (-20, -60), 220);
    c.cut(Tint, "M-480 30H480V250H-480Z");
    let turn = c.between(0, 1);
    let (left, right) = if turn == 0 { (JUG, VASE) } else { (VASE, JUG) };
    c.put(left, (-130, 0), 84);
    c.lean(SPRIG, (-134 + turn * 4, -146), 30, -12);
    c.put(BOTTLE, (-34, 0), 70);
    c.put(right, (60, 0), 78);
    c.put(CANDLE, (152, 0), 66);
    c.put(BOOKS, (-320, 0), 92);
    c.put(PLANT, (420, 190), 92);
    c.put(BOWL, (300, 0), 88);
    c.cut(Deep, "M-480 0H480V16H-480ZM-200 16H-186V44H-200ZM186 16H200V44H186Z");
    c.put(CLOTHS, (-118, 190), 78);
    c.put(BOX, (10, 190), 78);
    c.put(BAG, (132, 190), 80);
    c.put(BOX, (-310, 190), 96);
    c.put(TWINE, (300, 190), 92);
    c.cut(Second, "M-480 190H480V250H-480Z");
    c.cut(Soft, "M-480 190H480V200H-480Z");
}

pub(super) const SHOTS: [Shot; 8] = [
    shot(Ground::Disc(Tint, Soft), &[put(JUG, (0, 140), 150)]),
    shot(
        Ground::Table(Soft, Accent),
        &[put(BOX, (-30, 130), 120), put(BOX, (90, 160), 74), put(TWINE, (-130, 190), 66)],
    ),
    shot(Ground::Plain(Light), &[put(CLOTHS, (0, 20), 140), put(CLOTHS, (0, 206), -140)]),
    shot(
        Ground::Beam(Deep, Accent),
        &[lean(SCISSORS, (-50, 70), 110, -20), put(TWINE, (100, 120), 104)],
    ),
    shot(Ground::Arch(Second, Light), &[put(BAG, (0, 200), 140)]),
    shot(
        Ground::Hatched(Tint, Pale),
        &[
            lean(BRUSH, (-120, 20), 120, -10),
            put(BRUSH, (-60, 40), 120),
            put(BOARD_BRUSH, (80, 10), 80),
            put(SOAP, (80, 150), 84),
        ],
    ),
    shot(Ground::Split(Pale, Light), &[put(BALANCE, (0, 150), 134)]),
    shot(Ground::Dotted(Light, Paper), &[put(SHIRT, (0, 150), 136), put(CUP, (-320, 150), 130)]),
];
