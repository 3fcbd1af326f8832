//! Builds in the hands of workers, and what happens to those nobody holds on to.

use actix_web::HttpResponse;
use askama::Template;
use keelway_builds::Phase;
use keelway_builds::operations::HeldLease;
use keelway_http::Problem;
use keelway_http::args::UseCases;
use keelway_http::guard::AsOperator;
use keelway_kernel::Timestamp;

use super::Whose;
use crate::page::Page;
use crate::shell::Shell;
use crate::text::{Moment, clock, exact, span, until};

#[derive(Template)]
#[template(path = "admin/leases.html")]
struct Leases {
    shell: Shell,
    tab: &'static str,
    rows: Vec<Row>,
    overdue: usize,
    at: String,
}

struct Row {
    build: String,
    href: String,
    whose: Whose,
    worker: String,
    attempt: u32,
    phase: &'static str,
    started: Option<Moment>,
    /// "in 24 s", or "12 s over".
    ends: String,
    ends_exact: String,
    is_overdue: bool,
    /// What happens next unless the worker renews it.
    next: &'static str,
}

pub(super) async fn list(
    operator: AsOperator,
    app: UseCases,
    page: Page,
) -> Result<HttpResponse, Problem> {
    let leases = app.leases(&operator).await?;
    let now = app.ports().clock.now();
    Ok(page.show(&Leases {
        shell: page.shell("Leases", "admin"),
        tab: "leases",
        overdue: leases.iter().filter(|lease| lease.overdue_ms(now).is_some()).count(),
        rows: leases.iter().map(|lease| Row::of(lease, now)).collect(),
        at: clock(now),
    }))
}

impl Row {
    fn of(lease: &HeldLease, now: Timestamp) -> Self {
        let overdue = lease.overdue_ms(now);
        Self {
            build: lease.build.to_string(),
            href: format!("/admin/builds?id={}", lease.build),
            whose: Whose::of(&lease.tenant),
            worker: lease.worker.clone(),
            attempt: lease.attempt,
            phase: lease.phase.map_or("", Phase::as_str),
            started: lease.started_at.map(|at| Moment::of(at, now)),
            ends: overdue.map_or_else(
                || until(lease.until, now),
                |overdue| format!("{} over", span(overdue)),
            ),
            ends_exact: exact(lease.until),
            is_overdue: overdue.is_some(),
            next: match (overdue, lease.cancel_requested) {
                (Some(_), true) => "The next sweep ends it as cancelled; nothing is charged.",
                (Some(_), false) => {
                    "The next sweep takes it back as lost: it is tried again, or fails at no \
                     charge once its attempts are used up."
                }
                (None, true) => "Its worker was asked to stop, and does so at its next step.",
                (None, false) => "Its worker renews it while it works.",
            },
        }
    }
}
