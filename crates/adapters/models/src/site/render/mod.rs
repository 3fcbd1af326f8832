//! Pages of a site.

mod booking;
mod chart;
mod dashboard;
mod forms;
mod home;
mod parts;
mod reading;
mod sales;
mod sections;
mod shell;
mod tools;

pub(super) use shell::icon;

use super::Site;
use super::html::{Element, Link, document, el};
use super::language::Direction;
use super::pages::{Matter, Page, PageKind};

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
        .child(shell::head(site, page))
        .child(
            el("body")
                .child(el("a").class("skip").href(&Link::Here("content")).ours(story.phrases.skip))
                .child(shell::header(site, page))
                .child(el("main").id("content").children(content(site, page)))
                .child(shell::footer(site)),
        );
    document(&root, (ours != story.language.tag).then_some(ours))
}

fn content(site: &Site, page: &Page) -> Vec<Element> {
    let kind = match page.matter {
        Matter::Article(number) => return reading::article(site, page, number),
        Matter::Wanted(number) => return reading::wanted(site, page, number),
        Matter::Item { group, item } => return reading::item(site, page, group, item),
        Matter::Question(number) => return reading::question(site, page, number),
        Matter::Note { topic, point } => return reading::note(site, page, topic, point),
        Matter::Fixed(kind) => kind,
    };
    let body = match kind {
        PageKind::Home => return home::home(site),
        PageKind::About => return reading::about(site, page),
        PageKind::Offer => return reading::offer(site, page),
        PageKind::Gallery => return reading::gallery(site, page),
        PageKind::Faq => return reading::faq(site, page),
        PageKind::Events => return reading::events(site, page),
        PageKind::Articles => return reading::articles(site, page),
        PageKind::Contact => forms::contact(site),
        PageKind::Booking => booking::booking(site),
        PageKind::Login => forms::login(site),
        PageKind::Signup => forms::signup(site),
        PageKind::Pricing => sales::pricing(site),
        PageKind::Checkout => sales::checkout(site),
        PageKind::Dashboard => dashboard::dashboard(site),
        PageKind::Api => tools::api(site),
        PageKind::Data => tools::data(site),
        PageKind::Live => tools::live(site),
        PageKind::NotFound => vec![all_pages(site)],
    };
    let mut sections = vec![opening(page)];
    match kind {
        PageKind::Contact | PageKind::Booking if !site.story.is_foreign() => {
            let form = el("div").children(body);
            let beside = el("div").class("beside").child(form).child(sections::aside(site));
            sections.push(section("body", [beside]));
        }
        PageKind::Pricing if !site.story.is_foreign() => {
            sections.extend([section("body", body), sections::questions(site)]);
        }
        _ => sections.push(section("body", body)),
    }
    sections
}

/// What every page but the home page begins with.
fn opening(page: &Page) -> Element {
    let title = el("h1").ours(page.heading.clone());
    let lead = (!page.lead.is_empty()).then(|| el("p").class("lead").ours(page.lead.clone()));
    section("opening", [title].into_iter().chain(lead))
}

/// A part of a page as wide as the theme wants it, with its content in the page's column.
fn section(class: &'static str, children: impl IntoIterator<Item = Element>) -> Element {
    el("section").class(class).child(el("div").class("wrap").children(children))
}

/// A link to `page` in a list; `current` is the file it stands in.
fn item_link(page: &Page, current: Option<&str>) -> Element {
    let link = el("a").href(&Link::File(page.file.clone())).ours(page.title.clone());
    let here = current == Some(page.file.as_str());
    el("li").child(if here { link.with("aria-current", "page") } else { link })
}

fn all_pages(site: &Site) -> Element {
    let links = site.pages.iter().map(|page| item_link(page, None));
    el("ul").class("links").children(links)
}

/// The button that matters most: booking where there is such a page, contact otherwise.
fn action(site: &Site) -> Element {
    let has = |kind| site.pages.iter().any(|page| page.matter == Matter::Fixed(kind));
    let kind = if has(PageKind::Booking) { PageKind::Booking } else { PageKind::Contact };
    el("a")
        .class("button")
        .href(&Link::File(kind.file().to_owned()))
        .ours(site.story.pack.action.clone())
}

/// Said where numbers are shown that nobody entered.
fn sample_note(site: &Site) -> Element {
    el("p").class("hint").ours(site.story.phrases.sample)
}
