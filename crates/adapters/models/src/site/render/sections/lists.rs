//! Points, steps, questions and things to read.

use super::super::super::html::{Element, Link, el};
use super::super::super::kind::Kind;
use super::super::super::pack::Point;
use super::super::super::pages::{Matter, PageKind};
use super::super::super::wishes::is_function;
use super::super::reading::{reading_time, tag};
use super::super::{Site, section};
use super::draw;

/// Points and questions that the home page shows.
const FEW: usize = 3;

/// What fits any subject says little of each: it is said shortly.
fn few(site: &Site) -> usize {
    if site.story.kind == Kind::General { 2 } else { FEW }
}

fn point(Point { title, text }: &Point) -> Element {
    el("li").child(el("h3").ours(title.clone())).child(el("p").ours(text.clone()))
}

pub(in super::super) fn points(site: &Site) -> Element {
    let pack = &site.story.pack;
    let chosen = draw(site, 4).some(few(site), pack.points.len());
    let items = chosen.into_iter().map(|at| point(&pack.points[at]));
    section(
        "points",
        [el("h2").ours(pack.points_title.clone()), el("ul").class("point-list").children(items)],
    )
}

pub(in super::super) fn steps(site: &Site) -> Element {
    let pack = &site.story.pack;
    section(
        "steps",
        [
            el("h2").ours(pack.steps_title.clone()),
            el("ol").class("step-list").children(pack.steps.iter().map(point)),
        ],
    )
}

/// Some of the questions, with a link to all where there is a page of them.
pub(in super::super) fn questions(site: &Site) -> Element {
    let story = &site.story;
    let title = story.phrases.title(PageKind::Faq);
    let chosen = draw(site, 21).some(few(site), story.pack.questions.len());
    let all =
        site.pages.iter().find(|page| page.matter == Matter::Fixed(PageKind::Faq)).map(|page| {
            let link = Link::File(page.file.clone());
            el("p").child(el("a").class("more").href(&link).ours(title))
        });
    let heading = el("h2").ours(title);
    let body = el("div").children([answers(site, &chosen)]).children(all);
    section("questions", [heading, body])
}

/// Questions that open on their answers; those with pages of their own link to them.
pub(in super::super) fn answers(site: &Site, which: &[usize]) -> Element {
    let asked = which.iter().map(|number| {
        let Point { title, text } = &site.story.pack.questions[*number];
        let own = site.pages.iter().find(|page| page.matter == Matter::Question(*number));
        let link = own.map(|page| {
            let link = Link::File(page.file.clone());
            el("p").child(el("a").class("more").href(&link).ours(title.clone()))
        });
        el("details")
            .child(el("summary").ours(title.clone()))
            .child(el("p").ours(text.clone()))
            .children(link)
    });
    el("div").class("asked").children(asked)
}

/// Links to the longer pieces, each with its summary.
pub(in super::super) fn articles(site: &Site) -> Option<Element> {
    let pages: Vec<Element> = reads(site, "h3").take(FEW).collect();
    let title = site.story.phrases.title(PageKind::Articles);
    (!pages.is_empty()).then(|| {
        section("articles", [el("h2").ours(title), el("ul").class("reads").children(pages)])
    })
}

/// The pieces as list items with headings `heading`.
pub(in super::super) fn reads<'a>(
    site: &'a Site,
    heading: &'static str,
) -> impl Iterator<Item = Element> + 'a {
    let pieces = site
        .pages
        .iter()
        .filter(|page| matches!(page.matter, Matter::Article(_) | Matter::Note { .. }));
    pieces.map(move |page| {
        let link = el("a").href(&Link::File(page.file.clone())).ours(page.title.clone());
        let tag = tag(site, page.matter).unwrap_or_default();
        el("li")
            .with("data-tag", tag)
            .child(el(heading).child(link))
            .child(el("p").ours(page.lead.clone()))
            .child(reading_time(site, page.matter))
    })
}

/// What the description counts up, as one line of large words; where it counts up nothing and
/// its first sentence is no copy, what it speaks of.
pub(in super::super) fn strip(site: &Site) -> Option<Element> {
    let story = &site.story;
    let spoken_of = story.topics.iter().map(|topic| &topic.text).filter(|topic| {
        let topic = topic.to_lowercase();
        let said = story.sentences.iter().any(|text| text.to_lowercase().contains(&topic));
        said && !is_function(&topic) && !story.headline.to_lowercase().contains(&topic)
    });
    let words: Vec<&String> = if !story.listed.is_empty() {
        story.listed.iter().collect()
    } else if !story.speaks {
        spoken_of.take(5).collect()
    } else {
        Vec::new()
    };
    let items = words.iter().map(|name| el("li").own((*name).clone()));
    (words.len() > 1).then(|| section("strip", [el("ul").children(items)]))
}
