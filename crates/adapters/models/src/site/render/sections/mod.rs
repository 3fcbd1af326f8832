//! The sections that pages are put together from.

mod hero;
mod lists;
mod offer;
mod pictures;
mod times;

pub(super) use hero::{hero, scenery, written};
pub(super) use lists::{answers, articles, points, questions, reads, steps, strip};
pub(super) use offer::{Extent, board, jumps, offer, plans};
pub(super) use pictures::{gallery, picture, pictures};
pub(super) use times::{schedule, timetable};

use super::super::design::Draw;
use super::super::html::{Element, el};
use super::super::pack::Point;
use super::super::pages::PageKind;
use super::{Site, action, chart, section};

/// Numbers that choose what a section shows, the same wherever a page asks for the same.
pub(super) fn draw(site: &Site, salt: u64) -> Draw {
    Draw::new(site.story.seed.rotate_left(17) ^ salt)
}

/// The first of the description's own sentences that visitors may read, else one of the
/// pack's, printed large.
pub(super) fn credo(site: &Site) -> Element {
    let story = &site.story;
    let text = match story.told.first() {
        Some(told) => el("p").own(told.clone()),
        None => el("p").ours(draw(site, 1).pick([0, 1, 2].map(|at| &story.pack.credos[at]))),
    };
    section("credo", [text])
}

/// The longer telling; `paragraphs` of it.
pub(super) fn story(site: &Site, paragraphs: usize) -> Element {
    let pack = &site.story.pack;
    let first = draw(site, 2).index(pack.story.len());
    let chosen = pack.story.iter().cycle().skip(if paragraphs < 3 { first } else { 0 });
    let text = chosen.take(paragraphs).map(|text| el("p").ours(text.clone()));
    let told = site.story.told.iter().skip(1).map(|text| el("p").class("told").own(text.clone()));
    section(
        "story",
        [
            el("h2").ours(pack.story_title.clone()),
            el("div").class("prose").children(told).children(text),
            picture(site, 31),
        ],
    )
}

/// The last call of a page.
pub(super) fn close(site: &Site) -> Element {
    let close = draw(site, 3).pick([0, 1]);
    let Point { title, text } = &site.story.pack.closes[close];
    // Beside words in another language the call is as short as it can be.
    let text = (!site.story.is_foreign()).then(|| el("p").ours(text.clone()));
    let actions = el("div").class("actions").child(action(site));
    section("close", [el("h2").ours(title.clone())].into_iter().chain(text).chain([actions]))
}

/// What helps while one fills in a form: when somebody is there, and what others asked.
pub(super) fn aside(site: &Site) -> Element {
    let pack = &site.story.pack;
    let asked = draw(site, 19).some(2, pack.questions.len());
    el("aside")
        .child(el("h2").ours(pack.schedule.title.clone()))
        .child(timetable(site))
        .child(el("h2").ours(site.story.phrases.title(PageKind::Faq)))
        .child(answers(site, &asked))
}
