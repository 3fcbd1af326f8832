//! What there is to have, set as its kind asks for.

use super::super::super::art::{Frame, Place, draws, picture_of};
use super::super::super::html::{Element, Link, el};
use super::super::super::kind::Kind;
use super::super::super::layout::{Layout, OfferLook};
use super::super::super::pack::Group;
use super::super::super::pages::{Matter, PageKind};
use super::super::super::text::shorten;
use super::super::{Site, section};
use super::draw;

/// How much of the offer a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Extent {
    /// So many things, and a link to the others.
    Some(usize),
    /// Everything, with headings of the second level for groups.
    All,
}

/// How the offer is set: what has no more than a name is shown in pictures or in large rows.
fn look(site: &Site) -> OfferLook {
    let items = || site.story.groups.iter().flat_map(|group| &group.items);
    if items().any(|item| !item.note.is_empty()) {
        return Layout::of(site.story.kind).offer;
    }
    if items().all(|item| draws(&item.name)) { OfferLook::Cards } else { OfferLook::List }
}

/// The home page's view of the offer.
pub(in super::super) fn offer(site: &Site) -> Element {
    let pack = &site.story.pack;
    let look = look(site);
    let most = match look {
        OfferLook::Menu => 9,
        OfferLook::Rooms => 3,
        // General things are said once and shortly.
        OfferLook::List if site.story.kind == Kind::General => 3,
        OfferLook::List => 4,
        OfferLook::Cards | OfferLook::Features | OfferLook::Tracks => 6,
    };
    let all = el("a")
        .class("more")
        .href(&Link::File(PageKind::Offer.file().to_owned()))
        .ours(pack.second.clone());
    let head = el("div")
        .class("head")
        .child(el("h2").ours(pack.offer.title.clone()))
        .child(el("p").ours(pack.offer.intro.clone()));
    section("offer", [head, board(site, Extent::Some(most)), el("p").child(all)])
}

/// The things themselves.
pub(in super::super) fn board(site: &Site, extent: Extent) -> Element {
    let look = look(site);
    let class = match look {
        OfferLook::Menu => "board menu",
        OfferLook::Cards => "board cards",
        OfferLook::List => "board list",
        OfferLook::Tracks => "board tracks",
        OfferLook::Features => "board features",
        OfferLook::Rooms => "board rooms",
    };
    let shown = shown(site, extent);
    // Menus keep their groups everywhere; other looks only where all is shown.
    let grouped = extent == Extent::All || look == OfferLook::Menu;
    let mut number = 0;
    let mut groups = Vec::new();
    let mut loose = Vec::new();
    for (at, group) in site.story.groups.iter().enumerate() {
        let mut items = Vec::new();
        for place in shown.iter().filter(|(of, _)| *of == at).map(|(_, place)| *place) {
            number += 1;
            items.push(entry(site, look, (at, place), number, extent));
        }
        if items.is_empty() {
            continue;
        }
        if grouped {
            let group_id = extent == Extent::All;
            let group = titled(site, group, extent, items);
            groups.push(if group_id { group.numbered("group", at) } else { group });
        } else {
            loose.extend(items);
        }
    }
    if grouped {
        el("div").class(class).children(groups)
    } else {
        el("div").class(class).child(el("ul").class("things").children(loose))
    }
}

/// Places, group by group, of what is shown: the description's own things first, then some of
/// the others.
fn shown(site: &Site, extent: Extent) -> Vec<(usize, usize)> {
    let groups = &site.story.groups;
    let all = groups
        .iter()
        .enumerate()
        .flat_map(|(at, group)| (0..group.items.len()).map(move |place| (at, place)));
    let all: Vec<(usize, usize)> = all.collect();
    let Extent::Some(most) = extent else { return all };
    let own = groups.first().filter(|group| group.title.is_empty());
    let own = own.map_or(0, |group| group.items.len());
    // A few of the others beside the description's own.
    let rest = if own > 0 { most.saturating_sub(own).min(3) } else { most };
    let rest = draw(site, 13).some(rest, all.len() - own);
    (0..own).chain(rest.into_iter().map(|at| at + own)).map(|at| all[at]).collect()
}

/// The description's own things stand under its own words.
fn title<'a>(site: &'a Site, group: &'a Group) -> &'a str {
    if group.title.is_empty() { &site.story.headline } else { &group.title }
}

/// Links to the groups of the whole offer, where there are several.
pub(in super::super) fn jumps(site: &Site) -> Option<Element> {
    let groups = site.story.groups.iter().enumerate().filter(|(_, group)| !group.items.is_empty());
    let links: Vec<Element> = groups
        .map(|(at, group)| {
            let link = el("a").href(&Link::Among("group", at));
            el("li").child(link.ours(shorten(title(site, group), 32)))
        })
        .collect();
    let label = site.story.pack.offer.title.clone();
    (links.len() > 1)
        .then(|| el("nav").with("aria-label", label).child(el("ul").class("jumps").children(links)))
}

fn titled(site: &Site, group: &Group, extent: Extent, items: Vec<Element>) -> Element {
    let title = title(site, group).to_owned();
    let heading = el(if extent == Extent::All { "h2" } else { "h3" });
    el("div")
        .class("group")
        .child(heading.ours(title))
        .child(el("ul").class("things").children(items))
}

fn entry(
    site: &Site,
    look: OfferLook,
    (group, place): (usize, usize),
    number: usize,
    extent: Extent,
) -> Element {
    let story = &site.story;
    let item = &story.groups[group].items[place];
    let page = site.pages.iter().find(|page| page.matter == Matter::Item { group, item: place });
    let heading = match (look, extent) {
        (OfferLook::Menu, Extent::Some(_)) => "h4",
        _ => "h3",
    };
    let name = match page {
        Some(page) => el(heading)
            .class("name")
            .child(el("a").href(&Link::File(page.file.clone())).own(item.name.clone())),
        None => el(heading).class("name").own(item.name.clone()),
    };
    let price = (item.price > 0)
        .then(|| el("p").class("price").ours(story.currency.price(item.price, story.phrases.tag)));
    let fact = (!item.fact.is_empty()).then(|| el("p").class("fact").ours(item.fact.clone()));
    let note = (!item.note.is_empty()).then(|| el("p").class("note").ours(item.note.clone()));
    let pictured = matches!(look, OfferLook::Cards | OfferLook::Rooms);
    let picture = pictured.then(|| {
        let frame = if look == OfferLook::Rooms { Frame::Wide } else { Frame::Square };
        let place = Place { seed: draw(site, 12).at(0), number, frame };
        picture_of(&item.name, story.kind, place).with("aria-hidden", "true")
    });
    el("li").children(picture).child(
        el("div")
            .class("thing")
            .child(
                el("div")
                    .class(if price.is_some() { "line priced" } else { "line" })
                    .child(name)
                    .children(fact)
                    .children(price),
            )
            .children(note),
    )
}

/// The home page's view of the plans.
pub(in super::super) fn plans(site: &Site) -> Element {
    let title = site.story.phrases.title(PageKind::Pricing);
    section("plans", [el("h2").ours(title), super::super::sales::plan_list(site)])
}
