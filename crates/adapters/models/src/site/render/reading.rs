//! Pages that are read.

use super::super::html::{Element, Link, el};
use super::super::pack::{Item, Point};
use super::super::pages::{Matter, Page, PageKind};
use super::parts::Filter;
use super::sections::{self, Extent};
use super::{Site, action, item_link, opening, section};

fn file(kind: PageKind) -> Link {
    Link::File(kind.file().to_owned())
}

pub(super) fn about(site: &Site, page: &Page) -> Vec<Element> {
    let story = &site.story;
    let own = story.told.iter().map(|text| el("p").class("told").own(text.clone()));
    let ours = story.pack.story.iter().map(|text| el("p").ours(text.clone()));
    let mut prose = el("div").class("prose");
    if story.is_foreign() {
        prose = prose.children(story.sentences.iter().map(|text| el("p").own(text.clone())));
    } else {
        prose = prose.children(own).children(ours);
    }
    if let Some(audience) = &story.audience {
        prose = prose
            .child(el("h2").ours(story.phrases.audience_title))
            .child(el("p").own(audience.clone()));
    }
    let top = [opening(page), section("story", [prose, sections::picture(site, 41)])];
    if story.is_foreign() {
        return top.into_iter().chain([sections::close(site)]).collect();
    }
    top.into_iter().chain([sections::steps(site), sections::close(site)]).collect()
}

pub(super) fn offer(site: &Site, page: &Page) -> Vec<Element> {
    let filter = Filter { groups: ".group", ..Filter::of(".things > li") }.render(site);
    let parts = [sections::jumps(site), Some(filter), Some(sections::board(site, Extent::All))];
    let board = section("offer", parts.into_iter().flatten());
    vec![opening(page), board, sections::close(site)]
}

pub(super) fn faq(site: &Site, page: &Page) -> Vec<Element> {
    let all: Vec<usize> = (0..site.story.pack.questions.len()).collect();
    let asked = section("questions", [sections::answers(site, &all)]);
    vec![opening(page), asked, sections::close(site)]
}

pub(super) fn gallery(site: &Site, page: &Page) -> Vec<Element> {
    let filter = Filter::of(".shots figure").render(site);
    let shots = section("gallery", [filter, sections::pictures(site, 8)]);
    vec![opening(page), shots, sections::close(site)]
}

/// The programme, from which visitors put together their own.
pub(super) fn events(site: &Site, page: &Page) -> Vec<Element> {
    let copy = &site.story.phrases.parts;
    let own = el("div")
        .class("my-plan")
        .with("data-plan", ".schedule dl > div")
        .with("data-add", copy.add)
        .with("data-remove", copy.remove)
        .with("hidden", "")
        .child(el("h2").ours(copy.my_plan))
        .child(el("p").class("hint").ours(copy.no_plan))
        .child(el("ul").with("aria-live", "polite"));
    let times = section("schedule", [sections::timetable(site), own]);
    vec![opening(page), times, sections::close(site)]
}

