//! Content-addressed files in a local directory.
//!
//! **Invariant:** a file under its hash is whole and on disk, or it is not there. It is
//! written beside its place, flushed, moved there by one rename, and the rename is flushed
//! before anybody is told. What is read is hashed again before it is given out.
//!
//! Not here: which files belong to whom (the stores know), and removal.

mod disk;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use disk::Disk;
use keelway_builds::BlobRef;
use keelway_builds::ports::Blobs;
use keelway_kernel::StoreError;

/// Files by their BLAKE3 hash, in 256 folders below one directory.
///
/// Cheap to clone. Several processes may use one directory at the same time.
#[derive(Debug, Clone)]
pub struct LocalBlobs {
    disk: Arc<Disk>,
}

impl LocalBlobs {
    /// Makes the directory if it is missing and removes what writes cut short left behind.
    ///
    /// Blocks for a few file operations: call it while starting.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let disk = Disk::open(root.into())?;
        Ok(Self { disk: Arc::new(disk) })
    }

    /// The directory as it is, there or not: nothing is made and nothing removed.
    pub fn as_they_are(root: impl Into<PathBuf>) -> Self {
        Self { disk: Arc::new(Disk::at(root.into())) }
    }
}

#[async_trait]
impl Blobs for LocalBlobs {
    async fn put(&self, bytes: Vec<u8>) -> Result<BlobRef, StoreError> {
        let disk = Arc::clone(&self.disk);
        off_the_reactor(move || disk.put(&bytes)).await
    }

    async fn get(&self, blob: BlobRef) -> Result<Vec<u8>, StoreError> {
        let disk = Arc::clone(&self.disk);
        off_the_reactor(move || disk.get(blob)).await
    }

    async fn missing(&self, blobs: Vec<BlobRef>) -> Result<Vec<BlobRef>, StoreError> {
        let disk = Arc::clone(&self.disk);
        off_the_reactor(move || disk.missing(blobs)).await
    }
}

/// Runs `work` to its end even if the caller is dropped meanwhile.
async fn off_the_reactor<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(StoreError::Unavailable(format!("blob directory: {error}"))),
    }
}
