//! What differs between two snapshots: files by their hashes, texts by their lines.

use keelway_patch::FilePath;
use similar::{Algorithm, DiffOp, capture_diff_slices};

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
    pub const fn old(self) -> Option<BlobRef> {
        match self {
            Self::Added { .. } => None,
            Self::Changed { old, .. } | Self::Removed { old } => Some(old),
        }
    }

    /// What it is, if it is there.
    pub const fn new(self) -> Option<BlobRef> {
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
    /// The number of its first line in the old text, from 1; 0 in an empty one.
    pub old_start: usize,
    /// The number of its first line in the new text, from 1; 0 in an empty one.
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
const MOST_LINES: usize = 4_000;
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
    let mut ops: Vec<DiffOp> = Vec::new();
    let kept = |old_index, new_index, len| DiffOp::Equal { old_index, new_index, len };
    ops.extend((head > 0).then(|| kept(0, 0, head)));
    for mut op in capture_diff_slices(Algorithm::Myers, old_mid, new_mid) {
        shift(&mut op, head);
        ops.push(op);
    }
    ops.extend((tail > 0).then(|| kept(old.len() - tail, new.len() - tail, tail)));
    Ok(diff_of(ops, &old, &new))
}

fn text(bytes: &[u8]) -> Result<&str, NoDiff> {
    if bytes.len() as u64 > MOST_BYTES {
        return Err(NoDiff::TooLarge);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| NoDiff::NotText)?;
    if text.contains('\0') { Err(NoDiff::NotText) } else { Ok(text) }
}

fn shift(op: &mut DiffOp, by: usize) {
    let (DiffOp::Equal { old_index, new_index, .. }
    | DiffOp::Delete { old_index, new_index, .. }
    | DiffOp::Insert { old_index, new_index, .. }
    | DiffOp::Replace { old_index, new_index, .. }) = op;
    *old_index += by;
    *new_index += by;
}

fn diff_of(ops: Vec<DiffOp>, old: &[&str], new: &[&str]) -> LineDiff {
    let mut diff = LineDiff::default();
    for group in similar::group_diff_ops(ops, CONTEXT) {
        let mut lines = Vec::new();
        for op in &group {
            if let DiffOp::Equal { .. } = op {
                lines.extend(new[op.new_range()].iter().map(|line| Line::Kept(bare(line))));
                continue;
            }
            diff.removed += op.old_range().len();
            diff.added += op.new_range().len();
            lines.extend(old[op.old_range()].iter().map(|line| Line::Removed(bare(line))));
            lines.extend(new[op.new_range()].iter().map(|line| Line::Added(bare(line))));
        }
        let first = group.first().map_or((0, 0), |op| (op.old_range().start, op.new_range().start));
        let number = |start: usize, of: &[&str]| if of.is_empty() { 0 } else { start + 1 };
        diff.hunks.push(Hunk {
            old_start: number(first.0, old),
            new_start: number(first.1, new),
            lines,
        });
    }
    diff
}

/// A line that differs in its end alone shows as removed and added.
fn bare(line: &str) -> String {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line).to_owned()
}
