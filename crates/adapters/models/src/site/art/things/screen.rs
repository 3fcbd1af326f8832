//! Windows, charts and cards.

use super::super::canvas::{Thing, cut, disc, line};
use super::super::ink::Ink::{Accent, Bright, Deep, Light, Night, Paper, Second, Soft, Tint};

/// A window with a side bar, 300 by 210, centred.
pub(in super::super) const WINDOW: Thing = &[
    cut(Deep, "M-138-94Q-138-98-134-98H162V118H-138Z"),
    cut(
        Paper,
        "M-150-96Q-150-108-138-108H138Q150-108 150-96V96Q150 108 138 108H-138Q-150 108-150 96Z",
    ),
    cut(Light, "M-150-76V-96Q-150-108-138-108H138Q150-108 150-96V-76Z"),
    line(Accent, 13, "M-132-92v0M-112-92v0M-92-92v0"),
    cut(Tint, "M-150-76H-78V108H-138Q-150 108-150 96Z"),
    line(Second, 9, "M-134-52H-94M-134-28H-106M-134-4H-98M-134 20H-110"),
    cut(Accent, "M-56-54H20V6H-56Z"),
    cut(Soft, "M34-54H130V6H34Z"),
    line(Light, 9, "M-54 34H128M-54 56H90M-54 78H110"),
];

/// Lines of code in a dark window.
pub(in super::super) const CODE: Thing = &[
    cut(
        Deep,
        "M-150-108Q-150-120-138-120H138Q150-120 150-108V108Q150 120 138 120H-138Q-150 120-150 108Z",
    ),
    cut(Night, "M-150-86H150V108Q150 120 138 120H-138Q-150 120-150 108Z"),
    line(Bright, 13, "M-132-103v0M-112-103v0M-92-103v0"),
    line(Light, 10, "M-124-56H-84M-100-26H-30M-76 4H-20M-76 34H10M-100 64H-60M-124 94H-104"),
    line(Second, 10, "M-62-56H10M-8-26H44M2 4H60M-40 64H-10"),
    line(Soft, 10, "M32-56H70M82 4H114M32 34H90"),
];

pub(in super::super) const TERMINAL: Thing = &[
    cut(
        Night,
        "M-160-100Q-160-112-148-112H148Q160-112 160-100V100Q160 112 148 112H-148Q-160 112-160 100Z",
    ),
    line(Bright, 11, "M-130-70L-104-48L-130-26"),
    line(Paper, 10, "M-84-48H40"),
    line(Light, 10, "M-130 8H60M-130 38H0"),
    line(Second, 10, "M20 38H90"),
    cut(Bright, "M-130 62h20v30h-20Z"),
];

/// A panel with bars, 200 by 160.
pub(in super::super) const BARS: Thing = &[
    cut(Deep, "M-92-72H108V88H-92Z"),
    cut(Paper, "M-100-80H100V80H-100Z"),
    line(Soft, 8, "M-80-58H-20"),
    cut(Accent, "M-80 60V0h24v60ZM-46 60V-22h24v60ZM22 60V-10h24v60Z"),
    cut(Second, "M-12 60V-48h24V60Z"),
    cut(Light, "M56 60V16h24v44Z"),
];

/// A panel with a rising line, 200 by 160.
pub(in super::super) const TREND: Thing = &[
    cut(Deep, "M-92-72H108V88H-92Z"),
    cut(Paper, "M-100-80H100V80H-100Z"),
    cut(Light, "M-80 60V30L-44 6L-10 22L30-24L80-46V60Z"),
    line(Accent, 8, "M-80 30L-44 6L-10 22L30-24L80-46"),
    disc(Second, (80, -46), 11),
    line(Soft, 8, "M-80-58H-30"),
];

/// A round gauge.
pub(in super::super) const GAUGE: Thing = &[
    cut(Deep, "M-94-84H108V92H-94Z"),
    cut(Paper, "M-102-92H100V84H-102Z"),
    line(Tint, 21, "M-66 40A66 66 0 1 1 66 40"),
    line(Accent, 21, "M-66 40A66 66 0 0 1 38-46"),
    line(Night, 9, "M0 6L32-28"),
    disc(Second, (0, 6), 14),
    line(Soft, 9, "M-26 58H26"),
];

/// Hours of a week, some hotter.
pub(in super::super) const HEAT: Thing = &[
    cut(Deep, "M-132-92H148V108H-132Z"),
    cut(Paper, "M-140-100H140V100H-140Z"),
    cut(
        Tint,
        "M-120-80h32v32h-32ZM-80-80h32v32h-32ZM80-80h32v32h-32ZM-120-40h32v32h-32ZM80-40h32v32h-32ZM-120 0h32v32h-32ZM-80 0h32v32h-32ZM-120 40h32v32h-32ZM40 40h32v32h-32ZM80 40h32v32h-32Z",
    ),
    cut(
        Light,
        "M-40-80h32v32h-32ZM40-80h32v32h-32ZM-80-40h32v32h-32ZM-40 0h32v32h-32ZM80 0h32v32h-32ZM-80 40h32v32h-32ZM0 40h32v32H0Z",
    ),
    cut(Accent, "M0-80h32v32H0ZM-40-40h32v32h-32ZM40-40h32v32h-32ZM0 0h32v32H0ZM-40 40h32v32h-32Z"),
    cut(Second, "M0-40h32v32H0ZM40 0h32v32h-32Z"),
];

