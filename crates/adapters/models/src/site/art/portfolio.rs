//! A room with works in it.

use super::canvas::{Canvas, Ground, Shot, lean, put, shot};
use super::ink::Ink::{Accent, Bright, Deep, Haze, Light, Mist, Pale, Paper, Second, Soft, Tint};
use super::things::city::STAIRS;
use super::things::craft::{AMPHORA, BRUSH, CAMERA, EASEL, FOLD, FRAME, FRAME_FORMS};
use super::things::food::PEAR;
use super::things::home::{JUG, VASE};
use super::things::nature::SPRIG;
use super::things::sport::BENCH;

pub(super) fn hero(c: &mut Canvas) {
    c.ground(Ground::Plain(Pale));
    let light = c.between(-3, 3) * 20;
    c.cut(
        Mist,
        format!("M{}-250H{}L{} 150H{}Z", light - 260, light - 60, light + 180, light - 120),
    );
    c.cut(Tint, "M-480 150H480V250H-480Z");
    c.cut(Haze, "M-480 150H480V156H-480Z");
    c.put(FRAME, (-86, -40), 92);
    c.put(FRAME_FORMS, (228, -100), 52);
    c.put(FRAME_FORMS, (-330, -60), 104);
    c.put(FRAME, (380, -50), 84);
    c.put(BENCH, (-330, 210), 74);
    c.cut(Paper, "M68 210V40H190V210Z");
    c.cut(Light, "M150 210V40H190V210Z");
    c.cut(Second, "M58 26H200V44H58Z");
    c.put(AMPHORA, (128, 28), 62);
    c.put(VASE, (276, 216), 74);
    c.lean(SPRIG, (266, 84), 62, -10);
    c.lean(SPRIG, (278, 84), 56, 16);
}

pub(super) const SHOTS: [Shot; 8] = [
    shot(
        Ground::Table(Light, Accent),
        &[put(AMPHORA, (-84, 130), 108), put(VASE, (50, 140), 86), put(PEAR, (134, 150), 66)],
    ),
    shot(Ground::Split(Tint, Soft), &[put(CAMERA, (0, 80), 126)]),
    shot(Ground::Beam(Deep, Second), &[put(FOLD, (-10, 70), 122)]),
    shot(
        Ground::Plain(Pale),
        &[
            put(FRAME_FORMS, (-96, -84), 78),
            put(FRAME, (104, -64), 66),
            put(FRAME, (-92, 114), 60),
            put(FRAME_FORMS, (100, 110), 64),
        ],
    ),
    shot(Ground::Panes(Light, Pale), &[put(JUG, (-20, 150), 130), put(PEAR, (112, 156), 72)]),
    shot(
        Ground::Hatched(Light, Pale),
        &[
            lean(BRUSH, (-90, 40), 118, -22),
            put(BRUSH, (0, 60), 128),
            lean(BRUSH, (90, 40), 118, 22),
        ],
    ),
    shot(Ground::Arch(Accent, Bright), &[put(EASEL, (0, 200), 136)]),
    shot(Ground::Disc(Soft, Light), &[put(STAIRS, (0, 220), 150)]),
];
