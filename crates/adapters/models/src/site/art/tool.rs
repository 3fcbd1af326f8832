//! Panels of a dashboard.

use super::canvas::{Canvas, Ground, Shot, lean, put, shot};
use super::ink::Ink::{Accent, Deep, Light, Mist, Pale, Paper, Second, Soft, Tint};
use super::things::desk::CALENDAR;
use super::things::screen::{BARS, CURSOR, GAUGE, HEAT, KANBAN, RING, ROWS, TOGGLES, TREND};

pub(super) fn hero(c: &mut Canvas) {
    c.ground(Ground::Dotted(Tint, Soft));
    c.disc(Mist, (30, 10), 226);
    c.put(HEAT, (-340, -70), 88);
    c.put(TREND, (-350, 120), 88);
    c.put(ROWS, (356, -60), 78);
    c.put(RING, (350, 128), 80);
    c.put(BARS, (-88, -70), 100);
    c.put(GAUGE, (122, -76), 84);
    c.put(TREND, (94, 92), 108);
    c.put(RING, (-116, 104), 82);
    let lift = c.between(0, 30);
    c.put(CURSOR, (60 + lift, 20), 62);
}

pub(super) const SHOTS: [Shot; 8] = [
    shot(Ground::Plain(Accent), &[put(BARS, (0, 0), 158)]),
    shot(Ground::Disc(Tint, Soft), &[put(RING, (0, -6), 132)]),
    shot(Ground::Split(Deep, Accent), &[put(TREND, (-10, 0), 150)]),
    shot(Ground::Hatched(Tint, Pale), &[put(HEAT, (0, 0), 124)]),
    shot(Ground::Dotted(Light, Paper), &[put(ROWS, (0, 0), 116), put(CURSOR, (84, 30), 66)]),
    shot(Ground::Beam(Second, Soft), &[put(GAUGE, (0, 0), 146)]),
    shot(Ground::Plain(Tint), &[put(KANBAN, (0, 0), 112), put(CURSOR, (20, 60), 60)]),
    shot(
        Ground::Arch(Light, Soft),
        &[put(CALENDAR, (-20, 130), 124), lean(TOGGLES, (110, 110), 62, 6)],
    ),
];
