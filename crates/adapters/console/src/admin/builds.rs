//! Builds of every workspace, without what was asked for in them.

use actix_web::HttpResponse;
use askama::Template;
use keelway_builds::operations::{BuildAnywhere, BuildSearch};
use keelway_builds::{BuildFailure, BuildState, Phase};
use keelway_http::Problem;
use keelway_http::args::{Query, UseCases, page_request};
use keelway_http::guard::AsOperator;
use keelway_kernel::Timestamp;
use serde::Deserialize;

use super::Whose;
use crate::fields::sentence;
use crate::page::Page;
use crate::shell::Shell;
use crate::text::{Moment, beginning, encoded, short, signed, span};

/// What the address asks for.
#[derive(Default, Deserialize)]
pub(super) struct Wanted {
    /// The id of a build or of a workspace.
    #[serde(default)]
    id: String,
    #[serde(default)]
    tenant: String,
    #[serde(default)]
    state: String,
    cursor: Option<String>,
}

impl Wanted {
    /// What can be searched for, and what of it cannot be read.
    fn search(&self) -> (BuildSearch, String) {
        let state = BuildState::from_name(&self.state);
        let mut search = BuildSearch { state, ..BuildSearch::default() };
        let mut wrong = String::new();
        for text in [&self.tenant, &self.id] {
            match search.by_id(text) {
                Ok(narrower) => search = narrower,
                Err(error) => wrong = format!("“{}” is {error}", beginning(text, 40)),
            }
        }
        (search, wrong)
    }
}

/// The list's address with what is looked for, from the row behind `cursor`.
fn href(search: &BuildSearch, cursor: &str) -> String {
    let tenant = search.tenant.map(|id| id.to_string()).unwrap_or_default();
    let build = search.build.map(|id| id.to_string()).unwrap_or_default();
    let state = search.state.map_or("", BuildState::as_str);
    let pairs = [("id", build.as_str()), ("tenant", &tenant), ("state", state), ("cursor", cursor)];
    let pairs: Vec<String> = pairs
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    format!("/admin/builds?{}", pairs.join("&"))
}

#[derive(Template)]
#[template(path = "admin/builds.html")]
struct Builds {
    shell: Shell,
    tab: &'static str,
    rows: Vec<Row>,
    id: String,
    wrong: String,
    /// The workspace they are all of; empty for any.
    tenant: String,
    states: Vec<(&'static str, bool)>,
    is_filtered: bool,
    first: String,
    next: String,
}

struct Row {
    id: String,
    whose: Whose,
    project: String,
    state: &'static str,
    phase: &'static str,
    tier: &'static str,
    attempt: u32,
    cancels: bool,
    /// What was charged, or "75 held".
    credits: String,
    tokens: String,
    created: Moment,
    /// How long it ran, or has been running.
    ran: String,
    /// Why it failed, as programs call it.
    reason: &'static str,
}

pub(super) async fn list(
    operator: AsOperator,
    app: UseCases,
    page: Page,
    Query(wanted): Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let request = page_request(None, wanted.cursor.as_deref())?;
    let (search, wrong) = wanted.search();
    let found = app.builds_anywhere(&operator, search, request).await?;
    let now = app.ports().clock.now();
    let next = found.next.as_ref().map(|cursor| href(&search, &cursor.encode()));
    let first = wanted.cursor.as_ref().map(|_| href(&search, ""));
    let states = BuildState::ALL.map(|state| (state.as_str(), search.state == Some(state)));
    Ok(page.show(&Builds {
        shell: page.shell("All builds", "admin"),
        tab: "builds",
        rows: found.items.iter().map(|one| Row::of(one, now)).collect(),
        wrong: if wrong.is_empty() { wrong } else { sentence(&wrong) },
        tenant: search.tenant.map(|id| id.to_string()).unwrap_or_default(),
        states: states.into(),
        is_filtered: search != BuildSearch::default(),
        first: first.unwrap_or_default(),
        next: next.unwrap_or_default(),
        id: search.build.map_or(String::new(), |id| id.to_string()),
    }))
}

impl Row {
    fn of(one: &BuildAnywhere, now: Timestamp) -> Self {
        let build = &one.build;
        let ran = build.started_at.map(|start| build.ended_at.unwrap_or(now).millis_since(start));
        let is_over = build.state.is_terminal();
        Self {
            id: build.id.to_string(),
            whose: Whose::of(&one.tenant),
            project: build.project.to_string(),
            state: build.state.as_str(),
            phase: build.phase.filter(|_| !is_over).map_or("", Phase::as_str),
            tier: build.tier.as_str(),
            attempt: build.attempt,
            cancels: build.cancel_requested && !is_over,
            credits: if is_over {
                signed(build.captured.get())
            } else {
                format!("{} held", signed(build.held.get()))
            },
            tokens: short(build.tokens),
            created: Moment::of(build.created_at, now),
            ran: ran.map(span).unwrap_or_default(),
            reason: build
                .failure
                .as_ref()
                .map_or("", |BuildFailure { reason, .. }| reason.as_str()),
        }
    }
}
