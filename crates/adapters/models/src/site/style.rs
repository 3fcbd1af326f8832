//! The style sheet of a site.

use super::design::{Cards, Design, Header, Hero, Palette};

const BASE: &str = include_str!("base.css");

/// The whole style sheet: colours for both modes, then what all sites share, then the layout.
pub(super) fn style_sheet(design: &Design) -> String {
    let Design { light, dark, heading_font, body_font, radius_px, .. } = design;
    let light = variables(light);
    let dark = variables(dark);
    let hero = hero(design.hero);
    let cards = cards(design.cards);
    let header = header(design.header);
    format!(
        ":root {{\n  color-scheme: light dark;\n  --heading-font: {heading_font};\n  \
         --body-font: {body_font};\n  --radius: {radius_px}px;\n{light}}}\n\
         @media (prefers-color-scheme: dark) {{\n:root {{\n{dark}}}\n}}\n{BASE}{hero}{cards}{header}"
    )
}

fn variables(palette: &Palette) -> String {
    let Palette { ground, surface, band, text, muted, line, edge, accent, on_accent, second } =
        palette;
    format!(
        "  --ground: {ground};\n  --surface: {surface};\n  --band: {band};\n  --text: {text};\n  \
         --muted: {muted};\n  --line: {line};\n  --edge: {edge};\n  --accent: {accent};\n  \
         --on-accent: {on_accent};\n  --second: {second};\n"
    )
}

const fn hero(hero: Hero) -> &'static str {
    match hero {
        Hero::Split => {
            "@media (min-width: 52rem) {\n  \
             .hero .wrap { display: grid; grid-template-columns: 1.2fr 1fr; gap: 3rem; align-items: center; }\n}\n"
        }
        Hero::Centred => {
            ".hero .wrap { display: grid; justify-items: center; text-align: center; gap: 2rem; }\n\
             .hero .actions { justify-content: center; }\n\
             .hero .art { max-inline-size: 44rem; max-block-size: 14rem; object-fit: cover; }\n"
        }
        Hero::Banner => {
            ".hero { background: var(--accent); color: var(--on-accent); }\n\
             .hero .eyebrow, .hero .lead { color: inherit; }\n\
             .hero .button { background: var(--on-accent); border-color: var(--on-accent); color: var(--accent); }\n\
             .hero .button.quiet { background: transparent; color: inherit; }\n\
             .hero :focus-visible { outline-color: currentcolor; }\n\
             .hero .art { margin-block-start: 2rem; max-block-size: 16rem; }\n\
             .hero + section { padding-block-start: clamp(2rem, 1.2rem + 3vw, 4.25rem); }\n"
        }
        Hero::Stacked => {
            ".hero .wrap { display: flex; flex-direction: column-reverse; gap: 2rem; }\n\
             .hero .art { max-block-size: 20rem; }\n\
             .hero h1 { max-inline-size: 22ch; }\n"
        }
    }
}

const fn cards(cards: Cards) -> &'static str {
    match cards {
        Cards::Boxed => ".card { background: var(--surface); border: 1px solid var(--line); }\n",
        Cards::Ruled => {
            ".card { padding-inline: 0; border-block-start: 3px solid var(--accent); border-radius: 0; }\n"
        }
        Cards::Tinted => {
            ".card { background: var(--band); }\n.band .card { background: var(--surface); }\n"
        }
    }
}

const fn header(header: Header) -> &'static str {
    match header {
        Header::Plain => "",
        Header::Filled => {
            ".site-header { background: var(--band); border-block-end: 3px solid var(--accent); }\n"
        }
        Header::Centred => {
            "@media (min-width: 52rem) {\n  .site-header .wrap { flex-direction: column; }\n}\n\
             .brand { font-size: 1.5rem; }\n"
        }
    }
}
