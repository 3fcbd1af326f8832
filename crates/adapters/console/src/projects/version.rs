//! What one version changed: the files, and the lines of the first few.

use std::str::FromStr;

use actix_web::web::block;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use keelway_builds::BlobRef;
use keelway_builds::changes::{self, ChangeCounts, FileChange, Line, LineDiff, NoDiff};
use keelway_http::Problem;
use keelway_http::args::{Query, UseCases};
use keelway_http::guard::Allowed;
use keelway_http::pages::Rights;
use keelway_kernel::{ProjectId, SnapshotId, StoreError};
use keelway_platform::overviews::SnapshotChanges;
use keelway_platform::permit::right::ViewProjects;
use serde::Deserialize;

use super::source::raw;
use super::{Around, Head, highlight};
use crate::page::Page;
use crate::shell::Shell;
use crate::text::{Moment, bytes, count, encoded};

/// Changed files that a page lists.
const MOST_FILES: usize = 200;
/// Files whose lines are compared when none is asked for by name.
const MOST_DIFFS: usize = 4;
/// Of those, how many are open.
const OPEN: usize = 2;
/// Lines of one file among others, and of one that was asked for.
const FEW_LINES: usize = 60;
const MANY_LINES: usize = 500;
/// Bytes of HTML that one file's lines may be.
const MOST_HTML: usize = 40 * 1024;

#[derive(Deserialize)]
pub(super) struct Wanted {
    /// The one file whose lines are wanted.
    #[serde(default)]
    file: String,
}

struct Change {
    kind: &'static str,
    path: String,
    size: String,
    href: String,
}

/// A file with its lines.
struct Diff {
    /// Names the part of the page, for links and for what is open.
    anchor: String,
    kind: &'static str,
    path: String,
    added: usize,
    removed: usize,
    hunks: Vec<Hunk>,
    /// Why there are no lines; empty if there are.
    why_not: &'static str,
    /// How many lines are left out.
    hidden: usize,
    whole: String,
    raw: String,
    is_open: bool,
}

struct Hunk {
    header: String,
    lines: Vec<DiffLine>,
}

struct DiffLine {
    class: &'static str,
    sign: &'static str,
    old: String,
    new: String,
    html: String,
}

#[derive(Template)]
#[template(path = "projects/version.html")]
struct Version {
    shell: Shell,
    head: Head,
    id: String,
    here: String,
    made: Moment,
    counts: ChangeCounts,
    files: String,
    size: String,
    digest: String,
    parent: String,
    preview: String,
    zip: String,
    files_href: String,
    is_live: bool,
    changes: Vec<Change>,
    hidden: usize,
    diffs: Vec<Diff>,
    /// The file asked for by name.
    file: String,
}

pub(super) async fn version(
    permit: Allowed<ViewProjects>,
    app: UseCases,
    page: Page,
    rights: Rights,
    req: HttpRequest,
    Query(wanted): Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let around = Around { app: &app, page: &page, rights: &rights };
    let (id, snapshot): (ProjectId, SnapshotId) =
        (in_path(&req, "id")?, in_path(&req, "snapshot")?);
    let project = app.find_project(&permit, id).await?.ok_or_else(Problem::not_found)?;
    let found = app.snapshot_changes(&permit, snapshot).await?;
    let found = found.filter(|found| found.snapshot.project == id);
    let SnapshotChanges { snapshot, parent, mut changes } = found.ok_or_else(Problem::not_found)?;
    let head = Head::of(&project, "history", &around);
    let here = format!("{}/history/{}", head.href, snapshot.id);
    let address = Address { slug: page.slug(), here: &here, snapshot: snapshot.id };
    let counts = ChangeCounts::of(&changes);
    let wants = |change: &FileChange| wanted.file.is_empty() || change.path.as_str() == wanted.file;
    let chosen: Vec<FileChange> = changes.iter().filter(|change| wants(change)).cloned().collect();
    if chosen.is_empty() && !wanted.file.is_empty() {
        return Err(Problem::not_found());
    }
    let bounds = if wanted.file.is_empty() { AMONG_OTHERS } else { ALONE };
    let diffs = diffs(&app, &address, chosen, bounds).await?;
    let hidden = changes.len().saturating_sub(MOST_FILES);
    changes.truncate(MOST_FILES);
    Ok(page.show(&Version {
        shell: page
            .workspace_shell(format!("A version of {}", head.name), "projects", (&app, &rights))
            .await?,
        id: snapshot.id.to_string(),
        made: Moment::of(snapshot.created_at, around.now()),
        counts,
        files: count(snapshot.files, "file", "files"),
        size: bytes(snapshot.bytes),
        digest: snapshot.tree.to_string(),
        parent: parent
            .map(|parent| format!("{}/history/{}", head.href, parent.id))
            .unwrap_or_default(),
        preview: (app.settings().site_address)(&snapshot.preview),
        zip: format!("/w/{}/builds/{}/download", page.slug(), snapshot.build),
        files_href: format!("{}/files?snapshot={}", head.href, snapshot.id),
        is_live: project.live == Some(snapshot.id),
        changes: changes.iter().map(|change| address.change(change)).collect(),
        hidden,
        diffs,
        file: wanted.file,
        head,
        here,
    }))
}

/// An id in the path; what cannot be one is as unknown as one that is not there.
fn in_path<T: FromStr>(req: &HttpRequest, name: &str) -> Result<T, Problem> {
    let text = req.match_info().get(name);
    text.and_then(|text| text.parse().ok()).ok_or_else(Problem::not_found)
}

