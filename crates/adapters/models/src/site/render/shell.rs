//! What stands around the content of every page.

use super::super::art::emblem;
use super::super::html::{Element, Link, el};
use super::super::layout::Theme;
use super::super::pages::{Matter, Page, PageKind};
use super::super::text::shorten;
use super::super::{ICON_FILE, SCRIPT_FILE, STYLE_FILE, Site};
use super::{action, item_link};

/// Links of the main navigation beyond those of every site.
const NAV_EXTRAS: usize = 4;
/// Pages that are looked for at the foot, or reached from another page.
const NOT_IN_NAV: &[PageKind] = &[
    PageKind::Home,
    PageKind::Booking,
    PageKind::Checkout,
    PageKind::Signup,
    PageKind::Faq,
    PageKind::Data,
    PageKind::Api,
];

pub(super) fn head(site: &Site, page: &Page) -> Element {
    let story = &site.story;
    let title = match page.matter {
        Matter::Fixed(PageKind::Home) if story.headline == story.name => {
            format!("{} – {}", story.name, story.pack.label)
        }
        Matter::Fixed(PageKind::Home) => format!("{} – {}", story.name, story.headline),
        _ => format!("{} – {}", page.heading, story.name),
    };
    let description = match page.matter {
        Matter::Fixed(PageKind::Home) if !story.speaks && !story.is_foreign() => {
            &story.pack.leads[0]
        }
        _ if page.lead.is_empty() => &page.heading,
        _ => &page.lead,
    };
    let named = |name: &'static str, content: String| {
        el("meta").with("name", name).with("content", content)
    };
    let themed =
        |ground: String, media: &'static str| named("theme-color", ground).with("media", media);
    let file = |name: &str| Link::File(name.to_owned());
    el("head")
        .child(el("meta").with("charset", "utf-8"))
        .child(named("viewport", "width=device-width, initial-scale=1".to_owned()))
        .child(el("title").own(title))
        .child(named("description", shorten(description, 155)))
        .child(themed(site.design.light.ground.to_string(), "(prefers-color-scheme: light)"))
        .child(themed(site.design.dark.ground.to_string(), "(prefers-color-scheme: dark)"))
        .child(el("link").with("rel", "icon").with("type", "image/svg+xml").href(&file(ICON_FILE)))
        .child(el("link").with("rel", "stylesheet").href(&file(STYLE_FILE)))
        .child(el("script").with("defer", "").src(&file(SCRIPT_FILE)))
}

pub(super) fn header(site: &Site, current: &Page) -> Element {
    let story = &site.story;
    let always = [PageKind::Offer, PageKind::About, PageKind::Contact];
    let mut extras = 0;
    let links = site.pages.iter().filter(|page| match page.matter {
        Matter::Fixed(kind) if always.contains(&kind) => true,
        Matter::Wanted(_) => true,
        Matter::Fixed(kind) if extras < NAV_EXTRAS && !NOT_IN_NAV.contains(&kind) => {
            extras += 1;
            true
        }
        _ => false,
    });
    let links: Vec<Element> = links.map(|page| item_link(page, Some(&current.file))).collect();
    let home = Link::File(PageKind::Home.file().to_owned());
    let brand = el("a").class("brand").href(&home).own(story.name.clone());
    let at_home = current.matter == Matter::Fixed(PageKind::Home);
    let brand = if at_home { brand.with("aria-current", "page") } else { brand };
    let nav = el("nav")
        .class("site-nav")
        .id("menu")
        .with("aria-label", story.phrases.main_nav)
        .child(el("ul").children(links))
        .child(action(site));
    // A link to the menu, which opens it without the script too; the script makes it a button.
    let menu =
        el("a").class("menu-button").href(&Link::Here("menu")).ours(story.phrases.parts.menu);
    el("header")
        .class("site-header")
        .child(el("div").class("wrap").child(brand).child(menu).child(nav))
}

pub(super) fn footer(site: &Site) -> Element {
    let story = &site.story;
    let links = site
        .pages
        .iter()
        .filter(|page| matches!(page.matter, Matter::Fixed(_) | Matter::Wanted(_)));
    let links = links.map(|page| item_link(page, None));
    let line = if story.headline == story.name {
        el("p").ours(story.pack.label.clone())
    } else {
        el("p").own(story.headline.clone())
    };
    el("footer").class("site-footer").child(
        el("div")
            .class("wrap")
            .child(el("div").child(el("p").class("brand").own(story.name.clone())).child(line))
            .child(
                el("nav")
                    .with("aria-label", story.phrases.footer_nav)
                    .child(el("ul").class("links").children(links)),
            )
            .child(el("p").class("examples").ours(story.phrases.examples)),
    )
}

/// The icon of the site: the sign of its kind in its colours.
pub(in super::super) fn icon(site: &Site) -> String {
    let super::super::design::Palette { accent, on_accent, second, .. } = &site.design.light;
    let radius = match site.design.theme {
        Theme::Swiss | Theme::Poster | Theme::Luxe | Theme::Editorial => 0,
        Theme::Product | Theme::Stage => 14,
        Theme::Craft | Theme::Clinical => 32,
    };
    let (sign, inner) = emblem(site.story.kind);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 64 64\">\
         <rect width=\"64\" height=\"64\" rx=\"{radius}\" fill=\"{accent}\"/>\
         <g transform=\"translate(8 8) scale(.75)\"><path d=\"{sign}\" fill=\"{on_accent}\"/>\
         <path d=\"{inner}\" fill=\"{second}\"/></g></svg>\n"
    )
}
