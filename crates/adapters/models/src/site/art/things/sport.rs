//! What is lifted, climbed and thrown.

use super::super::canvas::{Thing, cut, disc, line};
use super::super::ink::Ink::{Accent, Bright, Deep, Light, Night, Paper, Second, Soft};

pub(in super::super) const KETTLEBELL: Thing = &[
    cut(
        Night,
        "M-58-128L-72-206Q-74-232-48-232H48Q74-232 72-206L58-128H34L44-198Q44-206 36-206H-36Q-44-206-44-198L-34-128Z",
    ),
    disc(Accent, (0, -84), 92),
    cut(Deep, "M65-149A92 92 0 0 1-65-19A112 112 0 0 0 65-149Z"),
    cut(Night, "M-64 0H64V-18Q0 6-64-18Z"),
    disc(Paper, (-8, -88), 36),
    cut(Second, "M-8-112L8-84H-2L-8-62L-22-90H-12Z"),
    line(Light, 7, "M-74-112A76 76 0 0 1-40-146"),
];

pub(in super::super) const DUMBBELL: Thing = &[
    line(Paper, 18, "M-60 0H60"),
    cut(Deep, "M-150-34H-126V34H-150ZM126-34H150V34H126Z"),
    cut(
        Accent,
        "M-128-66Q-128-76-118-76H-98Q-88-76-88-66V66Q-88 76-98 76H-118Q-128 76-128 66ZM128-66Q128-76 118-76H98Q88-76 88-66V66Q88 76 98 76H118Q128 76 128 66Z",
    ),
    cut(Night, "M-90-56H-62V56H-90ZM62-56H90V56H62Z"),
    line(Light, 6, "M-116-58V34M98-58V34"),
];

/// A weight plate from the front.
pub(in super::super) const DISC: Thing = &[
    disc(Night, (8, 10), 150),
    disc(Accent, (0, 0), 150),
    cut(Deep, "M106-106A150 150 0 0 1-106 106L-70 70A100 100 0 0 0 70-70Z"),
    disc(Deep, (0, 0), 108),
    disc(Bright, (0, 0), 98),
    cut(
        Accent,
        "M-20-96A98 98 0 0 1 20-96L14-56H-14ZM-20 96A98 98 0 0 0 20 96L14 56H-14ZM-96-20A98 98 0 0 0-96 20L-56 14V-14ZM96-20A98 98 0 0 1 96 20L56 14V-14Z",
    ),
    disc(Deep, (0, 0), 50),
    disc(Paper, (0, 0), 34),
    disc(Night, (0, 0), 15),
];

pub(in super::super) const BARBELL: Thing = &[
    line(Paper, 13, "M-300 0H300"),
    cut(Night, "M-196-112H-166V112H-196ZM166-112H196V112H166Z"),
    cut(Accent, "M-162-92H-136V92H-162ZM136-92H162V92H136Z"),
    cut(Second, "M-132-60H-112V60H-132ZM112-60H132V60H112Z"),
    cut(Deep, "M-108-18H-92V18H-108ZM92-18H108V18H92ZM-226-14H-196V14H-226ZM196-14H226V14H196Z"),
];

/// A wall with holds to climb by, 300 by 380.
pub(in super::super) const HOLDS: Thing = &[
    cut(
        Second,
        "M-150-110L-128-150L-84-140L-92-96L-134-84ZM40 60L62 28L112 44L96 92L58 96ZM-64 140L-40 104L4 122L-14 162Z",
    ),
    cut(Accent, "M20-140L56-176L104-156L84-112L38-106ZM-134 24L-112-14L-62 4L-76 46L-114 50Z"),
    cut(
        Bright,
        "M-22-34L4-68L42-50L30-12L-10-8ZM98-62L128-84L152-54L130-28ZM106 146L132 116L164 138L146 172Z",
    ),
    cut(Soft, "M-150-110L-128-150L-112-118ZM40 60L62 28L72 66ZM-64 140L-40 104L-34 138Z"),
    cut(
        Light,
        "M20-140L56-176L60-134ZM-134 24L-112-14L-100 26ZM-22-34L4-68L8-32ZM98-62L128-84L124-56ZM106 146L132 116L130 146Z",
    ),
];

pub(in super::super) const MAT: Thing = &[
    cut(Second, "M-150-30H120V0H-150Z"),
    disc(Second, (110, -62), 62),
    line(Soft, 8, "M110-62a12 12 0 0 1 0 24a24 24 0 0 1 0-48a36 36 0 0 1 0 72"),
    cut(Deep, "M-150-8H120V0H-150Z"),
];

pub(in super::super) const STOPWATCH: Thing = &[
    cut(Deep, "M-16-232H16V-186H-16ZM-30-246H30V-226H-30Z"),
    line(Deep, 15, "M64-180L84-200"),
    disc(Accent, (0, -96), 98),
    disc(Paper, (0, -96), 78),
    cut(Second, "M0-96V-160A64 64 0 0 1 61-76Z"),
    line(Night, 8, "M0-96L42-128"),
    line(Soft, 6, "M0-34v6M-64-96h6M58-96h6"),
    disc(Night, (0, -96), 8),
];

/// Two heavy ropes in waves.
pub(in super::super) const ROPES: Thing = &[
    line(Deep, 21, "M-320 0C-260-90-200-90-140 0S-20 90 40 0S160-80 220-10S300 30 340 0"),
    line(Second, 21, "M-320 60C-260-10-210-20-150 50S-30 130 30 50S150-30 210 40S300 80 340 50"),
    line(
        Soft,
        5,
        "M-300 40q10-6 8-22M-270 10q12-2 14-16M-230 2q10 4 18-6M-180 22q6 10 18 4M-110 90q4 10 18 6M-60 96q10 4 16-8M0 84q10-2 10-16M60 18q10-2 10-16M120 2q10 4 16-6M180 18q6 8 16 2",
    ),
];

pub(in super::super) const BALL: Thing = &[
    disc(Deep, (0, -84), 84),
    disc(Second, (0, -84), 84),
    line(Paper, 6, "M-84-84H84M0-168V0M-58-144C-20-110-20-58-58-24M58-144C20-110 20-58 58-24"),
];

pub(in super::super) const BENCH: Thing = &[
    line(Deep, 12, "M-90 0V-70M90 0V-70M-120 0H-60M60 0H120"),
    cut(Accent, "M-150-96Q-150-110-136-110H136Q150-110 150-96V-72H-150Z"),
    cut(Light, "M-140-104H130V-98H-140Z"),
];

pub(in super::super) const SHOE: Thing = &[
    cut(Accent, "M-130-30V-112C-110-124-90-112-70-120L-10-64C30-50 100-54 124-30Z"),
    cut(Deep, "M-130-30V-70C-100-40-20-40 40-52C80-54 112-44 124-30Z"),
    cut(Paper, "M-138-32H130Q136 0 110 0H-122Q-138 0-138-16Z"),
    line(Paper, 7, "M-56-108L-78-88M-36-90L-58-70M-16-72L-36-54"),
    line(Second, 6, "M-138-12H120"),
];

pub(in super::super) const RACK: Thing = &[
    line(Deep, 14, "M-130 0V-300M130 0V-300M-130-290H130M-160 0H-100M100 0H160"),
    line(Second, 8, "M-130-240h-16M130-240h16M-130-200h-16M130-200h16"),
    line(
        Soft,
        5,
        "M-130-40v0M-130-80v0M-130-120v0M-130-240v0M130-40v0M130-80v0M130-120v0M130-240v0",
    ),
];
