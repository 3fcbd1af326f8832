//! A microphone and what comes out of it.

use super::canvas::{Canvas, Ground, Shot, lean, put, shot};
use super::ink::Ink::{Accent, Bright, Deep, Haze, Light, Night, Pale, Second, Soft, Tint};
use super::things::desk::{PENCIL, SHEET};
use super::things::home::ARMCHAIR;
use super::things::nature::DOG;
use super::things::screen::PHONE;
use super::things::sound::{BUBBLES, CASSETTE, HEADPHONES, RADIO, STUDIO, WAVEFORM};
use super::things::table::CUP;

pub(super) fn hero(c: &mut Canvas) {
    c.ground(Ground::Plain(Tint));
    c.disc(Haze, (0, -20), 330);
    c.disc(Tint, (0, -20), 258);
    c.disc(Second, (0, -20), 196);
    c.disc(Tint, (0, -20), 134);
    let bars = (0..24).map(|at| {
        let tall = c.between(14, 96);
        format!("M{} {}v{}", at * 40 - 460, -20 - tall, tall * 2)
    });
    let bars = bars.collect::<Vec<_>>().concat();
    c.line(Deep, 15, bars);
    c.disc(Tint, (0, -20), 122);
    c.cut(Night, "M-480 190H480V250H-480Z");
    c.put(HEADPHONES, (-330, 118), 94);
    c.put(CUP, (320, 186), 108);
    c.put(STUDIO, (0, 68), 104);
}

pub(super) const SHOTS: [Shot; 8] = [
    shot(Ground::Disc(Pale, Soft), &[put(STUDIO, (0, 20), 122)]),
    shot(Ground::Plain(Soft), &[put(HEADPHONES, (0, 26), 130)]),
    shot(Ground::Hatched(Soft, Tint), &[lean(CASSETTE, (0, 0), 122, -9)]),
    shot(Ground::Split(Tint, Pale), &[put(WAVEFORM, (0, 0), 108)]),
    shot(Ground::Rays(Light, Bright), &[put(BUBBLES, (0, 70), 116)]),
    shot(Ground::Table(Soft, Accent), &[put(RADIO, (-10, 140), 112), put(CUP, (150, 176), 60)]),
    shot(Ground::Arch(Second, Tint), &[put(ARMCHAIR, (-66, 180), 104), put(DOG, (56, 204), 92)]),
    shot(
        Ground::Beam(Night, Deep),
        &[
            lean(SHEET, (-70, 120), 116, -10),
            put(PHONE, (80, 10), 104),
            lean(PENCIL, (-20, 120), 80, 60),
        ],
    ),
];
