//! What a workspace used, by day, project and month.

mod chart;
mod range;

use actix_web::HttpResponse;
use actix_web::http::Method;
use askama::Template;
use keelway_builds::usage::{MonthUsage, ProjectUsage, UsageReport, Used};
use keelway_http::Problem;
use keelway_http::args::{Query, UseCases};
use keelway_http::guard::Allowed;
use keelway_http::pages::Rights;
use keelway_http::routes::Routes;
use keelway_kernel::{Day, TimeZoneName};
use keelway_platform::permit::right::{SubmitBuild, ViewBuilds};

use crate::page::Page;
use crate::shell::Shell;
use crate::text::{date, dollars, grouped, short, signed};
use chart::{Chart, Column, Series};
use range::{Preset, Range, Wanted};

pub(crate) use chart::share;

/// With more days than this a bar is a week: thinner ones could not be told apart.
const MOST_BARS: usize = 92;

const OUTCOMES: [Series; 4] = [
    Series { name: "deployed", look: "" },
    Series { name: "failed", look: "failed" },
    Series { name: "cancelled", look: "cancelled" },
    Series { name: "expired", look: "expired" },
];
const CREDITS: [Series; 1] = [Series { name: "credits", look: "" }];
const TOKENS: [Series; 2] =
    [Series { name: "read", look: "" }, Series { name: "written", look: "second" }];

pub(crate) fn routes(routes: &mut Routes) {
    routes.page(Method::GET, "/w/{workspace}/usage", show);
}

#[derive(Template)]
#[template(path = "usage/show.html")]
struct Usage {
    shell: Shell,
    slug: String,
    range: Range,
    presets: Vec<Preset>,
    tiles: Tiles,
    charts: Vec<Chart>,
    /// What a bar and a row of the table stand for: "day" or "week".
    unit: &'static str,
    rows: Vec<Row>,
    projects: Vec<ProjectRow>,
    months: Vec<MonthRow>,
    is_empty: bool,
    may_build: bool,
    zone: String,
}

/// The figures over the charts.
struct Tiles {
    builds: String,
    /// "3 failed, 1 cancelled", of those that ended.
    builds_note: String,
    deployed: String,
    deployed_note: String,
    credits: String,
    credits_note: String,
    tokens: String,
    tokens_note: String,
    cost: String,
}

/// A day or a week as text.
struct Row {
    label: String,
    created: String,
    deployed: String,
    failed: String,
    other: String,
    tokens_in: String,
    tokens_out: String,
    credits: String,
}

struct ProjectRow {
    href: String,
    name: String,
    builds: String,
    tokens: String,
    cost: String,
    credits: String,
    /// Of all credits, in per cent, as the bar is wide.
    width: String,
    share: String,
}

struct MonthRow {
    name: String,
    created: String,
    deployed: String,
    other: String,
    tokens: String,
    cost: String,
    credits: String,
    is_empty: bool,
}

async fn show(
    permit: Allowed<ViewBuilds>,
    app: UseCases,
    page: Page,
    rights: Rights,
    Query(wanted): Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let report = app.usage(&permit, wanted.query()).await?;
    let today = Day::of(app.ports().clock.now(), &report.zone);
    let slug = page.slug().to_owned();
    let range = Range::of(&wanted, &report, today);
    let presets = Preset::all(&slug, today, &range);
    let (unit, columns) = columns(&report);
    let charts = vec![
        draw(("builds", "Builds that ended"), &OUTCOMES, &columns, outcomes),
        draw(("credits", "Credits charged"), &CREDITS, &columns, |used| {
            vec![u64::try_from(used.credits.get()).unwrap_or(0)]
        }),
        draw(("tokens", "Tokens"), &TOKENS, &columns, |used| vec![used.tokens_in, used.tokens_out]),
    ];
    let charged = u64::try_from(report.total.credits.get()).unwrap_or(0);
    Ok(page.show(&Usage {
        shell: page.workspace_shell("Usage", "usage", (&app, &rights)).await?,
        is_empty: report.total.created == 0 && report.total.ended() == 0,
        may_build: rights.permit::<SubmitBuild>().is_ok(),
        tiles: Tiles::of(&report.total, report.days.len()),
        charts,
        unit,
        rows: columns.iter().rev().map(|(label, _, used)| Row::of(label, used)).collect(),
        projects: report.projects.iter().map(|one| ProjectRow::of(one, &slug, charged)).collect(),
        months: months(&report),
        zone: report.zone.to_string(),
        slug,
        range,
        presets,
    }))
}

/// The newest first; months before anything was used say nothing.
fn months(report: &UsageReport) -> Vec<MonthRow> {
    let all = &report.months;
    let first = all.iter().position(|one| one.created > 0 || one.tokens > 0);
    let from = first.unwrap_or_else(|| all.len().saturating_sub(1));
    all[from..].iter().rev().map(|one| MonthRow::of(one, &report.zone)).collect()
}

