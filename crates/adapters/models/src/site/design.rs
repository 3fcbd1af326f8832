//! How a site looks: colours whose contrast is right by construction, type, and layout.

use super::brief::Story;

/// Red, green and blue in 0..=255.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rgb(pub(super) [u8; 3]);

impl std::fmt::Display for Rgb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self([red, green, blue]) = self;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// The colours of one mode. Text on any ground it is used on has at least 4.5 to 1, lines of
/// inputs at least 3 to 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Palette {
    pub(super) ground: Rgb,
    pub(super) surface: Rgb,
    pub(super) band: Rgb,
    pub(super) text: Rgb,
    pub(super) muted: Rgb,
    pub(super) line: Rgb,
    pub(super) edge: Rgb,
    pub(super) accent: Rgb,
    pub(super) on_accent: Rgb,
    pub(super) second: Rgb,
}

/// Choices that hold for the whole site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Design {
    pub(super) light: Palette,
    pub(super) dark: Palette,
    pub(super) heading_font: &'static str,
    pub(super) body_font: &'static str,
    /// Which of the layouts in the style sheet.
    pub(super) hero: Hero,
    pub(super) cards: Cards,
    pub(super) header: Header,
    pub(super) radius_px: u8,
    pub(super) art: u8,
    pub(super) third: Third,
    /// Where the home page starts in lists that are longer than it shows.
    pub(super) offset: usize,
    /// Order of the home page's middle sections.
    pub(super) order: [usize; 3],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hero {
    Split,
    Centred,
    Banner,
    Stacked,
}

