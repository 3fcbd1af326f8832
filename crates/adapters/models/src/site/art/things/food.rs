//! What is baked and cooked.

use super::super::canvas::{Thing, cut, disc, line};
use super::super::ink::Ink::{Accent, Bright, Deep, Light, Night, Paper, Second, Soft};

pub(in super::super) const LOAF: Thing = &[
    cut(
        Accent,
        "M-112-34C-112-82-62-106 0-106S112-82 112-34C112-8 94 0 72 0H-72C-94 0-112-8-112-34Z",
    ),
    cut(Deep, "M-111-42C-90-20-40-14 0-14S90-20 111-42C116-8 94 0 72 0H-72C-94 0-116-8-111-42Z"),
    cut(
        Paper,
        "M-76-44C-74-72-58-90-40-96C-42-76-54-54-76-44ZM-20-40C-20-74-4-98 16-103C14-78 4-54-20-40ZM36-40C38-68 56-88 74-91C72-72 60-50 36-40Z",
    ),
];

/// A round loaf from above.
pub(in super::super) const BOULE: Thing = &[
    disc(Accent, (0, 0), 98),
    cut(Deep, "M69-69A98 98 0 0 1-69 69A120 120 0 0 0 69-69Z"),
    line(Paper, 10, "M-42-54Q0-36 42-54M-42 54Q0 36 42 54M-54-42Q-36 0-54 42M54-42Q36 0 54 42"),
    line(Light, 5, "M-76-30A82 82 0 0 1-30-76"),
];

pub(in super::super) const BAGUETTE: Thing = &[
    cut(
        Bright,
        "M-150 0C-150-22-116-29-86-29H86C116-29 150-22 150 0S116 29 86 29H-86C-116 29-150 22-150 0Z",
    ),
    cut(Accent, "M-149 4C-110 16 110 16 149 4C144 23 115 29 86 29H-86C-115 29-144 23-149 4Z"),
    cut(
        Paper,
        "M-112 8c6-20 22-28 42-30c-6 14-22 26-42 30ZM-60 8c6-20 22-28 42-30c-6 14-22 26-42 30ZM-8 8c6-20 22-28 42-30c-6 14-22 26-42 30ZM44 8c6-20 22-28 42-30c-6 14-22 26-42 30Z",
    ),
];

pub(in super::super) const CROISSANT: Thing = &[
    cut(
        Bright,
        "M-110 34C-128-34-70-92 0-92S128-34 110 34C104 48 88 46 84 32C74-2 42-20 0-20S-74-2-84 32C-88 46-104 48-110 34Z",
    ),
    cut(
        Accent,
        "M-38-86C-54-62-52-40-40-13C-32-17-16-20 0-20S32-17 40-13C52-40 54-62 38-86C14-94-14-94-38-86Z",
    ),
    cut(
        Accent,
        "M-104-20C-92-4-86 12-84 32C-88 46-104 48-110 34C-114 14-112-4-104-20ZM104-20C92-4 86 12 84 32C88 46 104 48 110 34C114 14 112-4 104-20Z",
    ),
    line(
        Deep,
        6,
        "M-38-86C-54-62-52-40-40-13M38-86C54-62 52-40 40-13M-104-20C-92-4-86 12-84 32M104-20C92-4 86 12 84 32",
    ),
    line(Paper, 6, "M-18-76Q0-80 18-76M-72-56Q-82-46-88-34"),
];

pub(in super::super) const WHEAT: Thing = &[
    line(Accent, 6, "M0 0C0-80 2-140 12-200"),
    cut(
        Accent,
        "M4-88c-26-2-36-18-32-38c20 4 32 18 32 38ZM7-118c-26-2-36-18-32-38c20 4 32 18 32 38ZM10-148c-26-2-36-18-32-38c20 4 32 18 32 38ZM13-178c-26-2-36-18-32-38c20 4 32 18 32 38Z",
    ),
    cut(
        Bright,
        "M6-88c26-6 32-24 26-42c-20 8-30 22-26 42ZM9-118c26-6 32-24 26-42c-20 8-30 22-26 42ZM12-148c26-6 32-24 26-42c-20 8-30 22-26 42ZM15-178c26-6 32-24 26-42c-20 8-30 22-26 42ZM14-202c-14-16-12-34 4-48c12 16 10 34-4 48Z",
    ),
];

/// A coiled bun from above.
pub(in super::super) const COIL: Thing = &[
    disc(Accent, (0, 0), 70),
    cut(Deep, "M49-49A70 70 0 0 1-49 49A86 86 0 0 0 49-49Z"),
    line(
        Paper,
        8,
        "M-2-4A10 10 0 0 1-2 16A19 19 0 0 1-2-22A28 28 0 0 1-2 34A37 37 0 0 1-2-40A46 46 0 0 1 40 24",
    ),
];

