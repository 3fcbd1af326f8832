//! Paths and trees of generated files.
//!
//! The invariant: whatever is in a [`FileTree`] can be written below any directory of any
//! common system, and no file leaves that directory, overwrites another, or hides behind
//! another's name. Names are checked and refused, never repaired: a stripped `../` is still
//! an attack that half worked.
//!
//! - [`FilePath`]: a relative path that is safe to write anywhere.
//! - [`FileTree`]: files by path, within [`TreeLimits`].
//! - [`media_type`]: what a file is served as.
//!
//! Not here: contents on disk or in an archive (adapters), and hashes (the caller's value).

mod media;
mod path;
mod tree;

pub use media::media_type;
pub use path::{FilePath, PathError};
pub use tree::{FileTree, Measured, TreeError, TreeLimits};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
