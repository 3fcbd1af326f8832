//! Iron, rope, holds.

use super::canvas::{Canvas, Ground, Shot, lean, put, shot};
use super::ink::Ink::{Accent, Bright, Deep, Light, Mist, Night, Pale, Second, Soft, Tint};
use super::things::sport::{
    BALL, BARBELL, BENCH, DISC, DUMBBELL, HOLDS, KETTLEBELL, MAT, RACK, ROPES, SHOE, STOPWATCH,
};

pub(super) fn hero(c: &mut Canvas) {
    c.ground(Ground::Plain(Pale));
    c.cut(Mist, "M-480 250V40L20-250H330L-440 250Z");
    c.cut(Second, "M-250 250L480-230V-40L50 250Z");
    c.cut(Soft, "M-250 250L480-230V-196L-198 250Z");
    c.put(HOLDS, (-350, -50), 78);
    c.put(HOLDS, (370, -80), 70);
    c.cut(Deep, "M-480 150H480V250H-480Z");
    c.line(Night, 18, "M-480-20H480");
    c.put(DISC, (-30, -20), 116);
    c.lean(DUMBBELL, (-310, 138), 76, -3);
    let heavy = c.between(80, 96);
    c.put(KETTLEBELL, (112, 204), heavy);
    c.put(KETTLEBELL, (-140, 206), 150 - heavy);
    c.put(MAT, (336, 190), 80);
}

pub(super) const SHOTS: [Shot; 8] = [
    shot(Ground::Rays(Soft, Tint), &[put(KETTLEBELL, (0, 160), 140)]),
    shot(
        Ground::Plain(Tint),
        &[put(HOLDS, (0, -10), 128), put(HOLDS, (-390, 20), 128), put(HOLDS, (390, -30), -128)],
    ),
    shot(Ground::Split(Second, Soft), &[put(DISC, (-120, 70), 120), put(DISC, (110, -40), 96)]),
    shot(
        Ground::Beam(Night, Deep),
        &[lean(DUMBBELL, (-20, -70), 116, -24), lean(DUMBBELL, (20, 90), 116, -24)],
    ),
    shot(Ground::Hatched(Light, Pale), &[put(ROPES, (0, -40), 110), put(ROPES, (-40, 110), -110)]),
    shot(
        Ground::Table(Pale, Deep),
        &[put(RACK, (0, 160), 108), put(BARBELL, (0, -60), 84), put(BENCH, (0, 176), 100)],
    ),
    shot(Ground::Disc(Bright, Light), &[put(STOPWATCH, (0, 140), 130)]),
    shot(
        Ground::Table(Soft, Accent),
        &[put(BALL, (-90, 110), 108), put(SHOE, (80, 130), 96), put(MAT, (0, 206), 90)],
    ),
];