pub(super) fn articles(site: &Site, page: &Page) -> Vec<Element> {
    let mut tags: Vec<String> = Vec::new();
    for tag in site.pages.iter().filter_map(|page| tag(site, page.matter)) {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    let legend = site.story.phrases.parts.topics;
    let filter = Filter { legend, tags, ..Filter::of(".reads > li") }.render(site);
    let list = el("ul").class("reads").children(sections::reads(site, "h2"));
    vec![opening(page), section("articles", [filter, list])]
}

/// What a piece is filed under: the topic it is on, else what the whole site is about.
pub(super) fn tag(site: &Site, matter: Matter) -> Option<String> {
    match matter {
        Matter::Article(_) => Some(site.story.pack.label.clone()),
        Matter::Note { topic, .. } => Some(site.story.topic(topic).text.clone()),
        _ => None,
    }
}

/// Words that people read in a minute.
const PACE: usize = 200;

/// How long a piece takes to read.
pub(super) fn reading_time(site: &Site, matter: Matter) -> Element {
    let pack = &site.story.pack;
    let count = |text: &String| text.split_whitespace().count();
    let words: usize = match matter {
        Matter::Article(number) => pack.articles[number].paragraphs.iter().map(count).sum(),
        Matter::Note { topic, point } => count(told(site, topic, point)),
        _ => 0,
    };
    let minutes = words.div_ceil(PACE).max(1).to_string();
    el("p").class("hint").ours(site.story.phrases.parts.minutes.replacen("{}", &minutes, 1))
}

/// The longer telling that a note on a topic takes up.
fn told(site: &Site, topic: usize, point: usize) -> &String {
    let story = &site.story.pack.story;
    &story[(topic + point) % story.len()]
}

/// A region called `label` that scrolls sideways, also by keyboard.
pub(super) fn scroll(label: &str, table: Element) -> Element {
    el("div")
        .class("scroll")
        .with("role", "region")
        .with("aria-label", label)
        .with("tabindex", "0")
        .child(table)
}

pub(super) fn article(site: &Site, page: &Page, number: usize) -> Vec<Element> {
    let article = &site.story.pack.articles[number];
    let text = article.paragraphs.iter().map(|text| el("p").ours(text.clone()));
    let prose = el("article")
        .class("prose long-read")
        .child(reading_time(site, page.matter))
        .children(text);
    let body = section("story", [prose, sections::picture(site, 51 + number)]);
    let others = site
        .pages
        .iter()
        .filter(|other| matches!(other.matter, Matter::Article(_)) && other.file != page.file);
    vec![opening(page), body, further(site, others)]
}

/// One thing of the offer, with what speaks for it.
pub(super) fn item(site: &Site, page: &Page, group: usize, place: usize) -> Vec<Element> {
    let story = &site.story;
    let Item { fact, price, .. } = &story.groups[group].items[place];
    let fact = (!fact.is_empty()).then(|| el("p").class("fact").ours(fact.clone()));
    let price = (*price > 0)
        .then(|| el("p").class("price").ours(story.currency.price(*price, story.phrases.tag)));
    let salt = group * 16 + place;
    let points = (0..2).map(|step| &story.pack.points[(salt + step * 3) % story.pack.points.len()]);
    let points = points.flat_map(|Point { title, text }| {
        [el("h2").ours(title.clone()), el("p").ours(text.clone())]
    });
    let text = el("div")
        .class("prose")
        .children(fact)
        .children(price)
        .children(points)
        .child(el("div").class("actions").child(action(site)));
    let others = site
        .pages
        .iter()
        .filter(|other| matches!(other.matter, Matter::Item { .. }) && other.file != page.file)
        .take(6);
    let body = section("story", [text, sections::picture(site, 61 + salt)]);
    vec![opening(page), body, further(site, others)]
}

/// A page of the description's own: what speaks for the place, and whom to ask.
pub(super) fn wanted(site: &Site, page: &Page, number: usize) -> Vec<Element> {
    let story = &site.story;
    let points = &story.pack.points;
    let shown = (0..2).map(|step| &points[(number * 2 + step) % points.len()]);
    let shown = shown.flat_map(|Point { title, text }| {
        [el("h2").ours(title.clone()), el("p").ours(text.clone())]
    });
    let prose = el("div")
        .class("prose")
        .children(story.speaks.then(|| el("p").class("told").own(story.lead.clone())))
        .children(shown);
    let body = section("story", [prose, sections::picture(site, 91 + number)]);
    vec![opening(page), body, sections::close(site)]
}

pub(super) fn question(site: &Site, page: &Page, number: usize) -> Vec<Element> {
    let others: Vec<usize> =
        (0..site.story.pack.questions.len()).filter(|other| *other != number).collect();
    let asked = [el("h2").ours(site.story.phrases.also), sections::answers(site, &others)];
    vec![opening(page), section("questions", asked), sections::close(site)]
}

/// A topic beside a point, a question and a step that go with it.
pub(super) fn note(site: &Site, page: &Page, topic: usize, point: usize) -> Vec<Element> {
    let story = &site.story;
    let pack = &story.pack;
    let said = story.sentence_about(&story.topic(topic).text, topic);
    let question = &pack.questions[(topic + point) % pack.questions.len()];
    let prose = el("article")
        .class("prose")
        .child(el("p").class("told").own(said))
        .child(el("h2").ours(question.title.clone()))
        .child(el("p").ours(question.text.clone()))
        .child(el("p").ours(told(site, topic, point).clone()));
    let here = site.pages.iter().position(|other| other.file == page.file).unwrap_or_default();
    let others = site
        .pages
        .iter()
        .cycle()
        .skip(here + 1)
        .take(site.pages.len().saturating_sub(1))
        .filter(|other| matches!(other.matter, Matter::Note { .. }))
        .take(4);
    let body = section("story", [prose, sections::picture(site, 71 + topic)]);
    vec![opening(page), body, further(site, others)]
}

fn further<'a>(site: &Site, pages: impl Iterator<Item = &'a Page>) -> Element {
    let links: Vec<Element> = pages.map(|page| item_link(page, None)).collect();
    let offer = el("li")
        .child(el("a").href(&file(PageKind::Offer)).ours(site.story.pack.offer.title.clone()));
    section(
        "further",
        [
            el("h2").ours(site.story.phrases.also),
            el("ul").class("links").children(links).child(offer),
        ],
    )
}
