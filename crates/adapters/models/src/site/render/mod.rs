//! Pages of a site.

mod forms;
mod home;
mod reading;
mod tools;

use super::html::{Element, Link, document, el};
use super::language::Direction;
use super::pages::{Matter, Page, PageKind};
use super::text::shorten;
use super::{ICON_FILE, SCRIPT_FILE, STYLE_FILE, Site};

/// Links of the main navigation beyond those of every site.
const NAV_EXTRAS: usize = 4;
/// Pages that are looked for at the foot, or reached from another page.
const NOT_IN_NAV: &[PageKind] = &[
    PageKind::Checkout,
    PageKind::Signup,
    PageKind::Privacy,
    PageKind::Accessibility,
    PageKind::Sitemap,
    PageKind::Glossary,
    PageKind::Process,
];

/// The document of `page`.
pub(super) fn page(site: &Site, page: &Page) -> String {
    let story = &site.story;
    let ours = story.phrases.tag;
    let direction = match story.language.direction {
        Direction::LeftToRight => "ltr",
        Direction::RightToLeft => "rtl",
    };
    let root = el("html")
        .with("lang", story.language.tag)
        .with("dir", direction)
        .child(head(site, page))
        .child(
            el("body")
                .child(el("a").class("skip").href(&Link::Here("content")).ours(story.phrases.skip))
                .child(header(site, page))
                .child(el("main").id("content").children(content(site, page)))
                .child(footer(site)),
        );
    document(&root, (ours != story.language.tag).then_some(ours))
}

fn content(site: &Site, page: &Page) -> Vec<Element> {
    let kind = match page.matter {
        Matter::Article { topic, angle } => {
            return reading::article(site, page, topic, angle);
        }
        Matter::Fixed(kind) => kind,
    };
    let body = match kind {
        PageKind::Home => return home::home(site, page),
        PageKind::About => reading::about(site),
        PageKind::Offer => reading::offer(site),
        PageKind::Gallery => reading::gallery(site),
        PageKind::Contact => forms::contact(site),
        PageKind::Faq => reading::faq(site),
        PageKind::Booking => forms::booking(site),
        PageKind::Events => reading::events(site),
        PageKind::Login => forms::login(site),
        PageKind::Signup => forms::signup(site),
        PageKind::Pricing => tools::pricing(site),
        PageKind::Checkout => forms::checkout(site),
        PageKind::Dashboard => tools::dashboard(site),
        PageKind::Api => tools::api(site),
        PageKind::Data => tools::data(site),
        PageKind::Live => tools::live(site),
        PageKind::Process => vec![steps(site)],
        PageKind::Articles => reading::articles(site),
        PageKind::Glossary => reading::glossary(site),
        PageKind::Privacy => reading::statement(&site.story.phrases.privacy),
        PageKind::Accessibility => reading::statement(&site.story.phrases.accessibility),
        PageKind::Sitemap | PageKind::NotFound => vec![all_pages(site)],
    };
    vec![section(title(page).into_iter().chain(body))]
}

/// What every page but the home page begins with.
fn title(page: &Page) -> [Element; 2] {
    [el("h1").ours(page.title.clone()), el("p").class("lead").ours(page.lead.clone())]
}

fn section(children: impl IntoIterator<Item = Element>) -> Element {
    el("section").child(el("div").class("wrap").children(children))
}

fn head(site: &Site, page: &Page) -> Element {
    let story = &site.story;
    let title = match page.matter {
        Matter::Fixed(PageKind::Home) if page.title == story.name => {
            format!("{} – {}", story.name, story.kind_copy().label)
        }
        Matter::Fixed(PageKind::Home) => format!("{} – {}", story.name, page.title),
        _ => format!("{} – {}", page.title, story.name),
    };
    let icon = Link::File(ICON_FILE.to_owned());
    let style = Link::File(STYLE_FILE.to_owned());
    let script = Link::File(SCRIPT_FILE.to_owned());
    el("head")
        .child(el("meta").with("charset", "utf-8"))
        .child(
            el("meta")
                .with("name", "viewport")
                .with("content", "width=device-width, initial-scale=1"),
        )
        .child(el("title").own(title))
        .child(el("meta").with("name", "description").with("content", shorten(&page.lead, 155)))
        .child(el("link").with("rel", "icon").with("type", "image/svg+xml").href(&icon))
        .child(el("link").with("rel", "stylesheet").href(&style))
        .child(el("script").with("defer", "").src(&script))
}

