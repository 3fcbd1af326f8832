//! One file of a snapshot, ready to be read.

use actix_web::web::block;
use keelway_builds::BlobRef;
use keelway_http::Problem;
use keelway_http::args::UseCases;
use keelway_patch::{FilePath, media_type};

use super::highlight;
use crate::text::{bytes, encoded};

/// The most bytes of a file that is shown as text.
const MOST_BYTES: u64 = 512 * 1024;
/// Lines on a page.
const MOST_LINES: usize = 400;
/// Bytes of HTML on a page, after which the next page begins: with everything around them they
/// stay under 100 KB on the wire, for they are not compressed.
const MOST_HTML: usize = 52 * 1024;
/// Bytes of HTML around a line.
const AROUND: usize = 46;

/// A file as its page shows it.
pub(super) struct Source {
    pub(super) path: String,
    pub(super) size: String,
    pub(super) media_type: &'static str,
    pub(super) digest: String,
    pub(super) raw: String,
    /// Why its text is not shown; empty if it is.
    pub(super) why_not: &'static str,
    pub(super) lines: Vec<Line>,
    /// The lines before and behind; empty if there are none.
    pub(super) previous: String,
    pub(super) next: String,
    /// Which lines these are.
    pub(super) note: String,
}

/// A line with its number, already HTML.
pub(super) struct Line {
    pub(super) number: usize,
    pub(super) html: String,
}

/// Which file, and where it is found.
pub(super) struct Place<'a> {
    pub(super) path: &'a FilePath,
    pub(super) blob: BlobRef,
    /// The address of the file's page.
    pub(super) here: String,
    /// The address of its bytes.
    pub(super) raw: String,
    /// The first line wanted, from 1.
    pub(super) from: usize,
}

impl Source {
    pub(super) async fn of(app: &UseCases, place: Place<'_>) -> Result<Self, Problem> {
        let Place { path, blob, here, raw, from } = place;
        let source = Self {
            path: path.as_str().to_owned(),
            size: bytes(blob.bytes),
            media_type: media_type(path).split(';').next().unwrap_or_default(),
            digest: blob.digest.to_string(),
            raw,
            why_not: "",
            lines: Vec::new(),
            previous: String::new(),
            next: String::new(),
            note: String::new(),
        };
        if blob.bytes > MOST_BYTES {
            let why_not = "It is larger than 512 KB: download it to read it.";
            return Ok(Self { why_not, ..source });
        }
        let Some(text) = text(app.bytes(blob).await?) else {
            let why_not = "It is no text: download it to look at it. Pictures are shown in the \
                           preview, on an address of its own.";
            return Ok(Self { why_not, ..source });
        };
        if text.is_empty() {
            return Ok(Self { why_not: "It is empty.", ..source });
        }
        let from = from.max(1) - 1;
        let (name, all) = (source.path.clone(), text.lines().count());
        // Colouring is work for the processor: it must not hold other requests up.
        let lines = block(move || highlight::lines(&name, &text, from, MOST_LINES));
        let mut lines = lines.await.map_err(|_| Problem::internal())?;
        lines.truncate(fitting(&lines));
        let behind = from + lines.len();
        let page = |from: usize| format!("{here}&from={from}#L{from}");
        Ok(Self {
            note: match lines.len() {
                shown if shown == all => String::new(),
                0 => format!("{all} lines"),
                _ => format!("Lines {} to {behind} of {all}", from + 1),
            },
            previous: if from == 0 { String::new() } else { here.clone() },
            next: if behind < all && !lines.is_empty() { page(behind + 1) } else { String::new() },
            lines: (from + 1..).zip(lines).map(|(number, html)| Line { number, html }).collect(),
            ..source
        })
    }
}

/// The address of a file's bytes, to be saved and never to be run.
pub(super) fn raw(slug: &str, snapshot: &str, path: &FilePath) -> String {
    format!("/w/{slug}/snapshots/{snapshot}/files/{}", encoded(path.as_str()))
}

/// How many of the lines make up a page.
fn fitting(lines: &[String]) -> usize {
    let mut size = 0;
    let fits = |line: &&String| {
        size += line.len() + AROUND;
        size <= MOST_HTML
    };
    lines.iter().take_while(fits).count().max(1)
}

fn text(bytes: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(bytes).ok()?;
    (!text.contains('\0')).then_some(text)
}
