//! Rooms and what is in them.

use super::super::canvas::{Thing, cut, disc, line};
use super::super::ink::Ink::{Accent, Bright, Deep, Light, Night, Paper, Second, Soft, Tint};

/// A window with hills and the sun behind it, 200 wide and 260 high.
pub(in super::super) const WINDOW: Thing = &[
    cut(Paper, "M-112-270H112V0H-112Z"),
    cut(Soft, "M-94-252H94V-18H-94Z"),
    disc(Second, (34, -150), 40),
    cut(Accent, "M-94-96C-50-140-10-120 20-96S70-80 94-100V-18H-94Z"),
    cut(Deep, "M-94-56C-40-84 30-70 94-40V-18H-94Z"),
    line(Paper, 10, "M0-252V-18M-94-150H94"),
    cut(Light, "M-128-6H128V10H-128Z"),
];

pub(in super::super) const BED: Thing = &[
    cut(Deep, "M-170-150Q-170-170-150-170H150Q170-170 170-150V0H150V-24H-150V0H-170Z"),
    cut(Paper, "M-154-86H154V-24H-154Z"),
    cut(
        Light,
        "M-130-122Q-130-132-116-132H-24Q-10-132-10-122V-84H-130ZM10-122Q10-132 24-132H116Q130-132 130-122V-84H10Z",
    ),
    cut(Second, "M-154-64Q0-86 154-64V-24H-154Z"),
    line(Soft, 6, "M-154-50Q0-72 154-50"),
];

pub(in super::super) const ARMCHAIR: Thing = &[
    line(Deep, 12, "M-64 0L-58-30M64 0L58-30"),
    cut(Accent, "M-70-90C-84-180-50-206 0-206S84-180 70-90Z"),
    cut(Bright, "M-54-110C-64-176-36-192-6-194C-34-180-40-150-36-110Z"),
    cut(Deep, "M-74-78H74V-24H-74Z"),
    cut(Second, "M-62-104H62V-62H-62Z"),
    cut(
        Accent,
        "M-102-112a24 24 0 0 1 48 0V-22H-86Q-102-22-102-40ZM102-112a24 24 0 0 0-48 0V-22H86Q102-22 102-40Z",
    ),
];

pub(in super::super) const BATH: Thing = &[
    line(Deep, 10, "M118-120V-196C118-222 76-222 76-196V-180"),
    cut(Paper, "M-160-120H160C158-50 130-22 90-22H-90C-130-22-158-50-160-120Z"),
    cut(Light, "M60-120H160C158-50 130-22 90-22H0C44-36 62-70 60-120Z"),
    cut(Paper, "M-174-134H174V-114H-174Z"),
    cut(Second, "M-90-22L-104 0H-76L-64-22ZM90-22L104 0H76L64-22Z"),
    cut(Soft, "M-120-134a22 22 0 0 1 40-10a28 28 0 0 1 52-4a24 24 0 0 1 44 14Z"),
];

pub(in super::super) const SUITCASE: Thing = &[
    line(Deep, 11, "M-34-130V-160H34V-130"),
    cut(
        Second,
        "M-120-116Q-120-134-102-134H102Q120-134 120-116V-18Q120 0 102 0H-102Q-120 0-120-18Z",
    ),
    cut(Soft, "M-120-116Q-120-134-102-134H-84V0H-102Q-120 0-120-18Z"),
    cut(Deep, "M-66-134H-46V0H-66ZM46-134H66V0H46Z"),
    cut(Bright, "M-72-80h32v24h-32ZM40-80h32v24h-32Z"),
    disc(Paper, (2, -54), 20),
];

pub(in super::super) const PARASOL: Thing = &[
    line(Deep, 9, "M0 0V-230"),
    cut(
        Second,
        "M-150-130C-130-210-60-246 0-246S130-210 150-130Q125-150 100-130Q75-150 50-130Q25-150 0-130Q-25-150-50-130Q-75-150-100-130Q-125-150-150-130Z",
    ),
    cut(
        Paper,
        "M-100-130C-90-200-40-240 0-246C-20-226-44-190-50-130Q-75-150-100-130ZM0-130Q25-150 50-130C44-190 20-226 0-246ZM100-130Q125-150 150-130C136-196 70-244 0-246C40-240 90-200 100-130Z",
    ),
];

