//! Arches, a path, a landscape.

use super::canvas::{Canvas, Ground, Shot, lean, put, shot};
use super::ink::Ink::{Accent, Bright, Deep, Haze, Light, Pale, Paper, Second, Soft, Tint};
use super::things::city::{BRIDGE, DOOR, HOUSE, LIGHTHOUSE, SIGNPOST};
use super::things::desk::{PEN, SHEET};
use super::things::home::{ARMCHAIR, STANDARD, VASE, WINDOW};
use super::things::nature::{BIRD, BOAT, CLOUD, FLOWER, MOUNTAINS, PINE, PLANT, TREE};
use super::things::table::CUP;

pub(super) fn hero(c: &mut Canvas) {
    let tree = if c.between(0, 1) == 0 { TREE } else { PINE };
    c.ground(Ground::Plain(Pale));
    let sun = c.between(-3, 3) * 24;
    c.disc(Haze, (sun, -70), 130);
    c.disc(Second, (sun, -70), 88);
    c.put(CLOUD, (-330, -110), 84);
    c.put(CLOUD, (330, -60), 70);
    c.put(MOUNTAINS, (-300, 70), 84);
    c.put(MOUNTAINS, (230, 74), 78);
    c.cut(Bright, "M-480 60Q-260 0-20 70T480 50V250H-480Z");
    c.put(HOUSE, (-120, 78), 50);
    c.put(tree, (-180, 92), 50);
    c.put(tree, (-336, 96), 70);
    c.put(tree, (330, 92), 66);
    c.cut(Accent, "M-480 140Q-200 90 60 140T480 120V250H-480Z");
    c.cut(Paper, "M-70 250C-30 190 150 190 120 140C100 112 20 120 24 92C26 78 50 72 66 66C40 74 0 78 2 96C4 124 70 118 70 142C72 180-150 190-190 250Z");
    c.cut(Deep, "M-480 220Q-240 170-40 210Q60 226 100 250H-480Z");
    c.put(tree, (154, 170), 90);
    c.put(SIGNPOST, (-140, 224), 62);
    c.put(FLOWER, (196, 236), 54);
}

pub(super) const SHOTS: [Shot; 8] = [
    shot(Ground::Table(Light, Accent), &[put(DOOR, (0, 170), 116), put(PLANT, (144, 190), 62)]),
    shot(Ground::Plain(Second), &[put(WINDOW, (0, 150), 124)]),
    shot(
        Ground::Panes(Tint, Pale),
        &[put(ARMCHAIR, (-60, 194), 106), put(STANDARD, (90, 200), 100)],
    ),
    shot(
        Ground::Disc(Soft, Light),
        &[put(MOUNTAINS, (-20, 110), 92), put(BIRD, (80, -110), 40), put(BOAT, (20, 150), 44)],
    ),
    shot(
        Ground::Beam(Light, Pale),
        &[lean(SHEET, (-30, 130), 124, -6), lean(PEN, (90, 70), 104, 30)],
    ),
    shot(Ground::Table(Soft, Bright), &[put(SIGNPOST, (-10, 190), 140), put(TREE, (150, 130), 70)]),
    shot(
        Ground::Waves(Tint, Soft),
        &[put(LIGHTHOUSE, (-60, 170), 126), put(BRIDGE, (0, 230), 100)],
    ),
    shot(Ground::Arch(Accent, Light), &[put(VASE, (-70, 200), 100), put(CUP, (80, 194), 90)]),
];
