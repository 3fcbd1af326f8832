//! Windows and what flows between them.

use super::canvas::{Canvas, Ground, Shot, lean, put, shot};
use super::ink::Ink::{Accent, Bright, Haze, Light, Mist, Night, Pale, Paper, Second, Soft, Tint};
use super::things::screen::{
    BARS, CODE, CURSOR, FLOW, LAYERS, PALETTE, PHONE, SHIELD, TERMINAL, TOGGLES, TREND, WINDOW,
};

pub(super) fn hero(c: &mut Canvas) {
    c.ground(Ground::Dotted(Pale, Light));
    c.disc(Haze, (110, 40), 200);
    c.disc(Mist, (-130, -60), 150);
    c.put(FLOW, (-370, 80), 84);
    c.put(TERMINAL, (-350, -120), 62);
    c.put(LAYERS, (378, -40), 96);
    c.put(TREND, (340, 140), 80);
    c.put(WINDOW, (-14, -34), 114);
    let shift = c.between(-14, 14);
    c.put(CODE, (88 + shift, 92), 72);
    c.put(TOGGLES, (-128, 112), 58);
    c.put(CURSOR, (18, 30), 58);
}

pub(super) const SHOTS: [Shot; 8] = [
    shot(Ground::Split(Tint, Soft), &[put(WINDOW, (0, 0), 120), put(CURSOR, (70, 50), 66)]),
    shot(Ground::Disc(Accent, Bright), &[put(CODE, (0, 0), 122)]),
    shot(Ground::Plain(Light), &[put(FLOW, (0, 0), 104)]),
    shot(Ground::Disc(Pale, Soft), &[put(LAYERS, (0, -10), 124)]),
    shot(Ground::Dotted(Soft, Paper), &[put(TERMINAL, (0, 0), 116)]),
    shot(Ground::Hatched(Tint, Pale), &[put(SHIELD, (0, 4), 136)]),
    shot(Ground::Arch(Second, Soft), &[lean(PHONE, (0, 30), 122, -6)]),
    shot(
        Ground::Plain(Night),
        &[put(PALETTE, (0, -10), 112), put(TOGGLES, (-346, 0), 110), put(BARS, (330, 0), 120)],
    ),
];
