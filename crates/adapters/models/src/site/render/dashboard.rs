//! Sample figures as tiles, charts and a table.
//!
//! Every series stands in the page as ninety percentages of its figure, from which the script
//! draws other periods; what is written here shows thirty days and is complete without it.

use super::super::design::Draw;
use super::super::html::{Element, el};
use super::super::money::grouped;
use super::super::pack::Figure;
use super::chart;
use super::parts::{Choice, Choices, Filter};
use super::reading::scroll;
use super::tools::heads;
use super::{Site, sample_note};

const PERIODS: [usize; 3] = [7, 30, 90];
/// The period shown at first, by place and in days.
const FIRST: (usize, usize) = (1, 30);
/// Bars and rows that are shown.
const BARS: usize = 5;
const ROWS: usize = 12;

/// Percentages of a figure over ninety days: a week's rhythm on a slope, chance, and the figure
/// itself at the end.
fn series(draw: &mut Draw) -> Vec<u16> {
    let start = 55 + draw.below(35);
    let rhythm = [0, 3, 6, 8, 12, 4, 0];
    let slope = (100 - start) / 3;
    let days = (0_u16..89).map(|day| {
        let week = rhythm[usize::from(day) % rhythm.len()];
        start + slope * (day / 10) / 3 + week + draw.below(12)
    });
    days.chain([100]).collect()
}

fn embedded(series: &[u16]) -> String {
    series.iter().map(u16::to_string).collect::<Vec<_>>().join(" ")
}

/// What `percent` of a figure is, in whole numbers.
fn part(figure: &Figure, percent: u16) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "figures are checked to be small and not negative"
    )]
    let whole = (figure.value * f64::from(percent) / 100.0).round() as u64;
    whole
}

pub(super) fn dashboard(site: &Site) -> Vec<Element> {
    let (copy, parts) = (&site.story.phrases.tools, &site.story.phrases.parts);
    let figures = &site.story.pack.figures;
    let mut draw = Draw::new(site.story.seed);
    let all: Vec<Vec<u16>> = figures.iter().map(|_| series(&mut draw)).collect();
    // Days add up only where they count something.
    let counts = |figure: &Figure| figure.unit.is_empty() && figure.value.fract() == 0.0;
    let main = figures.iter().position(|figure| counts(figure) && figure.value > 5.0);
    let main = main.unwrap_or_default();
    let periods = PERIODS.map(|days| {
        let days = days.to_string();
        Choice::ours(days.clone(), parts.days.replacen("{}", &days, 1))
    });
    let range = Choices {
        name: "period",
        legend: parts.period,
        options: periods.into(),
        chosen: Some(FIRST.0),
    };
    let tiles = figures.iter().zip(&all).map(|(figure, series)| tile(site, figure, series));
    let (items, table) = entries(site, &mut draw);
    vec![
        sample_note(site),
        el("div")
            .class("dashboard")
            .child(range.render().with("hidden", ""))
            .child(el("dl").class("figures").children(tiles))
            .child(
                el("div")
                    .class("charts")
                    .child(trend(site, &figures[main], &all[main]))
                    .child(bars(site, &figures[main], &all[main])),
            ),
        el("h2").ours(copy.table),
        items,
        scroll(copy.table, table),
    ]
}

fn tile(site: &Site, figure: &Figure, series: &[u16]) -> Element {
    let shown = &series[series.len() - FIRST.1..];
    let change = i32::from(shown[FIRST.1 - 1]) * 100 / i32::from(shown[0].max(1)) - 100;
    el("div")
        .with("data-series", embedded(series))
        .child(el("dt").ours(figure.label.clone()))
        .child(el("dd").ours(super::sections::written(figure, site.story.phrases.tag)))
        .child(el("dd").class("change").ours(format!("{change:+} %")))
        .child(el("dd").child(chart::spark(shown)))
}