/// Label, tick and use of each bar.
type Columns = Vec<(String, String, Used)>;

/// Days, or weeks where there are too many days; weeks are counted back from the last day, so
/// that the last is whole.
fn columns(report: &UsageReport) -> (&'static str, Columns) {
    let days = &report.days;
    if days.len() <= MOST_BARS {
        let day = |one: &keelway_builds::usage::DayUsage| {
            (short_date(one.day), short_date(one.day), one.used)
        };
        return ("day", days.iter().map(day).collect());
    }
    let weeks = days.rchunks(7).rev().filter_map(|week| {
        let first = week.first()?.day;
        let used = week.iter().fold(Used::default(), |sum, day| sum.plus(&day.used));
        let label = format!("week of {}", short_date(first));
        Some((label, short_date(first), used))
    });
    ("week", weeks.collect())
}

/// "12 Nov".
fn short_date(day: Day) -> String {
    let whole = date(&day.to_string());
    whole.rsplit_once(' ').map_or(whole.clone(), |(day, _)| day.to_owned())
}

fn draw(
    names: (&'static str, &'static str),
    series: &[Series],
    columns: &Columns,
    values: fn(&Used) -> Vec<u64>,
) -> Chart {
    let column = |(label, tick, used): &(String, String, Used)| Column {
        label: label.clone(),
        tick: tick.clone(),
        values: values(used),
    };
    Chart::new(names, series, &columns.iter().map(column).collect::<Vec<_>>())
}

fn outcomes(used: &Used) -> Vec<u64> {
    vec![used.deployed, used.failed, used.cancelled, used.expired]
}

impl Tiles {
    fn of(total: &Used, days: usize) -> Self {
        let ended = total.ended();
        let others: Vec<String> =
            [(total.failed, "failed"), (total.cancelled, "cancelled"), (total.expired, "expired")]
                .into_iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, name)| format!("{} {name}", grouped(count)))
                .collect();
        let rate = total.deployed.saturating_mul(100).checked_div(ended);
        let days = u64::try_from(days).unwrap_or(1).max(1);
        let charged = u64::try_from(total.credits.get()).unwrap_or(0);
        Self {
            builds: grouped(total.created),
            builds_note: if others.is_empty() {
                "none failed".to_owned()
            } else {
                others.join(", ")
            },
            deployed: grouped(total.deployed),
            deployed_note: rate.map_or_else(
                || "none ended".to_owned(),
                |rate| format!("{rate}% of those that ended"),
            ),
            credits: grouped(charged),
            credits_note: match charged / days {
                0 if charged == 0 => "nothing was charged".to_owned(),
                0 => "under 1 a day".to_owned(),
                some => format!("{} a day", grouped(some)),
            },
            tokens: short(total.tokens_in.saturating_add(total.tokens_out)),
            tokens_note: format!(
                "{} read, {} written",
                short(total.tokens_in),
                short(total.tokens_out)
            ),
            cost: dollars(total.cost).trim_end_matches(" USD").to_owned(),
        }
    }
}

impl Row {
    fn of(label: &str, used: &Used) -> Self {
        Self {
            label: label.to_owned(),
            created: grouped(used.created),
            deployed: grouped(used.deployed),
            failed: grouped(used.failed),
            other: grouped(used.cancelled.saturating_add(used.expired)),
            tokens_in: grouped(used.tokens_in),
            tokens_out: grouped(used.tokens_out),
            credits: signed(used.credits.get()),
        }
    }
}

impl ProjectRow {
    fn of(one: &ProjectUsage, slug: &str, charged: u64) -> Self {
        let credits = u64::try_from(one.credits.get()).unwrap_or(0);
        let percent = credits.saturating_mul(100).checked_div(charged).unwrap_or(0);
        Self {
            href: format!("/w/{slug}/projects/{}", one.project),
            name: one.name.to_string(),
            builds: grouped(one.builds),
            tokens: short(one.tokens),
            cost: dollars(one.cost),
            credits: grouped(credits),
            width: share(credits, charged),
            share: format!("{percent}%"),
        }
    }
}

impl MonthRow {
    fn of(one: &MonthUsage, zone: &TimeZoneName) -> Self {
        let first = date(&Day::of(one.period.start(), zone).to_string());
        Self {
            name: first.split_once(' ').map_or(first.clone(), |(_, month)| month.to_owned()),
            created: grouped(one.created),
            deployed: grouped(one.completed),
            other: grouped(one.failed),
            tokens: short(one.tokens),
            cost: dollars(one.cost),
            credits: signed(one.credits.get()),
            is_empty: one.created == 0 && one.completed == 0 && one.failed == 0,
        }
    }
}
