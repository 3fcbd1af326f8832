//! Hands, houses, things that grow.

use super::canvas::{Canvas, Ground, Shot, lean, put, shot};
use super::ink::Ink::{Accent, Bright, Deep, Light, Mist, Pale, Paper, Second, Soft, Tint};
use super::things::city::HOUSE;
use super::things::craft::BOX;
use super::things::desk::ENVELOPE;
use super::things::food::APPLE;
use super::things::health::{CRATE, HEART, PALM, RAISED, RAISED_DARK, RINGS};
use super::things::nature::{BIRD, CAN, FLOWER, SPROUT, TREE};

pub(super) fn hero(c: &mut Canvas) {
    c.ground(Ground::Rays(Pale, Tint));
    c.disc(Mist, (0, 20), 190);
    c.put(HOUSE, (-390, 130), 90);
    c.put(TREE, (-290, 120), 80);
    c.put(HOUSE, (390, 130), -90);
    c.put(TREE, (300, 120), 84);
    c.cut(Bright, "M-480 120Q-240 80 0 140T480 120V250H-480Z");
    c.cut(Accent, "M-480 190Q-240 150 0 200T480 180V250H-480Z");
    let beat = c.between(-8, 8);
    c.lean(HEART, (0, -76), 84, beat);
    let hands = [(-168, 96, 70, -18), (-88, 60, 78, -8), (84, 64, 78, 8), (166, 100, 70, 18)];
    for (number, (x, y, size, turn)) in hands.into_iter().enumerate() {
        let thing = if number % 2 == 0 { RAISED } else { RAISED_DARK };
        c.lean(thing, (x, y + 40), if x > 0 { -size } else { size }, turn);
    }
    c.put(RAISED_DARK, (-6, 150), 82);
    c.put(FLOWER, (-250, 210), 64);
}

pub(super) const SHOTS: [Shot; 8] = [
    shot(Ground::Disc(Tint, Soft), &[put(PALM, (20, 70), 92), put(SPROUT, (4, 66), 130)]),
    shot(Ground::Plain(Pale), &[put(RINGS, (0, -6), 116)]),
    shot(Ground::Table(Soft, Second), &[put(CRATE, (0, 140), 130)]),
    shot(
        Ground::Rays(Second, Soft),
        &[
            lean(RAISED, (-110, 90), 110, -14),
            put(RAISED_DARK, (0, 70), 116),
            lean(RAISED, (112, 94), -110, 14),
        ],
    ),
    shot(Ground::Table(Light, Accent), &[put(TREE, (-120, 130), 110), put(HOUSE, (50, 140), 116)]),
    shot(
        Ground::Hatched(Tint, Pale),
        &[put(CAN, (-60, 40), 92), put(SPROUT, (118, 190), 84), put(FLOWER, (30, 214), 70)],
    ),
    shot(
        Ground::Beam(Deep, Accent),
        &[lean(ENVELOPE, (0, 100), 136, -8), put(HEART, (104, 90), 44)],
    ),
    shot(
        Ground::Dotted(Soft, Paper),
        &[put(BOX, (-20, 160), 120), put(APPLE, (130, 162), 70), put(BIRD, (-30, -40), 80)],
    ),
];
