//! The files of a snapshot.

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG};
use actix_web::{HttpRequest, HttpResponse};
use keelway_builds::Digest;
use keelway_kernel::SnapshotId;
use keelway_patch::{FilePath, media_type};
use keelway_platform::permit::right::ViewProjects;
use serde::Serialize;
use utoipa::ToSchema;

use crate::args::{Id, Tail, UseCases};
use crate::attachment::attachment;
use crate::guard::Allowed;
use crate::problem::Problem;
use crate::reply::{Listing, View, is_known};
use crate::routes::Routes;

pub(crate) fn routes(routes: &mut Routes) {
    routes.at(__path_list, list);
    routes.at(__path_file, file);
}

/// A file of a snapshot.
#[derive(Serialize, ToSchema)]
#[schema(as = SnapshotFile)]
struct FileView {
    path: String,
    bytes: u64,
    /// What it is served as on its own origin.
    media_type: &'static str,
    /// Its BLAKE3 hash.
    #[schema(value_type = String)]
    digest: Digest,
}

/// Lists a snapshot's files
#[utoipa::path(
    get, path = "/v1/snapshots/{id}/files", tag = "projects", operation_id = "list_files",
    params(("id" = String, Path, description = "The snapshot")),
    responses((status = 200, body = Listing<FileView>, description = "All of them, by path")),
)]
async fn list(
    permit: Allowed<ViewProjects>,
    app: UseCases,
    Id(id): Id<SnapshotId>,
) -> Result<View<Listing<FileView>>, Problem> {
    let (_, manifest) = app.find_snapshot(&permit, id).await?.ok_or_else(Problem::not_found)?;
    let files = manifest.iter().map(|(path, blob)| FileView {
        path: path.as_str().to_owned(),
        bytes: blob.bytes,
        media_type: media_type(path),
        digest: blob.digest,
    });
    Ok(View(Listing::whole(files.collect())))
}

/// Reads a file of a snapshot
///
/// To be shown or saved, never to be run: whatever it is, it is served as plain text or bytes.
#[utoipa::path(
    get, path = "/v1/snapshots/{id}/files/{path}", tag = "projects", operation_id = "get_file",
    params(
        ("id" = String, Path, description = "The snapshot"),
        ("path" = String, Path, description = "The file's path, slashes included"),
    ),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>, description = "The file")),
)]
pub(crate) async fn file(
    permit: Allowed<ViewProjects>,
    app: UseCases,
    Id(id): Id<SnapshotId>,
    Tail(path): Tail,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let path = FilePath::parse(&path).map_err(|_| Problem::not_found())?;
    let (_, manifest) = app.find_snapshot(&permit, id).await?.ok_or_else(Problem::not_found)?;
    let blob = *manifest.get(&path).ok_or_else(Problem::not_found)?;
    let tag = format!("\"{}\"", blob.digest);
    if is_known(&req, &tag) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, tag)).finish());
    }
    let name = path.as_str().rsplit('/').next().unwrap_or_default();
    let bytes = app.bytes(blob).await?;
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, tag))
        .insert_header((CONTENT_TYPE, inert(media_type(&path))))
        .insert_header((CONTENT_DISPOSITION, attachment(name)))
        .insert_header((
            CONTENT_SECURITY_POLICY,
            "sandbox; default-src 'none'; frame-ancestors 'none'",
        ))
        .body(bytes))
}

/// What a browser does nothing with on this origin.
fn inert(media_type: &str) -> &'static str {
    let is_text = ["text/", "application/json", "application/xml", "application/manifest+json"]
        .iter()
        .any(|text| media_type.starts_with(text))
        || media_type == "image/svg+xml";
    if is_text { "text/plain; charset=utf-8" } else { "application/octet-stream" }
}
