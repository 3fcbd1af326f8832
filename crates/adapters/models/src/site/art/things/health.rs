//! Care.

use super::super::canvas::{Thing, cut, disc, line};
use super::super::ink::Ink::{Accent, Bright, Deep, Light, Night, Paper, Second, Soft};

pub(in super::super) const HEART: Thing = &[
    cut(
        Second,
        "M0 100C-160 0-130-110-60-106C-24-104-6-80 0-60C6-80 24-104 60-106C130-110 160 0 0 100Z",
    ),
    cut(Soft, "M-92-36C-92-66-76-82-54-84C-74-68-78-52-78-30C-80-24-92-26-92-36Z"),
];

/// A heartbeat on paper.
pub(in super::super) const BEAT: Thing =
    &[line(Paper, 11, "M-120 0H-62L-44-24L-24 0H-14L8-78L34 58L50 0H120")];

pub(in super::super) const STETHOSCOPE: Thing = &[
    line(Deep, 12, "M-70-170C-110-40-90-10-40-6C10-10 30-40-10-170M-40-6C-40 130 90 140 96 30V-10"),
    line(Second, 14, "M-74-178L-62-186M-6-178L-18-186"),
    disc(Accent, (96, -40), 42),
    disc(Paper, (96, -40), 27),
    disc(Second, (96, -40), 11),
];

pub(in super::super) const TOOTH: Thing = &[
    cut(
        Deep,
        "M10-92C44-112 96-96 94-40C92 0 74 20 70 60C66 104 36 108 30 64C26 30 6 30 2 64C-4 108-34 104-38 60C-42 20-60 0-62-40Z",
    ),
    cut(
        Paper,
        "M0-100C34-120 86-104 84-48C82-8 64 12 60 52C56 96 26 100 20 56C16 22-16 22-20 56C-26 100-56 96-60 52C-64 12-82-8-84-48C-86-104-34-120 0-100Z",
    ),
    line(Light, 9, "M-62-52C-62-76-46-86-26-84"),
];

pub(in super::super) const CAPSULE: Thing = &[
    cut(Paper, "M0-40H70A40 40 0 0 1 70 40H0Z"),
    cut(Second, "M0-40H-70A40 40 0 0 0-70 40H0Z"),
    line(Soft, 9, "M-72-20H-16"),
    cut(Light, "M0 14H106A40 40 0 0 1 70 40H0Z"),
];

pub(in super::super) const CROSS: Thing = &[
    cut(
        Accent,
        "M-44-130Q-44-140-34-140H34Q44-140 44-130V-44H130Q140-44 140-34V34Q140 44 130 44H44V130Q44 140 34 140H-34Q-44 140-44 130V44H-130Q-140 44-140 34V-34Q-140-44-130-44H-44Z",
    ),
    cut(
        Bright,
        "M-44-130Q-44-140-34-140H-10V140H-34Q-44 140-44 130V44H-130Q-140 44-140 34V-34Q-140-44-130-44H-44Z",
    ),
];

pub(in super::super) const DROP: Thing = &[
    cut(Second, "M0-130C40-70 76-30 76 20A76 76 0 0 1-76 20C-76-30-40-70 0-130Z"),
    cut(Soft, "M-50 10C-52-20-30-50-12-76C-20-40-30-10-26 30C-30 50-48 40-50 10Z"),
];

pub(in super::super) const CLIPBOARD: Thing = &[
    cut(Deep, "M-88-206H108V12H-88Z"),
    cut(Accent, "M-100-216H100V0H-100Z"),
    cut(Paper, "M-82-190H82V-18H-82Z"),
    cut(Night, "M-40-228H40V-190H-40Z"),
    line(Second, 8, "M-60-132l10 12l20-24M-60-90l10 12l20-24M-60-48l10 12l20-24"),
    line(Soft, 7, "M-8-130H60M-8-88H60M-8-46H36"),
];

/// An open hand from the side, palm up.
pub(in super::super) const PALM: Thing = &[
    cut(
        Accent,
        "M-200 60L-120 10C-90-16-50-20-20-6H60C86-6 86 24 60 24H20H70L140-26C160-40 182-14 164 2L86 66C70 80 50 84 30 84H-80L-130 120H-200Z",
    ),
    line(Deep, 6, "M-10 26H58"),
    cut(Second, "M-230 50L-186 30L-130 112L-166 150H-230Z"),
];

/// A raised hand with its sleeve; the arm goes down and out of the picture.
pub(in super::super) const RAISED: Thing = &[
    cut(Second, "M-40 20H40L52 260H-52Z"),
    cut(
        Accent,
        "M-38 24C-50-20-52-50-48-110a10 10 0 0 1 20 0L-26-64V-140a10 10 0 0 1 20 0V-66V-150a10 10 0 0 1 20 0V-64L18-136a10 10 0 0 1 20 0L36-50C48-60 56-76 66-80C82-82 84-66 76-54C62-30 52 0 38 24Z",
    ),
];

/// The same in another paper.
pub(in super::super) const RAISED_DARK: Thing = &[
    cut(Paper, "M-40 20H40L52 260H-52Z"),
    cut(
        Deep,
        "M-38 24C-50-20-52-50-48-110a10 10 0 0 1 20 0L-26-64V-140a10 10 0 0 1 20 0V-66V-150a10 10 0 0 1 20 0V-64L18-136a10 10 0 0 1 20 0L36-50C48-60 56-76 66-80C82-82 84-66 76-54C62-30 52 0 38 24Z",
    ),
];

/// Three linked rings.
pub(in super::super) const RINGS: Thing = &[
    line(Accent, 21, "M-156-30a66 66 0 1 0 132 0a66 66 0 1 0-132 0Z"),
    line(Second, 21, "M-66 46a66 66 0 1 0 132 0a66 66 0 1 0-132 0Z"),
    line(Deep, 21, "M24-30a66 66 0 1 0 132 0a66 66 0 1 0-132 0Z"),
    line(Accent, 21, "M-64 27A66 66 0 0 0-25-30"),
    line(Second, 21, "M64 34A66 66 0 0 0 32-12"),
];

/// A crate of vegetables.
pub(in super::super) const CRATE: Thing = &[
    cut(Accent, "M-70-110C-120-130-120-190-80-196C-60-226-10-216-10-186C20-170 6-110-20-104Z"),
    disc(Second, (44, -126), 46),
    cut(Soft, "M14-140C20-160 36-168 52-166C34-156 26-148 14-140Z"),
    disc(Bright, (96, -112), 30),
    line(Deep, 6, "M-46-110C-44-140-50-160-60-176M44-172v-14"),
    cut(Deep, "M-140-100H140V0H-140Z"),
    cut(Light, "M-140-96H140V-70H-140ZM-140-62H140V-36H-140ZM-140-28H140V-2H-140Z"),
    cut(Deep, "M-140-104H-118V0H-140ZM118-104H140V0H118Z"),
];
