//! Feasts, fairs, conferences.

use super::super::canvas::{Thing, cut, disc, dots, line};
use super::super::ink::Ink::{Accent, Bright, Deep, Light, Night, Paper, Second, Soft};

pub(in super::super) const TICKET: Thing = &[
    cut(Deep, "M-138-60H154V-12a26 26 0 0 0 0 52V88H-138V40a26 26 0 0 0 0-52Z"),
    cut(Second, "M-148-72H144V-24a26 26 0 0 0 0 52V76H-148V28a26 26 0 0 0 0-52Z"),
    dots(Paper, 5, "M66-58V64"),
    cut(Paper, "M-44-44l14 30l32 4l-24 22l6 32l-28-16l-28 16l6-32l-24-22l32-4Z"),
    line(Soft, 8, "M92-36H116M92-12H116M92 12H116M92 36H116"),
];

pub(in super::super) const BADGE: Thing = &[
    line(Accent, 15, "M-60-330L0-150L60-330"),
    cut(Deep, "M-74-142H94V92H-74Z"),
    cut(Paper, "M-86-154H82V80H-86Z"),
    cut(Second, "M-86-154H82V-86H-86Z"),
    cut(Night, "M-26-140H22V-126H-26Z"),
    disc(Light, (-2, -24), 36),
    cut(Accent, "M-38-24A36 36 0 0 1 34-24Z"),
    line(Soft, 9, "M-50 36H46M-30 58H26"),
];

/// A paper lantern on a cord.
pub(in super::super) const LANTERN: Thing = &[
    line(Night, 4, "M0-76V-400M0 76V104"),
    cut(Second, "M-34-70H34C90-50 90 50 34 70H-34C-90 50-90-50-34-70Z"),
    cut(Soft, "M-34-70H-10C-40-40-40 40-10 70H-34C-90 50-90-50-34-70Z"),
    line(Paper, 4, "M-58-42H58M-74-14H74M-74 14H74M-58 42H58"),
    cut(Deep, "M-38-80H38V-66H-38ZM-38 66H38V80H-38Z"),
];

/// Pennants on a line, 480 wide.
pub(in super::super) const BUNTING: Thing = &[
    line(Night, 4, "M-240-30Q0 60 240-30"),
    cut(Accent, "M-222-23L-176-8L-212 50ZM-62 11L-14 15L-40 76ZM106 6L152-4L142 62Z"),
    cut(Second, "M-168-6L-122 3L-152 64ZM-6 15L42 14L20 77Z"),
    cut(Bright, "M-114 4L-68 11L-96 72ZM50 13L98 8L82 70ZM160-6L206-19L200 46Z"),
];

/// A microphone on its stand.
pub(in super::super) const STAND: Thing = &[
    line(Night, 9, "M0-4V-180M0-180L-22-214"),
    cut(Night, "M-60 0C-56-18 56-18 60 0Z"),
    cut(Deep, "M-34-206L-14-216L16-176L2-168Z"),
    disc(Second, (-32, -226), 27),
    line(Soft, 4, "M-56-234L-14-212M-42-250L-8-228M-50-208L-20-250"),
];

pub(in super::super) const BALLOON: Thing = &[
    line(Night, 4, "M0-20C-16 30 16 60 0 120"),
    cut(Second, "M0-16C-60-60-84-110-76-160C-66-220 66-220 76-160C84-110 60-60 0-16Z"),
    cut(Soft, "M-52-130C-54-164-36-184-14-188C-30-170-36-150-36-124C-40-116-52-118-52-130Z"),
    cut(Deep, "M-12-6L0-20L12-6Z"),
];

pub(in super::super) const TENT: Thing = &[
    line(Night, 6, "M0-230V-280"),
    cut(Second, "M0-280L46-264L0-248Z"),
    cut(Accent, "M-160-120L0-236L160-120V0H-160Z"),
    cut(Paper, "M-80-120L0-236L-30-120V0H-80ZM80-120L0-236L30-120V0H80Z"),
    cut(Night, "M-26 0C-26-60-10-90 0-110C10-90 26-60 26 0Z"),
    cut(
        Deep,
        "M-170-126H170V-110q-17 26-34 0q-17 26-34 0q-17 26-34 0q-17 26-34 0q-17 26-34 0q-17 26-34 0q-17 26-34 0q-17 26-34 0q-17 26-34 0q-17 26-34 0Z",
    ),
];

