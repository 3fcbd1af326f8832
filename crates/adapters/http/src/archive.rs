//! A snapshot as a ZIP.
//!
//! **Invariant:** the archive's bytes follow from the snapshot alone: sorted paths, one time,
//! one mode, one level of compression. Whoever hands results out packs them here.

use std::io::{self, Write};

use keelway_builds::{BlobRef, Manifest};
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, DateTime, System};

/// Changes when the same snapshot would become other bytes.
pub const FORMAT: &str = "zip1";

/// Writes the files of `manifest`, read one after the other, and returns what was written to.
pub fn pack<W: Write>(
    manifest: &Manifest,
    read: impl Fn(BlobRef) -> io::Result<Vec<u8>>,
    to: W,
) -> io::Result<W> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(6))
        .last_modified_time(DateTime::default())
        .system(System::Unix)
        .unix_permissions(0o644);
    let mut archive = ZipWriter::new_stream(to);
    for (path, blob) in manifest {
        archive.start_file(path.as_str(), options)?;
        archive.write_all(&read(*blob)?)?;
    }
    Ok(archive.finish()?.into_inner())
}
