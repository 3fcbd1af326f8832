//! Files by path.

use std::collections::BTreeMap;

use crate::FilePath;
use crate::path::fold;

/// How large a file is, for values that stand for a file's content.
pub trait Measured {
    /// Bytes of the file, not of the value that stands for it.
    fn bytes(&self) -> u64;
}

impl Measured for Vec<u8> {
    fn bytes(&self) -> u64 {
        self.len() as u64
    }
}

impl<T: Measured + ?Sized> Measured for std::sync::Arc<T> {
    fn bytes(&self) -> u64 {
        (**self).bytes()
    }
}

/// How much one tree holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeLimits {
    /// Most files.
    pub files: usize,
    /// Most bytes of one file.
    pub file_bytes: u64,
    /// Most bytes of all files together.
    pub total_bytes: u64,
}

impl Default for TreeLimits {
    /// 2,000 files of up to 5 MiB each, 100 MiB in all.
    fn default() -> Self {
        Self { files: 2_000, file_bytes: 5 << 20, total_bytes: 100 << 20 }
    }
}

/// Why a file does not fit into a tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// Some systems hold both names to be one.
    #[error("`{path}` and `{existing}` differ in case only")]
    CaseClash {
        /// The file refused.
        path: FilePath,
        /// A file already there, or one below the directory already there.
        existing: FilePath,
    },
    /// A name cannot be both a file and a directory.
    #[error("`{path}` and `{existing}` need one name as a file and as a directory")]
    FileAndDirectory {
        /// The file refused.
        path: FilePath,
        /// A file already there.
        existing: FilePath,
    },
    /// The tree is full.
    #[error("`{path}` would be one file more than the {limit} allowed")]
    TooManyFiles {
        /// The file refused.
        path: FilePath,
        /// Most files.
        limit: usize,
    },
    /// The file alone is too large.
    #[error("`{path}` has {bytes} bytes; at most {limit} are allowed in one file")]
    FileTooLarge {
        /// The file refused.
        path: FilePath,
        /// Its size.
        bytes: u64,
        /// Most bytes of one file.
        limit: u64,
    },
    /// The files together are too large.
    #[error("with `{path}` the tree would have {bytes} bytes; at most {limit} are allowed")]
    TreeTooLarge {
        /// The file refused.
        path: FilePath,
        /// The size of the tree with it.
        bytes: u64,
        /// Most bytes of all files together.
        limit: u64,
    },
}

/// Files in the order of their paths, never in conflict with each other and within limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileTree<T> {
    limits: TreeLimits,
    files: BTreeMap<FilePath, T>,
    /// The spelling in use for each folded path.
    spelling: BTreeMap<String, FilePath>,
    total_bytes: u64,
}

impl<T> Default for FileTree<T> {
    fn default() -> Self {
        Self::with_limits(TreeLimits::default())
    }
}

impl<T> FileTree<T> {
    /// An empty tree that holds at most `limits`; the default tree holds the default limits.
    pub fn with_limits(limits: TreeLimits) -> Self {
        Self { limits, files: BTreeMap::new(), spelling: BTreeMap::new(), total_bytes: 0 }
    }

    /// The file at exactly this path.
    pub fn get(&self, path: &FilePath) -> Option<&T> {
        self.files.get(path)
    }

    /// Whether there is a file at exactly this path.
    pub fn contains(&self, path: &FilePath) -> bool {
        self.files.contains_key(path)
    }

    /// Files in the order of their paths.
    pub fn iter(&self) -> std::collections::btree_map::Iter<'_, FilePath, T> {
        self.files.iter()
    }

    /// Number of files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Bytes of all files together.
    pub fn total_bytes(&self) -> u64 {
        self.total_bytes
    }
}

impl<T: Measured> FileTree<T> {
    /// Puts a file in, and gives back the one it replaced at the same path.
    ///
    /// A refusal leaves the tree as it was.
    pub fn insert(&mut self, path: FilePath, file: T) -> Result<Option<T>, TreeError> {
        let total_bytes = self.room_for(&path, file.bytes())?;
        if !self.files.contains_key(&path) {
            self.check_names(&path)?;
            self.spelling.insert(path.folded(), path.clone());
        }
        self.total_bytes = total_bytes;
        Ok(self.files.insert(path, file))
    }

    /// Puts all of `files` in, later ones replacing earlier ones at the same path, or none.
    pub fn merge(
        &mut self,
        files: impl IntoIterator<Item = (FilePath, T)>,
    ) -> Result<(), TreeError> {
        let mut undo = Vec::new();
        for (path, file) in files {
            match self.insert(path.clone(), file) {
                Ok(replaced) => undo.push((path, replaced)),
                Err(refusal) => {
                    for (path, replaced) in undo.into_iter().rev() {
                        self.put_back(path, replaced);
                    }
                    return Err(refusal);
                }
            }
        }
        Ok(())
    }

    /// The size of the tree once `bytes` stand at `path`.
    fn room_for(&self, path: &FilePath, bytes: u64) -> Result<u64, TreeError> {
        let TreeLimits { files, file_bytes, total_bytes } = self.limits;
        if bytes > file_bytes {
            return Err(TreeError::FileTooLarge { path: path.clone(), bytes, limit: file_bytes });
        }
        let replaced = self.files.get(path);
        if replaced.is_none() && self.files.len() >= files {
            return Err(TreeError::TooManyFiles { path: path.clone(), limit: files });
        }
        let kept = self.total_bytes - replaced.map_or(0, T::bytes);
        let total = kept.saturating_add(bytes);
        if total > total_bytes {
            return Err(TreeError::TreeTooLarge {
                path: path.clone(),
                bytes: total,
                limit: total_bytes,
            });
        }
        Ok(total)
    }