/// How much of the differences is shown.
#[derive(Clone, Copy)]
struct Bounds {
    files: usize,
    lines: usize,
}

const AMONG_OTHERS: Bounds = Bounds { files: MOST_DIFFS, lines: FEW_LINES };
const ALONE: Bounds = Bounds { files: 1, lines: MANY_LINES };

/// The bytes of the files that differ are read one by one; the store is not asked again.
async fn diffs(
    app: &UseCases,
    address: &Address<'_>,
    changes: Vec<FileChange>,
    bounds: Bounds,
) -> Result<Vec<Diff>, Problem> {
    let mut diffs = Vec::new();
    for change in changes.into_iter().take(bounds.files) {
        let (old, new) = (change.difference.before(), change.difference.after());
        let is_large = |blob: &BlobRef| blob.bytes > changes::MOST_BYTES;
        let lines = if old.iter().chain(&new).any(is_large) {
            Err(NoDiff::TooLarge)
        } else {
            let (old, new) = (content(app, old).await?, content(app, new).await?);
            // Comparing is work for the processor: it must not hold other requests up.
            block(move || changes::line_diff(&old, &new)).await.map_err(|_| Problem::internal())?
        };
        diffs.push(address.diff(&change, lines, (diffs.len(), bounds.lines)));
    }
    Ok(diffs)
}

async fn content(app: &UseCases, blob: Option<BlobRef>) -> Result<Vec<u8>, StoreError> {
    match blob {
        Some(blob) => app.bytes(blob).await,
        None => Ok(Vec::new()),
    }
}

/// Where the parts of the page lead.
struct Address<'a> {
    slug: &'a str,
    here: &'a str,
    snapshot: SnapshotId,
}

impl Address<'_> {
    fn change(&self, change: &FileChange) -> Change {
        let blob = change.difference.after().or(change.difference.before());
        Change {
            kind: change.difference.as_str(),
            path: change.path.to_string(),
            size: blob.map(|blob| bytes(blob.bytes)).unwrap_or_default(),
            href: self.of(change),
        }
    }

    fn of(&self, change: &FileChange) -> String {
        format!("{}?file={}", self.here, encoded(change.path.as_str()))
    }

    fn diff(
        &self,
        change: &FileChange,
        lines: Result<LineDiff, NoDiff>,
        (place, most): (usize, usize),
    ) -> Diff {
        let (diff, why_not) = match lines {
            Ok(diff) => (diff, ""),
            Err(NoDiff::NotText) => (LineDiff::default(), "It is no text."),
            Err(NoDiff::TooLarge) => (LineDiff::default(), "It is too large to compare."),
        };
        let is_kept = change.difference.after().is_some();
        let snapshot = self.snapshot.to_string();
        let (hunks, hidden) = hunks(&diff, most);
        Diff {
            anchor: format!("diff-{}", place + 1),
            kind: change.difference.as_str(),
            path: change.path.to_string(),
            added: diff.added,
            removed: diff.removed,
            hunks,
            why_not,
            hidden,
            whole: self.of(change),
            raw: if is_kept { raw(self.slug, &snapshot, &change.path) } else { String::new() },
            is_open: place < OPEN,
        }
    }
}

/// The lines with their numbers, and how many are left out.
fn hunks(diff: &LineDiff, most: usize) -> (Vec<Hunk>, usize) {
    let all: usize = diff.hunks.iter().map(|hunk| hunk.lines.len()).sum();
    let (mut left, mut size, mut shown) = (most, 0, 0);
    let mut hunks = Vec::new();
    for hunk in &diff.hunks {
        let (mut old, mut new) = (hunk.old_start, hunk.new_start);
        let mut lines = Vec::new();
        for line in &hunk.lines {
            if left == 0 || size > MOST_HTML {
                break;
            }
            let line = line_of(line, (&mut old, &mut new));
            (left, size, shown) = (left - 1, size + line.html.len(), shown + 1);
            lines.push(line);
        }
        if !lines.is_empty() {
            let header = format!("@@ −{} +{} @@", hunk.old_start, hunk.new_start);
            hunks.push(Hunk { header, lines });
        }
    }
    (hunks, all - shown)
}

fn line_of(line: &Line, (old, new): (&mut usize, &mut usize)) -> DiffLine {
    let next = |number: &mut usize| {
        let text = number.to_string();
        *number += 1;
        text
    };
    let (class, sign, old, new, text) = match line {
        Line::Kept(text) => ("", " ", next(old), next(new), text),
        Line::Added(text) => ("add", "+", String::new(), next(new), text),
        Line::Removed(text) => ("del", "−", next(old), String::new(), text),
    };
    DiffLine { class, sign, old, new, html: highlight::plain(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_numbered_on_both_sides_and_bounded() {
        let diff = changes::line_diff(b"a\nb\nc\n", b"a\nB\nc\n").unwrap();
        let (shown, hidden) = hunks(&diff, 10);
        let line =
            |line: &DiffLine| format!("{}|{}|{}{}", line.old, line.new, line.sign, line.html);
        let lines: Vec<String> = shown[0].lines.iter().map(line).collect();
        assert_eq!(lines, ["1|1| a", "2||−b", "|2|+B", "3|3| c"]);
        assert_eq!(hidden, 0);
        let (shown, hidden) = hunks(&diff, 2);
        assert_eq!((shown[0].lines.len(), hidden), (2, 2));
    }
}
