//! A court house and its papers.

use super::canvas::{Canvas, Ground, Shot, lean, put, shot};
use super::ink::Ink::{Accent, Deep, Haze, Light, Night, Pale, Paper, Second, Soft, Tint};

use super::things::city::BEAM;
use super::things::desk::{
    BOOKS, CLOCK, COLUMN, ENVELOPE, FOLDERS, GAVEL, LAMP, PEN, SCALES, SHEET, SHELF,
};
use super::things::home::{ARMCHAIR, STANDARD};
use super::things::nature::{CLOUD, PINE};

pub(super) fn hero(c: &mut Canvas) {
    c.ground(Ground::Plain(Pale));
    let sun = c.between(-2, 2) * 90;
    c.disc(Haze, (sun, -90), 124);
    c.put(CLOUD, (-350, -110), 90);
    c.put(CLOUD, (340, -70), 70);
    c.cut(Deep, "M-480-16H480V110H-480Z");
    c.cut(Paper, "M-480-34H480V-16H-480Z");
    c.cut(Paper, "M-462 110V-16h28V110ZM-402 110V-16h28V110ZM-342 110V-16h28V110ZM314 110V-16h28V110ZM374 110V-16h28V110ZM434 110V-16h28V110Z");
    c.cut(Light, "M-446 110V-16h12V110ZM-386 110V-16h12V110ZM-326 110V-16h12V110ZM330 110V-16h12V110ZM390 110V-16h12V110ZM450 110V-16h12V110Z");
    c.cut(Accent, "M-216 110V-96H216V110Z");
    c.cut(Night, "M-44 110V-20a44 44 0 0 1 88 0V110Z");
    c.cut(Deep, "M-216-96H216L60-30H-216Z");
    for at in [-180, -92, 92, 180] {
        c.put(COLUMN, (at, 110), 68);
    }
    c.cut(Paper, "M-236-94H236V-118H-236Z");
    c.cut(Light, "M-250-118L0-206L250-118Z");
    c.cut(Paper, "M-250-118L0-206L20-199L-180-128H150L172-118Z");
    c.cut(Paper, "M-250-118L0-206L250-118H212L0-192L-212-118Z");
    c.disc(Second, (0, -146), 19);
    c.cut(Paper, "M-244 110H244V128H-244ZM-300 146H300V166H-300Z");
    c.cut(Light, "M-272 128H272V146H-272ZM-330 166H330V250H-330Z");
    c.cut(Second, "M-40 110H40L84 250H-84Z");
    c.cut(Accent, "M-480 150H-310L-340 166V250H-480ZM480 150H310L340 166V250H480Z");
    c.put(PINE, (-276, 160), 92);
    c.put(PINE, (276, 160), 92);
}

pub(super) const SHOTS: [Shot; 8] = [
    shot(Ground::Disc(Tint, Soft), &[put(SCALES, (0, 150), 130)]),
    shot(
        Ground::Beam(Light, Pale),
        &[
            lean(SHEET, (-40, 120), 130, -7),
            lean(SHEET, (10, 150), 140, 5),
            lean(PEN, (120, 70), 120, 32),
        ],
    ),
    shot(Ground::Table(Deep, Second), &[put(LAMP, (-70, 110), 130), put(BOOKS, (90, 150), 88)]),
    shot(
        Ground::Plain(Tint),
        &[
            put(SHELF, (0, -24), 130),
            put(SHELF, (20, 206), -136),
            put(SHELF, (-320, -24), 130),
            put(SHELF, (320, 206), 136),
            put(SHELF, (320, -24), 130),
            put(SHELF, (-320, 206), 136),
        ],
    ),
    shot(Ground::Hatched(Light, Pale), &[put(GAVEL, (20, 130), 140)]),
    shot(
        Ground::Split(Accent, Deep),
        &[
            put(COLUMN, (-128, 250), 122),
            put(COLUMN, (0, 250), 122),
            put(COLUMN, (128, 250), 122),
            put(COLUMN, (-256, 250), 122),
            put(COLUMN, (256, 250), 122),
            put(BEAM, (0, -116), 100),
        ],
    ),
    shot(
        Ground::Arch(Soft, Pale),
        &[
            put(STANDARD, (120, 200), 110),
            put(ARMCHAIR, (-50, 204), 120),
            put(CLOCK, (-90, -100), 62),
        ],
    ),
    shot(
        Ground::Dotted(Pale, Soft),
        &[put(FOLDERS, (-10, 90), 136), lean(ENVELOPE, (30, 176), 100, -8)],
    ),
];
