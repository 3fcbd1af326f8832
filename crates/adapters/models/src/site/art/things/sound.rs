//! Music and voices.

use super::super::canvas::{Thing, cut, disc, line};
use super::super::ink::Ink::{Accent, Bright, Deep, Light, Night, Paper, Second, Soft, Tint};

/// From above.
pub(in super::super) const RECORD: Thing = &[
    disc(Night, (0, 0), 130),
    line(
        Deep,
        4,
        "M-112 0a112 112 0 1 0 224 0a112 112 0 1 0-224 0ZM-94 0a94 94 0 1 0 188 0a94 94 0 1 0-188 0ZM-76 0a76 76 0 1 0 152 0a76 76 0 1 0-152 0Z",
    ),
    cut(Deep, "M0 0L-98-86A130 130 0 0 1-54-118ZM0 0L98 86A130 130 0 0 1 54 118Z"),
    disc(Second, (0, 0), 48),
    cut(Soft, "M-48 0A48 48 0 0 1 48 0Z"),
    disc(Paper, (0, 0), 8),
];

/// A sleeve with a record half out of it.
pub(in super::super) const SLEEVE: Thing = &[
    disc(Night, (66, 0), 112),
    line(Deep, 4, "M66-92A92 92 0 0 1 66 92M66-72A72 72 0 0 1 66 72"),
    cut(Second, "M-150-122H90V122H-150Z"),
    disc(Soft, (-30, -20), 66),
    cut(Accent, "M-150 122V60C-100 0-40 60 0 40S60 10 90 20V122Z"),
    cut(Deep, "M-150 122V96C-80 60 10 80 90 70V122Z"),
];

pub(in super::super) const AMP: Thing = &[
    line(Deep, 11, "M-40-206Q0-226 40-206"),
    cut(Deep, "M-124-206H124V0H-124Z"),
    cut(Accent, "M-110-146H110V-14H-110Z"),
    line(
        Deep,
        3,
        "M-110-124H110M-110-102H110M-110-80H110M-110-58H110M-110-36H110M-84-146V-14M-56-146V-14M-28-146V-14M0-146V-14M28-146V-14M56-146V-14M84-146V-14",
    ),
    cut(Second, "M-110-194H110V-160H-110Z"),
    line(Paper, 15, "M-84-177v0M-52-177v0M-20-177v0M12-177v0"),
    line(Night, 4, "M-84-177v-6M-52-177l5-4M-20-177l-5-4M12-177v-6"),
    cut(Paper, "M60-186H98V-168H60Z"),
];

pub(in super::super) const GUITAR: Thing = &[
    line(Deep, 17, "M0-90V-300"),
    cut(Deep, "M-18-348H14L20-290H-16Z"),
    line(Second, 8, "M-22-336v0M-21-318v0M24-336v0M24-318v0"),
    cut(
        Accent,
        "M0 0C-70 0-98-40-84-84C-76-108-48-112-50-136C-58-176-30-190 0-178C30-190 58-176 50-136C48-112 76-108 84-84C98-40 70 0 0 0Z",
    ),
    cut(
        Bright,
        "M-30-14C-76-22-84-56-72-80C-62-100-36-108-38-138C-40-158-30-168-18-170C-30-150-18-130-26-108C-46-80-50-40-30-14Z",
    ),
    disc(Night, (0, -104), 26),
    cut(Deep, "M-28-52H28V-38H-28Z"),
    line(Paper, 2, "M-6-46V-320M0-46V-320M6-46V-320"),
];

pub(in super::super) const DRUM: Thing = &[
    line(Deep, 9, "M-70 0L0-50L70 0"),
    cut(Second, "M-110-150H110V-56Q0-20-110-56Z"),
    cut(Soft, "M-110-150H-60V-44Q-86-48-110-56Z"),
    line(Paper, 6, "M-96-134L-60-50L-24-128L12-42L48-128L84-52"),
    cut(Paper, "M-118-150C-118-186 118-186 118-150S-118-114-118-150Z"),
    cut(Light, "M-100-150C-100-176 100-176 100-150S-100-124-100-150Z"),
    line(Deep, 10, "M-20-158L-130-230M34-154L150-220"),
    disc(Deep, (-20, -158), 9),
    disc(Deep, (34, -154), 9),
];

/// A singer's microphone, held up by its cable.
pub(in super::super) const MIC: Thing = &[
    line(Deep, 8, "M0 130C0 190 60 170 60 230S0 290 0 340"),
    cut(Deep, "M-30-20H30L16 136H-16Z"),
    cut(Accent, "M-30-20H-6L-6 136H-16Z"),
    cut(Night, "M-40-36H40V-14H-40Z"),
    disc(Paper, (0, -84), 56),
    line(
        Light,
        5,
        "M-54-84H54M-48-110H48M-48-58H48M0-138V-30M-30-130Q-44-84-30-38M30-130Q44-84 30-38",
    ),
];

