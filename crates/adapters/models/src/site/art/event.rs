//! A hall, a feast.

use super::canvas::{Canvas, Ground, Shot, lean, put, shot};
use super::ink::Ink::{Accent, Bright, Deep, Light, Night, Pale, Paper, Second, Soft, Tint};
use super::things::party::{
    BADGE, BALLOON, BUNTING, CONFETTI, CROWD, FIREWORK, LANTERN, SEATS, STAND, TENT, TICKET,
};
use super::things::table::GLASS;

pub(super) fn hero(c: &mut Canvas) {
    c.ground(Ground::Plain(Accent));
    c.cut(Bright, "M-200-250H200L330 160H-330Z");
    c.disc(Light, (0, -20), 150);
    c.disc(Paper, (0, -20), 112);
    c.cut(Second, "M-210 100H210V130H-210Z");
    c.cut(Soft, "M-210 100H210V108H-210Z");
    c.put(STAND, (0, 102), 92);
    c.cut(
        Second,
        "M-480-250H-250C-260-60-300 60-290 250H-480ZM480-250H250C260-60 300 60 290 250H480Z",
    );
    c.line(Soft, 7, "M-450-250C-440-60-450 60-460 250M-400-250C-390-60-396 60-400 250M-340-250C-330-60-346 60-350 250M450-250C440-60 450 60 460 250M400-250C390-60 396 60 400 250M340-250C330-60 346 60 350 250");
    let high = c.between(-20, 20);
    c.put(LANTERN, (-150, -110 + high), 58);
    c.put(LANTERN, (150, -100 - high), 58);
    c.put(BUNTING, (-240, -196), 100);
    c.put(BUNTING, (240, -196), 100);
    c.put(CROWD, (0, 86), 100);
}

pub(super) const SHOTS: [Shot; 8] = [
    shot(
        Ground::Split(Deep, Accent),
        &[lean(TICKET, (-10, -56), 110, -14), lean(TICKET, (14, 70), 110, 8)],
    ),
    shot(Ground::Disc(Soft, Pale), &[put(BADGE, (0, 20), 134)]),
    shot(
        Ground::Beam(Night, Deep),
        &[
            put(LANTERN, (-104, -60), 94),
            put(LANTERN, (90, -10), 118),
            put(LANTERN, (-60, 130), 66),
        ],
    ),
    shot(Ground::Plain(Tint), &[put(SEATS, (0, 20), 112)]),
    shot(Ground::Table(Light, Bright), &[put(BUNTING, (0, -160), 100), put(TENT, (0, 160), 112)]),
    shot(
        Ground::Plain(Pale),
        &[
            put(CONFETTI, (0, 0), 118),
            lean(GLASS, (-58, 150), 130, 12),
            lean(GLASS, (62, 150), -130, -12),
        ],
    ),
    shot(
        Ground::Rays(Deep, Night),
        &[
            put(FIREWORK, (-50, -60), 112),
            put(FIREWORK, (100, 60), 76),
            put(FIREWORK, (-110, 120), 50),
        ],
    ),
    shot(
        Ground::Dotted(Light, Paper),
        &[put(BALLOON, (-100, 20), 100), put(BALLOON, (20, -10), 120), put(BALLOON, (124, 50), 90)],
    ),
];
