//! What differs between two snapshots: files by their hashes, texts by their lines.

use keelway_patch::FilePath;
use similar::{Algorithm, DiffTag, capture_diff_slices};

use crate::{BlobRef, Manifest};

/// How a file differs from what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// It was not there.
    Added {
        /// The file.
        new: BlobRef,
    },
    /// Its bytes are others.
    Changed {
        /// What it was.
        old: BlobRef,
        /// What it is.
        new: BlobRef,
    },
    /// It is no longer there.
    Removed {
        /// What it was.
        old: BlobRef,
    },
}

impl Difference {
    /// What it was, if it was there.
    pub const fn before(self) -> Option<BlobRef> {
        match self {
            Self::Added { .. } => None,
            Self::Changed { old, .. } | Self::Removed { old } => Some(old),
        }
    }

    /// What it is, if it is there.
    pub const fn after(self) -> Option<BlobRef> {
        match self {
            Self::Added { new } | Self::Changed { new, .. } => Some(new),
            Self::Removed { .. } => None,
        }
    }

    /// `added`, `changed` or `removed`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added { .. } => "added",
            Self::Changed { .. } => "changed",
            Self::Removed { .. } => "removed",
        }
    }
}

/// A file that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Where it is, or was.
    pub path: FilePath,
    /// How it differs.
    pub difference: Difference,
}

/// How many files differ, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChangeCounts {
    /// Files that were not there.
    pub added: u64,
    /// Files whose bytes are others.
    pub changed: u64,
    /// Files that are no longer there.
    pub removed: u64,
}

impl ChangeCounts {
    /// Counts `changes`.
    pub fn of(changes: &[FileChange]) -> Self {
        let mut counts = Self::default();
        for change in changes {
            *match change.difference {
                Difference::Added { .. } => &mut counts.added,
                Difference::Changed { .. } => &mut counts.changed,
                Difference::Removed { .. } => &mut counts.removed,
            } += 1;
        }
        counts
    }
}

/// The files that differ from `old` to `new`, by path; without an old tree all are new.
///
/// Applied to the old tree, they give the new one.
pub fn changes(old: Option<&Manifest>, new: &Manifest) -> Vec<FileChange> {
    let mut found: Vec<FileChange> = Vec::new();
    let mut push = |path: &FilePath, difference| {
        found.push(FileChange { path: path.clone(), difference });
    };
    for (path, new) in new {
        match old.and_then(|old| old.get(path)) {
            None => push(path, Difference::Added { new: *new }),
            Some(old) if old.digest != new.digest => {
                push(path, Difference::Changed { old: *old, new: *new });
            }
            Some(_) => {}
        }
    }
    for (path, old) in old.into_iter().flatten() {
        if !new.contains(path) {
            push(path, Difference::Removed { old: *old });
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// Why two files have no line diff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoDiff {
    /// One of them is no UTF-8 text, or has a NUL in it.
    #[error("not text")]
    NotText,
    /// They have more bytes, or more lines that differ, than are compared.
    #[error("too large to compare")]
    TooLarge,
}

/// A run of lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// The number, from 1, that its first line has in the old text, or would have.
    pub old_start: usize,
    /// The same in the new text.
    pub new_start: usize,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// One line, without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// In both texts.
    Kept(String),
    /// Only in the new text.
    Added(String),
    /// Only in the old text.
    Removed(String),
}

/// How two texts differ, line by line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LineDiff {
    /// Runs of lines around what differs, in order.
    pub hunks: Vec<Hunk>,
    /// Lines only in the new text.
    pub added: usize,
    /// Lines only in the old text.
    pub removed: usize,
}

/// The most bytes of a text that is compared.
pub const MOST_BYTES: u64 = 512 * 1024;
/// The most lines, between those that both texts begin and end with, that are compared.
const MOST_LINES: usize = 2_000;
/// Lines shown around what differs.
const CONTEXT: usize = 3;

