//! The first screen, in words and with a picture or a window of the product.

use super::super::super::art::{Frame, scene};
use super::super::super::design::{Design, Setting};
use super::super::super::html::{Element, Link, el};
use super::super::super::kind::Kind;
use super::super::super::layout::{Layout, Opening, Theme};
use super::super::super::money::grouped;
use super::super::super::pack::Figure;
use super::super::super::pages::PageKind;
use super::super::super::text::capitalized;
use super::super::{Site, action};
use super::chart;
use super::draw;

/// Headings longer than this are set smaller.
const LONG: usize = 34;

pub(in super::super) fn hero(site: &Site) -> Element {
    let opening = Layout::of(site.story.kind).opening;
    let wrap = el("div").class("wrap").child(words(site));
    let (class, wrap) = match opening {
        Opening::Words => ("hero hero-words", wrap),
        Opening::Picture => ("hero hero-picture", wrap.child(stage(site))),
        Opening::Window => ("hero hero-window", wrap.child(window(site))),
    };
    el("section").class(class).child(wrap)
}

fn words(site: &Site) -> Element {
    let story = &site.story;
    let pack = &story.pack;
    let mut draw = draw(site, 7);
    let (headline, lead) = (draw.index(pack.headlines.len()), draw.index(pack.leads.len()));
    let named = story.headline == story.name;
    // In a language without words of ours the description speaks for itself.
    let eyebrow = if story.is_foreign() {
        el("p").class("eyebrow").own(story.name.clone())
    } else if named {
        el("p").class("eyebrow").ours(pack.label.clone())
    } else if story.speaks {
        el("p").class("eyebrow").own(format!("{} · {}", pack.label, story.name))
    } else {
        el("p").class("eyebrow").own(story.headline.clone())
    };
    // General words are no match for the description's own.
    let own = story.is_foreign()
        || story.kind == Kind::General && (2..=8).contains(&story.headline.split(' ').count());
    let title = if own { &story.headline } else { &pack.headlines[headline] };
    let title = el("h1")
        .class(if title.chars().count() > LONG { "long" } else { "short" })
        .own(title.clone());
    // What the heading has said the lead need not say again.
    let rest = story.lead.strip_prefix(story.headline.as_str()).filter(|_| own);
    let rest =
        rest.and_then(|rest| rest.strip_prefix([':', ','])).map(|rest| capitalized(rest.trim()));
    let lead = if story.is_foreign() || story.speaks && (!own || rest.is_some()) {
        el("p").class("lead").own(rest.unwrap_or_else(|| story.lead.clone()))
    } else {
        el("p").class("lead").ours(pack.leads[lead].clone())
    };
    let offer = Link::File(PageKind::Offer.file().to_owned());
    let second = el("a").class("button quiet").href(&offer).ours(pack.second.clone());
    el("div")
        .class("hero-text")
        .child(eyebrow)
        .child(title)
        .child(lead)
        .child(el("div").class("actions").child(action(site)).child(second))
}

fn stage(site: &Site) -> Element {
    let frame = frame(&site.design);
    let art = scene(site.story.kind, site.story.seed, frame).with("aria-hidden", "true");
    el("div").class("hero-art").child(art)
}

/// The scene as a band across the page, where the first screen has none.
pub(in super::super) fn scenery(site: &Site) -> Option<Element> {
    let art = (Layout::of(site.story.kind).opening != Opening::Picture)
        .then(|| scene(site.story.kind, site.story.seed, Frame::Banner))?;
    Some(el("div").class("scenery").child(art.with("aria-hidden", "true")))
}

/// What the theme leaves of the scene.
const fn frame(design: &Design) -> Frame {
    match (design.theme, design.setting) {
        (Theme::Craft, _) => Frame::Tall,
        (Theme::Clinical, _) => Frame::Square,
        (_, Setting::Split) => Frame::Wide,
        (_, Setting::Own) => Frame::Banner,
    }
}

/// The product at work, with the pack's figures.
fn window(site: &Site) -> Element {
    let pack = &site.story.pack;
    let items = site.story.groups.iter().flat_map(|group| &group.items).take(5);
    let names = items.map(|item| el("li").own(item.name.clone()));
    let mut draw = draw(site, 11);
    let values: Vec<u16> = (0..12).map(|at| 30 + at * 4 + draw.below(40)).collect();
    el("figure").class("window").child(el("ul").class("window-side").children(names)).child(
        el("div")
            .class("window-main")
            .child(figures(site))
            .child(chart::area(&values, &pack.figures[0].label)),
    )
}

/// The pack's figures as tiles.
fn figures(site: &Site) -> Element {
    let tag = site.story.phrases.tag;
    let tiles = site.story.pack.figures.iter().map(|figure| {
        el("div")
            .child(el("dt").ours(figure.label.clone()))
            .child(el("dd").ours(written(figure, tag)))
    });
    el("dl").class("figures").children(tiles)
}

/// The figure with its unit, as people of the language `tag` write it.
pub(in super::super) fn written(figure: &Figure, tag: &str) -> String {
    let Figure { value, unit, .. } = figure;
    let (comma, thousands) = match tag {
        "en" | "he" | "ar" => (".", ","),
        "fr" => (",", "\u{202f}"),
        _ => (",", "."),
    };
    let text = if value.fract() == 0.0 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number that is not below 0, as a test of the packs sees to"
        )]
        grouped(*value as u64, thousands)
    } else {
        format!("{value:.1}").replace('.', comma)
    };
    if unit.is_empty() { text } else { format!("{text}\u{a0}{unit}") }
}
