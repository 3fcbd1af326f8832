//! How a site looks: colours whose contrast is right by construction, type, and composition.

use super::brief::Story;
use super::colour::{Colour, Colours, Shade};
use super::layout::{Layout, Theme};

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
    /// A vivid ground, with dark text on it.
    pub(super) pop: Rgb,
    pub(super) on_pop: Rgb,
}

/// Choices that hold for the whole site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Design {
    pub(super) theme: Theme,
    pub(super) light: Palette,
    pub(super) dark: Palette,
    /// Whether the script of the page bears wide or tight setting and small capitals.
    pub(super) script: Script,
    pub(super) finish: Finish,
    pub(super) setting: Setting,
}

/// What tells two sites of one theme apart at first sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finish {
    /// As the theme has it.
    Plain,
    /// Paper in a tint of the accent.
    Tinted,
    /// The first screen on a ground of the accent.
    Flood,
}

/// How the first screen sets words and picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting {
    /// As the theme has it.
    Own,
    /// Beside each other.
    Split,
}

/// What may be done to letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    /// Letters that stand alone and have capitals.
    Latin,
    /// All others.
    Other,
}

/// How strong the colours of a theme are; all in percent.
#[derive(Debug, Clone, Copy)]
struct Tone {
    /// Turns of the ground's hue towards warm paper: its own hue where there is one.
    paper: Option<u16>,
    ground: (u16, u16),
    band: (u16, u16),
    accent: (u16, u16),
    night: (u16, u16),
}

impl Theme {
    const fn tone(self) -> Tone {
        match self {
            Self::Editorial => Tone {
                paper: Some(42),
                ground: (30, 97),
                band: (28, 93),
                accent: (62, 38),
                night: (12, 9),
            },
            Self::Craft => Tone {
                paper: Some(36),
                ground: (52, 95),
                band: (48, 89),
                accent: (60, 38),
                night: (22, 10),
            },
            Self::Swiss => Tone {
                paper: None,
                ground: (8, 98),
                band: (12, 93),
                accent: (88, 48),
                night: (6, 8),
            },
            Self::Clinical => Tone {
                paper: None,
                ground: (45, 98),
                band: (52, 93),
                accent: (55, 36),
                night: (28, 11),
            },
            Self::Poster => Tone {
                paper: Some(48),
                ground: (20, 97),
                band: (22, 91),
                accent: (85, 42),
                night: (10, 8),
            },
            Self::Stage => Tone {
                paper: None,
                ground: (20, 96),
                band: (22, 91),
                accent: (80, 45),
                night: (26, 8),
            },
            Self::Luxe => Tone {
                paper: Some(40),
                ground: (18, 96),
                band: (18, 91),
                accent: (30, 34),
                night: (10, 10),
            },
            Self::Product => Tone {
                paper: None,
                ground: (30, 99),
                band: (45, 96),
                accent: (72, 50),
                night: (24, 9),
            },
        }
    }
}

/// What the palettes of a site are mixed from.
struct Mix {
    tone: Tone,
    hue: u16,
    second: u16,
    /// How strong the vivid ground is by day and by night, in percent.
    pop: (u16, u16),
    /// A vivid ground that is dark, with light text on it.
    deep: Option<Colour>,
}

impl Mix {
    fn drawn(theme: Theme, hue: u16, second: u16) -> Self {
        Self { tone: theme.tone(), hue, second, pop: (88, 80), deep: None }
    }

    /// With what the description asks for in the place of what was drawn.
    fn asked(mut self, theme: Theme, Colours { main, second, .. }: &Colours) -> Self {
        self.tone.accent = (main.saturation, main.lightness);
        if main.is_grey() {
            let pale = |(saturation, lightness): (u16, u16)| (saturation.min(4), lightness);
            self.tone.paper = Some(main.hue);
            self.tone.ground = pale(self.tone.ground);
            self.tone.band = pale(self.tone.band);
            self.tone.night = pale(self.tone.night);
            self.pop = (main.saturation, main.saturation);
            self.hue = main.hue;
        } else {
            // The drawn second keeps its distance.
            self.second = (self.second + 360 - self.hue + main.hue) % 360;
            self.hue = main.hue;
            self.pop = (main.saturation.max(60), main.saturation.max(60));
        }
        if let Some(second) = second {
            self.second = second.hue;
        }
        // Elsewhere it only shades pictures.
        let floods = theme == Theme::Poster;
        self.deep = (floods && (main.shade == Shade::Dark || main.lightness < 30)).then_some(*main);
        self
    }

