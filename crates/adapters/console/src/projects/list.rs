//! The list of projects.

use actix_web::HttpResponse;
use askama::Template;
use keelway_builds::BuildState;
use keelway_builds::overview::{ProjectFilter, ProjectOverview};
use keelway_http::Problem;
use keelway_http::args::{Query, UseCases, page_request};
use keelway_http::guard::Allowed;
use keelway_http::pages::Rights;
use keelway_kernel::Timestamp;
use keelway_platform::permit::right::{SubmitBuild, ViewProjects};
use serde::Deserialize;

use super::{charged, curl, now};
use crate::page::{Page, go};
use crate::shell::Shell;
use crate::text::{Moment, beginning, encoded};

/// What somebody new may start from.
const EXAMPLES: [(&str, &str); 3] = [
    (
        "A sauna by the harbour",
        "A booking site for a sauna by the harbour, with a calendar, prices, opening hours and a \
         gallery",
    ),
    (
        "A bakery's front door",
        "A landing page for a corner bakery with opening hours, the bread of the week and a \
         contact form",
    ),
    (
        "A dashboard for a small fleet",
        "A dashboard for a company with twelve delivery vans: charts of trips and costs, a table \
         of drivers and a login page",
    ),
];

#[derive(Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    q: String,
    #[serde(default)]
    state: String,
    cursor: Option<String>,
}

impl Wanted {
    fn filter(&self) -> ProjectFilter {
        let name = Some(self.q.trim().to_owned()).filter(|name| !name.is_empty());
        ProjectFilter { name, state: BuildState::from_name(&self.state) }
    }

    /// The list's address with what is looked for, from the row behind `cursor`.
    fn href(&self, slug: &str, cursor: &str) -> String {
        let pairs = [("q", self.q.trim()), ("state", &self.state), ("cursor", cursor)];
        let pairs: Vec<String> = pairs
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        let question = if pairs.is_empty() { "" } else { "?" };
        format!("/w/{slug}/projects{question}{}", pairs.join("&"))
    }
}

struct Row {
    id: String,
    href: String,
    name: String,
    about: String,
    state: &'static str,
    phase: &'static str,
    builds: u64,
    active: Moment,
    site: String,
    credits: String,
}

struct Choice {
    value: &'static str,
    is_chosen: bool,
}

struct Example {
    title: &'static str,
    text: &'static str,
    href: String,
}

#[derive(Template)]
#[template(path = "projects/list.html")]
struct List {
    shell: Shell,
    slug: String,
    rows: Vec<Row>,
    q: String,
    states: Vec<Choice>,
    is_filtered: bool,
    may_build: bool,
    examples: Vec<Example>,
    first: String,
    next: String,
    curl: String,
}

/// A workspace begins with its projects.
pub(super) async fn to_list(_permit: Allowed<ViewProjects>, page: Page) -> HttpResponse {
    go(format!("/w/{}/projects", page.slug()))
}

pub(super) async fn list(
    permit: Allowed<ViewProjects>,
    app: UseCases,
    page: Page,
    rights: Rights,
    Query(wanted): Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let request = page_request(None, wanted.cursor.as_deref())?;
    let filter = wanted.filter();
    let state = filter.state;
    let is_filtered = filter.name.is_some() || state.is_some();
    let found = app.project_overviews(&permit, filter, request).await?;
    let (slug, now) = (page.slug(), now(&app));
    let href = |cursor: &str| wanted.href(slug, cursor);
    let next = found.next.as_ref().map(|cursor| href(&cursor.encode()));
    let first = wanted.cursor.as_ref().map(|_| href(""));
    let rows = found.items.into_iter().map(|one| row(&app, slug, one, now));
    let examples = EXAMPLES.map(|(title, text)| Example {
        title,
        text,
        href: format!("/w/{slug}/new?description={}", encoded(text)),
    });
    Ok(page.show(&List {
        shell: page.workspace_shell("Projects", "projects", (&app, &rights)).await?,
        slug: slug.to_owned(),
        rows: rows.collect(),
        states: BuildState::ALL
            .into_iter()
            .map(|one| Choice { value: one.as_str(), is_chosen: state == Some(one) })
            .collect(),
        is_filtered,
        may_build: rights.permit::<SubmitBuild>().is_ok(),
        examples: examples.into(),
        first: first.unwrap_or_default(),
        next: next.unwrap_or_default(),
        curl: curl(&app, &page, "/v1/projects?limit=20"),
        q: wanted.q,
    }))
}

fn row(app: &UseCases, slug: &str, one: ProjectOverview, now: Timestamp) -> Row {
    let ProjectOverview { project, builds, last, active_at } = one;
    let last = last.as_ref();
    let credits = last.map(charged);
    Row {
        id: project.id.to_string(),
        href: format!("/w/{slug}/projects/{}", project.id),
        name: project.name.to_string(),
        about: last.map(|last| beginning(last.description.as_str(), 90)).unwrap_or_default(),
        state: last.map_or("", |last| last.state.as_str()),
        phase: last
            .filter(|last| last.state == BuildState::Building)
            .and_then(|last| last.phase)
            .map_or("", keelway_builds::Phase::as_str),
        builds,
        active: Moment::of(active_at, now),
        site: project
            .live
            .map(|_| (app.settings().site_address)(&project.site))
            .unwrap_or_default(),
        credits: credits.unwrap_or_default(),
    }
}
