//! The home page: the parts of its kind, in their order.

use super::super::html::{Element, el};
use super::super::layout::{Layout, Part};
use super::sections::{self, draw};
use super::{Site, section};

pub(super) fn home(site: &Site) -> Vec<Element> {
    let mut sections = vec![sections::hero(site)];
    if site.story.is_foreign() {
        sections.extend(own_words(site));
        sections.push(things(site));
    } else {
        if site.story.listed.is_empty() || !Layout::offers_listed(site.story.kind) {
            sections.extend(sections::strip(site));
        }
        sections.extend(chosen(site).into_iter().filter_map(|part| shown(site, part)));
    }
    sections.push(sections::close(site));
    sections
}

/// The first part always stands; the seed leaves out others.
fn chosen(site: &Site) -> Vec<Part> {
    let kind = site.story.kind;
    let mut parts = Layout::of(kind).parts.to_vec();
    let mut draw = draw(site, 8);
    while parts.len() > Layout::parts_shown(kind) {
        parts.remove(1 + draw.index(parts.len() - 1));
    }
    parts
}

fn shown(site: &Site, part: Part) -> Option<Element> {
    Some(match part {
        Part::Offer => sections::offer(site),
        Part::Points => sections::points(site),
        Part::Credo => sections::credo(site),
        Part::Story => sections::story(site, 1),
        Part::Steps => sections::steps(site),
        Part::Schedule => sections::schedule(site),
        Part::Gallery => sections::gallery(site),
        Part::Questions => sections::questions(site),
        Part::Articles => return sections::articles(site),
        Part::Plans => sections::plans(site),
    })
}

/// The description's sentences, where no words of ours fit.
fn own_words(site: &Site) -> Option<Element> {
    let told = site.story.sentences.iter().skip(1).take(4);
    let paragraphs: Vec<Element> = told.map(|text| el("p").own(text.clone())).collect();
    (!paragraphs.is_empty()).then(|| section("credo", paragraphs))
}

/// What the description names, as a list.
fn things(site: &Site) -> Element {
    let story = &site.story;
    let names: Vec<&String> = if story.listed.is_empty() {
        story.topics.iter().take(6).map(|topic| &topic.text).collect()
    } else {
        story.listed.iter().collect()
    };
    let items = names.into_iter().map(|name| {
        let line = el("div").class("line").child(el("h2").class("name").own(name.clone()));
        el("li").child(el("div").class("thing").child(line))
    });
    let list = el("ul").class("things").children(items);
    section("offer", [el("div").class("board list").child(list)])
}