fn header(site: &Site, current: &Page) -> Element {
    let story = &site.story;
    let always = [PageKind::Home, PageKind::Offer, PageKind::About, PageKind::Contact];
    let mut extras = 0;
    let links: Vec<Element> = site
        .pages
        .iter()
        .filter(|page| match page.matter {
            Matter::Fixed(kind) if always.contains(&kind) => true,
            Matter::Fixed(kind) if extras < NAV_EXTRAS && !NOT_IN_NAV.contains(&kind) => {
                extras += 1;
                true
            }
            _ => false,
        })
        .map(|page| {
            let link = el("a").href(&Link::File(page.file.clone())).ours(nav_title(site, page));
            let here = page.file == current.file;
            el("li").child(if here { link.with("aria-current", "page") } else { link })
        })
        .collect();
    let home = Link::File(PageKind::Home.file().to_owned());
    el("header").class("site-header").child(
        el("div")
            .class("wrap")
            .child(el("a").class("brand").href(&home).own(story.name.clone()))
            .child(
                el("nav")
                    .class("site-nav")
                    .with("aria-label", story.phrases.main_nav)
                    .child(el("ul").children(links)),
            ),
    )
}

/// The home page is called that in lists, not by its headline.
fn nav_title(site: &Site, page: &Page) -> String {
    match page.matter {
        Matter::Fixed(PageKind::Home) => site.story.phrases.title(PageKind::Home).to_owned(),
        _ => page.title.clone(),
    }
}

fn footer(site: &Site) -> Element {
    let story = &site.story;
    let links: Vec<Element> = site
        .pages
        .iter()
        .filter(|page| matches!(page.matter, Matter::Fixed(_)))
        .map(|page| item_link(site, page))
        .collect();
    el("footer").class("site-footer").child(
        el("div").class("wrap").child(el("p").own(story.headline_with_name())).child(
            el("nav")
                .with("aria-label", story.phrases.footer_nav)
                .child(el("ul").class("links").children(links)),
        ),
    )
}

fn item_link(site: &Site, page: &Page) -> Element {
    let link = el("a").href(&Link::File(page.file.clone())).ours(nav_title(site, page));
    el("li").child(link)
}

fn all_pages(site: &Site) -> Element {
    el("ul").class("links").children(site.pages.iter().map(|page| item_link(site, page)))
}

/// From interest to result, as a numbered list.
fn steps(site: &Site) -> Element {
    let steps = site
        .story
        .phrases
        .steps
        .iter()
        .map(|(title, body)| el("li").child(el("h2").ours(*title)).child(el("p").ours(*body)));
    el("ol").class("steps").children(steps)
}

/// The button that matters most: booking where there is such a page, contact otherwise.
fn action(site: &Site) -> Element {
    let has = |kind| site.pages.iter().any(|page| page.matter == Matter::Fixed(kind));
    let kind = if has(PageKind::Booking) { PageKind::Booking } else { PageKind::Contact };
    el("a")
        .class("button")
        .href(&Link::File(kind.file().to_owned()))
        .ours(site.story.kind_copy().action)
}

/// Said wherever data are shown that nobody entered.
fn sample_note(site: &Site) -> Element {
    el("p").class("note").ours(site.story.phrases.sample)
}

/// The icon of the site: two discs in its colours.
pub(super) fn icon(site: &Site) -> String {
    let super::design::Palette { accent, second, .. } = &site.design.light;
    let radius = u16::from(site.design.radius_px) + 6;
    let shift = 20 + site.story.seed % 24;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 64 64\">\
         <rect width=\"64\" height=\"64\" rx=\"{radius}\" fill=\"{accent}\"/>\
         <circle cx=\"{shift}\" cy=\"36\" r=\"18\" fill=\"{second}\"/>\
         <circle cx=\"{}\" cy=\"26\" r=\"10\" fill=\"#ffffff\"/></svg>\n",
        64 - shift
    )
}
