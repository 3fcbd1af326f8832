//! Pages with forms. None pretends: each says that nothing is sent.
//!
//! `method="dialog"` outside a dialog submits nowhere, so that without the script too nothing
//! a visitor typed ends up in an address.

use super::super::copy::{FormCopy, PartCopy};
use super::super::html::{Element, Link, el};
use super::super::pages::PageKind;
use super::Site;

/// Characters that a message may have.
const MESSAGE: &str = "1000";

/// A labelled input.
struct Field {
    id: &'static str,
    label: &'static str,
    input: Element,
    hint: Option<&'static str>,
}

pub(super) fn input(kind: &'static str, autocomplete: &'static str) -> Element {
    el("input").with("type", kind).with("autocomplete", autocomplete)
}

pub(super) fn field(id: &'static str, label: &'static str, input: Element) -> Element {
    render(Field { id, label, input, hint: None })
}

fn render(field: Field) -> Element {
    let Field { id, label, input, hint } = field;
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let described = match hint {
        Some(_) => format!("{hint_id} {error_id}"),
        None => error_id.clone(),
    };
    // A choice always has a value; requiring one would need an empty option first.
    let input = if input.is("select") { input } else { input.with("required", "") };
    let input = input.id(id).with("name", id).with("aria-describedby", described);
    let hint = hint.map(|hint| el("p").class("hint").with("id", hint_id).ours(hint));
    el("div")
        .class("field")
        .child(el("label").with("for", id).ours(label))
        .child(input)
        .children(hint)
        .child(el("p").class("error").with("id", error_id))
}

/// A form, what it answers and where that leads.
pub(super) struct Form {
    pub(super) fields: Vec<Element>,
    pub(super) button: &'static str,
    /// Title of the answer to a complete form.
    pub(super) title: &'static str,
    /// What the answer holds besides the entries.
    pub(super) answer: Vec<Element>,
}

impl Form {
    /// The form and its answer, of which one is to be seen.
    pub(super) fn render(self, site: &Site) -> Vec<Element> {
        let (copy, parts) = (copy(site), parts(site));
        let summary = el("div")
            .class("summary")
            .with("role", "group")
            .with("aria-labelledby", "summary")
            .with("tabindex", "-1")
            .with("hidden", "")
            .child(el("p").id("summary").ours(copy.invalid))
            .child(el("ul"));
        let submit = el("button").class("button").with("type", "submit").ours(self.button);
        let form = el("form")
            .with("method", "dialog")
            .with("data-missing", parts.missing)
            .with("data-email", parts.bad_email)
            .with("data-number", parts.bad_number)
            .with("data-short", copy.password_hint)
            .child(summary)
            .child(el("p").class("hint").ours(copy.required))
            .children(self.fields)
            .child(el("div").child(submit));
        let again = el("button").class("button quiet").with("type", "button").ours(parts.again);
        let done = el("div")
            .class("done")
            .with("role", "group")
            .with("aria-labelledby", "done")
            .with("tabindex", "-1")
            .with("hidden", "")
            .child(el("h2").id("done").ours(self.title))
            .child(el("dl"))
            .children(self.answer)
            .child(el("p").ours(copy.done))
            .child(el("p").child(again));
        vec![el("p").class("unsent").ours(copy.not_sent), form, done]
    }
}

/// A number that stands for the one a server would give.
pub(super) fn reference(site: &Site) -> Element {
    el("p")
        .class("reference")
        .child(el("span").ours(parts(site).reference))
        .child(el("strong").with("data-reference", ""))
}

pub(super) fn name(site: &Site) -> Element {
    field("name", copy(site).name, input("text", "name").with("maxlength", "120"))
}

pub(super) fn email(site: &Site) -> Element {
    field("email", copy(site).email, input("email", "email"))
}

pub(super) fn choice(options: impl IntoIterator<Item = Element>) -> Element {
    el("select").children(options)
}

pub(super) fn subjects(site: &Site) -> Element {
    choice(site.story.subjects().into_iter().map(|name| el("option").own(name)))
}

pub(super) fn copy(site: &Site) -> &'static FormCopy {
    &site.story.phrases.forms
}

pub(super) fn parts(site: &Site) -> &'static PartCopy {
    &site.story.phrases.parts
}

fn other(kind: PageKind, text: &'static str) -> Element {
    el("p").child(el("a").href(&Link::File(kind.file().to_owned())).ours(text))
}

pub(super) fn contact(site: &Site) -> Vec<Element> {
    let copy = copy(site);
    let message = el("textarea").with("rows", "6").with("maxlength", MESSAGE);
    let left = el("p").class("hint").with("role", "status").with("data-left", parts(site).left);
    let fields = vec![
        field("topic", copy.topic, subjects(site)),
        name(site),
        email(site),
        field("message", copy.message, message).child(left),
    ];
    let title = parts(site).sent;
    Form { fields, button: copy.send, title, answer: vec![reference(site)] }.render(site)
}

fn show(site: &Site) -> Element {
    el("button")
        .class("show")
        .with("type", "button")
        .with("aria-pressed", "false")
        .with("data-show", "password")
        .with("hidden", "")
        .ours(parts(site).show_password)
}

pub(super) fn login(site: &Site) -> Vec<Element> {
    let copy = copy(site);
    let password = field("password", copy.password, input("password", "current-password"));
    let fields = vec![email(site), password.child(show(site))];
    let inside = site.pages.iter().find(|page| page.file == PageKind::Dashboard.file());
    let onward = inside.map(|page| {
        let link = el("a").class("button").href(&Link::File(page.file.clone()));
        el("p").child(link.ours(page.title.clone()))
    });
    let answer = onward.into_iter().collect();
    let form = Form { fields, button: copy.log_in, title: parts(site).logged_in, answer };
    let mut all = form.render(site);
    all.push(other(PageKind::Signup, copy.no_account));
    all
}

pub(super) fn signup(site: &Site) -> Vec<Element> {
    let copy = copy(site);
    let password = render(Field {
        id: "password",
        label: copy.password,
        input: input("password", "new-password").with("minlength", "10"),
        hint: Some(copy.password_hint),
    });
    let strength = el("p")
        .class("hint")
        .with("role", "status")
        .with("data-strength", parts(site).strength.join("|"));
    let fields = vec![name(site), email(site), password.child(show(site)).child(strength)];
    let form =
        Form { fields, button: copy.sign_up, title: parts(site).signed_up, answer: Vec::new() };
    let mut all = form.render(site);
    all.push(other(PageKind::Login, copy.have_account));
    all
}
