//! Paths and trees of generated files.