/// Compares two texts; a file that is not there is an empty text.
///
/// Takes time by how much differs, at most [`MOST_BYTES`] and some thousand lines of each.
pub fn line_diff(old: &[u8], new: &[u8]) -> Result<LineDiff, NoDiff> {
    let (old, new) = (text(old)?, text(new)?);
    let (old, new): (Vec<&str>, Vec<&str>) =
        (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let head = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev());
    let tail = tail.take_while(|(old, new)| old == new).count();
    let (old_mid, new_mid) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    if old_mid.len().max(new_mid.len()) > MOST_LINES {
        return Err(NoDiff::TooLarge);
    }
    let kept = |lines: &[&str]| lines.iter().map(|line| Line::Kept(bare(line))).collect();
    let before: Vec<Line> = kept(&new[head.saturating_sub(CONTEXT)..head]);
    let after: Vec<Line> = kept(&new[new.len() - tail..][..tail.min(CONTEXT)]);
    let start = head - before.len();
    let lines = before.into_iter().chain(between(old_mid, new_mid)).chain(after).collect();
    Ok(diff_of(lines, start))
}

/// All lines of both, in the order in which they are shown.
fn between(old: &[&str], new: &[&str]) -> Vec<Line> {
    let (mut lines, mut old_at, mut new_at) = (Vec::new(), 0, 0);
    for op in capture_diff_slices(Algorithm::Myers, old, new) {
        // Where an operation begins in the text that it does not touch is not to be relied on.
        let (removed, added) = (op.old_range().len(), op.new_range().len());
        let (removed, added) = (&old[old_at..][..removed], &new[new_at..][..added]);
        (old_at, new_at) = (old_at + removed.len(), new_at + added.len());
        if op.tag() == DiffTag::Equal {
            lines.extend(added.iter().map(|line| Line::Kept(bare(line))));
        } else {
            lines.extend(removed.iter().map(|line| Line::Removed(bare(line))));
            lines.extend(added.iter().map(|line| Line::Added(bare(line))));
        }
    }
    lines
}

fn text(bytes: &[u8]) -> Result<&str, NoDiff> {
    if bytes.len() as u64 > MOST_BYTES {
        return Err(NoDiff::TooLarge);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| NoDiff::NotText)?;
    if text.contains('\0') { Err(NoDiff::NotText) } else { Ok(text) }
}

/// Cuts `lines`, which begin `start` lines into both texts, into what differs and what is
/// around it.
fn diff_of(lines: Vec<Line>, start: usize) -> LineDiff {
    let differs = |line: &Line| !matches!(line, Line::Kept(_));
    let mut shown = vec![false; lines.len()];
    for (at, _) in lines.iter().enumerate().filter(|(_, line)| differs(line)) {
        let around = at.saturating_sub(CONTEXT)..(at + CONTEXT + 1).min(lines.len());
        shown[around].fill(true);
    }
    let mut diff = LineDiff::default();
    let (mut old_at, mut new_at, mut goes_on) = (start, start, false);
    for (line, is_shown) in lines.into_iter().zip(shown) {
        if is_shown && !goes_on {
            let lines = Vec::new();
            diff.hunks.push(Hunk { old_start: old_at + 1, new_start: new_at + 1, lines });
        }
        goes_on = is_shown;
        let (removed, added) = match &line {
            Line::Kept(_) => (false, false),
            Line::Removed(_) => (true, false),
            Line::Added(_) => (false, true),
        };
        old_at += usize::from(!added);
        new_at += usize::from(!removed);
        diff.removed += usize::from(removed);
        diff.added += usize::from(added);
        if let Some(hunk) = diff.hunks.last_mut().filter(|_| is_shown) {
            hunk.lines.push(line);
        }
    }
    diff
}

/// A line that differs in its end alone shows as removed and added.
fn bare(line: &str) -> String {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line).to_owned()
}
