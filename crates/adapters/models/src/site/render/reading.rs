//! Pages that are read.

use super::super::art::drawing;
use super::super::copy::{Titled, fill};
use super::super::html::{Element, Link, el, topic_id};
use super::super::pages::{Matter, Page, PageKind};
use super::super::text::shorten;
use super::{Site, action, item_link, sample_note, section, title};

pub(super) fn about(site: &Site) -> Vec<Element> {
    let story = &site.story;
    let lines = story.verbatim.iter().map(|line| el("p").own(line.clone()));
    let mut prose = el("div")
        .class("prose")
        .child(el("h2").ours(story.phrases.idea_title))
        .child(el("blockquote").children(lines));
    if let Some(audience) = &story.audience {
        prose = prose
            .child(el("h2").ours(story.phrases.audience_title))
            .child(el("p").own(audience.clone()));
    }
    vec![prose, el("div").class("actions").child(action(site))]
}

pub(super) fn offer(site: &Site) -> Vec<Element> {
    let story = &site.story;
    let items = story.topics.iter().enumerate().map(|(number, topic)| {
        let card = story.phrases.cards[number % story.phrases.cards.len()];
        let said = story.sentence_about(&topic.text, number);
        el("li")
            .class("card")
            .with("id", topic_id(number))
            .child(el("h2").own(topic.text.clone()))
            .child(el("p").ours(topic.put_into(card)))
            .child(el("p").class("hint").own(shorten(said, 180)))
    });
    vec![el("ul").class("grid").children(items), el("div").class("actions").child(action(site))]
}

pub(super) fn faq(site: &Site) -> Vec<Element> {
    let story = &site.story;
    let entries = story.phrases.faq.iter().flat_map(|(question, answer)| {
        let answered =
            if *answer == "{}" { el("dd").own(story.lead.clone()) } else { el("dd").ours(*answer) };
        [el("dt").ours(*question), answered]
    });
    vec![el("dl").class("faq prose").children(entries)]
}

pub(super) fn gallery(site: &Site) -> Vec<Element> {
    let story = &site.story;
    let pictures = (0_u8..).zip(&story.topics).map(|(number, topic)| {
        let family = (site.design.art + number) % 5;
        let label = topic.put_into(story.phrases.illustration);
        let seed = story.seed.rotate_left(u32::from(number) + 1);
        el("figure")
            .child(drawing(family, seed, Some(label)))
            .child(el("figcaption").own(topic.text.clone()))
    });
    vec![el("div").class("grid").children(pictures)]
}

pub(super) fn events(site: &Site) -> Vec<Element> {
    let story = &site.story;
    let phrases = story.phrases;
    let heads = phrases.event_heads.map(|head| el("th").with("scope", "col").ours(head));
    let rows = story.topics.iter().take(6).map(|topic| {
        el("tr")
            .child(el("th").with("scope", "row").own(topic.text.clone()))
            .child(el("td").ours(phrases.announced_later))
            .child(el("td").ours(phrases.announced_later))
    });
    let table = el("table")
        .child(el("thead").child(el("tr").children(heads)))
        .child(el("tbody").children(rows));
    vec![sample_note(site), scroll(site, table), el("div").class("actions").child(action(site))]
}

/// A region that scrolls sideways, also by keyboard.
pub(super) fn scroll(site: &Site, table: Element) -> Element {
    el("div")
        .class("scroll")
        .with("role", "region")
        .with("aria-label", site.story.phrases.tools.table)
        .with("tabindex", "0")
        .child(table)
}

pub(super) fn articles(site: &Site) -> Vec<Element> {
    let cards = articles_of(site).map(|page| {
        let link = el("a").href(&Link::File(page.file.clone())).ours(page.title.clone());
        el("li").class("card").child(el("h2").child(link)).child(el("p").ours(page.lead.clone()))
    });
    vec![el("ul").class("grid").children(cards)]
}

fn articles_of(site: &Site) -> impl Iterator<Item = &Page> + Clone {
    site.pages.iter().filter(|page| matches!(page.matter, Matter::Article { .. }))
}

/// Three of the six sections, chosen so that neighbouring articles differ.
pub(super) fn article(site: &Site, page: &Page, topic: usize, angle: usize) -> Vec<Element> {
    let story = &site.story;
    let copy = &story.phrases.articles;
    let said = story.sentence_about(&story.topic(topic).text, topic + angle);
    let mut prose = el("article")
        .class("prose")
        .child(el("h2").ours(copy.from_idea))
        .child(el("blockquote").child(el("p").own(said)));
    for step in 0..3 {
        let (heading, body) = copy.sections[(topic + angle + step * 2) % copy.sections.len()];
        prose = prose.child(el("h2").ours(heading)).child(el("p").ours(body));
    }
    let here = articles_of(site).position(|other| other.file == page.file).unwrap_or_default();
    let next = articles_of(site)
        .cycle()
        .skip(here + 1)
        .take(3)
        .filter(|other| other.file != page.file)
        .map(|other| item_link(site, other));
    let further = section([
        el("h2").ours(copy.next),
        el("ul").children(next).child(
            el("li").child(
                el("a")
                    .href(&Link::Topic(PageKind::Offer.file(), topic))
                    .own(story.topic(topic).text.clone()),
            ),
        ),
    ]);
    vec![section(title(page).into_iter().chain([prose])), further.class("band")]
}

pub(super) fn glossary(site: &Site) -> Vec<Element> {
    let story = &site.story;
    let entries = story.topics.iter().enumerate().flat_map(|(number, topic)| {
        let about = articles_of(site)
            .find(|page| matches!(page.matter, Matter::Article { topic, .. } if topic == number));
        let (link, title) = match about {
            Some(page) => (Link::File(page.file.clone()), page.title.as_str()),
            None => (Link::Topic(PageKind::Offer.file(), number), story.kind_copy().offer),
        };
        let said = story.sentence_about(&topic.text, number);
        [
            el("dt").own(topic.text.clone()),
            el("dd").child(el("p").own(shorten(said, 180))).child(
                el("p").child(el("a").href(&link).ours(fill(story.phrases.see_page, title))),
            ),
        ]
    });
    vec![el("dl").class("faq prose").children(entries)]
}

pub(super) fn statement(parts: &'static [Titled]) -> Vec<Element> {
    let parts = parts.iter().flat_map(|(title, body)| [el("h2").ours(*title), el("p").ours(*body)]);
    vec![el("div").class("prose").children(parts)]
}