pub(in super::super) const PRETZEL: Thing = &[
    line(
        Accent,
        26,
        "M-64 66C36 24 86-16 76-56C66-94 12-90 0-46C-12-90-66-94-76-56C-86-16-36 24 64 66",
    ),
    line(Light, 5, "M-70-62C-62-82-28-82-14-52M14-58C28-84 60-82 68-62"),
    line(Paper, 9, "M-40 22v0M-58-6v0M42 20v0M60-8v0M0 4v0"),
];

pub(in super::super) const CAKE: Thing = &[
    cut(Paper, "M-106-52H106V-40H16V-12H54V0H-54V-12H-16V-40H-106Z"),
    cut(Second, "M-80-132H80V-52H-80Z"),
    cut(Soft, "M-80-96H80V-80H-80Z"),
    cut(Paper, "M-80-136H80V-116q-16 30-32 0q-16 22-32 0q-16 30-32 0q-16 20-32 0q-16 30-32 0Z"),
    cut(Accent, "M-50-136a14 14 0 0 1 28 0ZM-14-136a14 14 0 0 1 28 0ZM22-136a14 14 0 0 1 28 0Z"),
];

pub(in super::super) const PIN: Thing = &[
    line(Deep, 20, "M-160 0H160"),
    cut(Second, "M-116-26H116Q124 0 116 26H-116Q-124 0-116-26Z"),
    cut(Soft, "M-116-26H116Q119-16 120-8H-120Q-119-16-116-26Z"),
];

pub(in super::super) const FLOUR: Thing = &[
    cut(Paper, "M-64 0C-76-60-72-104-56-136H56C72-104 76-60 64 0Z"),
    cut(Light, "M18-136H56C72-104 76-60 64 0H30C44-50 40-100 18-136Z"),
    cut(Paper, "M-54-144L-62-176q15-10 31 0t31 0t31 0t31 0L54-144Z"),
    line(Second, 10, "M-56-140H56"),
    disc(Second, (-8, -66), 30),
    line(Paper, 5, "M-8-46V-86M-8-56l-12-12M-8-56l12-12M-8-72l-12-12M-8-72l12-12"),
];

pub(in super::super) const FISH: Thing = &[
    cut(Second, "M-112 0C-70-54 20-60 70-8L118-46C108-16 108 16 118 46L70 8C20 60-70 54-112 0Z"),
    cut(Soft, "M-112 0C-70 20 10 22 70 6L72 10C20 60-70 54-112 0Z"),
    line(
        Paper,
        6,
        "M-58-32Q-40 0-58 30M-24-30q14 12 0 26M-24-2q14 12 0 26M10-26q14 10 0 22M10-4q14 10 0 22M40-14q10 6 0 14",
    ),
    disc(Paper, (-80, -10), 8),
    disc(Night, (-80, -10), 4),
];

/// Half a lemon from above.
pub(in super::super) const LEMON: Thing = &[
    disc(Second, (0, 0), 56),
    disc(Paper, (0, 0), 48),
    cut(
        Soft,
        "M4-4V-42A42 42 0 0 1 34-24ZM4 4L36-18A42 42 0 0 1 36 20ZM2 8L32 28A42 42 0 0 1 4 42ZM-4 6V42A42 42 0 0 1-34 26ZM-6 2L-36 20A42 42 0 0 1-37-18ZM-4-6L-34-25A42 42 0 0 1-4-42Z",
    ),
];

pub(in super::super) const PEAR: Thing = &[
    cut(
        Second,
        "M0 0C-50 0-62-38-52-66C-44-88-28-96-24-122C-20-146 20-146 24-122C28-96 44-88 52-66C62-38 50 0 0 0Z",
    ),
    cut(Soft, "M-40-30C-46-56-22-74-16-104C-10-86-30-62-40-30Z"),
    line(Deep, 7, "M0-138Q0-160 12-168"),
    cut(Accent, "M4-150C14-176 40-180 56-172C48-152 26-144 4-150Z"),
];

pub(in super::super) const APPLE: Thing = &[
    cut(Second, "M0-6C-16 4-60 0-66-52C-70-100-30-114 0-96C30-114 70-100 66-52C60 0 16 4 0-6Z"),
    cut(Soft, "M-50-40C-56-72-40-88-20-90C-40-78-46-62-50-40Z"),
    line(Deep, 7, "M0-94Q-2-112 8-124"),
    cut(Accent, "M4-108C16-132 40-134 52-128C46-110 24-102 4-108Z"),
];

pub(in super::super) const CARROT: Thing = &[
    cut(
        Accent,
        "M0-90C-24-120-50-122-58-150C-30-152-12-130-4-104C-10-136-4-158 2-172C16-150 14-126 6-104C16-132 34-146 60-146C52-120 26-116 4-90Z",
    ),
    cut(Second, "M-28-92C-14-106 14-106 28-92C26-50 12-16 0 14C-12-16-26-50-28-92Z"),
    line(Soft, 5, "M-20-70H0M22-52H4M-12-32H4"),
];