    fn popped(&self, saturation: u16, from: u16) -> (Rgb, Rgb) {
        if let Some(Colour { hue, saturation, lightness, .. }) = self.deep {
            let on = hsl(hue, 20, 98);
            return (darkened((hue, saturation), lightness, &[on], 700), on);
        }
        // Two mixes of no hue differ by lightness alone.
        let on = hsl(self.hue, saturation.min(45), 8);
        (lightened((self.hue, saturation), from, &[on], 600), on)
    }
}

/// How far a site's hue may lie from the one its kind proposes.
const JITTER: u16 = 17;

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
        from[self.index(N)]
    }

    /// A place in a list of `len`.
    pub(super) fn index(&mut self, len: usize) -> usize {
        usize::from(self.below(u16::try_from(len).unwrap_or(u16::MAX)))
    }

    /// A seed of its own for each `place`.
    pub(super) fn at(&self, place: usize) -> u64 {
        let place = u64::try_from(place).unwrap_or_default();
        self.0.wrapping_add(place.wrapping_mul(0x9e37_79b9_7f4a_7c15)).rotate_left(31)
    }

    /// `count` of the places of a list of `len`, in their order.
    pub(super) fn some(&mut self, count: usize, len: usize) -> Vec<usize> {
        let mut places: Vec<usize> = (0..len).collect();
        while places.len() > count {
            places.remove(self.index(places.len()));
        }
        places
    }
}

impl Design {
    pub(super) fn of(story: &Story) -> Self {
        let layout = Layout::of(story.kind);
        let mut draw = Draw::new(story.seed);
        let theme = layout.theme(&mut draw);
        let hue = (draw.pick(layout.hues) + 360 - JITTER / 2 + draw.below(JITTER)) % 360;
        let second = (hue + draw.pick(Layout::seconds(story.kind))) % 360;
        // Most families have Latin letters only, and joined letters bear no spacing.
        let latin = !story.headline.chars().any(|c| c.is_alphabetic() && c > '\u{24f}');
        let mut mix = Mix::drawn(theme, hue, second);
        if let Some(colours) = &story.colours {
            mix = mix.asked(theme, colours);
        }
        let dark = Palette::dark(&mix);
        let mut finish = match theme {
            Theme::Editorial | Theme::Craft | Theme::Luxe | Theme::Swiss => {
                draw.pick([Finish::Plain, Finish::Tinted, Finish::Flood])
            }
            Theme::Clinical | Theme::Product => draw.pick([Finish::Plain, Finish::Tinted]),
            Theme::Poster | Theme::Stage => Finish::Plain,
        };
        // Who names a colour wants to see it.
        let tints = !matches!(theme, Theme::Poster | Theme::Stage) && finish == Finish::Plain;
        if tints && story.colours.as_ref().is_some_and(|colours| !colours.main.is_grey()) {
            finish = Finish::Tinted;
        }
        let setting = match theme {
            Theme::Editorial | Theme::Luxe | Theme::Swiss => {
                draw.pick([Setting::Own, Setting::Split])
            }
            _ => Setting::Own,
        };
        Self {
            theme,
            // A stage is dark at any hour.
            light: match theme {
                Theme::Stage => dark.clone(),
                _ => Palette::light(&mix, finish),
            },
            dark,
            script: if latin { Script::Latin } else { Script::Other },
            finish,
            setting,
        }
    }
}

