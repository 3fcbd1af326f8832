//! A laid table.

use super::canvas::{Canvas, Ground, Shot, lean, put, shot};
use super::ink::Ink::{Accent, Deep, Light, Night, Pale, Second, Soft, Tint};
use super::things::food::{CAKE, CARROT, FISH, LEMON, LOAF};
use super::things::home::CANDLE;
use super::things::nature::SPRIG;
use super::things::table::{
    BOTTLE, CHAIR, COFFEE, FORK, GLASS, KNIFE, PAN, PENDANT, PLATE, POT, SALAD, SPOON, TABLE,
    TOMATO,
};

pub(super) fn hero(c: &mut Canvas) {
    c.ground(Ground::Plain(Accent));
    c.cut(Deep, "M-480 150L480-70V250H-480Z");
    c.put(PLATE, (-386, -120), 104);
    c.lean(FISH, (-386, -120), 80, -28);
    c.put(PLATE, (390, 128), 100);
    c.put(TOMATO, (390, 126), 84);
    c.put(COFFEE, (330, -128), 82);
    c.lean(SPRIG, (250, 236), 90, 24);
    c.put(LEMON, (-276, 128), 96);
    c.cut(Second, "M-236-160L236-184L250 172L-226 190Z");
    c.line(Soft, 5, "M-220-144L222-168L234 158L-210 174Z");
    let turn = c.between(0, 5) * 60;
    c.put(PLATE, (0, 4), 112);
    c.lean(SALAD, (0, 4), 116, turn);
    let silver = [(FORK, -172), (KNIFE, 166), (SPOON, 202)];
    for (thing, at) in silver {
        c.lean(thing, (at + 6, 16), 112, -2);
    }
    c.lean(SPRIG, (-150, 250), 60, 70);
}

pub(super) const SHOTS: [Shot; 8] = [
    shot(
        Ground::Plain(Second),
        &[
            put(PLATE, (0, 0), 130),
            put(SALAD, (0, 0), 130),
            put(FORK, (-176, 10), 120),
            put(KNIFE, (178, 10), 120),
        ],
    ),
    shot(
        Ground::Hatched(Deep, Accent),
        &[
            put(PLATE, (0, 0), 146),
            lean(FISH, (-4, -20), 116, -24),
            put(LEMON, (66, 78), 78),
            lean(SPRIG, (-104, 110), 56, 56),
        ],
    ),
    shot(
        Ground::Arch(Tint, Soft),
        &[
            put(PENDANT, (0, -70), 90),
            put(TABLE, (0, 200), 110),
            put(GLASS, (-66, 80), 62),
            put(CANDLE, (4, 76), 56),
            put(GLASS, (70, 80), 62),
            put(CHAIR, (-160, 216), 106),
            put(CHAIR, (160, 216), -106),
        ],
    ),
    shot(
        Ground::Table(Light, Deep),
        &[
            put(POT, (-60, 130), 118),
            put(BOTTLE, (104, 130), 110),
            put(CARROT, (150, 196), 60),
            put(LOAF, (-60, 216), 86),
        ],
    ),
    shot(Ground::Dotted(Tint, Soft), &[put(PAN, (-44, -44), 136)]),
    shot(
        Ground::Split(Night, Deep),
        &[put(GLASS, (-90, 190), 170), put(BOTTLE, (30, 190), 160), put(GLASS, (140, 190), 130)],
    ),
    shot(
        Ground::Plain(Light),
        &[
            lean(CARROT, (-110, 90), 130, -24),
            lean(CARROT, (0, 110), 140, 4),
            put(TOMATO, (116, -70), 110),
            put(TOMATO, (130, 80), 90),
            lean(SPRIG, (-30, -60), 70, -80),
        ],
    ),
    shot(
        Ground::Rays(Pale, Light),
        &[put(CAKE, (-50, 140), 140), put(COFFEE, (130, 130), 84), lean(SPOON, (60, 180), 70, 80)],
    ),
];
