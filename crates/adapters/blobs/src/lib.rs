//! Content-addressed files in a local directory.