impl Palette {
    fn light(mix: &Mix, finish: Finish) -> Self {
        let Mix { tone, hue, second, .. } = *mix;
        let Tone { paper, mut ground, mut band, accent, .. } = tone;
        let mut own = paper.unwrap_or(hue);
        if finish == Finish::Tinted {
            own = hue;
            ground = (ground.0.max(34), ground.1.min(96) - 2);
            band = (band.0.max(38), band.1.min(92) - 3);
        }
        let surface = hsl(own, ground.0, (ground.1 + 3).min(100));
        let ground = hsl(own, ground.0, ground.1);
        let band = hsl(own, band.0, band.1);
        let grounds = [ground, surface, band];
        let (pop, on_pop) = mix.popped(mix.pop.0, 60);
        Self {
            ground,
            surface,
            band,
            text: hsl(hue, 24, 10),
            muted: darkened((own, 10), 40, &grounds, 500),
            line: hsl(own, 16, 84),
            edge: darkened((own, 10), 60, &grounds, 310),
            accent: darkened((hue, accent.0), accent.1, &grounds, 480),
            on_accent: hsl(own, 20, 99),
            second: darkened((second, accent.0), 55, &grounds, 310),
            pop,
            on_pop,
        }
    }

    fn dark(mix: &Mix) -> Self {
        let Mix { tone, hue, second, .. } = *mix;
        let Tone { accent, night: (saturation, lightness), .. } = tone;
        // Greys stay grey by night.
        let strong = if accent.0 < 10 { accent.0 } else { accent.0.max(45) };
        let ground = hsl(hue, saturation, lightness);
        let surface = hsl(hue, saturation, lightness + 4);
        let band = hsl(hue, saturation, lightness + 6);
        let grounds = [ground, surface, band];
        let (pop, on_pop) = mix.popped(mix.pop.1, 56);
        Self {
            ground,
            surface,
            band,
            text: hsl(hue, 15, 94),
            muted: lightened((hue, 12), 66, &grounds, 500),
            line: hsl(hue, saturation.max(10), 24),
            edge: lightened((hue, 12), 42, &grounds, 310),
            accent: lightened((hue, strong), 62, &grounds, 480),
            on_accent: ground,
            second: lightened((second, accent.0), 55, &grounds, 310),
            pop,
            on_pop,
        }
    }
}

/// The colour (hue and saturation) nearest to the lightness `from` that has the contrast, in
/// hundredths, on all of `on`.
fn darkened((hue, saturation): (u16, u16), from: u16, on: &[Rgb], least: u32) -> Rgb {
    nearest((0..=from).rev().map(|lightness| hsl(hue, saturation, lightness)), on, least)
}

fn lightened((hue, saturation): (u16, u16), from: u16, on: &[Rgb], least: u32) -> Rgb {
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
    use super::super::colour;
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
        use Theme::{Clinical, Craft, Editorial, Luxe, Poster, Product, Stage, Swiss};
        for theme in [Editorial, Craft, Swiss, Clinical, Poster, Stage, Luxe, Product] {
            for hue in (0..360).step_by(3) {
                let drawn = Mix::drawn(theme, hue, (hue + 165) % 360);
                assert_readable(theme, &drawn);
            }
            for named in [
                "black",
                "white",
                "grey",
                "navy",
                "dark green",
                "light pink",
                "yellow",
                "beige",
                "bright red",
                "dark brown",
                "light blue and orange",
                "gold",
                "olive",
                "purple",
            ] {
                let (_, colours) = colour::taken(&format!("A bakery, in {named}"));
                let drawn = Mix::drawn(theme, 20, 185);
                assert_readable(theme, &drawn.asked(theme, &colours.expect("a colour")));
            }
        }
    }

    fn assert_readable(theme: Theme, mix: &Mix) {
        for palette in [
            Palette::light(mix, Finish::Plain),
            Palette::light(mix, Finish::Tinted),
            Palette::dark(mix),
        ] {
            for ground in [palette.ground, palette.surface, palette.band] {
                for text in [palette.text, palette.muted, palette.accent] {
                    assert!(contrast_hundredths(text, ground) >= 450, "{palette:?}");
                }
                for shape in [palette.edge, palette.second] {
                    assert!(contrast_hundredths(shape, ground) >= 300, "{palette:?}");
                }
            }
            for (on, ground) in [(palette.on_accent, palette.accent), (palette.on_pop, palette.pop)]
            {
                assert!(contrast_hundredths(on, ground) >= 450, "{theme:?} {palette:?}");
            }
        }
    }
}
