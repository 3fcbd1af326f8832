//! What is made, sold and shown.

use super::super::canvas::{Thing, cut, disc, line};
use super::super::ink::Ink::{Accent, Bright, Deep, Light, Night, Paper, Second, Soft, Tint};

pub(in super::super) const BOX: Thing = &[
    cut(Second, "M-100-110H100V0H-100Z"),
    cut(Soft, "M-100-110H-30V0H-100Z"),
    cut(Paper, "M-16-110H16V0H-16Z"),
    cut(Deep, "M-108-140H108V-106H-108Z"),
    cut(Paper, "M-16-140H16V-106H-16Z"),
    line(Paper, 10, "M0-142C-50-192-76-160-50-146S-10-144 0-142C50-192 76-160 50-146S10-144 0-142"),
];

pub(in super::super) const BAG: Thing = &[
    line(Deep, 9, "M-42-140V-178C-42-224 42-224 42-178V-140"),
    cut(Accent, "M-84-150H84L98 0H-98Z"),
    cut(Deep, "M40-150H84L98 0H44Z"),
    disc(Light, (-22, -72), 32),
    cut(Accent, "M-22-52C-46-70-40-92-22-82C-4-92 2-70-22-52Z"),
];

/// Folded cloths on one another.
pub(in super::super) const CLOTHS: Thing = &[
    cut(Deep, "M-112-44H104Q124-22 104 0H-112Z"),
    cut(Paper, "M-104-88H96Q116-66 96-44H-104Z"),
    cut(Second, "M-112-132H100Q120-110 100-88H-112Z"),
    line(Light, 6, "M-104-74H80M-104-60H84"),
    line(Soft, 6, "M-112-118H86M-112-104H90"),
    line(Accent, 6, "M-112-22H100"),
];

pub(in super::super) const SCISSORS: Thing = &[
    cut(Paper, "M-16-16L40-190L62-180L16 0ZM16-16L-40-190L-62-180L-16 0Z"),
    cut(Light, "M0-50L40-190L50-185L10-20Z"),
    line(Second, 16, "M10 0C60 20 70 90 32 92S-4 40 0 0M-10 0C-60 20-70 90-32 92S4 40 0 0"),
    disc(Deep, (0, -24), 9),
];

pub(in super::super) const TWINE: Thing = &[
    cut(Second, "M-60-140H60V-122C40-110 40-30 60-18V0H-60V-18C-40-30-40-110-60-122Z"),
    cut(Accent, "M-48-118H48C36-90 36-50 48-22H-48C-36-50-36-90-48-118Z"),
    line(
        Light,
        5,
        "M-42-100L40-110M-38-82L38-92M-36-64L36-74M-38-46L36-56M-42-30L38-38M46-26C90-20 80 10 130 2",
    ),
];

pub(in super::super) const BRUSH: Thing = &[
    cut(Second, "M-9-20L-5-190Q0-204 5-190L9-20Z"),
    cut(Paper, "M-13-24H13V18H-13Z"),
    cut(Deep, "M-14 18H14C18 50 8 70 0 100C-8 70-18 50-14 18Z"),
    line(Light, 4, "M-13-10H13M-13 4H13"),
];

pub(in super::super) const BOARD_BRUSH: Thing = &[
    cut(Second, "M-130-60Q-130-84-106-84H106Q130-84 130-60V-50H-130Z"),
    line(
        Deep,
        8,
        "M-116-46V0M-94-46V0M-72-46V0M-50-46V0M-28-46V0M-6-46V0M16-46V0M38-46V0M60-46V0M82-46V0M104-46V0",
    ),
    line(Soft, 6, "M-104-70H80"),
];

/// A frame with a landscape in it, hanging from its middle.
pub(in super::super) const FRAME: Thing = &[
    cut(Deep, "M-100-120H120V140H-100Z"),
    cut(Night, "M-110-132H110V128H-110Z"),
    cut(Paper, "M-98-120H98V116H-98Z"),
    cut(Soft, "M-66-88H66V84H-66Z"),
    disc(Second, (20, -34), 28),
    cut(Accent, "M-66 20C-30-20 0 0 20 20S50 20 66 4V84H-66Z"),
    cut(Deep, "M-66 52C-20 30 30 40 66 60V84H-66Z"),
];

