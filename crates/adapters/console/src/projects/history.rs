//! The versions of a project, newest first.

use actix_web::HttpResponse;
use askama::Template;
use keelway_builds::overview::HistoryEntry;
use keelway_http::Problem;
use keelway_http::args::{Id, Query, UseCases, page_request};
use keelway_http::guard::Allowed;
use keelway_http::pages::Rights;
use keelway_kernel::{ProjectId, SnapshotId};
use keelway_platform::permit::right::ViewProjects;
use serde::Deserialize;

use super::{Around, Head, Nothing, People};
use crate::page::Page;
use crate::shell::Shell;
use crate::text::{Moment, beginning, bytes, count, signed};

#[derive(Deserialize)]
pub(super) struct Wanted {
    cursor: Option<String>,
}

struct Entry {
    id: String,
    href: String,
    about: String,
    by: String,
    at: Moment,
    files: String,
    size: String,
    added: u64,
    changed: u64,
    removed: u64,
    credits: String,
    zip: String,
    files_href: String,
    preview: String,
    is_live: bool,
    is_first: bool,
}

#[derive(Template)]
#[template(path = "projects/history.html")]
struct History {
    shell: Shell,
    head: Head,
    entries: Vec<Entry>,
    /// Why there are none.
    nothing: Option<Nothing>,
    first: String,
    next: String,
}

pub(super) async fn history(
    permit: Allowed<ViewProjects>,
    app: UseCases,
    page: Page,
    rights: Rights,
    Id(id): Id<ProjectId>,
    Query(wanted): Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let around = Around { app: &app, page: &page, rights: &rights };
    let cursor = page_request(None, wanted.cursor.as_deref())?;
    let found = app.project_history(&permit, id, cursor).await?;
    let (project, found) = found.ok_or_else(Problem::not_found)?;
    let people = People::new(&page, app.members(&rights.permit()?).await?);
    let head = Head::of(&project, "history", &around);
    let here = format!("{}/history", head.href);
    let next = found.next.map(|cursor| format!("{here}?cursor={}", cursor.encode()));
    let view = |one| entry(one, &around, &people, (&here, project.live));
    let entries: Vec<Entry> = found.items.into_iter().map(view).collect();
    let nothing = if entries.is_empty() { Some(around.nothing(&head, id).await?) } else { None };
    Ok(page.show(&History {
        shell: page
            .workspace_shell(format!("History of {}", head.name), "projects", (&app, &rights))
            .await?,
        first: wanted.cursor.map(|_| here.clone()).unwrap_or_default(),
        next: next.unwrap_or_default(),
        entries,
        nothing,
        head,
    }))
}

fn entry(
    one: HistoryEntry,
    around: &Around<'_>,
    people: &People,
    (here, live): (&str, Option<SnapshotId>),
) -> Entry {
    let HistoryEntry { snapshot, description, requested_by, captured, changes } = one;
    let (slug, id) = (around.page.slug(), snapshot.id);
    Entry {
        href: format!("{here}/{id}"),
        about: beginning(description.as_str(), 240),
        by: people.name(requested_by),
        at: Moment::of(snapshot.created_at, around.now()),
        files: count(snapshot.files, "file", "files"),
        size: bytes(snapshot.bytes),
        added: changes.added,
        changed: changes.changed,
        removed: changes.removed,
        credits: if captured.get() == 1 {
            "1 credit".to_owned()
        } else {
            format!("{} credits", signed(captured.get()))
        },
        zip: format!("/w/{slug}/builds/{}/download", snapshot.build),
        files_href: format!("/w/{slug}/projects/{}/files?snapshot={id}", snapshot.project),
        preview: (around.app.settings().site_address)(&snapshot.preview),
        is_live: live == Some(id),
        is_first: snapshot.parent.is_none(),
        id: id.to_string(),
    }
}
