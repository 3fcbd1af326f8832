//! Writes a build's files into a ZIP.

use std::io::{self, Write};

use keelway_http::archive::pack;
use keelway_kernel::BuildId;
use keelway_platform::permit::right::DownloadSnapshot;
use keelway_platform::{Permit, Platform};
use tokio::runtime::Handle;

use crate::files::{NewFile, Replace};

/// Where a ZIP goes.
pub(crate) enum Target {
    /// A file that appears when it is whole.
    File(NewFile, Replace),
    /// Standard output.
    Output,
}

/// What is in the ZIP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) files: u64,
    /// Of the files, before they were compressed.
    pub(crate) bytes: u64,
}

/// Fills `target` with the snapshot of a build, one file in memory at a time: the bytes of a
/// download over HTTP.
pub(crate) async fn write(
    platform: &Platform,
    permit: &Permit<DownloadSnapshot>,
    build: BuildId,
    target: Target,
) -> anyhow::Result<Written> {
    let found = platform.snapshot_of_build(permit, build).await?;
    let (_, manifest) = found.ok_or_else(|| anyhow::anyhow!("the build {build} made nothing"))?;
    let runtime = Handle::current();
    let read = |blob| runtime.block_on(platform.bytes(blob)).map_err(io::Error::other);
    tokio::task::block_in_place(|| -> io::Result<()> {
        match target {
            Target::File(mut zip, replace) => {
                pack(&manifest, read, zip.file())?;
                zip.keep(replace)
            }
            Target::Output => pack(&manifest, read, io::stdout().lock())?.flush(),
        }
    })?;
    Ok(Written {
        files: manifest.len() as u64,
        bytes: manifest.iter().map(|(_, blob)| blob.bytes).sum(),
    })
}