    fn check_names(&self, path: &FilePath) -> Result<(), TreeError> {
        let folded = path.folded();
        if let Some(existing) = self.spelling.get(&folded) {
            return Err(TreeError::CaseClash { path: path.clone(), existing: existing.clone() });
        }
        if let Some(existing) = self.any_below(&folded) {
            return Err(TreeError::FileAndDirectory {
                path: path.clone(),
                existing: existing.clone(),
            });
        }
        for directory in path.ancestors() {
            let folded = fold(directory);
            if let Some(existing) = self.spelling.get(&folded) {
                return Err(TreeError::FileAndDirectory {
                    path: path.clone(),
                    existing: existing.clone(),
                });
            }
            // One file tells the spelling, since all below the directory share it.
            if let Some(existing) = self.any_below(&folded)
                && !existing.ancestors().any(|ancestor| ancestor == directory)
            {
                return Err(TreeError::CaseClash {
                    path: path.clone(),
                    existing: existing.clone(),
                });
            }
        }
        Ok(())
    }

    fn any_below(&self, folded_directory: &str) -> Option<&FilePath> {
        let prefix = format!("{folded_directory}/");
        let (key, path) = self.spelling.range(prefix.clone()..).next()?;
        key.starts_with(&prefix).then_some(path)
    }

    fn put_back(&mut self, path: FilePath, replaced: Option<T>) {
        let added = self.files.get(&path).map_or(0, T::bytes);
        let restored = replaced.as_ref().map_or(0, T::bytes);
        self.total_bytes = self.total_bytes - added + restored;
        if let Some(file) = replaced {
            self.files.insert(path, file);
        } else {
            self.spelling.remove(&path.folded());
            self.files.remove(&path);
        }
    }
}

impl<T> IntoIterator for FileTree<T> {
    type Item = (FilePath, T);
    type IntoIter = std::collections::btree_map::IntoIter<FilePath, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.files.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a FileTree<T> {
    type Item = (&'a FilePath, &'a T);
    type IntoIter = std::collections::btree_map::Iter<'a, FilePath, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> FilePath {
        FilePath::parse(text).expect("a path")
    }

    fn tree(paths: &[&str]) -> FileTree<Vec<u8>> {
        let mut tree = FileTree::default();
        tree.merge(paths.iter().map(|text| (path(text), vec![0; 10]))).expect("a tree");
        tree
    }

    #[test]
    fn names_that_some_system_confuses_are_refused() {
        let mut tree = tree(&["Stra\u{df}e.txt", "assets/a.css", "note"]);
        for (added, existing) in [
            ("STRASSE.txt", "Stra\u{df}e.txt"),
            ("assets/A.css", "assets/a.css"),
            ("Assets/b.css", "assets/a.css"),
        ] {
            assert_eq!(
                tree.insert(path(added), Vec::new()),
                Err(TreeError::CaseClash { path: path(added), existing: path(existing) })
            );
        }
        for (added, existing) in
            [("assets", "assets/a.css"), ("ASSETS", "assets/a.css"), ("NOTE/a/b", "note")]
        {
            assert_eq!(
                tree.insert(path(added), Vec::new()),
                Err(TreeError::FileAndDirectory { path: path(added), existing: path(existing) })
            );
        }
        assert_eq!(tree.insert(path("assets-2/a.css"), Vec::new()), Ok(None));
    }

    #[test]
    fn limits_hold_to_the_last_byte() {
        let limits = TreeLimits { files: 2, file_bytes: 5, total_bytes: 8 };
        let mut tree = FileTree::with_limits(limits);
        assert_eq!(
            tree.insert(path("a"), vec![0; 6]),
            Err(TreeError::FileTooLarge { path: path("a"), bytes: 6, limit: 5 })
        );
        assert_eq!(tree.insert(path("a"), vec![0; 5]), Ok(None));
        assert_eq!(
            tree.insert(path("b"), vec![0; 4]),
            Err(TreeError::TreeTooLarge { path: path("b"), bytes: 9, limit: 8 })
        );
        assert_eq!(tree.insert(path("b"), vec![0; 3]), Ok(None));
        assert_eq!(
            tree.insert(path("c"), Vec::new()),
            Err(TreeError::TooManyFiles { path: path("c"), limit: 2 })
        );
        assert_eq!(tree.insert(path("a"), vec![1; 5]), Ok(Some(vec![0; 5])));
        assert_eq!(tree.total_bytes(), 8);
    }

    #[test]
    fn a_refused_merge_changes_nothing() {
        let mut changed = tree(&["a", "b/c"]);
        let files = [("a", 1), ("d", 2), ("d", 3), ("B/e", 4)];
        let merged = changed.merge(files.map(|(text, size)| (path(text), vec![9; size])));
        assert!(matches!(merged, Err(TreeError::CaseClash { .. })));
        assert_eq!(changed, tree(&["a", "b/c"]));
    }
}