/// Rows of a table, one chosen.
pub(in super::super) const ROWS: Thing = &[
    cut(Deep, "M-142-112H158V118H-142Z"),
    cut(Paper, "M-150-120H150V110H-150Z"),
    cut(Accent, "M-150-120H150V-82H-150Z"),
    line(Light, 9, "M-130-101H-80M-40-101H0M60-101H120"),
    cut(Tint, "M-150-36H150V4H-150Z"),
    line(
        Soft,
        9,
        "M-130-60H-70M-40-60H20M60-60H90M-130 26H-60M-40 26H0M60 26H110M-130 68H-80M-40 68H30M60 68H100",
    ),
    line(Accent, 9, "M-130-16H-70M-40-16H20"),
    line(Second, 21, "M70-16H106"),
];

/// Columns with cards.
pub(in super::super) const KANBAN: Thing = &[
    cut(Light, "M-160-120H-62V120H-160ZM-49-120H49V120H-49ZM62-120H160V120H62Z"),
    cut(
        Paper,
        "M-148-86H-74V-36H-148ZM-148-24H-74V26H-148ZM-37-86H37V-16H-37ZM74-86H148V-46H74ZM74-34H148V6H74ZM74 18H148V68H74Z",
    ),
    cut(Second, "M-37-4H37V46H-37Z"),
    line(Accent, 9, "M-144-104H-110M-33-104H5M78-104H120"),
    line(Soft, 7, "M-138-70H-100M-138-8H-90M-27-70H20M-27-50H6M84-66H120M84-16H130M84 38H110"),
    line(Paper, 7, "M-27 14H20M-27 30H6"),
];

/// A ring in three parts.
pub(in super::super) const RING: Thing = &[
    disc(Deep, (8, 10), 112),
    disc(Paper, (0, 0), 112),
    line(Accent, 39, "M0-70A70 70 0 1 1-66 22"),
    line(Second, 39, "M-66 22A70 70 0 0 1-50-50"),
    line(Bright, 39, "M-50-50A70 70 0 0 1 0-70"),
];

/// Steps joined by arrows.
pub(in super::super) const FLOW: Thing = &[
    line(Deep, 7, "M-110-70H0V0M0 0V70H110M0 0H-110M0-70H110"),
    cut(Accent, "M-176-104H-96V-36H-176Z"),
    cut(Second, "M96-104H176V-36H96Z"),
    disc(Bright, (0, 0), 46),
    cut(Paper, "M-176-34H-96V34H-176Z"),
    cut(Night, "M96 36H176V104H96Z"),
    line(Night, 10, "M-18 0L-4 16L20-14"),
    line(Light, 7, "M-158-70H-114M114 70H158"),
    line(Accent, 7, "M-158 0H-114"),
];

pub(in super::super) const TOGGLES: Thing = &[
    cut(Deep, "M-122-112H138V128H-122Z"),
    cut(Paper, "M-130-120H130V120H-130Z"),
    line(Soft, 9, "M-104-70H-10M-104 0H-30M-104 70H0"),
    line(Accent, 41, "M62-70H98M62 70H98"),
    line(Tint, 41, "M62 0H98"),
    disc(Paper, (98, -70), 15),
    disc(Paper, (98, 70), 15),
    disc(Second, (62, 0), 15),
];

pub(in super::super) const SHIELD: Thing = &[
    cut(Accent, "M0-130L110-90C110 20 70 90 0 130C-70 90-110 20-110-90Z"),
    cut(Deep, "M0-130L110-90C110 20 70 90 0 130Z"),
    line(Paper, 21, "M-42 0L-10 34L46-36"),
];

/// Sheets on one another in perspective.
pub(in super::super) const LAYERS: Thing = &[
    cut(Deep, "M0 10L150 80L0 150L-150 80Z"),
    cut(Accent, "M0-50L150 20L0 90L-150 20Z"),
    cut(Second, "M0-110L150-40L0 30L-150-40Z"),
    cut(Soft, "M0-110L0 30L-150-40Z"),
];

pub(in super::super) const CURSOR: Thing = &[
    cut(Night, "M0-70L76 6L40 10L62 58L36 70L16 22L-8 48Z"),
    cut(Paper, "M8-48L54-2L28 0L48 48L40 52L20 4L8 18Z"),
];

pub(in super::super) const PHONE: Thing = &[
    cut(Night, "M-78-140Q-78-160-58-160H58Q78-160 78-140V140Q78 160 58 160H-58Q-78 160-78 140Z"),
    cut(Paper, "M-66-132H66V132H-66Z"),
    cut(Second, "M-66-132H66V-30H-66Z"),
    disc(Paper, (0, -80), 32),
    cut(Accent, "M-10-98L22-80L-10-62Z"),
    line(Light, 11, "M-46 0H46M-46 28H20"),
    line(Accent, 9, "M-46 78V94M-30 66V106M-14 80V92M2 58V112M18 74V98M34 64V108M50 80V92"),
];

/// A field for commands with suggestions below.
pub(in super::super) const PALETTE: Thing = &[
    cut(Deep, "M-150-92H170V112H-150Z"),
    cut(Paper, "M-160-104H160V100H-160Z"),
    line(Accent, 10, "M-136-72a16 16 0 1 0 32 0a16 16 0 1 0-32 0M-108-60L-96-48"),
    line(Night, 10, "M-72-68H0"),
    line(Second, 6, "M18-86V-50"),
    cut(Accent, "M-148-30H148V14H-148Z"),
    line(Paper, 9, "M-124-8H-20M100-8H126"),
    line(Soft, 9, "M-124 40H20M-124 76H-40M100 40H126M100 76H126"),
];