/// Heads in rows.
pub(in super::super) const CROWD: Thing = &[
    cut(
        Deep,
        "M-470 60a34 34 0 0 1 68 0ZM-392 60a34 34 0 0 1 68 0ZM-310 60a34 34 0 0 1 68 0ZM-230 60a34 34 0 0 1 68 0ZM-150 60a34 34 0 0 1 68 0ZM-72 60a34 34 0 0 1 68 0ZM10 60a34 34 0 0 1 68 0ZM92 60a34 34 0 0 1 68 0ZM170 60a34 34 0 0 1 68 0ZM252 60a34 34 0 0 1 68 0ZM330 60a34 34 0 0 1 68 0ZM410 60a34 34 0 0 1 68 0ZM-480 60H480V200H-480Z",
    ),
    line(
        Deep,
        46,
        "M-436 14v0M-358 20v0M-276 10v0M-196 18v0M-116 12v0M-38 20v0M44 12v0M126 18v0M204 10v0M286 20v0M364 12v0M444 18v0",
    ),
    cut(
        Night,
        "M-480 130a44 44 0 0 1 88 0ZM-340 130a44 44 0 0 1 88 0ZM-240 130a44 44 0 0 1 88 0ZM-110 130a44 44 0 0 1 88 0ZM-10 130a44 44 0 0 1 88 0ZM120 130a44 44 0 0 1 88 0ZM220 130a44 44 0 0 1 88 0ZM360 130a44 44 0 0 1 88 0ZM-480 126H480V220H-480Z",
    ),
    line(Night, 56, "M-436 74v0M-296 70v0M-196 78v0M-66 70v0M34 76v0M164 70v0M264 78v0M404 72v0"),
];

/// Rows of seats from behind.
pub(in super::super) const SEATS: Thing = &[
    cut(
        Accent,
        "M-190-110q0-26 26-26h28q26 0 26 26v50h-80ZM-90-110q0-26 26-26h28q26 0 26 26v50h-80ZM10-110q0-26 26-26h28q26 0 26 26v50h-80ZM110-110q0-26 26-26h28q26 0 26 26v50h-80Z",
    ),
    cut(
        Second,
        "M-250-50q0-30 30-30h36q30 0 30 30v80h-96ZM-136-50q0-30 30-30h36q30 0 30 30v80h-96ZM-22-50q0-30 30-30h36q30 0 30 30v80h-96ZM92-50q0-30 30-30h36q30 0 30 30v80h-96ZM206-50q0-30 30-30h36q30 0 30 30v80h-96Z",
    ),
    cut(
        Deep,
        "M-200 40q0-36 36-36h52q36 0 36 36v120h-124ZM-62 40q0-36 36-36h52q36 0 36 36v120h-124ZM76 40q0-36 36-36h52q36 0 36 36v120h-124Z",
    ),
];

pub(in super::super) const CONFETTI: Thing = &[
    cut(
        Second,
        "M-170-120l20-10l8 20l-20 8ZM90-160l24 6l-6 20l-24-6ZM140 20l18-14l12 18l-18 12ZM-120 90l22 4l-4 18l-22-4ZM20 130l18-10l8 20l-18 8ZM-40-170l18 8l-8 18l-18-8Z",
    ),
    cut(
        Accent,
        "M-80-90l22-6l6 20l-22 6ZM160-80l18 12l-12 18l-18-12ZM-170 20l20 8l-8 18l-20-8ZM90 110l22-6l4 20l-22 6Z",
    ),
    disc(Bright, (20, -120), 12),
    disc(Bright, (-140, -40), 11),
    disc(Bright, (130, -20), 10),
    disc(Soft, (-60, 140), 11),
    disc(Soft, (150, 150), 12),
];

pub(in super::super) const FIREWORK: Thing = &[
    line(Second, 7, "M0-26V-100M0 26V100M-26 0H-100M26 0H100"),
    line(Bright, 7, "M-18-18L-70-70M18-18L70-70M-18 18L-70 70M18 18L70 70"),
    line(Paper, 12, "M0-124v0M0 124v0M-124 0v0M124 0v0M-88-88v0M88-88v0M-88 88v0M88 88v0"),
];
