//! Parts that pages share: choices in a row, and bars that filter a list.

use super::super::html::{Element, el};
use super::Site;

/// One of several values to choose from.
pub(super) struct Choice {
    pub(super) value: String,
    /// What it is called: a `label` with its text.
    pub(super) label: Element,
}

impl Choice {
    pub(super) fn ours(value: impl Into<String>, text: impl Into<String>) -> Self {
        Self { value: value.into(), label: el("label").ours(text) }
    }

    pub(super) fn own(text: &str) -> Self {
        Self { value: text.to_owned(), label: el("label").own(text) }
    }
}

/// Values side by side, of which one is chosen.
pub(super) struct Choices {
    pub(super) name: &'static str,
    pub(super) legend: &'static str,
    pub(super) options: Vec<Choice>,
    /// The place of the one chosen at first; without it a choice is required.
    pub(super) chosen: Option<usize>,
}

impl Choices {
    pub(super) fn render(self) -> Element {
        let Self { name, legend, options, chosen } = self;
        let mut row = el("div").class("chips");
        for (number, Choice { value, label }) in options.into_iter().enumerate() {
            let input = el("input").with("type", "radio").with("name", name).with("value", value);
            let input = input.numbered(name, number);
            let input = match chosen {
                None => input.with("required", ""),
                Some(place) if place == number => input.with("checked", ""),
                Some(_) => input,
            };
            row = row.child(input).child(label.with("for", format!("{name}-{number}")));
        }
        let error = el("p").class("error").with("id", format!("{name}-error"));
        el("fieldset")
            .class("field")
            .child(el("legend").ours(legend))
            .child(row)
            .children(chosen.is_none().then_some(error))
    }
}

/// What narrows a list on the same page; it shows itself once the script runs.
pub(super) struct Filter {
    /// A selector of what is shown or not.
    pub(super) items: &'static str,
    /// A selector of what is shown while any of its items is.
    pub(super) groups: &'static str,
    /// What the choice of tags is called.
    pub(super) legend: &'static str,
    /// Values of `data-tag` among the items.
    pub(super) tags: Vec<String>,
}

impl Filter {
    pub(super) fn of(items: &'static str) -> Self {
        Self { items, groups: "", legend: "", tags: Vec::new() }
    }

    pub(super) fn render(self, site: &Site) -> Element {
        let copy = &site.story.phrases.parts;
        let Self { items, groups, legend, tags } = self;
        let search = el("div")
            .class("field")
            .child(el("label").with("for", "filter").ours(copy.search))
            .child(el("input").id("filter").with("type", "search").with("autocomplete", "off"));
        let tags = (tags.len() > 1).then(|| {
            let all = Choice::ours("", copy.all);
            let options =
                [all].into_iter().chain(tags.iter().map(|tag| Choice::own(tag))).collect();
            Choices { name: "tag", legend, options, chosen: Some(0) }.render()
        });
        el("div")
            .class("filter")
            .with("role", "search")
            .with("data-filter", items)
            .with("data-groups", groups)
            .with("data-shown", copy.shown)
            .with("hidden", "")
            .child(search)
            .children(tags)
            .child(el("p").class("hint").with("role", "status"))
    }
}
