//! Ways to buy, and the page where one does.

use super::super::html::{Element, Link, el};
use super::super::kind::Kind;
use super::super::pack::Plan;
use super::super::pages::{Matter, PageKind};
use super::Site;
use super::forms::{Form, copy, email, field, input, name, parts, reference};
use super::parts::{Choice, Choices};

/// The plan that most people need.
const USUAL: usize = 1;
/// Months that a year costs.
const PAID_MONTHS: u32 = 10;

/// What a year of `plan` costs, where it is paid by the month and a year makes sense.
fn yearly(site: &Site, plan: &Plan) -> Option<String> {
    let story = &site.story;
    let note = plan.note.to_lowercase();
    let monthly = parts(site).month_words.iter().any(|word| note.contains(word));
    let bought = story.kind != Kind::Charity && plan.price > 0;
    let price = plan.price.saturating_mul(PAID_MONTHS);
    (monthly && bought).then(|| story.currency.units(price, story.phrases.tag))
}

/// Between months and years, where any plan knows both.
fn switch(site: &Site) -> Option<Choices> {
    let copy = parts(site);
    let any = site.story.pack.plans.iter().any(|plan| yearly(site, plan).is_some());
    let options = vec![Choice::ours("", copy.monthly), Choice::ours("1", copy.yearly)];
    any.then_some(Choices { name: "billing", legend: copy.billing, options, chosen: Some(0) })
}

/// What `plan` costs, as an element `tag`.
fn price(site: &Site, plan: &Plan, tag: &'static str) -> Element {
    let story = &site.story;
    let price = el(tag).class("price");
    let price = match yearly(site, plan) {
        Some(year) => price.with("data-year", year),
        None => price,
    };
    price.ours(story.currency.units(plan.price, story.phrases.tag))
}

fn note(site: &Site, plan: &Plan, tag: &'static str) -> Element {
    let note = el(tag).class("fact");
    let known = yearly(site, plan).is_some();
    let note = if known { note.with("data-year", parts(site).per_year) } else { note };
    note.ours(plan.note.clone())
}

/// Three ways to buy, each with a link to where one does.
pub(super) fn plan_list(site: &Site) -> Element {
    let story = &site.story;
    let pays = site.pages.iter().any(|page| page.matter == Matter::Fixed(PageKind::Checkout));
    let cards = story.pack.plans.iter().enumerate().map(|(number, plan)| {
        let features = plan.features.iter().map(|feature| el("li").ours(feature.clone()));
        let label = format!("{}: {}", story.phrases.tools.choose, plan.name);
        let link = if pays {
            Link::Within(PageKind::Checkout.file().to_owned(), "plan", number)
        } else {
            Link::File(PageKind::Contact.file().to_owned())
        };
        let usual = (number == USUAL).then(|| el("p").class("badge").ours(parts(site).recommended));
        el("li")
            .class("plan")
            .children(usual)
            .child(el("p").class("plan-name").ours(plan.name.clone()))
            .child(price(site, plan, "p"))
            .child(note(site, plan, "p"))
            .child(el("ul").children(features))
            .child(el("p").child(el("a").class("button").href(&link).ours(label)))
    });
    el("ul").class("plan-list").children(cards)
}

pub(super) fn pricing(site: &Site) -> Vec<Element> {
    let switch = switch(site).map(|switch| {
        let said =
            el("p").class("hint").with("role", "status").with("data-said", parts(site).per_year);
        el("div").class("billing").with("hidden", "").child(switch.render()).child(said)
    });
    switch.into_iter().chain([plan_list(site)]).collect()
}

pub(super) fn checkout(site: &Site) -> Vec<Element> {
    let (copy, parts) = (copy(site), parts(site));
    let options = site.story.pack.plans.iter().map(|plan| Choice {
        value: plan.name.clone(),
        label: el("label")
            .child(el("strong").ours(plan.name.clone()))
            .child(price(site, plan, "span"))
            .child(note(site, plan, "span")),
    });
    let plans = Choices {
        name: "plan",
        legend: copy.plan,
        options: options.collect(),
        chosen: Some(USUAL),
    };
    let mut fields = vec![plans.render().with("data-cards", "")];
    fields.extend(switch(site).map(Choices::render));
    fields.extend([
        name(site),
        email(site),
        field("address", copy.address, input("text", "address-line1")),
        el("div")
            .class("pair")
            .child(field("postcode", copy.postcode, input("text", "postal-code")))
            .child(field("city", copy.city, input("text", "address-level2"))),
    ]);
    let answer = vec![reference(site)];
    let form = Form { fields, button: copy.order, title: parts.ordered, answer };
    let order = el("aside")
        .class("order")
        .with("aria-labelledby", "order")
        .child(el("h2").id("order").ours(parts.your_order))
        .child(
            el("dl")
                .with("aria-live", "polite")
                .with("hidden", "")
                .child(line("plan", copy.plan))
                .child(line("note", parts.billing))
                .child(line("total", parts.total)),
        )
        .child(el("p").class("hint").ours(copy.no_card));
    vec![el("div").class("beside").child(el("div").children(form.render(site))).child(order)]
}

fn line(key: &'static str, label: &'static str) -> Element {
    el("div").child(el("dt").ours(label)).child(el("dd").with("data-order", key))
}
