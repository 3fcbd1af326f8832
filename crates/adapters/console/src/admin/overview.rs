//! How the platform stands now: what is in the queue, whose, and what comes next.

use actix_web::HttpResponse;
use askama::Template;
use keelway_builds::Standing;
use keelway_builds::operations::{PlatformTotals, Standings, WaitingBuild};
use keelway_http::Problem;
use keelway_http::args::UseCases;
use keelway_http::guard::AsOperator;
use keelway_kernel::{PageRequest, Timestamp};

use super::Whose;
use crate::page::Page;
use crate::shell::Shell;
use crate::text::{Moment, clock, count, grouped, span, until};
use crate::usage::share;

/// How many of those that wait are listed.
const NEXT_UP: u32 = 15;
/// The oldest may wait so long before it is pointed at.
const LONG_WAIT_MS: i64 = 5 * 60 * 1_000;

#[derive(Template)]
#[template(path = "admin/overview.html")]
struct Overview {
    shell: Shell,
    tab: &'static str,
    totals: Vec<Total>,
    queue: Vec<Pile>,
    oldest: Option<Moment>,
    oldest_wait: String,
    is_long: bool,
    pace: String,
    waiting: u64,
    tenants: Vec<TenantRow>,
    next_up: Vec<NextRow>,
    /// "10:02:14", when all this was so.
    at: String,
}

struct Total {
    label: &'static str,
    value: String,
    note: String,
}

/// Builds in one standing.
struct Pile {
    name: &'static str,
    means: &'static str,
    count: String,
    look: &'static str,
    /// Its part of the bar over all of them, in per cent.
    left: String,
    width: String,
}

struct TenantRow {
    whose: Whose,
    ready: String,
    parked: String,
    delayed: String,
    leased: String,
    oldest: Option<Moment>,
}

struct NextRow {
    place: u64,
    build: String,
    href: String,
    whose: Whose,
    project: String,
    standing: &'static str,
    tone: &'static str,
    priority: u8,
    since: Moment,
    starts: String,
    due: String,
}

pub(super) async fn show(
    operator: AsOperator,
    app: UseCases,
    page: Page,
) -> Result<HttpResponse, Problem> {
    let now = app.ports().clock.now();
    let totals = app.platform_totals(&operator).await?;
    let board = app.queue_board(&operator).await?;
    let next = app.waiting_builds(&operator, PageRequest::new(NEXT_UP, None)).await?;
    let waits = board.total.oldest.map(|at| now.millis_since(at).max(0));
    Ok(page.show(&Overview {
        shell: page.shell("Queue", "admin"),
        tab: "queue",
        totals: self::totals(&totals),
        queue: piles(&board.total),
        oldest: board.total.oldest.map(|at| Moment::of(at, now)),
        oldest_wait: waits.map(span).unwrap_or_default(),
        is_long: waits.is_some_and(|waits| waits > LONG_WAIT_MS),
        pace: span(board.pace_ms),
        waiting: board.total.waiting(),
        tenants: board
            .tenants
            .iter()
            .map(|(tenant, standings)| TenantRow::of(Whose::of(tenant), standings, now))
            .collect(),
        next_up: next.items.iter().map(|one| NextRow::of(one, now)).collect(),
        at: clock(now),
    }))
}

fn totals(of: &PlatformTotals) -> Vec<Total> {
    let ended = [of.deployed, of.failed, of.cancelled, of.expired];
    let ended = ended.into_iter().fold(0_u64, u64::saturating_add);
    let rate = of.deployed.saturating_mul(100).checked_div(ended);
    let total = |label, value: u64, note: String| Total { label, value: grouped(value), note };
    let credits = |credits: keelway_kernel::Credits| u64::try_from(credits.get()).unwrap_or(0);
    vec![
        total("Workspaces", of.tenants, count(of.people, "person", "people")),
        total("Projects", of.projects, String::new()),
        total(
            "Deployed",
            of.deployed,
            rate.map(|rate| format!("{rate}% of {} that ended", grouped(ended)))
                .unwrap_or_default(),
        ),
        total(
            "Failed",
            of.failed,
            format!("{} cancelled, {} expired", grouped(of.cancelled), grouped(of.expired)),
        ),
        total("Credits charged", credits(of.charged), String::new()),
        total("Credits held", credits(of.held), "by builds on their way".to_owned()),
    ]
}

fn piles(of: &Standings) -> Vec<Pile> {
    let all = of.waiting().saturating_add(of.leased);
    let mut left = 0_u64;
    let parts = [
        ("Leased", "in the hands of workers", of.leased, "leased"),
        ("Ready", "a worker may take them", of.ready, "ready"),
        ("Delayed", "between two attempts", of.delayed, "delayed"),
        ("Parked", "behind others of their workspace", of.parked, "parked"),
    ];
    let pile = |(name, means, number, look)| {
        let pile = Pile {
            name,
            means,
            count: grouped(number),
            look,
            left: share(left, all),
            width: share(number, all),
        };
        left = left.saturating_add(number);
        pile
    };
    parts.into_iter().map(pile).collect()
}

impl TenantRow {
    fn of(whose: Whose, of: &Standings, now: Timestamp) -> Self {
        Self {
            whose,
            ready: grouped(of.ready),
            parked: grouped(of.parked),
            delayed: grouped(of.delayed),
            leased: grouped(of.leased),
            oldest: of.oldest.map(|at| Moment::of(at, now)),
        }
    }
}

impl NextRow {
    fn of(one: &WaitingBuild, now: Timestamp) -> Self {
        let due = one.due_at.map(|at| until(at, now));
        let (tone, due) = match (one.standing, due) {
            (Standing::Delayed, due) => ("warn", due.map(|due| format!("next attempt {due}"))),
            (Standing::Ready, due) => ("info", due.map(|due| format!("expires {due}"))),
            (_, due) => ("", due.map(|due| format!("expires {due}"))),
        };
        Self {
            place: one.place,
            build: one.build.to_string(),
            href: format!("/admin/builds?id={}", one.build),
            whose: Whose::of(&one.tenant),
            project: one.project.to_string(),
            standing: one.standing.as_str(),
            tone,
            priority: one.priority,
            since: Moment::of(one.since, now),
            starts: until(one.estimated_start, now),
            due: due.unwrap_or_default(),
        }
    }
}
