//! Plants, weather, animals.

use super::super::canvas::{Thing, cut, disc, line};
use super::super::ink::Ink::{Accent, Bright, Deep, Light, Night, Paper, Second, Soft};

pub(in super::super) const LEAF: Thing = &[
    cut(Accent, "M0 0C-58-44-58-116 0-170C58-116 58-44 0 0Z"),
    cut(Deep, "M0 0V-170C58-116 58-44 0 0Z"),
    line(Light, 4, "M0 20V-140M0-40L-30-70M0-76L-28-104M0-40L30-70M0-76L28-104"),
];

pub(in super::super) const SPRIG: Thing = &[
    line(Deep, 6, "M0 0C6-70-6-130 4-200"),
    cut(
        Accent,
        "M2-40C-40-36-64-60-68-88C-36-92-8-72 2-40ZM0-96C-40-92-62-116-66-144C-34-148-8-128 0-96ZM0-150C-34-148-50-172-52-194C-24-196-4-178 0-150Z",
    ),
    cut(
        Bright,
        "M2-64C42-60 66-84 70-112C38-116 10-96 2-64ZM0-122C40-118 62-142 66-170C34-174 6-154 0-122ZM4-190C-16-210-14-236 6-252C24-234 22-210 4-190Z",
    ),
];

pub(in super::super) const SPROUT: Thing = &[
    line(Deep, 10, "M0 0C0-40-4-70 0-104"),
    cut(Bright, "M0-100C-14-150-64-162-102-150C-96-104-50-84 0-100Z"),
    cut(Accent, "M0-84C8-140 62-160 106-146C102-98 54-68 0-84Z"),
    line(Deep, 4, "M0-100Q-40-112-72-134M0-84Q40-100 74-126"),
];

pub(in super::super) const TREE: Thing = &[
    line(Deep, 14, "M0 0V-120M0-60L32-98M0-84L-28-116"),
    disc(Accent, (0, -164), 82),
    cut(
        Bright,
        "M-58-222A82 82 0 0 0-58-106A120 120 0 0 1-58-222ZM-58-222A82 82 0 0 1 30-240A110 110 0 0 0-58-106A82 82 0 0 1-58-222Z",
    ),
    line(Deep, 10, "M0-60V-160M0-110L34-146M0-130L-30-160"),
];

pub(in super::super) const PINE: Thing = &[
    line(Deep, 14, "M0 0V-40"),
    cut(Accent, "M-74-24L0-130L74-24ZM-58-90L0-184L58-90ZM-42-148L0-232L42-148Z"),
    cut(Deep, "M0-24V-232L42-148H22L58-90H34L74-24Z"),
];

pub(in super::super) const PALM: Thing = &[
    line(Deep, 15, "M0 0C-6-90 6-150 26-212"),
    cut(
        Accent,
        "M26-212C-20-256-84-244-108-196C-66-212-20-210 26-212ZM26-212C62-268 126-262 154-212C110-224 66-220 26-212ZM26-212C-6-200-50-170-62-116C-34-156-4-190 26-212ZM26-212C66-200 104-166 110-112C86-152 56-184 26-212Z",
    ),
    cut(
        Bright,
        "M26-212C12-258-34-284-76-268C-40-254-2-236 26-212ZM26-212C30-262 74-290 114-278C80-262 50-240 26-212Z",
    ),
    disc(Second, (16, -198), 11),
    disc(Second, (36, -196), 11),
];

pub(in super::super) const PLANT: Thing = &[
    line(Deep, 6, "M0-70V-170M0-80C-10-120-40-140-60-150M0-80C10-120 40-136 62-146"),
    cut(Accent, "M0-120C-40-160-36-220 0-262C36-220 40-160 0-120Z"),
    cut(Bright, "M-16-110C-64-104-104-140-110-190C-60-192-22-160-16-110Z"),
    cut(Deep, "M16-106C64-100 106-134 114-184C64-188 22-156 16-106Z"),
    cut(Second, "M-56-84H56L42 0H-42Z"),
    cut(Soft, "M-56-84H-20L-18 0H-42Z"),
    cut(Second, "M-64-96H64V-76H-64Z"),
];

