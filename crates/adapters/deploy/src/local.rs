//! The built-in static host.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use keelway_builds::ports::{Blobs, DeployFailure, DeployTarget, Placement};
use keelway_kernel::StoreError;

use crate::SiteUrl;

/// Serves snapshots from the blob store, in this process.
///
/// It serves whatever the store says is live, so placing a snapshot means nothing more than
/// to make sure that all of it can be read.
#[derive(Clone)]
pub struct LocalHost {
    blobs: Arc<dyn Blobs>,
    sites: SiteUrl,
}

impl LocalHost {
    /// A host that reads from `blobs` and is reached at `sites`.
    pub fn new(blobs: Arc<dyn Blobs>, sites: SiteUrl) -> Self {
        Self { blobs, sites }
    }
}

#[async_trait]
impl DeployTarget for LocalHost {
    fn name(&self) -> &'static str {
        "local"
    }

    async fn deploy(&self, placement: &Placement) -> Result<String, DeployFailure> {
        let mut read = HashSet::new();
        for (path, blob) in &placement.manifest {
            if read.insert(*blob) {
                self.blobs.get(*blob).await.map_err(|error| unreadable(path.as_str(), &error))?;
            }
        }
        if read.is_empty() {
            let message = "the snapshot has no files".to_owned();
            return Err(DeployFailure { message, retryable: false });
        }
        Ok(self.sites.address(&placement.site))
    }
}

fn unreadable(path: &str, error: &StoreError) -> DeployFailure {
    match error {
        StoreError::Corrupt { .. } => DeployFailure {
            message: format!("the stored copy of `{path}` is damaged"),
            retryable: false,
        },
        StoreError::Unavailable(_) | StoreError::Contended => {
            DeployFailure { message: format!("`{path}` cannot be read now"), retryable: true }
        }
    }
}
