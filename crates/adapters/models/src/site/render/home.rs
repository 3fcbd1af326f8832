//! The home page: the parts of its kind, in their order.

use super::super::brief::{Story, Want};
use super::super::html::{Element, el};
use super::super::kind::Extra;
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
        let parts = chosen(site).into_iter().filter_map(|part| shown(site, part));
        let mut parts: Vec<Element> = parts.collect();
        if let Some(scene) = sections::scenery(site) {
            parts.insert(parts.len().min(2), scene);
        }
        sections.extend(parts);
    }
    sections.push(sections::close(site));
    sections
}

/// The parts that are asked for and some of the others that fit; the first always stands. Where
/// the description has words of its own, there are fewer of ours.
fn chosen(site: &Site) -> Vec<Part> {
    let story = &site.story;
    let kind = story.kind;
    let asked = asked(story);
    let fits = |part: &Part| Layout::fits(kind, *part) || asked.contains(part);
    let mut parts: Vec<Part> = Layout::of(kind).parts.iter().copied().filter(fits).collect();
    for part in &asked {
        if !parts.contains(part) {
            // What is read and asked comes after what there is.
            let late = matches!(part, Part::Articles | Part::Questions);
            parts.insert(if late { parts.len() } else { 1 }, *part);
        }
    }
    let own = usize::from(!story.told.is_empty()) + usize::from(!story.listed.is_empty());
    let most = Layout::parts_shown(kind) - own;
    let mut draw = draw(site, 8);
    while parts.len() > most {
        let loose =
            |at: &usize| *at > 0 && parts[*at] != Part::Offer && !asked.contains(&parts[*at]);
        let loose: Vec<usize> = (0..parts.len()).filter(loose).collect();
        if loose.is_empty() {
            break;
        }
        parts.remove(loose[draw.index(loose.len())]);
    }
    parts
}

/// Parts of the home page that the description asks for.
fn asked(story: &Story) -> Vec<Part> {
    let parts = [
        (Want::Hours, Part::Schedule),
        (Want::Extra(Extra::Events), Part::Schedule),
        (Want::Extra(Extra::Gallery), Part::Gallery),
        (Want::Extra(Extra::Pricing), Part::Plans),
        (Want::Extra(Extra::Articles), Part::Articles),
        (Want::Faq, Part::Questions),
    ];
    let asked = parts.into_iter().filter(|(want, _)| story.asked.contains(want));
    asked.map(|(_, part)| part).fold(Vec::new(), |mut all, part| {
        if !all.contains(&part) {
            all.push(part);
        }
        all
    })
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