pub(in super::super) const FLOWER: Thing = &[
    line(Deep, 8, "M0 0C6-50-6-90 0-130"),
    cut(
        Accent,
        "M2-30C30-70 62-70 84-62C74-30 40-14 2-30ZM0-50C-24-86-52-88-74-80C-66-48-34-34 0-50Z",
    ),
    cut(
        Second,
        "M0-150C-60-140-64-200-18-188C-44-240 18-252 14-202C54-236 88-182 38-172C84-144 36-100 12-140C2-96-50-116-18-152Z",
    ),
    disc(Paper, (6, -168), 20),
    disc(Bright, (6, -168), 11),
];

pub(in super::super) const CLOUD: Thing =
    &[cut(Paper, "M-86 0a32 32 0 0 1 6-63a50 50 0 0 1 92-18a40 40 0 0 1 62 30a26 26 0 0 1 8 51Z")];

pub(in super::super) const MOUNTAINS: Thing = &[
    cut(Accent, "M-260 0L-110-200L-50-120L0-170L120 0Z"),
    cut(Deep, "M-110-200L-50-120L0-170L120 0H-40L-90-90Z"),
    cut(Paper, "M-110-200L-143-156L-120-140L-104-156L-84-134L-80-160Z"),
    cut(Second, "M-60 0L120-150L300 0Z"),
    cut(Soft, "M120-150L66-105L-60 0H60L110-70Z"),
];

pub(in super::super) const BOAT: Thing = &[
    line(Deep, 7, "M0-20V-220"),
    cut(Paper, "M8-214C70-170 96-110 100-56H8Z"),
    cut(Second, "M-8-196C-44-150-70-110-84-56H-8Z"),
    cut(Accent, "M-120-40H124C112-12 92 0 66 0H-64C-92 0-110-14-120-40Z"),
    cut(Deep, "M40-40H124C112-12 92 0 66 0H-10C20-8 36-20 40-40Z"),
];

pub(in super::super) const DOG: Thing = &[
    cut(
        Accent,
        "M-70 0C-110-2-120-34-104-52C-100-34-92-26-80-24C-84-74-50-104-18-126C-16-160 2-186 30-188C62-190 76-172 96-164C112-160 112-140 98-134C84-128 66-128 58-122C66-90 62-50 62-14L76 0H34L28-50C20-26 10-10 14 0Z",
    ),
    cut(Deep, "M28-184C4-192-26-170-24-124C-14-110 2-118 10-134C20-152 24-166 28-184Z"),
    disc(Paper, (54, -164), 5),
    disc(Night, (104, -152), 9),
    line(Second, 11, "M-14-112Q20-92 58-112"),
];

pub(in super::super) const BIRD: Thing = &[
    cut(
        Second,
        "M-90-10C-60-30-40-66 0-66C34-66 48-44 72-44L56-28C52 10 10 24-24 18C-50 14-64-2-90-10Z",
    ),
    cut(Deep, "M-30-20C-6-50 26-40 34-24C14 4-10 4-30-20Z"),
    disc(Night, (44, -42), 5),
    line(Deep, 5, "M-4 18V44M16 16V44"),
];

pub(in super::super) const BICYCLE: Thing = &[
    line(
        Night,
        8,
        "M-158-58a58 58 0 1 0 116 0a58 58 0 1 0-116 0ZM42-58a58 58 0 1 0 116 0a58 58 0 1 0-116 0Z",
    ),
    line(Accent, 10, "M-100-58L-50-142H52L4-58ZM-62-166L-50-142L4-58M100-58L46-166"),
    line(Night, 10, "M-88-168H-38M46-166C40-184 56-190 76-182"),
    disc(Second, (4, -58), 16),
    disc(Night, (-100, -58), 8),
    disc(Night, (100, -58), 8),
];

pub(in super::super) const CAN: Thing = &[
    line(Second, 14, "M-60-40C-130-50-120-140-50-124"),
    line(Deep, 16, "M60-30L128-126"),
    cut(Deep, "M104-142L152-108L160-140L128-162Z"),
    cut(Second, "M-64-140H66V0H-64Z"),
    cut(Soft, "M-64-140H-30V0H-64Z"),
    line(Second, 10, "M-40-140C-30-186 30-186 40-140"),
];
