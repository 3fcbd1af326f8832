//! The style sheet of a site.

use super::art;
use super::design::{Design, Finish, Palette, Script, Setting};
use super::layout::Theme;

/// What all sites share.
const BASE: &str = concat!(
    include_str!("themes/base.css"),
    include_str!("themes/forms.css"),
    include_str!("themes/booking.css"),
    include_str!("themes/data.css"),
);
/// The header of narrow windows, whatever the theme makes of wide ones.
const MENU: &str = include_str!("themes/menu.css");

/// The whole style sheet: colours for both modes, then what all sites share, then the theme.
pub(super) fn style_sheet(design: &Design) -> String {
    let light = variables(&design.light);
    let dark = variables(&design.dark);
    let scheme = match design.theme {
        Theme::Stage => "dark",
        _ => "light dark",
    };
    // Letters that join, and scripts without capitals, keep their natural spacing.
    let (tight, wide, case) = match design.script {
        Script::Latin => ("1", "1", "uppercase"),
        Script::Other => ("0", "0", "none"),
    };
    let Fonts { display, text } = fonts(design.theme, design.script);
    format!(
        ":root {{ color-scheme: {scheme}; --display: {display}; --text-font: {text}; \
         --tight: {tight}; --wide: {wide}; --case: {case};\n{light}}}\n\
         @media (prefers-color-scheme: dark) {{\n:root {{\n{dark}}}\n}}\n\
         {BASE}{}{}{}{}{MENU}",
        art::style(),
        sheet(design.theme),
        match design.finish {
            Finish::Flood => include_str!("themes/flood.css"),
            Finish::Plain | Finish::Tinted => "",
        },
        match design.setting {
            Setting::Split => include_str!("themes/split.css"),
            Setting::Own => "",
        },
    )
}

fn variables(palette: &Palette) -> String {
    let Palette {
        ground,
        surface,
        band,
        text,
        muted,
        line,
        edge,
        accent,
        on_accent,
        second,
        pop,
        on_pop,
    } = palette;
    format!(
        "--ground: {ground}; --surface: {surface}; --band: {band}; --text: {text}; \
         --muted: {muted}; --line: {line}; --edge: {edge}; --accent: {accent}; \
         --on-accent: {on_accent}; --second: {second}; --pop: {pop}; --on-pop: {on_pop};\n{}",
        art::inks(palette)
    )
}

struct Fonts {
    display: &'static str,
    text: &'static str,
}

const SANS: &str = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";

const fn fonts(theme: Theme, script: Script) -> Fonts {
    if matches!(script, Script::Other) {
        let display = match theme {
            Theme::Editorial | Theme::Luxe | Theme::Craft => "'Noto Naskh Arabic', serif",
            _ => SANS,
        };
        return Fonts { display, text: SANS };
    }
    match theme {
        Theme::Editorial => Fonts {
            display: "'Iowan Old Style', 'Sitka Display', 'Palatino Linotype', 'Noto Serif Display', Georgia, serif",
            text: "'Iowan Old Style', Charter, 'Sitka Text', Georgia, 'Noto Serif', serif",
        },
        Theme::Craft => Fonts {
            display: "'Superclarendon', Rockwell, 'Bookman Old Style', 'URW Bookman', 'Roboto Slab', 'Noto Serif', Georgia, serif",
            text: "'Avenir Next', Seravek, 'Gill Sans Nova', Candara, 'Noto Sans', sans-serif",
        },
        Theme::Swiss => Fonts {
            display: "'Helvetica Neue', Helvetica, 'Nimbus Sans', 'Liberation Sans', Arial, 'Noto Sans Display', sans-serif",
            text: "'Helvetica Neue', Helvetica, 'Nimbus Sans', 'Liberation Sans', Arial, 'Noto Sans', sans-serif",
        },
        Theme::Clinical => Fonts {
            display: "ui-rounded, 'SF Pro Rounded', 'Segoe UI Variable Display', 'Segoe UI', 'Noto Sans Display', 'Noto Sans', sans-serif",
            text: SANS,
        },
        Theme::Poster => Fonts {
            display: "'Avenir Next Condensed', Bahnschrift, 'Arial Narrow', 'Roboto Condensed', 'DejaVu Sans Condensed', Impact, sans-serif",
            text: SANS,
        },
        Theme::Stage => Fonts {
            display: "Futura, 'Century Gothic', 'URW Gothic', 'Avenir Next', 'Noto Sans Display', sans-serif",
            text: SANS,
        },
        Theme::Luxe => Fonts {
            display: "Didot, 'Bodoni MT', 'Hoefler Text', 'Noto Serif Display', Garamond, serif",
            text: "Optima, Candara, 'Gill Sans Nova', 'Noto Sans Display', 'Noto Sans', sans-serif",
        },
        Theme::Product => Fonts {
            display: "Inter, 'SF Pro Display', 'Segoe UI Variable Display', system-ui, 'Noto Sans Display', 'Noto Sans', sans-serif",
            text: "Inter, system-ui, 'Segoe UI', Roboto, 'Noto Sans', sans-serif",
        },
    }
}

const fn sheet(theme: Theme) -> &'static str {
    match theme {
        Theme::Editorial => include_str!("themes/editorial.css"),
        Theme::Craft => include_str!("themes/craft.css"),
        Theme::Swiss => include_str!("themes/swiss.css"),
        Theme::Clinical => include_str!("themes/clinical.css"),
        Theme::Poster => include_str!("themes/poster.css"),
        Theme::Stage => include_str!("themes/stage.css"),
        Theme::Luxe => include_str!("themes/luxe.css"),
        Theme::Product => include_str!("themes/product.css"),
    }
}
