//! The home page.

use super::super::art::drawing;
use super::super::copy::{Titled, fill};
use super::super::design::Third;
use super::super::html::{Element, Link, el};
use super::super::pages::{Page, PageKind};
use super::super::text::shorten;
use super::{Site, action, section};

const CARDS: usize = 6;

pub(super) fn home(site: &Site, page: &Page) -> Vec<Element> {
    let middle = [focus(site), idea(site), third(site)];
    let mut sections = vec![hero(site, page)];
    for (at, which) in site.design.order.into_iter().enumerate() {
        let section = middle[which].clone();
        sections.push(if at == 1 { section.class("band") } else { section });
    }
    sections.push(close(site));
    sections
}

fn hero(site: &Site, page: &Page) -> Element {
    let story = &site.story;
    let offer = Link::File(PageKind::Offer.file().to_owned());
    let eyebrow = if story.headline == story.name {
        el("p").class("eyebrow").ours(story.kind_copy().label)
    } else {
        el("p").class("eyebrow").own(story.name.clone())
    };
    let text = el("div").child(eyebrow).child(el("h1").own(page.title.clone()));
    let text = if story.lead == story.headline {
        text
    } else {
        text.child(el("p").class("lead").own(story.lead.clone()))
    };
    let second = el("a").class("button quiet").href(&offer).ours(story.kind_copy().offer);
    let text = text.child(el("div").class("actions").child(action(site)).child(second));
    section([text, drawing(site.design.art, story.seed, None)]).class("hero")
}

fn focus(site: &Site) -> Element {
    let story = &site.story;
    let cards = story.topics.iter().take(CARDS).enumerate().map(|(number, topic)| {
        let template = story.phrases.cards[(number + site.design.offset) % CARDS];
        let link = Link::Topic(PageKind::Offer.file(), number);
        el("li")
            .class("card")
            .child(el("h3").child(el("a").href(&link).own(topic.text.clone())))
            .child(el("p").ours(topic.put_into(template)))
    });
    section([el("h2").ours(story.phrases.focus_title), el("ul").class("grid").children(cards)])
}

fn idea(site: &Site) -> Element {
    let story = &site.story;
    let quoted = story.sentences.iter().take(3).map(|text| el("p").own(shorten(text, 260)));
    let mut parts = vec![
        el("h2").ours(story.phrases.idea_title),
        el("blockquote").class("prose").children(quoted),
    ];
    if story.sentences.is_empty() {
        parts[1] = el("blockquote").class("prose").child(el("p").own(story.headline.clone()));
    }
    if let Some(audience) = &story.audience {
        parts.push(el("h2").ours(story.phrases.audience_title));
        parts.push(el("p").class("prose").own(audience.clone()));
    }
    let about = Link::File(PageKind::About.file().to_owned());
    let title = story.phrases.title(PageKind::About);
    parts.push(el("p").child(el("a").href(&about).ours(title)));
    section(parts)
}

fn third(site: &Site) -> Element {
    let phrases = site.story.phrases;
    let item =
        |(title, body): &Titled| el("li").child(el("h3").ours(*title)).child(el("p").ours(*body));
    let three = |from: &'static [Titled]| {
        let chosen = from.iter().cycle().skip(site.design.offset).take(3);
        el("ul").class("grid").children(chosen.map(item))
    };
    match site.design.third {
        Third::Steps => section([
            el("h2").ours(phrases.steps_title),
            el("ol").class("steps").children(phrases.steps.iter().map(item)),
        ]),
        Third::Questions => {
            let title = phrases.title(PageKind::Faq);
            let all = el("a").href(&Link::File(PageKind::Faq.file().to_owned())).ours(title);
            // The first answer is the lead, which the page has said already.
            section([el("h2").ours(title), three(&phrases.faq[1..]), el("p").child(all)])
        }
        Third::Tips => {
            section([el("h2").ours(phrases.tips_title), three(&phrases.articles.sections)])
        }
    }
}

fn close(site: &Site) -> Element {
    let story = &site.story;
    section([
        el("h2").ours(fill(story.phrases.close_title, &story.name)),
        el("p").class("prose").ours(story.phrases.close_body),
        el("div").class("actions").child(action(site)),
    ])
}
