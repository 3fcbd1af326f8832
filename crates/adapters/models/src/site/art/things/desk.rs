//! What lies on desks and stands on shelves.

use super::super::canvas::{Thing, cut, disc, dots, line};
use super::super::ink::Ink::{Accent, Bright, Deep, Light, Night, Paper, Second, Soft};

/// An open book from above.
pub(in super::super) const BOOK: Thing = &[
    cut(Deep, "M-134-76H134V88H-134Z"),
    cut(
        Paper,
        "M0-66C-30-90-90-90-124-78V70C-90 58-30 58 0 78C30 58 90 58 124 70V-78C90-90 30-90 0-66Z",
    ),
    cut(Light, "M0-66C20-84 40-86 60-86C34-70 26-30 28 66C18 68 8 72 0 78Z"),
    line(
        Soft,
        6,
        "M-100-50Q-60-58-26-44M-100-22Q-60-30-26-16M-100 6Q-60-2-26 12M-100 34Q-70 28-50 32M50-46Q80-54 102-48M50-18Q80-26 102-20M50 10Q80 2 102 8",
    ),
];

/// Books lying on one another.
pub(in super::super) const BOOKS: Thing = &[
    cut(Deep, "M-120-40H110V0H-120Z"),
    cut(Paper, "M-96-32H110V-8H-96Z"),
    cut(Second, "M-96-78H124V-40H-96Z"),
    cut(Soft, "M-70-78H-58V-40H-70ZM-50-78H-44V-40H-50Z"),
    cut(Accent, "M-108-122H88V-78H-108Z"),
    cut(Paper, "M-86-114H88V-86H-86Z"),
    line(Light, 3, "M-70-105H80M-70-95H80"),
];

/// Books standing in a row, 240 wide.
pub(in super::super) const SHELF: Thing = &[
    cut(Deep, "M-120-160H-84V0H-120ZM22-174H50V0H22Z"),
    cut(Second, "M-80-136H-48V0H-80ZM54-140H90V0H54Z"),
    cut(Accent, "M-44-184H-14V0H-44Z"),
    cut(Light, "M-10-150H18V0H-10Z"),
    cut(Bright, "M94-4L130-150L158-143L122 0Z"),
    cut(
        Paper,
        "M-112-136H-92V-124H-112ZM-112-116H-92V-110H-112ZM-38-160H-20V-130H-38ZM60-112H84V-88H60ZM26-150H46V-144H26ZM26-138H46V-132H26Z",
    ),
];

pub(in super::super) const SHEET: Thing = &[
    cut(Deep, "M-66-194H52L86-160V8H-66Z"),
    cut(Paper, "M-76-202H40L76-166V0H-76Z"),
    cut(Light, "M40-202L76-166H40Z"),
    line(Soft, 7, "M-50-152H10M-50-124H50M-50-98H50M-50-72H50M-50-46H-4"),
    disc(Second, (42, -32), 17),
    cut(Second, "M32-24L28 6L42-4L56 6L52-24Z"),
];

pub(in super::super) const PEN: Thing = &[
    cut(Deep, "M-15-116Q0-128 15-116V40H-15Z"),
    cut(Accent, "M-15-116Q-8-122-3-121V40H-15Z"),
    cut(Second, "M-16-30H16V-16H-16Z"),
    cut(Second, "M-13 46H13C14 70 6 92 0 116C-6 92-14 70-13 46Z"),
    line(Night, 3, "M0 74V108"),
];

pub(in super::super) const PENCIL: Thing = &[
    cut(Second, "M-14-112H14V66H-14Z"),
    cut(Soft, "M-14-112H-4V66H-14Z"),
    cut(Accent, "M-14-132Q0-140 14-132V-112H-14Z"),
    cut(Paper, "M-14 66H14L0 108Z"),
    cut(Night, "M-5 93H5L0 108Z"),
];

/// A lamp with its light.
pub(in super::super) const LAMP: Thing = &[
    cut(Light, "M-70-146L-130 0H130L70-146Z"),
    line(Deep, 9, "M0-150V-8"),
    cut(Deep, "M-56 0C-52-18 52-18 56 0Z"),
    cut(Second, "M-84-140C-74-194 74-194 84-140Z"),
    cut(Soft, "M-70-148C-60-180-20-184 0-184C-24-174-36-164-40-148Z"),
    line(Deep, 4, "M34-140V-108"),
    disc(Deep, (34, -104), 6),
];

pub(in super::super) const SCALES: Thing = &[
    line(Deep, 4, "M-108-176L-152-84M-108-176L-64-84M108-196L64-104M108-196L152-104"),
    line(Accent, 10, "M0-10V-214M-108-176Q0-200 108-196"),
    cut(Accent, "M-70 0C-64-24-20-22 0-30C20-22 64-24 70 0Z"),
    disc(Bright, (0, -218), 16),
    cut(
        Second,
        "M-158-84H-58C-62-58-82-46-108-46S-154-58-158-84ZM58-104H158C154-78 134-66 108-66S62-78 58-104Z",
    ),
    cut(
        Soft,
        "M-158-84H-128C-126-66-118-54-104-46C-136-44-154-60-158-84ZM58-104H88C90-86 98-74 112-66C80-64 62-80 58-104Z",
    ),
];

/// 300 high.
pub(in super::super) const COLUMN: Thing = &[
    cut(Paper, "M-48-18H48V0H-48ZM-40-30H40V-18H-40Z"),
    cut(Paper, "M-33-30L-29-264H29L33-30Z"),
    cut(Light, "M6-30L4-264H29L33-30Z"),
    line(Light, 4, "M-20-34L-18-260M-7-34L-6-260"),
    cut(Paper, "M-50-300H50V-284L32-264H-32L-50-284Z"),
    cut(Accent, "M14-284H50L32-264H10Z"),
];