pub(in super::super) const LOUNGER: Thing = &[
    line(Deep, 9, "M-100 0L-84-46M90 0L76-46"),
    cut(Paper, "M-118-62H64L128-140L146-126L76-44H-118Z"),
    cut(Second, "M-60-62H-30V-44H-60ZM0-62H30V-44H0ZM88-92L106-114L124-100L106-80Z"),
];

/// A tray with breakfast from above.
pub(in super::super) const TRAY: Thing = &[
    cut(Deep, "M-152-92H160V112H-152Z"),
    cut(Second, "M-160-104H152V100H-160Z"),
    cut(Soft, "M-144-88H136V84H-144Z"),
    disc(Paper, (-62, 10), 62),
    cut(Bright, "M-104 14C-100-26-66-42-40-34C-44-14-34 8-18 18C-40 44-90 50-104 14Z"),
    line(Deep, 5, "M-78-20C-84 4-78 24-66 34"),
    disc(Paper, (80, -30), 40),
    disc(Deep, (80, -30), 30),
    disc(Paper, (84, 54), 22),
    disc(Accent, (84, 54), 14),
];

/// A floor lamp with its light.
pub(in super::super) const STANDARD: Thing = &[
    disc(Light, (0, -210), 96),
    line(Deep, 9, "M0-6V-190"),
    cut(Deep, "M-44 0C-40-14 40-14 44 0Z"),
    cut(Second, "M-34-262H34L66-180H-66Z"),
    cut(Soft, "M-34-262H-8L-24-180H-66Z"),
];

/// Curtains and the light between them.
pub(in super::super) const CURTAINS: Thing = &[
    cut(Paper, "M-120-260H120V0H-120Z"),
    cut(Tint, "M0-260H120V0H0Z"),
    cut(Second, "M-170-270H-60C-70-180-110-120-100 0H-170ZM170-270H60C70-180 110-120 100 0H170Z"),
    line(
        Soft,
        6,
        "M-144-262C-146-180-150-90-146-8M-112-262C-116-180-132-100-124-8M144-262C146-180 150-90 146-8M112-262C116-180 132-100 124-8",
    ),
    line(Deep, 11, "M-190-272H190"),
];

pub(in super::super) const VASE: Thing = &[
    cut(
        Second,
        "M-30-190H30C26-160 66-132 66-76C66-30 40 0 0 0S-66-30-66-76C-66-132-26-160-30-190Z",
    ),
    cut(
        Soft,
        "M-30-190H-12C-14-156-44-130-44-76C-44-40-30-12-6 0C-40 0-66-30-66-76C-66-132-26-160-30-190Z",
    ),
    line(Paper, 7, "M-62-96Q0-80 62-96M-65-74Q0-58 65-74"),
    cut(Night, "M-30-190H30V-182H-30Z"),
];

pub(in super::super) const JUG: Thing = &[
    line(Accent, 15, "M48-150C112-150 108-50 52-48"),
    cut(
        Accent,
        "M-44-176L-66-196L-20-186H48C42-140 66-100 66-62C66-20 46 0 0 0S-62-20-62-62C-62-104-40-130-44-176Z",
    ),
    cut(
        Light,
        "M-44-176H-22C-18-130-40-104-40-62C-40-30-30-10-10 0C-50 0-62-26-62-62C-62-104-40-130-44-176Z",
    ),
    cut(Night, "M-50-182L-20-186H48V-178H-46Z"),
];

pub(in super::super) const CANDLE: Thing = &[
    disc(Soft, (0, -186), 54),
    cut(Second, "M0-226C30-196 24-164 0-160C-24-164-30-196 0-226Z"),
    cut(Paper, "M-24-150H24V-24H-24Z"),
    cut(Light, "M6-150H24V-24H6Z"),
    line(Night, 5, "M0-150V-166"),
    cut(Deep, "M-70-30H70L50 0H-50Z"),
];
