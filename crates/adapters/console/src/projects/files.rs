//! The files of a project's snapshot.

use actix_web::HttpResponse;
use askama::Template;
use keelway_builds::{Manifest, Snapshot};
use keelway_http::Problem;
use keelway_http::args::{Id, Query, UseCases};
use keelway_http::guard::Allowed;
use keelway_http::pages::Rights;
use keelway_kernel::{PageRequest, ProjectId, SnapshotId};
use keelway_patch::FilePath;
use keelway_platform::Permit;
use keelway_platform::permit::right::ViewProjects;
use serde::Deserialize;

use super::source::{Place, Source, raw};
use super::tree::{Look, Tree, tree};
use super::{Around, Head, Nothing};
use crate::page::Page;
use crate::shell::Shell;
use crate::text::{Moment, bytes, count};

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    path: String,
    /// A snapshot of the project; the newest if absent.
    snapshot: Option<String>,
    from: Option<usize>,
    #[serde(default)]
    find: String,
}

/// The snapshot whose files are shown.
struct Version {
    id: String,
    href: String,
    made: Moment,
    files: String,
    size: String,
    zip: String,
    preview: String,
    tree: Tree,
    file: Option<Source>,
    has_many: bool,
}

#[derive(Template)]
#[template(path = "projects/files.html")]
struct Files {
    shell: Shell,
    head: Head,
    version: Option<Version>,
    /// Why there is none.
    nothing: Option<Nothing>,
    find: String,
}

pub(super) async fn files(
    permit: Allowed<ViewProjects>,
    app: UseCases,
    page: Page,
    rights: Rights,
    Id(id): Id<ProjectId>,
    Query(wanted): Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let around = Around { app: &app, page: &page, rights: &rights };
    let project = app.find_project(&permit, id).await?.ok_or_else(Problem::not_found)?;
    let head = Head::of(&project, "files", &around);
    let found = find(&permit, &app, id, wanted.snapshot.as_deref()).await?;
    let version = match found {
        Some(found) => Some(version(&around, &head, &wanted, found).await?),
        None => None,
    };
    let nothing = match version {
        Some(_) => None,
        None => Some(around.nothing(&head, id).await?),
    };
    Ok(page.show(&Files {
        shell: page
            .workspace_shell(format!("Files of {}", head.name), "projects", (&app, &rights))
            .await?,
        head,
        version,
        nothing,
        find: wanted.find,
    }))
}

/// The snapshot asked for, if it is the project's; else its newest, if it has one.
async fn find(
    permit: &Permit<ViewProjects>,
    app: &UseCases,
    project: ProjectId,
    wanted: Option<&str>,
) -> Result<Option<(Snapshot, Manifest)>, Problem> {
    let id = if let Some(wanted) = wanted {
        wanted.parse::<SnapshotId>().map_err(|_| Problem::not_found())?
    } else {
        let newest = app.list_snapshots(permit, project, PageRequest::new(1, None)).await?;
        match newest.and_then(|newest| newest.items.into_iter().next()) {
            Some(newest) => newest.id,
            None => return Ok(None),
        }
    };
    let found = app.find_snapshot(permit, id).await?;
    match found.filter(|(snapshot, _)| snapshot.project == project) {
        Some(found) => Ok(Some(found)),
        None => Err(Problem::not_found()),
    }
}

async fn version(
    around: &Around<'_>,
    head: &Head,
    wanted: &Wanted,
    (snapshot, manifest): (Snapshot, Manifest),
) -> Result<Version, Problem> {
    let (app, slug) = (around.app, around.page.slug());
    let id = snapshot.id.to_string();
    let base = format!("{}/files?snapshot={id}&path=", head.href);
    let path = chosen(&manifest, &wanted.path)?;
    let at = path.as_ref().map_or(wanted.path.as_str(), FilePath::as_str);
    let tree = tree(&manifest, &Look { base: &base, path: at, find: &wanted.find });
    let file = match path.as_ref().and_then(|path| manifest.get(path).map(|blob| (path, *blob))) {
        Some((path, blob)) => {
            let here = format!("{base}{}", crate::text::encoded(path.as_str()));
            let (raw, from) = (raw(slug, &id, path), wanted.from.unwrap_or(1));
            Some(Source::of(app, Place { path, blob, here, raw, from }).await?)
        }
        None => None,
    };
    Ok(Version {
        href: format!("{}/history/{id}", head.href),
        made: Moment::of(snapshot.created_at, around.now()),
        files: count(snapshot.files, "file", "files"),
        size: bytes(snapshot.bytes),
        zip: format!("/w/{slug}/builds/{}/download", snapshot.build),
        preview: (app.settings().site_address)(&snapshot.preview),
        has_many: manifest.len() > 20,
        tree,
        file,
        id,
    })
}

/// The file asked for; none for a folder; what one looks at first if nothing was asked for.
fn chosen(manifest: &Manifest, wanted: &str) -> Result<Option<FilePath>, Problem> {
    if wanted.is_empty() {
        let index = manifest.iter().find(|(path, _)| path.as_str() == "index.html");
        return Ok(index.or_else(|| manifest.iter().next()).map(|(path, _)| path.clone()));
    }
    let path = FilePath::parse(wanted).map_err(|_| Problem::not_found())?;
    if manifest.contains(&path) {
        return Ok(Some(path));
    }
    let folder = format!("{wanted}/");
    let is_folder = manifest.iter().any(|(path, _)| path.as_str().starts_with(&folder));
    if is_folder { Ok(None) } else { Err(Problem::not_found()) }
}
