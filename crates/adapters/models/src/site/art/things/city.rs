//! Houses and streets.

use super::super::canvas::{Thing, cut, disc, line};
use super::super::ink::Ink::{Accent, Bright, Deep, Light, Night, Paper, Second, Soft, Tint};

pub(in super::super) const HOUSE: Thing = &[
    cut(Deep, "M46-210H76V-150H46Z"),
    cut(Paper, "M-96-124H96V0H-96Z"),
    cut(Light, "M30-124H96V0H30Z"),
    cut(Second, "M-120-116L0-216L120-116Z"),
    cut(Deep, "M-28 0V-60a28 28 0 0 1 56 0V0Z"),
    cut(Accent, "M-80-96H-46V-56H-80ZM48-96H82V-56H48Z"),
    disc(Soft, (0, -150), 20),
];

/// A narrow gabled house, 130 wide and 300 high.
pub(in super::super) const GABLE: Thing = &[
    cut(Second, "M-65 0V-220L-44-220V-248H-22V-276H22V-248H44V-220H65V0Z"),
    cut(
        Paper,
        "M-44-198h24v44h-24ZM-12-198h24v44h-24ZM20-198h24v44h-24ZM-44-132h24v44h-24ZM20-132h24v44h-24Z",
    ),
    cut(Bright, "M-12-132h24v44h-24ZM-12-252h24v26h-24Z"),
    cut(Deep, "M-44-62h36V0h-36ZM8-62h36v36h-36Z"),
];

/// A tall house with shutters, 150 wide and 290 high.
pub(in super::super) const TENEMENT: Thing = &[
    cut(Accent, "M-75 0V-270H75V0Z"),
    cut(Deep, "M-84-284H84V-266H-84ZM30-266H75V0H30Z"),
    cut(Light, "M-52-240h30v52h-30ZM22-240h30v52h-30ZM-52-160h30v52h-30Z"),
    cut(Paper, "M22-160h30v52h-30Z"),
    line(Night, 4, "M-60-186H-14M14-186H60M-60-106H-14M14-106H60"),
    cut(Night, "M-24 0V-64a24 24 0 0 1 48 0V0Z"),
    cut(Paper, "M-62-70h28v34h-28ZM34-70h28v34h-28Z"),
];

/// A villa under a flat roof, 200 wide and 190 high.
pub(in super::super) const VILLA: Thing = &[
    cut(Paper, "M-100-120H100V0H-100Z"),
    cut(Light, "M20-120H100V0H20Z"),
    cut(Deep, "M-112-134H112V-116H-112Z"),
    cut(Paper, "M-70-190H40V-134H-70Z"),
    cut(Deep, "M-80-202H50V-188H-80Z"),
    cut(Second, "M-84-96H-10V0H-84ZM-54-176H20V-146H-54Z"),
    cut(Accent, "M40-96H80V-40H40Z"),
    line(Paper, 4, "M-47-96V0M-17-176V-146M60-96V-40"),
];

/// A block with lit windows, 130 wide and 330 high.
pub(in super::super) const TOWER: Thing = &[
    cut(Deep, "M-65 0V-330H65V0Z"),
    cut(
        Bright,
        "M-48-306h20v26h-20ZM28-306h20v26h-20ZM-10-264h20v26h-20ZM-48-222h20v26h-20ZM28-180h20v26h-20ZM-10-180h20v26h-20ZM-48-138h20v26h-20ZM28-96h20v26h-20Z",
    ),
    cut(
        Accent,
        "M-10-306h20v26h-20ZM-48-264h20v26h-20ZM28-264h20v26h-20ZM-10-222h20v26h-20ZM28-222h20v26h-20ZM-48-180h20v26h-20ZM-10-138h20v26h-20ZM28-138h20v26h-20ZM-48-96h20v26h-20ZM-10-96h20v26h-20Z",
    ),
    cut(Night, "M-18 0V-48H18V0Z"),
];

pub(in super::super) const DOOR: Thing = &[
    cut(Paper, "M-92 0V-180a92 92 0 0 1 184 0V0Z"),
    cut(Deep, "M-74 0V-180a74 74 0 0 1 148 0V0Z"),
    cut(Accent, "M-74 0V-176H74V0Z"),
    cut(Light, "M-8-186V-244A66 66 0 0 0-64-186ZM8-186V-244A66 66 0 0 1 64-186Z"),
    line(
        Deep,
        6,
        "M0 0V-176M-58-156h42v60h-42ZM16-156h42v60h-42ZM-58-76h42v56h-42ZM16-76h42v56h-42Z",
    ),
    disc(Second, (-10, -86), 7),
    disc(Second, (10, -86), 7),
    cut(Tint, "M-110 0H110V14H-110Z"),
];