/// What the home page tells besides topics and idea.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Third {
    Steps,
    Questions,
    Tips,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cards {
    Boxed,
    Ruled,
    Tinted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Header {
    Plain,
    Filled,
    Centred,
}

const FONTS: [(&str, &str); 6] = [
    ("Charter, 'Bitstream Charter', Cambria, serif", "system-ui, 'Segoe UI', sans-serif"),
    ("system-ui, 'Segoe UI', Roboto, sans-serif", "system-ui, 'Segoe UI', Roboto, sans-serif"),
    (
        "'Iowan Old Style', Palatino, 'URW Palladio L', serif",
        "'Iowan Old Style', Palatino, 'URW Palladio L', serif",
    ),
    (
        "Rockwell, 'Rockwell Nova', 'Roboto Slab', 'DejaVu Serif', serif",
        "Seravek, 'Gill Sans Nova', Ubuntu, sans-serif",
    ),
    (
        "Avenir, Montserrat, Corbel, 'URW Gothic', sans-serif",
        "Avenir, Montserrat, Corbel, 'URW Gothic', sans-serif",
    ),
    (
        "ui-monospace, 'Cascadia Code', Menlo, 'DejaVu Sans Mono', monospace",
        "Optima, Candara, 'Noto Sans', sans-serif",
    ),
];
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
const RADII: [u8; 4] = [0, 4, 10, 18];
const SECOND_HUES: [u16; 5] = [30, 60, 150, 180, 210];

/// A stream of numbers that is the same wherever the same seed is given (splitmix64).
#[derive(Debug)]
pub(super) struct Draw(u64);

impl Draw {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`, or 0 if that is 0.
    pub(super) fn below(&mut self, bound: u16) -> u16 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        u16::try_from(mixed % u64::from(bound.max(1))).unwrap_or_default()
    }

    pub(super) fn pick<T: Copy, const N: usize>(&mut self, from: [T; N]) -> T {
        let bound = u16::try_from(N).unwrap_or(u16::MAX);
        from[usize::from(self.below(bound))]
    }
}

impl Design {
    pub(super) fn of(story: &Story) -> Self {
        let mut draw = Draw::new(story.seed);
        let hue = (story.kind.hue() + 360 - 35 + draw.below(71)) % 360;
        let second = (hue + draw.pick(SECOND_HUES)) % 360;
        let saturation = 45 + draw.below(36);
        // Most of these families have Latin letters only.
        let latin = !story.headline.chars().any(|c| c.is_alphabetic() && c > '\u{24f}');
        let chosen = draw.pick(FONTS);
        let (heading_font, body_font) = if latin { chosen } else { FONTS[1] };
        Self {
            light: Palette::light(hue, second, saturation),
            dark: Palette::dark(hue, second, saturation),
            heading_font,
            body_font,
            hero: draw.pick([Hero::Split, Hero::Centred, Hero::Banner, Hero::Stacked]),
            cards: draw.pick([Cards::Boxed, Cards::Ruled, Cards::Tinted]),
            header: draw.pick([Header::Plain, Header::Filled, Header::Centred]),
            radius_px: draw.pick(RADII),
            art: draw.pick([0, 1, 2, 3, 4]),
            third: draw.pick([Third::Steps, Third::Questions, Third::Tips]),
            offset: usize::from(draw.below(6)),
            order: draw.pick(ORDERS),
        }
    }
}

impl Palette {
    fn light(hue: u16, second: u16, saturation: u16) -> Self {
        let ground = hsl(hue, 30, 98);
        let surface = hsl(hue, 20, 100);
        let band = hsl(hue, 35, 94);
        let grounds = [ground, surface, band];
        Self {
            ground,
            surface,
            band,
            text: hsl(hue, 25, 13),
            muted: darkened(hue, 12, 45, &grounds, 480),
            line: hsl(hue, 20, 86),
            edge: darkened(hue, 12, 65, &grounds, 310),
            accent: darkened(hue, saturation, 46, &grounds, 480),
            on_accent: hsl(hue, 20, 100),
            second: darkened(second, saturation, 55, &grounds, 310),
        }
    }

    fn dark(hue: u16, second: u16, saturation: u16) -> Self {
        let ground = hsl(hue, 18, 9);
        let surface = hsl(hue, 16, 13);
        let band = hsl(hue, 18, 16);
        let grounds = [ground, surface, band];
        Self {
            ground,
            surface,
            band,
            text: hsl(hue, 15, 93),
            muted: lightened(hue, 12, 60, &grounds, 480),
            line: hsl(hue, 14, 26),
            edge: lightened(hue, 12, 40, &grounds, 310),
            accent: lightened(hue, saturation, 55, &grounds, 480),
            on_accent: ground,
            second: lightened(second, saturation, 50, &grounds, 310),
        }
    }
}

/// The colour nearest to the lightness `from` that has the contrast (in hundredths) on all.
fn darkened(hue: u16, saturation: u16, from: u16, on: &[Rgb], least: u32) -> Rgb {
    nearest((0..=from).rev().map(|lightness| hsl(hue, saturation, lightness)), on, least)
}

fn lightened(hue: u16, saturation: u16, from: u16, on: &[Rgb], least: u32) -> Rgb {
    nearest((from..=100).map(|lightness| hsl(hue, saturation, lightness)), on, least)
}

fn nearest(colours: impl Iterator<Item = Rgb>, on: &[Rgb], least: u32) -> Rgb {
    let mut found = Rgb([0; 3]);
    for colour in colours {
        found = colour;
        if on.iter().all(|ground| contrast_hundredths(colour, *ground) >= least) {
            break;
        }
    }
    found
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is rounded and clamped to 0..=255"
)]
fn channel(value: f64) -> u8 {
    (value * 255.0).round().clamp(0.0, 255.0) as u8
}

/// Hue in degrees, saturation and lightness in percent.
fn hsl(hue: u16, saturation: u16, lightness: u16) -> Rgb {
    let (saturation, lightness) = (f64::from(saturation) / 100.0, f64::from(lightness) / 100.0);
    let spread = saturation * lightness.min(1.0 - lightness);
    Rgb([0.0, 8.0, 4.0].map(|offset| {
        let place = (offset + f64::from(hue) / 30.0) % 12.0;
        channel(lightness - spread * (place - 3.0).min(9.0 - place).clamp(-1.0, 1.0))
    }))
}

/// The contrast ratio of WCAG 2 in hundredths: 450 is 4.5 to 1.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the ratio is between 1 and 21"
)]
pub(super) fn contrast_hundredths(one: Rgb, other: Rgb) -> u32 {
    let (one, other) = (luminance(one), luminance(other));
    ((one.max(other) + 0.05) / (one.min(other) + 0.05) * 100.0) as u32
}

fn luminance(Rgb(channels): Rgb) -> f64 {
    let [red, green, blue] = channels.map(|channel| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_measured_as_wcag_does() {
        assert_eq!(contrast_hundredths(Rgb([0; 3]), Rgb([255; 3])), 2100);
        assert_eq!(contrast_hundredths(Rgb([0x77; 3]), Rgb([255; 3])), 447);
        assert_eq!(hsl(0, 100, 50), Rgb([255, 0, 0]));
        assert_eq!(hsl(210, 50, 40).to_string(), "#336699");
    }

    #[test]
    fn every_palette_is_readable() {
        for hue in (0..360).step_by(3) {
            for saturation in [45, 60, 80] {
                for palette in [
                    Palette::light(hue, (hue + 150) % 360, saturation),
                    Palette::dark(hue, (hue + 150) % 360, saturation),
                ] {
                    for ground in [palette.ground, palette.surface, palette.band] {
                        for text in [palette.text, palette.muted, palette.accent] {
                            assert!(contrast_hundredths(text, ground) >= 450, "{palette:?}");
                        }
                        for shape in [palette.edge, palette.second] {
                            assert!(contrast_hundredths(shape, ground) >= 300, "{palette:?}");
                        }
                    }
                    let on_accent = contrast_hundredths(palette.on_accent, palette.accent);
                    assert!(on_accent >= 450, "{palette:?}");
                }
            }
        }
    }
}
