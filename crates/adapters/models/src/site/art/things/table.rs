//! What stands on tables and hangs in kitchens.

use super::super::canvas::{Thing, cut, disc, line};
use super::super::ink::Ink::{Accent, Bright, Deep, Light, Night, Paper, Second, Soft, Tint};

/// From above.
pub(in super::super) const PLATE: Thing = &[
    disc(Deep, (7, 9), 122),
    disc(Paper, (0, 0), 122),
    line(Light, 4, "M-86 0a86 86 0 1 0 172 0a86 86 0 1 0-172 0Z"),
];

/// Leaves and seeds as they lie on a plate.
pub(in super::super) const SALAD: Thing = &[
    cut(Accent, "M-60 20C-70-30-30-62 6-58C0-20-20 18-60 20Z"),
    cut(Bright, "M-14 40C-4-10 40-30 70-16C66 20 30 48-14 40Z"),
    cut(Deep, "M-44 44C-34 16-6 8 14 18C8 44-20 56-44 44Z"),
    line(Paper, 4, "M-50 12L-6-46M0 34L56-10M-34 40L4 24"),
    disc(Second, (34, -40), 17),
    disc(Second, (-22, -12), 13),
    disc(Soft, (30, -44), 6),
    disc(Second, (58, 26), 9),
];

pub(in super::super) const FORK: Thing = &[
    line(Paper, 11, "M0 110V0"),
    line(Paper, 7, "M-22-96V-44C-22-18-10-6 0-2C10-6 22-18 22-44V-96M0-96V0"),
];

pub(in super::super) const KNIFE: Thing =
    &[line(Paper, 12, "M0 108V20"), cut(Paper, "M-8 20V-104C14-92 18-40 14 20Z")];

pub(in super::super) const SPOON: Thing = &[
    line(Paper, 11, "M0 110V-30"),
    cut(Paper, "M0-24C-32-32-34-108 0-108S32-32 0-24Z"),
    cut(Tint, "M0-40C-20-46-20-94 0-96C-8-80-8-56 0-40Z"),
];

pub(in super::super) const GLASS: Thing = &[
    line(Paper, 7, "M0-6V-84"),
    cut(Paper, "M-38 0C-30-10-8-8 0-14C8-8 30-10 38 0Z"),
    cut(Paper, "M-42-190H42C52-126 34-82 0-82S-52-126-42-190Z"),
    cut(Second, "M-46-146H46C44-106 26-88 0-88S-44-106-46-146Z"),
    cut(Soft, "M-46-146H-24C-26-122-22-104-14-92C-34-100-45-120-46-146Z"),
];

pub(in super::super) const BOTTLE: Thing = &[
    cut(Deep, "M-34 0V-124C-34-152-13-156-13-180V-226H13V-180C13-156 34-152 34-124V0Z"),
    cut(Accent, "M-34 0V-124C-34-152-13-156-13-180V-226H-4V-180C-4-150-20-150-20-120V0Z"),
    cut(Second, "M-15-232H15V-206H-15Z"),
    cut(Paper, "M-34-104H34V-34H-34Z"),
    disc(Second, (0, -69), 17),
];

/// A pan from above, its handle to the lower right.
pub(in super::super) const PAN: Thing = &[
    line(Night, 26, "M70 70L190 190"),
    disc(Night, (0, 0), 108),
    disc(Deep, (0, 0), 90),
    cut(
        Paper,
        "M-50-30C-40-70 20-66 34-40C66-36 70 14 40 26C20 60-40 56-44 26C-70 20-70-16-50-30Z",
    ),
    disc(Second, (-4, -4), 26),
    disc(Soft, (-12, -12), 7),
];

pub(in super::super) const POT: Thing = &[
    line(Deep, 14, "M-112-60H112"),
    cut(Accent, "M-88-92H88V-26C88-8 76 0 62 0H-62C-76 0-88-8-88-26Z"),
    cut(Deep, "M40-92H88V-26C88-8 76 0 62 0H20C36-20 42-50 40-92Z"),
    cut(Bright, "M-96-92C-84-122-40-130 0-130S84-122 96-92Z"),
    disc(Deep, (0, -138), 13),
];

pub(in super::super) const BOWL: Thing = &[
    cut(Second, "M-96-84H96C94-26 54 0 0 0S-94-26-96-84Z"),
    cut(Soft, "M-96-84H-50C-48-40-30-16-6 0C-60 0-94-30-96-84Z"),
    cut(Paper, "M-104-94H104V-80H-104Z"),
];

pub(in super::super) const CUP: Thing = &[
    cut(Second, "M-96-4H96C86 16 60 18 40 18H-40C-60 18-86 16-96-4Z"),
    line(Paper, 13, "M54-82C98-88 98-30 46-34"),
    cut(Paper, "M-58-100H58V-48C58-16 36-4 14-4H-14C-36-4-58-16-58-48Z"),
    cut(Light, "M20-100H58V-48C58-16 36-4 14-4H0C24-30 26-60 20-100Z"),
    line(Soft, 8, "M-22-122c-16-20 14-32 0-56M14-122c-16-20 14-32 0-56"),
];

/// Coffee from above.
pub(in super::super) const COFFEE: Thing = &[
    disc(Deep, (6, 8), 92),
    disc(Paper, (0, 0), 92),
    disc(Light, (0, 0), 66),
    line(Paper, 16, "M48-30L86-58"),
    disc(Paper, (0, 0), 58),
    disc(Deep, (0, 0), 47),
    cut(Soft, "M0 30C-34 8-30-22-10-20C-4-20 0-14 0-8C0-14 4-20 10-20C30-22 34 8 0 30Z"),
];

/// A hanging lamp; its flex goes up and out of the picture.
pub(in super::super) const PENDANT: Thing = &[
    line(Night, 4, "M0-60V-400"),
    disc(Soft, (0, -2), 22),
    cut(Second, "M-74 0C-74-48-40-72-12-72V-88H12V-72C40-72 74-48 74 0Z"),
    cut(Soft, "M-62-8C-60-44-36-60-14-64C-36-50-44-34-46-8Z"),
];

pub(in super::super) const CHAIR: Thing = &[
    line(Deep, 9, "M-40 0L-32-92M40 0L32-92M-32-92V-192M32-92V-192M-37-36H37"),
    cut(Accent, "M-44-104H44L40-84H-40Z"),
    cut(Accent, "M-38-200Q0-214 38-200V-158Q0-170-38-158Z"),
    cut(Bright, "M-34-140H34V-124H-34Z"),
];

pub(in super::super) const TABLE: Thing = &[
    line(Deep, 12, "M0-100V-6M-54 0Q0-22 54 0"),
    cut(Paper, "M-140-116H140L150-62q-25 22-50 0t-50 0t-50 0t-50 0t-50 0t-50 0Z"),
    cut(Light, "M60-116H140L150-62q-25 22-50 0t-30 2Z"),
];

pub(in super::super) const TOMATO: Thing = &[
    disc(Second, (0, 0), 60),
    cut(Soft, "M-44-20C-40-40-26-48-10-50C-28-40-36-30-44-20Z"),
    cut(Accent, "M0-20L-12-52L-36-40L-14-62L-26-84L2-68L28-84L18-60L40-42L12-52Z"),
];
