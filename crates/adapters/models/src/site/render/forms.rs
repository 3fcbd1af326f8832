//! Pages with forms. None pretends: each says that nothing is sent.
//!
//! `method="dialog"` outside a dialog submits nowhere, so that without the script too nothing
//! a visitor typed ends up in an address.

use super::super::copy::FormCopy;
use super::super::html::{Element, Link, el};
use super::super::pages::PageKind;
use super::Site;

/// A labelled input.
struct Field {
    id: &'static str,
    label: &'static str,
    input: Element,
    hint: Option<&'static str>,
}

fn input(kind: &'static str, autocomplete: &'static str) -> Element {
    el("input").with("type", kind).with("autocomplete", autocomplete)
}

fn field(id: &'static str, label: &'static str, input: Element) -> Field {
    Field { id, label, input, hint: None }
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

fn form(copy: &'static FormCopy, fields: Vec<Field>, button: &'static str) -> Vec<Element> {
    vec![
        el("p").class("note").ours(copy.not_sent),
        el("form")
            .with("method", "dialog")
            .with("data-done", copy.done)
            .with("data-invalid", copy.invalid)
            .child(el("p").class("hint").ours(copy.required))
            .children(fields.into_iter().map(render))
            .child(el("p").class("status").with("role", "status"))
            .child(
                el("div").child(el("button").class("button").with("type", "submit").ours(button)),
            ),
    ]
}

fn name(copy: &'static FormCopy) -> Field {
    field("name", copy.name, input("text", "name").with("maxlength", "120"))
}

fn email(copy: &'static FormCopy) -> Field {
    field("email", copy.email, input("email", "email"))
}

fn choice(options: impl IntoIterator<Item = Element>) -> Element {
    el("select").children(options)
}

fn topics(site: &Site) -> Element {
    choice(site.story.subjects().into_iter().map(|name| el("option").own(name)))
}

fn copy(site: &Site) -> &'static FormCopy {
    &site.story.phrases.forms
}

fn other(kind: PageKind, text: &'static str) -> Element {
    el("p").child(el("a").href(&Link::File(kind.file().to_owned())).ours(text))
}

pub(super) fn contact(site: &Site) -> Vec<Element> {
    let copy = copy(site);
    let message = el("textarea").with("rows", "6").with("maxlength", "4000");
    let fields = vec![
        name(copy),
        email(copy),
        field("topic", copy.topic, topics(site)),
        field("message", copy.message, message),
    ];
    form(copy, fields, copy.send)
}

pub(super) fn booking(site: &Site) -> Vec<Element> {
    let copy = copy(site);
    let people = input("number", "off").with("min", "1").with("max", "99").with("value", "1");
    let fields = vec![
        field("topic", copy.topic, topics(site)),
        field("date", copy.date, input("date", "off")),
        field("time", copy.time, input("time", "off")),
        field("people", copy.people, people),
        name(copy),
        email(copy),
    ];
    form(copy, fields, copy.book)
}

pub(super) fn login(site: &Site) -> Vec<Element> {
    let copy = copy(site);
    let password = input("password", "current-password");
    let fields = vec![email(copy), field("password", copy.password, password)];
    let mut parts = form(copy, fields, copy.log_in);
    parts.push(other(PageKind::Signup, copy.no_account));
    parts
}

pub(super) fn signup(site: &Site) -> Vec<Element> {
    let copy = copy(site);
    let password = Field {
        id: "password",
        label: copy.password,
        input: input("password", "new-password").with("minlength", "10"),
        hint: Some(copy.password_hint),
    };
    let mut parts = form(copy, vec![name(copy), email(copy), password], copy.sign_up);
    parts.push(other(PageKind::Login, copy.have_account));
    parts
}

pub(super) fn checkout(site: &Site) -> Vec<Element> {
    let copy = copy(site);
    let plans = site.story.pack.plans.iter().map(|plan| el("option").ours(plan.name.clone()));
    let fields = vec![
        field("plan", copy.plan, choice(plans)),
        name(copy),
        email(copy),
        field("address", copy.address, input("text", "address-line1")),
        field("postcode", copy.postcode, input("text", "postal-code")),
        field("city", copy.city, input("text", "address-level2")),
    ];
    let mut parts = form(copy, fields, copy.order);
    parts.push(el("p").class("hint").ours(copy.no_card));
    parts
}
