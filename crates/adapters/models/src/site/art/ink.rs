//! The inks that pictures are printed in, and the style rules that name them.

use super::super::design::{Palette, Rgb};

/// A colour of the print. Each keeps its part by day and by night: paper is always light, deep
/// and night always dark, so that a thing stands out from what lies under it in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Ink {
    /// The usual ground of a picture.
    Pale,
    /// The other ground.
    Tint,
    /// White of pages, plates and cups.
    Paper,
    /// A light shade of the accent.
    Light,
    Accent,
    /// Light where it covers much: it darkens at night.
    Mist,
    /// The accent at its most vivid.
    Bright,
    /// The accent in shadow.
    Deep,
    Second,
    /// A light shade of the second colour.
    Soft,
    /// Soft where it covers much.
    Haze,
    /// The darkest; for details on other inks, or as a ground.
    Night,
}

use Ink::{Accent, Bright, Deep, Haze, Light, Mist, Night, Pale, Paper, Second, Soft, Tint};

const ALL: [Ink; 12] =
    [Pale, Tint, Paper, Light, Mist, Accent, Bright, Deep, Second, Soft, Haze, Night];

/// What all pictures share; a turned one is printed with the two families of colours swapped.
const RULES: &str = ".art [stroke-width] { fill: none; stroke-linecap: round; stroke-linejoin: round; }\n\
    .art .dots { stroke-dasharray: 0 14; }\n\
    .art.turned { --l: var(--m0); --m: var(--l0); --a: var(--b0); --b: var(--a0); --g: var(--h0); \
    --h: var(--g0); --w: var(--y0); --y: var(--w0); }\n";

impl Ink {
    /// The class of shapes filled with it.
    pub(super) const fn fill(self) -> &'static str {
        match self {
            Pale => "g",
            Tint => "h",
            Paper => "p",
            Light => "l",
            Mist => "w",
            Haze => "y",
            Accent => "a",
            Bright => "o",
            Deep => "n",
            Second => "b",
            Soft => "m",
            Night => "x",
        }
    }

    /// The class of lines drawn with it.
    pub(super) const fn line(self) -> &'static str {
        match self {
            Pale => "G",
            Tint => "H",
            Paper => "P",
            Light => "L",
            Mist => "W",
            Haze => "Y",
            Accent => "A",
            Bright => "O",
            Deep => "N",
            Second => "B",
            Soft => "M",
            Night => "X",
        }
    }

    /// The class of rows of dots printed with it.
    pub(super) const fn dots(self) -> &'static str {
        match self {
            Pale => "G dots",
            Tint => "H dots",
            Paper => "P dots",
            Light => "L dots",
            Mist => "W dots",
            Haze => "Y dots",
            Accent => "A dots",
            Bright => "O dots",
            Deep => "N dots",
            Second => "B dots",
            Soft => "M dots",
            Night => "X dots",
        }
    }

    /// The ink of a field as large as the picture.
    pub(super) const fn field(self) -> Self {
        match self {
            Light => Mist,
            Soft => Haze,
            other => other,
        }
    }

    /// Its colour under `palette`.
    pub(super) fn of(self, palette: &Palette) -> Rgb {
        let Palette { ground, surface, band, accent, second, pop, .. } = palette;
        let by_day = ground.0.iter().map(|channel| u16::from(*channel)).sum::<u16>() > 0x180;
        match (self, by_day) {
            (Pale, true) => band.towards(*pop, 20),
            (Pale, false) => band.towards(*pop, 13),
            (Tint, true) => band.towards(*second, 30),
            (Tint, false) => band.towards(*second, 20),
            (Paper, true) => surface.towards(*pop, 3),
            (Paper, false) => WHITE.towards(*accent, 14).towards(BLACK, 5),
            (Light | Mist, true) => pop.towards(*accent, 30).towards(*surface, 58),
            (Light, false) => accent.towards(WHITE, 42),
            (Mist, false) => ground.towards(*accent, 30),
            (Haze, false) => ground.towards(*second, 34),
            (Accent, _) => *accent,
            (Bright, _) => pop.towards(*accent, 35),
            (Deep, true) => accent.towards(BLACK, 42),
            (Deep, false) => accent.towards(*ground, 50),
            (Second, _) => second.towards(*accent, 15),
            (Soft | Haze, true) => second.towards(*accent, 15).towards(*surface, 58),
            (Soft, false) => second.towards(WHITE, 42),
            (Night, true) => accent.towards(BLACK, 78),
            (Night, false) => ground.towards(BLACK, 45),
        }
    }
}

const WHITE: Rgb = Rgb([255; 3]);
const BLACK: Rgb = Rgb([0; 3]);

impl Rgb {
    /// The colour `percent` of the way to `other`.
    fn towards(self, other: Self, percent: u16) -> Self {
        let mut mixed = self;
        for (one, two) in mixed.0.iter_mut().zip(other.0) {
            let sum = u16::from(*one) * (100 - percent) + u16::from(two) * percent;
            *one = u8::try_from(sum / 100).unwrap_or(u8::MAX);
        }
        mixed
    }
}

/// Declarations of the inks under `palette`.
pub(in super::super) fn inks(palette: &Palette) -> String {
    let declared = ALL.map(|ink| format!("--{}0:{};", ink.fill(), ink.of(palette)));
    format!("{}\n", declared.concat())
}

/// The rules that pictures need.
pub(in super::super) fn style() -> String {
    let own = ALL.map(|ink| format!("--{0}:var(--{0}0);", ink.fill()));
    let rules = ALL.map(|ink| {
        let (fill, line) = (ink.fill(), ink.line());
        format!(
            ".art .{fill} {{ fill: var(--{fill}) }}\n.art .{line} {{ stroke: var(--{fill}) }}\n"
        )
    });
    format!(".art {{ {} }}\n{}{RULES}", own.concat(), rules.concat())
}
