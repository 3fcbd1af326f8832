//! Opening hours, timetables and dates.

use super::super::super::html::{Element, el};
use super::super::super::layout::{Layout, Times};
use super::super::{Site, section};

pub(in super::super) fn schedule(site: &Site) -> Element {
    let schedule = &site.story.pack.schedule;
    let head = el("div")
        .class("head")
        .child(el("h2").ours(schedule.title.clone()))
        .child(el("p").ours(schedule.intro.clone()));
    section("schedule", [head, timetable(site)])
}

/// The rows of the timetable.
pub(in super::super) fn timetable(site: &Site) -> Element {
    let class = match Layout::of(site.story.kind).times {
        Times::Hours => "hours",
        Times::Dates => "dates",
    };
    let rows = site.story.pack.schedule.rows.iter().map(|row| {
        let note = (!row.note.is_empty()).then(|| el("dd").class("note").ours(row.note.clone()));
        el("div")
            .child(el("dt").ours(row.when.clone()))
            .child(el("dd").ours(row.what.clone()))
            .children(note)
    });
    el("dl").class(class).children(rows)
}
