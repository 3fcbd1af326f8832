//! A house by the water.

use super::canvas::{Canvas, Ground, Shot, lean, put, shot};
use super::ink::Ink::{Accent, Bright, Deep, Light, Night, Pale, Paper, Second, Soft, Tint};
use super::things::city::{KEY, TAG};
use super::things::home::{
    BATH, BED, CURTAINS, LOUNGER, PARASOL, STANDARD, SUITCASE, TRAY, WINDOW,
};
use super::things::nature::{BOAT, CLOUD, MOUNTAINS, PALM, PINE, PLANT};
use super::things::table::PENDANT;

pub(super) fn hero(c: &mut Canvas) {
    let tree = if c.between(0, 1) == 0 { PALM } else { PINE };
    c.ground(Ground::Plain(Soft));
    c.disc(Tint, (84, -60), 150);
    c.disc(Second, (84, -60), 96);
    c.put(MOUNTAINS, (320, 44), 76);
    c.put(CLOUD, (-330, -120), 70);
    c.cut(Accent, "M-480 40H480V250H-480Z");
    c.line(
        Light,
        6,
        "M30 64H146M50 86H132M12 108H110M190 74H290M240 100H330M-60 92H-20M330 132H420",
    );
    c.put(BOAT, (214, 96), 44);
    c.cut(Paper, "M-470 190V-120H-120V190Z");
    c.cut(Light, "M-196-120H-120V190H-196Z");
    c.cut(Deep, "M-480-136H-108V-114H-480Z");
    c.cut(Deep, "M-430 30V-50a30 30 0 0 1 60 0V30ZM-340 30V-50a30 30 0 0 1 60 0V30ZM-250 30V-50a30 30 0 0 1 60 0V30ZM-430 190V100a30 30 0 0 1 60 0V190ZM-340 190V100a30 30 0 0 1 60 0V190ZM-250 190V100a30 30 0 0 1 60 0V190Z");
    c.cut(Bright, "M-424 30V-46a24 24 0 0 1 24-26V30ZM-244 190V104a24 24 0 0 1 24-26V190Z");
    c.cut(Second, "M-264-4a46 20 0 0 1 0 0H-176V-14H-264ZM-444 66H-176V58H-444Z");
    c.line(Night, 4, "M-440 58V34H-180V58M-410 58V34M-380 58V34M-350 58V34M-320 58V34M-290 58V34M-260 58V34M-230 58V34M-206 58V34");
    c.cut(Second, "M-480 180H120Q190 184 214 250H-480Z");
    c.cut(Soft, "M-480 180H120Q140 182 154 190H-480Z");
    c.put(tree, (-96, 190), 116);
    c.put(tree, (-168, 214), 84);
    c.put(PARASOL, (54, 206), 70);
    c.put(LOUNGER, (66, 212), 62);
}

pub(super) const SHOTS: [Shot; 8] = [
    shot(
        Ground::Plain(Light),
        &[put(CURTAINS, (0, 170), 120), put(WINDOW, (0, 160), 98), put(PLANT, (130, 220), 64)],
    ),
    shot(Ground::Table(Tint, Light), &[put(STANDARD, (-140, 170), 82), put(BED, (46, 164), 88)]),
    shot(
        Ground::Disc(Deep, Accent),
        &[lean(TAG, (0, -104), 130, -14), lean(KEY, (30, 0), 130, 12)],
    ),
    shot(
        Ground::Split(Soft, Bright),
        &[put(PARASOL, (-20, 170), 120), put(LOUNGER, (20, 190), 104)],
    ),
    shot(Ground::Plain(Pale), &[put(TRAY, (0, 0), 116)]),
    shot(Ground::Waves(Light, Pale), &[put(BOAT, (-10, 120), 120), put(CLOUD, (110, -110), 70)]),
    shot(Ground::Dotted(Tint, Soft), &[put(BATH, (0, 150), 106), put(PENDANT, (-60, -80), 60)]),
    shot(Ground::Panes(Light, Pale), &[put(SUITCASE, (-40, 160), 118), put(PALM, (150, 250), 110)]),
];