fn trend(site: &Site, figure: &Figure, series: &[u16]) -> Element {
    let parts = &site.story.phrases.parts;
    let values: Vec<u64> =
        series[series.len() - FIRST.1..].iter().map(|percent| part(figure, *percent)).collect();
    let rows = (1..).zip(&values).map(|(day, value)| {
        el("tr")
            .child(el("th").with("scope", "row").ours(day.to_string()))
            .child(el("td").class("number").ours(value.to_string()))
    });
    let twin = el("details").child(el("summary").ours(parts.as_table)).child(scroll(
        parts.trend,
        el("table")
            .child(el("caption").ours(figure.label.clone()))
            .child(el("thead").child(
                el("tr").child(el("th").with("scope", "col").ours(parts.day)).child(
                    el("th").class("number").with("scope", "col").ours(figure.label.clone()),
                ),
            ))
            .child(el("tbody").children(rows)),
    ));
    el("section")
        .class("panel trend-panel")
        .with("data-trend", embedded(series))
        .with("data-value", figure.value.to_string())
        .child(el("h2").ours(figure.label.clone()))
        .child(chart::plot(&values, &format!("{}: {}", parts.trend, figure.label)))
        .child(twin)
}

/// What the figure is made up of, as bars in their own table.
fn bars(site: &Site, figure: &Figure, series: &[u16]) -> Element {
    let pack = &site.story.pack;
    let names: Vec<&str> = site.story.subjects().into_iter().take(BARS).collect();
    let mut draw = Draw::new(site.story.seed ^ 5);
    let totals = PERIODS.map(|days| {
        series[series.len() - days..].iter().map(|percent| part(figure, *percent)).sum::<u64>()
    });
    let weights: Vec<[u64; 3]> = (0_u64..)
        .zip(&names)
        .map(|(at, _)| [(); 3].map(|()| 34 - at * 5 + u64::from(draw.below(6))))
        .collect();
    let sums = [0, 1, 2].map(|period| weights.iter().map(|weight| weight[period]).sum::<u64>());
    let shares: Vec<[u64; 3]> = weights
        .iter()
        .map(|weight| [0, 1, 2].map(|period| totals[period] * weight[period] / sums[period].max(1)))
        .collect();
    let most = shares.iter().map(|share| share[FIRST.0]).max().unwrap_or(1).max(1);
    let rows = names.iter().zip(&shares).map(|(name, share)| {
        let text = share.map(|value| value.to_string());
        el("tr")
            .with("data-bars", text.join(" "))
            .child(el("th").with("scope", "row").own(*name))
            .child(el("td").child(chart::bar(share[FIRST.0] * 100 / most)))
            .child(el("td").class("number").ours(grouped(share[FIRST.0], "\u{202f}")))
    });
    el("section").class("panel").child(el("h2").ours(pack.offer.title.clone())).child(
        el("table")
            .class("bars")
            .with("aria-label", format!("{}: {}", pack.offer.title, figure.label))
            .child(el("tbody").children(rows)),
    )
}

/// The bar that filters the entries, and their table.
fn entries(site: &Site, draw: &mut Draw) -> (Element, Element) {
    let copy = &site.story.phrases.tools;
    let items = site.story.groups.iter().flat_map(|group| &group.items);
    let mut names: Vec<&str> = items.map(|item| item.name.as_str()).take(ROWS).collect();
    if names.is_empty() || site.story.is_foreign() {
        names = site.story.subjects();
    }
    let mut used = Vec::new();
    let rows: Vec<Element> = names
        .into_iter()
        .map(|name| {
            let state = draw.pick(copy.states);
            used.push(state);
            let change = i32::from(draw.below(45)) - 12;
            el("tr")
                .with("data-tag", state)
                .child(el("th").with("scope", "row").own(name))
                .child(el("td").ours(state))
                .child(el("td").class("number").ours(draw.below(200).to_string()))
                .child(el("td").class("number").ours(format!("{change:+} %")))
        })
        .collect();
    let table = el("table")
        .id("entries")
        .with("data-sort", "")
        .child(el("caption").ours(copy.table))
        .child(heads(&copy.heads))
        .child(el("tbody").children(rows));
    let tags = copy.states.into_iter().filter(|state| used.contains(state)).map(str::to_owned);
    let filter =
        Filter { legend: copy.heads[1], tags: tags.collect(), ..Filter::of("#entries tbody tr") };
    (filter.render(site), table)
}
