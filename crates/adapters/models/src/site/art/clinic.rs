//! Rounded forms, leaves, a heartbeat.

use super::canvas::{Canvas, Ground, Shot, lean, put, shot};
use super::ink::Ink::{Accent, Bright, Haze, Light, Mist, Pale, Paper, Soft, Tint};
use super::things::desk::{CALENDAR, CLOCK};
use super::things::health::{BEAT, CAPSULE, CLIPBOARD, CROSS, DROP, HEART, STETHOSCOPE, TOOTH};
use super::things::home::ARMCHAIR;
use super::things::nature::{LEAF, PLANT, SPRIG};

pub(super) fn hero(c: &mut Canvas) {
    c.ground(Ground::Plain(Pale));
    c.disc(Mist, (-70, -30), 214);
    c.disc(Haze, (110, 60), 180);
    c.cut(Bright, "M-36 171A180 180 0 0 1 110-120A214 214 0 0 1-36 171Z");
    c.disc(Tint, (-400, 120), 130);
    c.disc(Tint, (410, -110), 120);
    c.put(STETHOSCOPE, (-320, 40), 104);
    c.put(CAPSULE, (350, 110), 70);
    c.lean(CAPSULE, (390, 10), 54, -40);
    let tilt = c.between(-9, 9);
    c.lean(SPRIG, (-120, 210), 122, -20 + tilt);
    c.lean(SPRIG, (-60, 214), 92, 14 + tilt);
    c.lean(LEAF, (160, 200), 90, 30 + tilt);
    c.lean(LEAF, (116, 210), 76, -6 + tilt);
    c.disc(Paper, (20, 0), 148);
    c.put(HEART, (20, 4), 92);
    c.put(BEAT, (20, -4), 92);
    c.line(Accent, 10, "M-480-4H-330M370-4H480");
}

pub(super) const SHOTS: [Shot; 8] = [
    shot(Ground::Disc(Tint, Soft), &[put(STETHOSCOPE, (-10, 10), 130), put(HEART, (96, 110), 50)]),
    shot(Ground::Arch(Light, Pale), &[put(PLANT, (-116, 200), 110), put(ARMCHAIR, (50, 204), 120)]),
    shot(
        Ground::Plain(Pale),
        &[
            put(CROSS, (-30, -10), 120),
            lean(LEAF, (120, 190), 120, 24),
            lean(LEAF, (70, 200), 90, -14),
        ],
    ),
    shot(Ground::Dotted(Soft, Paper), &[put(TOOTH, (0, 6), 150)]),
    shot(
        Ground::Waves(Tint, Soft),
        &[put(DROP, (-60, 20), 110), put(DROP, (84, 70), 70), put(DROP, (70, -90), 46)],
    ),
    shot(
        Ground::Split(Light, Tint),
        &[put(CLIPBOARD, (-16, 134), 126), lean(CAPSULE, (104, 110), 76, -34)],
    ),
    shot(Ground::Panes(Soft, Tint), &[put(CALENDAR, (-36, 120), 118), put(CLOCK, (104, 80), 74)]),
    shot(
        Ground::Disc(Accent, Bright),
        &[
            lean(CAPSULE, (-60, -60), 100, -30),
            lean(CAPSULE, (70, 20), 100, 40),
            lean(CAPSULE, (-40, 120), 90, 8),
        ],
    ),
];
