//! A street.

use super::canvas::{Canvas, Ground, Shot, lean, put, shot};
use super::ink::Ink::{Accent, Bright, Deep, Haze, Light, Mist, Pale, Paper, Second, Soft, Tint};
use super::things::city::{DOOR, GABLE, HOUSE, KEY, PLAN, STAIRS, TAG, TENEMENT, TOWER, VILLA};
use super::things::home::{ARMCHAIR, STANDARD, WINDOW};
use super::things::nature::{CLOUD, PINE, PLANT, TREE};

pub(super) fn hero(c: &mut Canvas) {
    c.ground(Ground::Plain(Pale));
    let sun = c.between(-1, 1) * 110;
    c.disc(Haze, (sun, -70), 150);
    c.put(CLOUD, (-360, -130), 70);
    c.put(CLOUD, (300, -160), 60);
    c.cut(Mist, "M-480 150V-10H-410V-60H-350V10H-240V-70H-210V-120H-190V-70H-160V20H-40V-40H40V-90H110V-20H200V-110H260V0H340V-50H400V20H480V150Z");
    let houses = [(GABLE, 130), (TENEMENT, 152), (GABLE, 132), (TENEMENT, 152), (TOWER, 134)];
    let mut x = -490 + c.between(0, 40);
    let mut next = c.between(0, 4);
    while x < 480 {
        let (house, width) = houses[usize::from(next.unsigned_abs() % 5)];
        c.put(house, (x + width / 2 - 6, 160), 92);
        x += width - 8 - width / 16;
        next += 1;
    }
    c.cut(Deep, "M-480 160H480V250H-480Z");
    c.cut(Accent, "M-480 160H480V178H-480Z");
    c.line(Paper, 6, "M-450 216h60M-330 216h60M-210 216h60M-90 216h60M30 216h60M150 216h60M270 216h60M390 216h60");
    for at in [-300, -20, 260] {
        c.put(TREE, (at, 172), 62);
    }
}

pub(super) const SHOTS: [Shot; 8] = [
    shot(Ground::Disc(Tint, Soft), &[lean(TAG, (0, -104), 130, -14), lean(KEY, (30, 0), 130, 12)]),
    shot(Ground::Plain(Second), &[lean(PLAN, (0, 0), 126, -4)]),
    shot(
        Ground::Table(Light, Accent),
        &[put(DOOR, (0, 170), 112), put(PLANT, (-144, 184), 60), put(PLANT, (144, 184), -60)],
    ),
    shot(
        Ground::Split(Soft, Tint),
        &[
            put(TOWER, (-70, 260), 124),
            put(TENEMENT, (100, 260), 120),
            put(TOWER, (-260, 260), 100),
            put(GABLE, (270, 260), 120),
        ],
    ),
    shot(
        Ground::Table(Soft, Bright),
        &[put(PINE, (-140, 130), 110), put(VILLA, (20, 140), 130), put(TREE, (170, 150), 60)],
    ),
    shot(
        Ground::Panes(Tint, Pale),
        &[
            put(ARMCHAIR, (-30, 200), 114),
            put(STANDARD, (120, 204), 88),
            put(WINDOW, (-330, 60), 110),
        ],
    ),
    shot(Ground::Dotted(Deep, Accent), &[put(STAIRS, (0, 200), 140)]),
    shot(Ground::Table(Pale, Deep), &[put(HOUSE, (0, 150), 140), put(TREE, (-146, 150), 70)]),
];
