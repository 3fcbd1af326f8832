//! A build's result as a ZIP, made while it is sent.
//!
//! The archive is never whole in memory: one file is, and a few chunks of what became of it.

use std::io::{self, Write};

use actix_web::http::Method;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, ETAG};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use futures::Stream;
use keelway_builds::{Digest, Manifest};
use keelway_kernel::{BuildId, StoreError};
use keelway_platform::Platform;
use keelway_platform::permit::right::DownloadSnapshot;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::archive::{FORMAT, pack};
use crate::args::{Id, UseCases};
use crate::attachment::attachment;
use crate::guard::Allowed;
use crate::problem::{Code, Problem};
use crate::reply::is_known;
use crate::routes::Routes;

/// Bytes sent at once.
const CHUNK: usize = 64 * 1024;
/// Chunks that wait for a slow reader.
const WAITING: usize = 4;

pub(crate) fn routes(routes: &mut Routes) {
    routes.at(__path_download, download).refuses(&[Code::BuildNotFinished]);
}

/// Downloads what a build made
///
/// The same snapshot is always the same bytes.
#[utoipa::path(
    get, path = "/v1/builds/{id}/download", tag = "builds", operation_id = "download_build",
    params(("id" = String, Path, description = "The build")),
    responses((status = 200, content_type = "application/zip", body = Vec<u8>, description = "All files")),
)]
pub(crate) async fn download(
    permit: Allowed<DownloadSnapshot>,
    app: UseCases,
    Id(id): Id<BuildId>,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let result = app.result_of_build(&permit, id).await?;
    let tag = entity_tag(result.snapshot.tree);
    if is_known(&req, &tag) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, tag)).finish());
    }
    require_all(&app, id, &result.manifest).await?;
    let name = format!("{}.zip", result.project.slug.as_str());
    let mut response = HttpResponse::Ok();
    response
        .insert_header((ETAG, tag))
        .insert_header((CONTENT_TYPE, "application/zip"))
        .insert_header((CONTENT_DISPOSITION, attachment(&name)));
    if req.method() == Method::HEAD {
        return Ok(response.finish());
    }
    Ok(response.streaming(archive(Platform::clone(&app), result.manifest)))
}

/// Refuses while it can still be said why: an archive that has begun can only break off.
async fn require_all(app: &Platform, build: BuildId, manifest: &Manifest) -> Result<(), Problem> {
    let missing = app.missing_of(manifest).await?;
    let Some(first) = missing.first() else { return Ok(()) };
    let (count, digest) = (missing.len(), first.digest);
    tracing::error!(%build, %digest, count, "a download is refused: files are missing or damaged");
    Err(Problem::new(Code::Internal, "files of this build are missing or damaged"))
}

fn entity_tag(tree: Digest) -> String {
    format!("\"{FORMAT}-{tree}\"")
}

/// The archive's bytes; an error breaks the connection off, so that nobody takes part of an
/// archive for the whole.
fn archive(platform: Platform, manifest: Manifest) -> impl Stream<Item = io::Result<Bytes>> {
    let (sender, mut chunks) = mpsc::channel(WAITING);
    let runtime = Handle::current();
    // The task ends when it is done or its reader is gone.
    tokio::task::spawn_blocking(move || {
        let read = |blob| runtime.block_on(platform.bytes(blob)).map_err(unreadable);
        let packed = pack(&manifest, read, Chunks::new(&sender)).and_then(|mut last| last.send());
        if let Err(error) = packed {
            let _ = sender.blocking_send(Err(error));
        }
    });
    futures::stream::poll_fn(move |context| chunks.poll_recv(context))
}

fn unreadable(error: StoreError) -> io::Error {
    tracing::error!(%error, "a download breaks off: a file cannot be read");
    io::Error::other(error)
}

/// Gathers what is written into chunks, and waits while the reader has enough of them.
struct Chunks<'a> {
    sender: &'a mpsc::Sender<io::Result<Bytes>>,
    chunk: Vec<u8>,
}

impl<'a> Chunks<'a> {
    fn new(sender: &'a mpsc::Sender<io::Result<Bytes>>) -> Self {
        Self { sender, chunk: Vec::with_capacity(CHUNK) }
    }
}

impl Write for Chunks<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(CHUNK - self.chunk.len());
        self.chunk.extend_from_slice(&bytes[..taken]);
        if self.chunk.len() == CHUNK {
            self.send()?;
        }
        Ok(taken)
    }

    /// Does nothing: the last chunk is sent when the archive is whole.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Chunks<'_> {
    fn send(&mut self) -> io::Result<()> {
        let chunk = std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK));
        if chunk.is_empty() {
            return Ok(());
        }
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        self.sender.blocking_send(Ok(Bytes::from(chunk))).map_err(gone)
    }
}
