//! Pages that show data; all of it is marked as samples.

use super::super::copy::ToolCopy;
use super::super::html::{Element, el};
use super::super::text::slug;
use super::reading::scroll;
use super::{Site, action, sample_note};

fn copy(site: &Site) -> &'static ToolCopy {
    &site.story.phrases.tools
}

pub(super) fn heads(heads: &[&'static str]) -> Element {
    let cells = heads.iter().map(|head| el("th").with("scope", "col").ours(*head));
    el("thead").child(el("tr").children(cells))
}

/// The path of a topic's collection; letters that no path should have give a plain name.
fn collection(topic: &str, number: usize) -> String {
    match slug(topic) {
        name if name.len() < 3 => format!("items-{}", number + 1),
        name => name,
    }
}

pub(super) fn api(site: &Site) -> Vec<Element> {
    let copy = copy(site);
    let mut parts = vec![sample_note(site)];
    for (number, topic) in site.story.topics.iter().take(3).enumerate() {
        let all = format!("/v1/{}", collection(&topic.text, number));
        let one = format!("{all}/{{id}}");
        let calls = [("GET", &all), ("POST", &all), ("GET", &one), ("PUT", &one), ("DELETE", &one)];
        let rows = calls.into_iter().zip(copy.endpoints).map(|((method, path), what)| {
            el("tr")
                .child(el("td").child(el("code").ours(method)))
                .child(el("td").child(el("code").ours(path.clone())))
                .child(el("td").ours(topic.put_into(what)))
        });
        let table =
            el("table").child(heads(&copy.endpoint_heads)).child(el("tbody").children(rows));
        parts.push(el("h2").own(topic.text.clone()));
        parts.push(scroll(&topic.text, table));
    }
    let entry = serde_json::json!({
        "id": 1, "name": site.story.topic(0).text, "state": copy.states[0], "created": "2025-01-31T09:30:00Z",
    });
    parts.push(el("h2").ours(copy.response));
    parts.push(el("pre").child(el("code").with("dir", "ltr").own(format!("{entry:#}"))));
    parts
}

pub(super) fn data(site: &Site) -> Vec<Element> {
    let copy = copy(site);
    let columns = ["id", "name", "created", "state", "parent"];
    let types = ["bigint", "text", "timestamp", "text", "bigint"];
    let mut parts = vec![sample_note(site)];
    for (number, topic) in site.story.topics.iter().take(4).enumerate() {
        // The first stands for itself; the others belong to the one before.
        let used = if number == 0 { 4 } else { 5 };
        let fields = columns.into_iter().zip(types).zip(copy.fields);
        let rows = fields.take(used).map(|((column, kind), meaning)| {
            let meaning = if column == "parent" {
                let before = number.saturating_sub(1);
                format!("{meaning}: {}", site.story.topic(before).text)
            } else {
                meaning.to_owned()
            };
            el("tr")
                .child(el("td").child(el("code").ours(column)))
                .child(el("td").child(el("code").ours(kind)))
                .child(el("td").ours(meaning))
        });
        let table = el("table").child(heads(&copy.field_heads)).child(el("tbody").children(rows));
        parts.push(el("h2").own(topic.text.clone()));
        parts.push(scroll(&topic.text, table));
    }
    parts
}

pub(super) fn live(site: &Site) -> Vec<Element> {
    let copy = copy(site);
    let entries = (0..12).map(|number| {
        let template = copy.updates[(number + number / 4) % copy.updates.len()];
        el("li").ours(site.story.topic(number).put_into(template))
    });
    let toggle = el("button")
        .class("button quiet")
        .with("type", "button")
        .with("data-pause", copy.pause)
        .with("data-resume", copy.resume)
        .with("hidden", "")
        .ours(copy.pause);
    vec![
        sample_note(site),
        el("h2").ours(copy.feed),
        el("p").child(toggle),
        el("ul").class("feed").with("data-feed", "").children(entries),
        el("div").class("actions").child(action(site)),
    ]
}
