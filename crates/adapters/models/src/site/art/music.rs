//! A stage before the first chord.

use super::canvas::{Canvas, Ground, Shot, lean, put, shot};
use super::ink::Ink::{Accent, Bright, Deep, Night, Pale, Paper, Second, Soft, Tint};
use super::things::party::CROWD;
use super::things::sound::{AMP, DRUM, GUITAR, KEYS, MIC, NOTE, RECORD, SLEEVE, VAN};

pub(super) fn hero(c: &mut Canvas) {
    c.ground(Ground::Plain(Night));
    let spread = c.between(0, 4) * 12;
    c.cut(Deep, format!("M-330-250L-{} 130H-420ZM330-250L{} 130H420Z", 120 - spread, 120 - spread));
    c.cut(Accent, "M-160-250L-230 130H40ZM160-250L230 130H-40Z");
    c.cut(Bright, "M0-116L-62 130H62Z");
    c.disc(Second, (0, -10), 124);
    c.cut(Soft, "M-124-10A124 124 0 0 1 124-10Z");
    c.cut(Second, "M-480 110H480V250H-480Z");
    c.cut(Soft, "M-480 110H480V120H-480Z");
    c.line(Paper, 15, "M-330-226v0M-160-226v0M160-226v0M330-226v0");
    c.line(Night, 5, "M-480-238H480");
    c.put(AMP, (-316, 114), 96);
    c.put(AMP, (322, 114), 96);
    c.put(DRUM, (-112, 116), 82);
    c.put(DRUM, (112, 116), -82);
    c.lean(GUITAR, (0, 124), 84, 8);
    c.put(CROWD, (0, 122), 100);
}

pub(super) const SHOTS: [Shot; 8] = [
    shot(Ground::Split(Second, Soft), &[put(RECORD, (0, 0), 138)]),
    shot(Ground::Table(Soft, Deep), &[put(AMP, (0, 150), 136)]),
    shot(Ground::Rays(Deep, Accent), &[put(MIC, (0, 0), 140)]),
    shot(Ground::Disc(Tint, Second), &[lean(GUITAR, (-50, 170), 108, 24)]),
    shot(Ground::Beam(Night, Deep), &[put(DRUM, (0, 150), 134)]),
    shot(Ground::Plain(Soft), &[lean(KEYS, (0, 0), 134, -12)]),
    shot(Ground::Hatched(Pale, Tint), &[put(SLEEVE, (0, -4), 116)]),
    shot(
        Ground::Table(Accent, Night),
        &[put(VAN, (0, 160), 110), put(NOTE, (120, -50), 50), put(NOTE, (-100, -80), 40)],
    ),
];
