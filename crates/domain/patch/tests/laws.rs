//! Laws of paths and trees, over arbitrary text and arbitrary orders of insertion.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use keelway_patch::{FilePath, FileTree, TreeError, TreeLimits};
use proptest::prelude::*;

/// Text that comes near the rules more often than arbitrary text does.
fn near_paths() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "/", "//", ".", "..", "...", "\\", ":", "a", "B", "é", "e\u{301}", "ß", "SS", " ", "\0",
        "\n", ".git", ".GIT", "con", "NUL.", "com1", "lpt¹", "txt", "\u{202e}", "\u{200b}",
    ]);
    prop_oneof![
        any::<String>(),
        prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat()),
    ]
}

/// Few names, so that they meet each other often.
fn paths() -> impl Strategy<Value = FilePath> {
    let name = prop::sample::select(vec!["a", "A", "b", "ß", "ss", "ǰ", "J\u{30c}", "σ", "ς"]);
    prop::collection::vec(name, 1..4)
        .prop_filter_map("a path", |names| FilePath::parse(&names.join("/")).ok())
}

fn as_some_systems_see_it(path: &FilePath) -> String {
    path.as_str().to_uppercase()
}

proptest! {
    #[test]
    fn a_path_stays_below_the_directory_it_is_joined_to(text in near_paths()) {
        if let Ok(path) = FilePath::parse(&text) {
            prop_assert_eq!(path.as_str(), &text);
            let names = Path::new(&text).components().all(|c| matches!(c, Component::Normal(_)));
            prop_assert!(names);
            prop_assert_eq!(Path::new(&text).components().count(), text.split('/').count());
            prop_assert!(!text.contains(['\\', ':', '\0']));
            prop_assert!(!text.split('/').any(|name| name.eq_ignore_ascii_case(".git")));
        }
    }

    #[test]
    fn what_was_accepted_never_conflicts(paths in prop::collection::vec(paths(), 1..20)) {
        let mut tree = FileTree::default();
        for path in paths {
            let before = tree.clone();
            if tree.insert(path, vec![0_u8]).is_err() {
                prop_assert_eq!(&tree, &before);
            }
        }
        let seen: Vec<String> = tree.iter().map(|(path, _)| as_some_systems_see_it(path)).collect();
        for (at, one) in seen.iter().enumerate() {
            for other in &seen[at + 1..] {
                prop_assert_ne!(one, other);
                let below = format!("{one}/");
                prop_assert!(!other.starts_with(&below), "{} below {}", other, one);
                let below = format!("{other}/");
                prop_assert!(!one.starts_with(&below), "{} below {}", one, other);
            }
        }
    }

    #[test]
    fn a_tree_holds_what_a_map_would_within_its_limits(
        files in prop::collection::vec(("[a-f]", 0_usize..12), 0..40),
    ) {
        let limits = TreeLimits { files: 4, file_bytes: 10, total_bytes: 25 };
        let mut tree = FileTree::with_limits(limits);
        let mut model = BTreeMap::new();
        for (name, size) in files {
            let path = FilePath::parse(&name).expect("a letter is a path");
            let mut next = model.clone();
            next.insert(path.clone(), vec![0_u8; size]);
            let total: usize = next.values().map(Vec::len).sum();
            let fits = size <= 10 && next.len() <= 4 && total <= 25;
            prop_assert_eq!(tree.insert(path, vec![0; size]).is_ok(), fits);
            if fits {
                model = next;
            }
            prop_assert_eq!(tree.total_bytes(), model.values().map(Vec::len).sum::<usize>() as u64);
        }
        prop_assert_eq!(tree.into_iter().collect::<BTreeMap<_, _>>(), model);
    }

    #[test]
    fn merging_is_inserting_one_by_one_or_nothing(
        first in prop::collection::vec((paths(), 0_usize..9), 0..8),
        second in prop::collection::vec((paths(), 0_usize..9), 0..8),
    ) {
        let limits = TreeLimits { files: 6, file_bytes: 8, total_bytes: 30 };
        let mut tree = FileTree::with_limits(limits);
        for (path, size) in first {
            let _: Result<_, TreeError> = tree.insert(path, vec![1_u8; size]);
        }
        let before = tree.clone();
        let mut one_by_one = tree.clone();
        let inserted = second
            .iter()
            .try_for_each(|(path, size)| one_by_one.insert(path.clone(), vec![2; *size]).map(drop));
        let merged = tree.merge(second.into_iter().map(|(path, size)| (path, vec![2; size])));
        prop_assert_eq!(&merged, &inserted);
        prop_assert_eq!(tree, if merged.is_ok() { one_by_one } else { before });
    }
}