/// A studio microphone on an arm.
pub(in super::super) const STUDIO: Thing = &[
    line(Deep, 10, "M-86-70C-86 60 86 60 86-70M0 30V110"),
    cut(Deep, "M-76 130C-70 104 70 104 76 130Z"),
    cut(Accent, "M-62-30V30A62 52 0 0 0 62 30V-30Z"),
    cut(Deep, "M20-30V78A62 52 0 0 0 62 30V-30Z"),
    cut(Paper, "M-62-40V-110A62 62 0 0 1 62-110V-40Z"),
    cut(Light, "M20-40V-168A62 62 0 0 1 62-110V-40Z"),
    line(Accent, 5, "M-62-116H62M-62-92H62M-62-68H62M-58-140H58"),
    cut(Night, "M-70-46H70V-24H-70Z"),
    disc(Second, (0, 14), 13),
];

pub(in super::super) const HEADPHONES: Thing = &[
    line(Deep, 19, "M-100 10C-116-150 116-150 100 10"),
    line(Light, 6, "M-82-50C-70-94-40-110-10-112"),
    cut(
        Second,
        "M-128-6Q-128-34-104-34H-84V74H-104Q-128 74-128 46ZM128-6Q128-34 104-34H84V74H104Q128 74 128 46Z",
    ),
    cut(Night, "M-84-44Q-58-44-58-20V60Q-58 84-84 84ZM84-44Q58-44 58-20V60Q58 84 84 84Z"),
    cut(Soft, "M-118-6Q-118-24-106-24V64Q-118 64-118 46Z"),
];

pub(in super::super) const CASSETTE: Thing = &[
    cut(Deep, "M-132-80H148V104H-132Z"),
    cut(Accent, "M-142-92H138V92H-142Z"),
    cut(Paper, "M-118-70H114V34H-118Z"),
    cut(Second, "M-118-70H114V-40H-118Z"),
    cut(Night, "M-84-24H80V24H-84Z"),
    disc(Paper, (-50, 0), 18),
    disc(Paper, (46, 0), 18),
    disc(Deep, (-50, 0), 8),
    disc(Deep, (46, 0), 8),
    cut(Deep, "M-88 92L-72 52H68L84 92Z"),
];

/// Bars of a loud minute.
pub(in super::super) const WAVEFORM: Thing = &[
    line(
        Accent,
        14,
        "M-180-10V10M-156-24V24M-132-50V50M-108-30V30M-84-76V76M-60-104V104M-36-58V58",
    ),
    line(Second, 14, "M-12-88V88M12-120V120M36-70V70"),
    line(Accent, 14, "M60-96V96M84-44V44M108-62V62M132-26V26M156-38V38M180-10V10"),
];

/// Keys from above, 280 wide.
pub(in super::super) const KEYS: Thing = &[
    cut(Deep, "M-156-126H156V118H-156Z"),
    cut(Paper, "M-140-96H140V104H-140Z"),
    line(Light, 4, "M-100-96V104M-60-96V104M-20-96V104M20-96V104M60-96V104M100-96V104"),
    cut(
        Night,
        "M-114-96h28V22h-28ZM-74-96h28V22h-28ZM6-96h28V22H6ZM46-96h28V22H46ZM86-96h28V22H86Z",
    ),
    cut(Second, "M-60 30H-20V104H-60Z"),
];

pub(in super::super) const RADIO: Thing = &[
    line(Deep, 7, "M70-140L130-260"),
    cut(
        Second,
        "M-140-124Q-140-146-118-146H118Q140-146 140-124V-22Q140 0 118 0H-118Q-140 0-140-22Z",
    ),
    disc(Deep, (-70, -74), 52),
    line(Soft, 5, "M-104-94H-36M-112-74H-28M-104-54H-36"),
    cut(Paper, "M0-122H118V-80H0Z"),
    line(
        Accent,
        5,
        "M12-92V-108M30-92V-102M48-92V-108M66-92V-102M84-92V-108M102-92V-102M58-122V-80",
    ),
    disc(Paper, (30, -38), 19),
    disc(Paper, (88, -38), 19),
];

pub(in super::super) const BUBBLES: Thing = &[
    cut(
        Accent,
        "M-150-170Q-150-196-124-196H10Q36-196 36-170V-106Q36-80 10-80H-70L-110-42V-80H-124Q-150-80-150-106Z",
    ),
    line(Paper, 9, "M-114-152H0M-114-124H-40"),
    cut(
        Second,
        "M150-70Q150-96 124-96H-4Q-30-96-30-70V-16Q-30 10-4 10H70L110 46V10H124Q150 10 150-16Z",
    ),
    line(Paper, 15, "M24-42v0M60-42v0M96-42v0"),
];

pub(in super::super) const VAN: Thing = &[
    cut(Second, "M-170-150Q-170-166-154-166H80L150-100Q166-94 166-76V-30H-170Z"),
    cut(Paper, "M66-146H76L124-98H66ZM-10-146H46V-98H-10Z"),
    cut(Soft, "M-170-84H166V-66H-170Z"),
    cut(Deep, "M-170-44H170V-24H-170Z"),
    disc(Night, (-94, -26), 34),
    disc(Night, (94, -26), 34),
    disc(Tint, (-94, -26), 14),
    disc(Tint, (94, -26), 14),
    disc(Bright, (154, -60), 9),
];

pub(in super::super) const NOTE: Thing = &[
    cut(Accent, "M-40-20V-180L90-212V-50H74V-150L-24-126V0Z"),
    cut(Accent, "M-24-10C-24 20-92 36-92 2S-24-38-24-10ZM90-44C90-14 22 2 22-32S90-72 90-44Z"),
];