pub(in super::super) const KEY: Thing = &[
    cut(Second, "M0-118a52 52 0 1 1-.1 0ZM0-90a24 24 0 1 0 .1 0Z"),
    cut(Second, "M-11-20H11V130H-11ZM11 60H46V84H11ZM11 98H36V122H11Z"),
    cut(Soft, "M-11-12H-3V130H-11Z"),
];

/// A paper tag on a string; goes with a key.
pub(in super::super) const TAG: Thing = &[
    line(Deep, 5, "M0 0C-30 20-40 40-30 66"),
    cut(Paper, "M-62 88L-30 60L2 88V176H-62Z"),
    disc(Accent, (-30, 86), 7),
    line(Soft, 6, "M-48 118H-12M-48 138H-12"),
];

/// What lies on columns, as wide as the sheet.
pub(in super::super) const BEAM: Thing = &[
    cut(Paper, "M-480-60H480V0H-480Z"),
    cut(Light, "M-480-60H480V-44H-480ZM-480-14H480V0H-480Z"),
    cut(
        Second,
        "M-450-38h10v18h-10ZM-322-38h10v18h-10ZM-194-38h10v18h-10ZM-66-38h10v18h-10ZM62-38h10v18h-10ZM190-38h10v18h-10ZM318-38h10v18h-10ZM440-38h10v18h-10Z",
    ),
    cut(Deep, "M-480-160H480V-60H-480Z"),
];

/// A floor plan.
pub(in super::super) const PLAN: Thing = &[
    cut(Deep, "M-134-118H150V134H-134Z"),
    cut(Paper, "M-146-130H138V122H-146Z"),
    cut(Tint, "M-120-104H-10V10H-120Z"),
    cut(Soft, "M6 26H114V98H6Z"),
    line(
        Accent,
        9,
        "M-60-104H114V98H-30M-70 98H-120V-104H-94M-2-104V-46M-2-12V98M-120 18H-74M-36 18H54M90 18H114",
    ),
    line(Second, 4, "M-70 98A40 40 0 0 1-30 58V98M-74 18A38 38 0 0 0-36 56"),
    line(Light, 5, "M30-80H88V-40H30ZM-104-80H-70V-30H-104ZM40 48H84V80H40Z"),
];

/// Steps that climb to the right, 240 wide.
pub(in super::super) const STAIRS: Thing = &[
    cut(Accent, "M-130 0V-40H-82V-80H-34V-120H14V-160H62V-200H130V0Z"),
    cut(
        Light,
        "M-130-40H-82V-32H-130ZM-82-80H-34V-72H-82ZM-34-120H14V-112H-34ZM14-160H62V-152H14ZM62-200H130V-192H62Z",
    ),
    cut(Deep, "M-90-32H-82V-80H-90ZM-42-72H-34V-120H-42ZM6-112H14V-160H6ZM54-152H62V-200H54Z"),
    line(Second, 8, "M-106-40V-120L86-280V-200M-58-80V-160M-10-120V-200M38-160V-240"),
];

pub(in super::super) const BRIDGE: Thing = &[
    cut(
        Accent,
        "M-300-90Q0-160 300-90V0H220A70 70 0 0 0 80 0H70A70 70 0 0 0-70 0H-80A70 70 0 0 0-220 0H-300Z",
    ),
    cut(Deep, "M-300-90Q0-160 300-90V-74Q0-144-300-74Z"),
    line(Light, 5, "M-292-56h40M-46-96h40M-10-84h36M256-52h30M-160-86h30M120-92h40"),
];

pub(in super::super) const LIGHTHOUSE: Thing = &[
    cut(Soft, "M30-222L330-290V-150Z"),
    cut(Paper, "M-40 0L-26-196H26L40 0Z"),
    cut(Second, "M-37-40L-34-84H34L37-40ZM-31-124L-29-164H29L31-124Z"),
    cut(Deep, "M-36-210H36V-196H-36ZM-22-246H22V-210H-22Z"),
    cut(Bright, "M-12-240H12V-212H-12Z"),
    cut(Second, "M-28-246L0-274L28-246Z"),
];

pub(in super::super) const SIGNPOST: Thing = &[
    line(Deep, 12, "M0 0V-230"),
    cut(Second, "M-20-210H84L116-186L84-162H-20Z"),
    cut(Accent, "M20-146H-80L-112-122L-80-98H20Z"),
    line(Paper, 6, "M6-186H70M-66-122H4"),
];
