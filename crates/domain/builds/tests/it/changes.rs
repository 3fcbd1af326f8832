//! What differs between two trees and two texts.

use std::collections::BTreeMap;

use keelway_builds::changes::{
    ChangeCounts, Difference, Line, LineDiff, MOST_BYTES, NoDiff, changes, line_diff,
};
use keelway_builds::{BlobRef, Manifest};
use keelway_patch::FilePath;
use proptest::prelude::*;

fn manifest(files: &BTreeMap<u8, u8>) -> Manifest {
    let mut manifest = Manifest::default();
    for (path, text) in files {
        let path = FilePath::parse(&format!("page-{path}.html")).unwrap();
        manifest.insert(path, BlobRef::of(&[*text])).unwrap();
    }
    manifest
}

fn trees() -> impl Strategy<Value = BTreeMap<u8, u8>> {
    proptest::collection::btree_map(0_u8..12, 0_u8..3, 0..12)
}

fn texts() -> impl Strategy<Value = String> {
    proptest::collection::vec(prop_oneof!["a", "b", "c", "dd", ""], 0..30)
        .prop_flat_map(|lines| (Just(lines.join("\n")), any::<bool>()))
        .prop_map(|(text, ends)| if ends { text + "\n" } else { text })
}

/// The old lines with the diff applied.
fn patched(old: &str, diff: &LineDiff) -> Vec<String> {
    let old: Vec<&str> = old.lines().collect();
    let (mut new, mut at) = (Vec::new(), 0);
    for hunk in &diff.hunks {
        let start = hunk.old_start.saturating_sub(1);
        new.extend(old[at..start].iter().map(|line| (*line).to_owned()));
        at = start;
        assert_eq!(new.len(), hunk.new_start.saturating_sub(1), "a hunk is not where it says");
        for line in &hunk.lines {
            match line {
                Line::Kept(text) => {
                    assert_eq!(old[at], text);
                    new.push(text.clone());
                    at += 1;
                }
                Line::Removed(text) => {
                    assert_eq!(old[at], text);
                    at += 1;
                }
                Line::Added(text) => new.push(text.clone()),
            }
        }
    }
    new.extend(old[at..].iter().map(|line| (*line).to_owned()));
    new
}

proptest! {
    #[test]
    fn changes_applied_to_the_old_tree_give_the_new_one(old in trees(), new in trees()) {
        let (old, new) = (manifest(&old), manifest(&new));
        let found = changes(Some(&old), &new);
        let mut tree: BTreeMap<FilePath, BlobRef> =
            old.iter().map(|(path, blob)| (path.clone(), *blob)).collect();
        for change in &found {
            let before = match change.difference {
                Difference::Removed { .. } => tree.remove(&change.path),
                Difference::Added { new } | Difference::Changed { new, .. } => {
                    tree.insert(change.path.clone(), new)
                }
            };
            // Nothing is said to change that does not.
            prop_assert_eq!(before, change.difference.before());
            prop_assert_ne!(before, change.difference.after());
        }
        let expected: BTreeMap<_, _> =
            new.iter().map(|(path, blob)| (path.clone(), *blob)).collect();
        prop_assert_eq!(tree, expected);
        prop_assert!(found.windows(2).all(|pair| pair[0].path < pair[1].path));
        let counts = ChangeCounts::of(&found);
        prop_assert_eq!(counts.added + counts.changed + counts.removed, found.len() as u64);
        prop_assert_eq!(
            new.len() as u64 + counts.removed, old.len() as u64 + counts.added
        );
    }

    #[test]
    fn hunks_applied_to_the_old_text_give_the_new_one(old in texts(), new in texts()) {
        let diff = line_diff(old.as_bytes(), new.as_bytes()).unwrap();
        let lines: Vec<String> = new.lines().map(str::to_owned).collect();
        prop_assert_eq!(patched(&old, &diff), lines);
        prop_assert_eq!(diff.hunks.is_empty(), old == new);
        let of = |kind: fn(&Line) -> bool| {
            diff.hunks.iter().flat_map(|hunk| &hunk.lines).filter(|line| kind(line)).count()
        };
        prop_assert_eq!(diff.added, of(|line| matches!(line, Line::Added(_))));
        prop_assert_eq!(diff.removed, of(|line| matches!(line, Line::Removed(_))));
    }
}

#[test]
fn without_an_old_tree_all_files_are_new() {
    let new = manifest(&BTreeMap::from([(1, 1), (2, 1)]));
    let found = changes(None, &new);
    let added = ChangeCounts { added: 2, changed: 0, removed: 0 };
    assert_eq!(ChangeCounts::of(&found), added);
}

#[test]
fn a_change_is_shown_with_three_lines_around_it() {
    let lines: Vec<String> = (1..=40).map(|n| n.to_string()).collect();
    let old = lines.join("\n");
    let new = old.replace("20", "twenty").replace("39\n", "");
    let diff = line_diff(old.as_bytes(), new.as_bytes()).unwrap();
    let starts: Vec<_> = diff.hunks.iter().map(|hunk| (hunk.old_start, hunk.new_start)).collect();
    assert_eq!((starts, diff.added, diff.removed), (vec![(17, 17), (36, 36)], 1, 2));
    assert_eq!(diff.hunks[0].lines.len(), 8);
    assert_eq!(diff.hunks[0].lines[3], Line::Removed("20".into()));
    assert_eq!(diff.hunks[0].lines[4], Line::Added("twenty".into()));
}

#[test]
fn a_line_that_ends_otherwise_differs_and_is_shown_without_its_end() {
    let diff = line_diff(b"one\r\ntwo", b"one\ntwo\n").unwrap();
    assert_eq!((diff.added, diff.removed), (2, 2));
    assert!(diff.hunks[0].lines.contains(&Line::Added("one".into())));
    assert!(!format!("{diff:?}").contains("\\r"));
}

#[test]
fn what_is_no_text_or_too_large_is_not_compared() {
    assert_eq!(line_diff(b"GIF89a\0", b""), Err(NoDiff::NotText));
    assert_eq!(line_diff(b"", b"\xff\xfe"), Err(NoDiff::NotText));
    let large = vec![b'x'; usize::try_from(MOST_BYTES).unwrap() + 1];
    assert_eq!(line_diff(&large, b""), Err(NoDiff::TooLarge));
    let many = |tail| format!("{}{tail}", "x\n".repeat(100_000));
    let lines = |numbers: &mut dyn Iterator<Item = u32>| {
        let lines: Vec<String> = numbers.map(|number| number.to_string()).collect();
        lines.join("\n")
    };
    // The worst that is compared: everything moved.
    let (straight, turned) = (lines(&mut (0..2_000)), lines(&mut (0..2_000).rev()));
    assert!(line_diff(straight.as_bytes(), turned.as_bytes()).is_ok());
    let (one, other) = (lines(&mut (0..2_001)), lines(&mut (5_000..7_001)));
    assert_eq!(line_diff(one.as_bytes(), other.as_bytes()), Err(NoDiff::TooLarge));
    // However long, what both share costs nothing.
    assert_eq!(line_diff(many("a").as_bytes(), many("b").as_bytes()).unwrap().added, 1);
}
