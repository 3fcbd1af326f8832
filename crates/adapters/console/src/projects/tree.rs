//! The files of a snapshot as a tree, open as far as is needed.

use std::collections::BTreeSet;

use keelway_builds::Manifest;

use crate::text::encoded;

/// Up to so many files, every folder is open.
const FEW: usize = 80;
/// The most lines of the tree that a page shows.
const MOST_NODES: usize = 250;

/// A line of the tree.
pub(super) struct Node {
    /// How deep it is, at most as deep as the page can indent.
    pub(super) depth: usize,
    pub(super) name: String,
    pub(super) href: String,
    pub(super) is_folder: bool,
    pub(super) is_open: bool,
    pub(super) is_current: bool,
}

/// The tree, and how many lines of it are left out.
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
    pub(super) hidden: usize,
}

/// What part of the files is wanted.
pub(super) struct Look<'a> {
    /// The page's address up to a path, which is put behind.
    pub(super) base: &'a str,
    /// The file or folder that is looked at.
    pub(super) path: &'a str,
    /// Only paths that contain this, in whatever case; all if empty.
    pub(super) find: &'a str,
}

pub(super) fn tree(manifest: &Manifest, look: &Look<'_>) -> Tree {
    let find = look.find.trim().to_lowercase();
    let is_search = !find.is_empty();
    let is_small = manifest.len() <= FEW;
    let mut nodes = Vec::new();
    let mut folders: BTreeSet<String> = BTreeSet::new();
    for (path, _) in manifest {
        let path = path.as_str();
        if is_search && !path.to_lowercase().contains(&find) {
            continue;
        }
        let file = |depth: usize, name: &str| Node {
            depth: depth.min(4),
            name: name.to_owned(),
            href: format!("{}{}", look.base, encoded(path)),
            is_folder: false,
            is_open: false,
            is_current: path == look.path,
        };
        // What is found is a list: folders would only stand between.
        if is_search {
            nodes.push(file(0, path));
            continue;
        }
        let mut is_reached = true;
        for (depth, (at, _)) in path.match_indices('/').enumerate() {
            let folder = &path[..at];
            let is_open = is_small || is_inside(look.path, folder);
            if folders.insert(folder.to_owned()) {
                let name = folder.rsplit('/').next().unwrap_or(folder);
                nodes.push(Node {
                    depth: depth.min(4),
                    name: name.to_owned(),
                    href: format!("{}{}", look.base, encoded(folder)),
                    is_folder: true,
                    is_open,
                    is_current: false,
                });
            }
            if !is_open {
                is_reached = false;
                break;
            }
        }
        if is_reached {
            let depth = path.matches('/').count();
            nodes.push(file(depth, path.rsplit('/').next().unwrap_or(path)));
        }
    }
    let hidden = nodes.len().saturating_sub(MOST_NODES);
    nodes.truncate(MOST_NODES);
    Tree { nodes, hidden }
}

fn is_inside(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use keelway_builds::BlobRef;
    use keelway_patch::FilePath;

    use super::*;

    fn manifest(paths: impl IntoIterator<Item = String>) -> Manifest {
        let mut files = Manifest::default();
        for path in paths {
            files.insert(FilePath::parse(&path).unwrap(), BlobRef::of(path.as_bytes())).unwrap();
        }
        files
    }

    fn shown(files: &Manifest, path: &str, find: &str) -> Vec<String> {
        let found = tree(files, &Look { base: "?path=", path, find });
        let line = |node: &Node| {
            let sign = if node.is_folder { "/" } else { "" };
            format!("{}{}{sign}", " ".repeat(node.depth), node.name)
        };
        found.nodes.iter().map(line).collect()
    }

    #[test]
    fn a_small_tree_is_open_and_a_large_one_where_it_is_looked_at() {
        let few = manifest(["a/b/c.css", "a/d.js", "index.html"].map(str::to_owned));
        assert_eq!(shown(&few, "", ""), ["a/", " b/", "  c.css", " d.js", "index.html"]);
        let many = manifest((0..100).map(|n| format!("{}/{n}.txt", ["a", "aa"][n % 2])));
        assert_eq!(shown(&many, "", ""), ["a/", "aa/"]);
        assert_eq!(shown(&many, "a/4.txt", "").len(), 52);
        assert_eq!(shown(&many, "aa", "").len(), 52);
        assert_eq!(shown(&many, "", "/4.TXT"), ["a/4.txt"]);
    }

    #[test]
    fn a_wide_tree_is_cut() {
        let wide = manifest((0..400).map(|n| format!("{n}.txt")));
        let found = tree(&wide, &Look { base: "", path: "", find: "" });
        assert_eq!((found.nodes.len(), found.hidden), (MOST_NODES, 400 - MOST_NODES));
    }
}
