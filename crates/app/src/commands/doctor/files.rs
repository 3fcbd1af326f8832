//! Whether the files are there that the database names.

use std::collections::HashSet;
use std::path::Path;

use keelway_builds::BlobRef;
use keelway_builds::ports::{Blobs, Inspection, Inspector, Violation};
use keelway_kernel::StoreError;

use super::Findings;

/// What this is called among the invariants.
pub(super) const BLOBS: &str = "blobs";

/// What is looked up at once.
const PAGE: u32 = 1_000;

/// Findings that are listed; of more only the count is told.
const MOST_LISTED: u64 = 20;

/// How closely files are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Whether they are there and as long as they were.
    Sizes,
    /// Whether they are what they were: each is read and hashed.
    Contents,
}

/// Adds to `inspection` what is wrong with the files below `folder`, which are read as `blobs`.
pub(super) async fn check<S: Inspector + ?Sized>(
    store: &S,
    (folder, blobs): (&Path, &dyn Blobs),
    depth: Depth,
    mut inspection: Inspection,
) -> Result<Findings, StoreError> {
    // Where snapshots could not be checked either, what is wrong was said.
    if !inspection.checked.iter().any(|(name, _)| *name == "I16") {
        return Ok(Findings { inspection, unlisted: 0 });
    }
    let (mut checked, mut broken, mut after) = (0, 0, None);
    loop {
        let page = store.named_files(after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        if !folder.is_dir() {
            let detail = "the folder is not there, and the database names files in it: mount it, \
                          or say where the data is with --data-dir";
            let subject = folder.display().to_string();
            inspection.violations.push(violation(subject, detail.to_owned()));
            break;
        }
        after = Some(last.clone());
        let asked = page.iter().map(|file| file.blob).collect();
        let missing: HashSet<BlobRef> = blobs.missing(asked).await?.into_iter().collect();
        for file in page {
            checked += 1;
            let wrong = if missing.contains(&file.blob) {
                "missing, or not as long as it was"
            } else if depth == Depth::Contents && is_damaged(blobs, file.blob).await? {
                "damaged"
            } else {
                continue;
            };
            broken += 1;
            if broken <= MOST_LISTED {
                let detail = format!("{} is {wrong}: {}", file.path, file.blob.digest);
                inspection.violations.push(violation(file.by.to_string(), detail));
            }
        }
    }
    inspection.checked.push((BLOBS, checked));
    Ok(Findings { inspection, unlisted: broken.saturating_sub(MOST_LISTED) })
}

async fn is_damaged(blobs: &dyn Blobs, blob: BlobRef) -> Result<bool, StoreError> {
    match blobs.get(blob).await {
        Ok(_) => Ok(false),
        Err(StoreError::Corrupt { .. }) => Ok(true),
        Err(error) => Err(error),
    }
}

const fn violation(subject: String, detail: String) -> Violation {
    Violation { invariant: BLOBS, subject, detail }
}
