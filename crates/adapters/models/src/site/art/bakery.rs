//! An oven, loaves, wheat.

use super::canvas::{Canvas, Ground, Shot, lean, put, shot};
use super::ink::Ink::{Accent, Bright, Deep, Light, Mist, Night, Pale, Second, Soft, Tint};
use super::things::craft::CLOTHS;
use super::things::food::{
    BAGUETTE, BOULE, CAKE, COIL, CROISSANT, FLOUR, LOAF, PIN, PRETZEL, WHEAT,
};
use super::things::table::{BOWL, CUP};

pub(super) fn hero(c: &mut Canvas) {
    c.ground(Ground::Plain(Pale));
    c.disc(Mist, (0, -30), 236);
    for (at, lean) in [(-362, -7), (352, 8)] {
        let size = 118 + c.between(0, 24);
        c.lean(WHEAT, (at, 120), size, lean);
    }
    c.cut(Deep, "M-196 120V-30A196 176 0 0 1 196-30V120Z");
    c.line(Accent, 34, "M-166 120V-30A166 148 0 0 1 166-30V120");
    c.dots(Bright, 7, "M-166 112V-30A166 148 0 0 1 166-30V112");
    c.cut(Night, "M-136 120V-24A136 118 0 0 1 136-24V120Z");
    c.cut(Bright, "M-104 120C-128 40-80 30-84-30C-50-10-46 20-36 30C-30-30 0-50 6-96C40-60 40-20 44 20C56 6 66-10 66-34C112 10 124 60 104 120Z");
    c.cut(
        Light,
        "M-60 120C-70 70-40 66-38 40C-14 60-10 50 4 10C30 40 30 60 40 64C74 70 76 100 62 120Z",
    );
    c.cut(Second, "M-480 120H480V250H-480Z");
    c.cut(Soft, "M-480 120H480V136H-480Z");
    c.put(LOAF, (-78, 128), 88);
    c.put(LOAF, (86, 130), 88);
    c.put(FLOUR, (-246, 150), 96);
    c.put(CUP, (258, 142), 84);
    c.lean(CROISSANT, (-96, 196), 70, -8);
    c.lean(BAGUETTE, (96, 196), 78, -6);
    c.put(PRETZEL, (300, 190), 56);
}

pub(super) const SHOTS: [Shot; 8] = [
    shot(
        Ground::Table(Tint, Second),
        &[
            put(LOAF, (-84, 108), 96),
            put(LOAF, (96, 116), 104),
            put(LOAF, (4, 60), 100),
            put(LOAF, (0, 176), 130),
        ],
    ),
    shot(
        Ground::Dotted(Soft, Pale),
        &[
            lean(WHEAT, (-120, 250), 150, -16),
            lean(WHEAT, (130, 250), 140, 20),
            put(BOULE, (0, -8), 140),
        ],
    ),
    shot(
        Ground::Hatched(Tint, Soft),
        &[
            lean(CROISSANT, (-74, -92), 92, -24),
            lean(CROISSANT, (78, 10), 104, 12),
            lean(CROISSANT, (-60, 124), 88, -6),
        ],
    ),
    shot(
        Ground::Beam(Deep, Accent),
        &[
            lean(BAGUETTE, (-74, 10), 132, -64),
            lean(BAGUETTE, (0, 20), 140, -70),
            lean(BAGUETTE, (78, 26), 132, -78),
            put(CLOTHS, (0, 200), 120),
        ],
    ),
    shot(
        Ground::Disc(Pale, Soft),
        &[
            put(COIL, (-84, -76), 110),
            put(COIL, (84, -60), 104),
            put(COIL, (-72, 84), 104),
            put(COIL, (86, 92), 112),
        ],
    ),
    shot(
        Ground::Table(Light, Accent),
        &[put(FLOUR, (-84, 118), 124), put(BOWL, (92, 122), 100), lean(PIN, (10, 160), 96, -5)],
    ),
    shot(
        Ground::Arch(Second, Soft),
        &[
            put(CAKE, (0, 150), 150),
            lean(WHEAT, (-156, 230), 110, -6),
            lean(WHEAT, (156, 230), -110, 6),
        ],
    ),
    shot(Ground::Panes(Light, Pale), &[put(PRETZEL, (-40, 10), 150), put(CUP, (124, 150), 100)]),
];