pub(in super::super) const GAVEL: Thing = &[
    cut(Deep, "M-150-20H-20V0H-150ZM-136-38H-34V-20H-136Z"),
    line(Second, 16, "M-60-128L130-30"),
    cut(Accent, "M-132-136L-58-192L-26-150L-100-94Z"),
    cut(Deep, "M-142-144L-128-154L-82-92L-96-82ZM-72-196L-58-206L-12-144L-26-134Z"),
];

pub(in super::super) const FOLDERS: Thing = &[
    cut(Deep, "M-130-176H-66L-52-158H60V0H-130Z"),
    cut(Paper, "M-106-140H92V0H-106Z"),
    line(Soft, 6, "M-84-116H40M-84-96H68"),
    cut(Second, "M-118-110H-50L-36-92H126V0H-118Z"),
    cut(Soft, "M-92-64H-4V-30H-92Z"),
];

pub(in super::super) const ENVELOPE: Thing = &[
    cut(Deep, "M-100-118H116V12H-100Z"),
    cut(Paper, "M-108-130H108V0H-108Z"),
    cut(Light, "M-108-130H108L0-44Z"),
    disc(Second, (0, -52), 19),
];

pub(in super::super) const CALENDAR: Thing = &[
    cut(Paper, "M-100-190H100V0H-100Z"),
    cut(Second, "M-100-190H100V-142H-100Z"),
    line(Night, 9, "M-54-204V-170M54-204V-170"),
    dots(
        Soft,
        14,
        "M-70-112h0M-35-112h0M0-112h0M35-112h0M70-112h0M-70-80h0M-35-80h0M0-80h0M70-80h0M-70-48h0M-35-48h0M0-48h0M35-48h0M70-48h0",
    ),
    disc(Accent, (35, -80), 18),
];

pub(in super::super) const CLOCK: Thing = &[
    disc(Deep, (6, 8), 100),
    disc(Accent, (0, 0), 100),
    disc(Paper, (0, 0), 80),
    line(Soft, 7, "M0-66v8M0 58v8M-66 0h8M58 0h8"),
    line(Night, 9, "M0-46V0L30 20"),
];

pub(in super::super) const GLOBE: Thing = &[
    line(Deep, 11, "M48-212A100 100 0 0 1-62-48"),
    line(Deep, 11, "M0-40V-10"),
    cut(Deep, "M-58 0C-52-18 52-18 58 0Z"),
    disc(Accent, (0, -134), 84),
    cut(
        Light,
        "M-60-176C-30-214 16-214 30-200C34-176 6-176 0-156C-4-136-36-146-52-130C-60-112-76-114-82-124C-82-146-72-164-60-176ZM20-132C46-144 70-136 82-122C76-88 50-64 30-60C24-84 6-104 20-132Z",
    ),
    line(Deep, 3, "M-84-134H84M-72-92H72M-72-176H72M0-218C-50-180-50-88 0-50C50-88 50-180 0-218"),
];

pub(in super::super) const BLOCKS: Thing = &[
    cut(Second, "M-110-90H-20V0H-110Z"),
    disc(Soft, (-65, -45), 26),
    cut(Accent, "M-10-90H80V0H-10Z"),
    cut(Light, "M35-72L64-18H6Z"),
    cut(Deep, "M-62-180H28V-90H-62Z"),
    cut(Bright, "M-42-160H8V-110H-42Z"),
];

/// A set square and a pair of compasses.
pub(in super::super) const SQUARE: Thing = &[
    cut(Second, "M-120 0V-190L90 0ZM-84-34H4L-84-114Z"),
    line(Soft, 4, "M-110-40h12M-110-70h12M-110-100h12M-110-130h12"),
    line(Deep, 9, "M60-180L20-30M60-180L116-34"),
    disc(Accent, (60, -186), 17),
    line(Accent, 6, "M-6 4A110 110 0 0 0 150-20"),
];

pub(in super::super) const FLASK: Thing = &[
    cut(Paper, "M-24-190H24V-112L84-22Q92 0 68 0H-68Q-92 0-84-22L-24-112Z"),
    cut(Second, "M-50-72H50L84-22Q92 0 68 0H-68Q-92 0-84-22Z"),
    cut(Soft, "M-50-72H-26L-58-18Q-66 0-80-4Q-88-10-84-22Z"),
    disc(Paper, (14, -40), 10),
    disc(Paper, (-14, -20), 6),
    disc(Paper, (30, -16), 5),
    line(Deep, 8, "M-32-190H32"),
];

/// A slate with a proof on it.
pub(in super::super) const SLATE: Thing = &[
    cut(Second, "M-172-236H172V0H-172Z"),
    cut(Night, "M-158-222H158V-14H-158Z"),
    line(Light, 5, "M-126-60L-62-178L2-60ZM-62-178V-60M-62-74h14v14"),
    line(Paper, 5, "M40-176H120M40-146H96M40-116H110M40-86H74"),
    cut(Paper, "M90-14h40v-9h-40Z"),
];

pub(in super::super) const NEWSPAPER: Thing = &[
    cut(Deep, "M-110-230H130V16H-110Z"),
    cut(Paper, "M-124-242H116V4H-124Z"),
    cut(Night, "M-104-222H96V-192H-104Z"),
    line(Accent, 4, "M-104-180H96"),
    cut(Second, "M-104-168H4V-82H-104Z"),
    cut(Soft, "M-104-82L-64-130L-38-104L-18-124L4-82Z"),
    line(
        Light,
        6,
        "M18-162H96M18-146H96M18-130H96M18-114H96M18-98H80M-104-62H-14M-104-46H-14M-104-30H-14M-104-14H-50M6-62H96M6-46H96M6-30H96M6-14H60",
    ),
];