/// A frame with cut forms in it.
pub(in super::super) const FRAME_FORMS: Thing = &[
    cut(Deep, "M-90-90H112V112H-90Z"),
    cut(Second, "M-102-102H102V102H-102Z"),
    cut(Paper, "M-90-90H90V90H-90Z"),
    disc(Accent, (-20, -10), 46),
    cut(Bright, "M-20 36A46 46 0 0 1-20-56Z"),
    cut(Night, "M20 66V-62L66 66Z"),
];

pub(in super::super) const CAMERA: Thing = &[
    cut(Deep, "M-50-150L-34-176H34L50-150Z"),
    cut(
        Accent,
        "M-130-136Q-130-152-114-152H114Q130-152 130-136V-16Q130 0 114 0H-114Q-130 0-130-16Z",
    ),
    cut(Night, "M-130-112H130V-40H-130Z"),
    disc(Paper, (0, -76), 62),
    disc(Night, (0, -76), 50),
    disc(Second, (0, -76), 32),
    disc(Soft, (-10, -88), 10),
    cut(Bright, "M72-142H110V-124H72Z"),
];

/// A vessel with two handles.
pub(in super::super) const AMPHORA: Thing = &[
    line(Deep, 11, "M-22-204C-80-196-76-150-46-136M22-204C80-196 76-150 46-136"),
    cut(
        Accent,
        "M-28-226H28V-208H18C18-170 62-150 62-96C62-50 34-24 26 0H-26C-34-24-62-50-62-96C-62-150-18-170-18-208H-28Z",
    ),
    cut(
        Bright,
        "M-18-208H-6C-4-166-40-150-40-96C-40-54-22-30-14 0H-26C-34-24-62-50-62-96C-62-150-18-170-18-208Z",
    ),
    cut(Deep, "M-61-112H61L62-86H-62Z"),
    line(Paper, 5, "M-54-99l10-7l10 14l10-14l10 14l10-14l10 14l10-14l10 14l10-14l10 14l10-14"),
];

/// A sheet folded to a pyramid.
pub(in super::super) const FOLD: Thing = &[
    cut(Tint, "M-150 6L60-20L190 10L20 30Z"),
    cut(Paper, "M-140 0L-20-190L20 20Z"),
    cut(Light, "M-20-190L20 20L120-30Z"),
    cut(Accent, "M-20-190L120-30L150-90Z"),
];

/// An easel with a canvas.
pub(in super::super) const EASEL: Thing = &[
    line(Deep, 10, "M-70 0L-14-250M70 0L14-250M0-60V-10"),
    cut(Paper, "M-96-220H96V-62H-96Z"),
    cut(Second, "M-96-62V-120C-50-170-10-120 30-140S80-150 96-160V-62Z"),
    disc(Accent, (42, -180), 20),
    line(Deep, 11, "M-104-58H104"),
];

pub(in super::super) const SOAP: Thing = &[
    cut(Soft, "M-90-70Q-90-90-66-90H66Q90-90 90-70V-30Q90-10 66-10H-66Q-90-10-90-30Z"),
    cut(Paper, "M-40-92H40V-8H-40Z"),
    disc(Accent, (0, -50), 24),
    line(Paper, 4, "M0-66V-34M-12-54L0-44L12-54"),
    cut(Deep, "M-104-10H104V4H-104Z"),
];

pub(in super::super) const BALANCE: Thing = &[
    cut(Deep, "M-110-30H110V0H-110Z"),
    cut(Accent, "M-70-30L-44-120H44L70-30Z"),
    disc(Paper, (0, -74), 32),
    line(Night, 5, "M0-74L14-94"),
    cut(Second, "M-104-150H104C96-128 70-120 44-120H-44C-70-120-96-128-104-150Z"),
    cut(Bright, "M-40-150V-182H0V-150ZM10-150V-172H40V-150Z"),
];

pub(in super::super) const SHIRT: Thing = &[
    line(Deep, 6, "M0-190C-6-214 20-220 16-200M0-190L-60-160M0-190L60-160"),
    cut(Second, "M-50-166C-20-146 20-146 50-166L126-120L100-70L70-86V0H-70V-86L-100-70L-126-120Z"),
    cut(Soft, "M-50-166C-40-158-30-154-20-152L-40 0H-70V-86L-100-70L-126-120Z"),
];
