//! Writes a build's files into a ZIP.

use std::io::Write as _;

use keelway_kernel::BuildId;
use keelway_platform::permit::right::DownloadSnapshot;
use keelway_platform::{Permit, Platform};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use crate::files::{NewFile, Replace};

/// What is in the ZIP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) files: u64,
    /// Of the files, before they were compressed.
    pub(crate) bytes: u64,
}

/// Fills `zip` with the snapshot of a build, one file in memory at a time. The same snapshot
/// always gives the same bytes, which are those of a download over HTTP.
pub(crate) async fn write(
    platform: &Platform,
    permit: &Permit<DownloadSnapshot>,
    build: BuildId,
    mut zip: NewFile,
    replace: Replace,
) -> anyhow::Result<Written> {
    let found = platform.snapshot_of_build(permit, build).await?;
    let (_, manifest) = found.ok_or_else(|| anyhow::anyhow!("the build {build} made nothing"))?;
    let mut archive = ZipWriter::new_stream(zip.file());
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(6))
        .last_modified_time(DateTime::default())
        .system(System::Unix)
        .unix_permissions(0o644);
    let mut written = Written { files: 0, bytes: 0 };
    for (path, blob) in &manifest {
        let bytes = platform.bytes(*blob).await?;
        archive.start_file(path.as_str(), options)?;
        archive.write_all(&bytes)?;
        written.files += 1;
        written.bytes += blob.bytes;
    }
    archive.finish()?;
    zip.keep(replace)?;
    Ok(written)
}
