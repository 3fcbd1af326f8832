//! One project: its newest build while it waits and runs, and what came of it.

mod current;

use actix_web::HttpResponse;
use askama::Template;
use keelway_builds::overview::BuildSummary;
use keelway_http::Problem;
use keelway_http::args::{Id, Query, UseCases, page_request};
use keelway_http::guard::Allowed;
use keelway_http::pages::Rights;
use keelway_kernel::{BuildId, ProjectId, Timestamp};
use keelway_platform::Permit;
use keelway_platform::permit::right::{SubmitBuild, ViewBuilds};
use keelway_platform::reports::Report;
use serde::Deserialize;

use self::current::Current;
use super::{Around, Head, People, charged};
use crate::page::Page;
use crate::shell::Shell;
use crate::text::{Moment, beginning, span};

/// Builds on one page of the project's list of them.
const MOST_BUILDS: u32 = 10;

#[derive(Deserialize)]
pub(super) struct Wanted {
    /// One of its builds; the newest if absent.
    build: Option<String>,
    /// Events before this one.
    before: Option<i64>,
    cursor: Option<String>,
}

/// A build in the project's list of them.
struct BuildRow {
    href: String,
    state: &'static str,
    about: String,
    by: String,
    at: Moment,
    took: String,
    credits: String,
    is_shown: bool,
}

#[derive(Template)]
#[template(path = "projects/show.html")]
struct Show {
    shell: Shell,
    head: Head,
    slug: String,
    current: Option<Current>,
    builds: Vec<BuildRow>,
    first: String,
    next: String,
    /// Whether a next version can be asked for here and now.
    may_change: bool,
}

pub(super) async fn show(
    permit: Allowed<ViewBuilds>,
    app: UseCases,
    page: Page,
    rights: Rights,
    Id(id): Id<ProjectId>,
    Query(wanted): Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let around = Around { app: &app, page: &page, rights: &rights };
    let cursor = page_request(Some(MOST_BUILDS), wanted.cursor.as_deref())?;
    let found = app.project_page(&permit, id, cursor).await?.ok_or_else(Problem::not_found)?;
    let head = Head::of(&found.project.project, "overview", &around);
    let people = app.members(&rights.permit()?).await?;
    let people = People::new(&page, people);
    let is_locked = found.project.last.as_ref().is_some_and(|last| !last.state.is_terminal());
    let report = chosen(&permit, &app, (id, found.current), wanted.build.as_deref()).await?;
    let now = around.now();
    let shown = report.as_ref().map(|report| report.build.id);
    let current = match report {
        Some(report) => {
            let view = current::View { permit: &permit, around: &around, people: &people };
            Some(view.of(report, &found.project.project, wanted.before).await?)
        }
        None => None,
    };
    let builds = found.builds.items.iter().map(|build| row(build, &head.href, &people, now));
    let builds =
        builds.map(|(build, row)| BuildRow { is_shown: shown == Some(build), ..row }).collect();
    let next = found.builds.next.map(|cursor| format!("{}?cursor={}", head.href, cursor.encode()));
    Ok(page.show(&Show {
        shell: page.workspace_shell(&head.name, "projects", (&app, &rights)).await?,
        slug: page.slug().to_owned(),
        first: wanted.cursor.map(|_| head.href.clone()).unwrap_or_default(),
        next: next.unwrap_or_default(),
        may_change: rights.permit::<SubmitBuild>().is_ok() && !is_locked,
        head,
        current,
        builds,
    }))
}

/// The build asked for, if the project has it; else its newest.
async fn chosen(
    permit: &Permit<ViewBuilds>,
    app: &UseCases,
    (project, newest): (ProjectId, Option<Report>),
    wanted: Option<&str>,
) -> Result<Option<Report>, Problem> {
    let Some(wanted) = wanted else { return Ok(newest) };
    let id: BuildId = wanted.parse().map_err(|_| Problem::not_found())?;
    if newest.as_ref().is_some_and(|newest| newest.build.id == id) {
        return Ok(newest);
    }
    let report = app.report(permit, id).await?;
    match report.filter(|report| report.build.project == project) {
        Some(report) => Ok(Some(report)),
        None => Err(Problem::not_found()),
    }
}

fn row(
    build: &BuildSummary,
    project: &str,
    people: &People,
    now: Timestamp,
) -> (BuildId, BuildRow) {
    let took = build.started_at.zip(build.ended_at);
    let row = BuildRow {
        href: format!("{project}?build={}", build.id),
        state: build.state.as_str(),
        about: beginning(build.description.as_str(), 120),
        by: people.name(build.requested_by),
        at: Moment::of(build.created_at, now),
        took: took.map(|(began, ended)| span(ended.millis_since(began))).unwrap_or_default(),
        credits: charged(build),
        is_shown: false,
    };
    (build.id, row)
}
