//! What the public sees: previews and deployments, under unguessable labels.

use keelway_builds::{BlobRef, SiteLabel};
use keelway_kernel::StoreError;
use keelway_patch::FilePath;

use crate::Platform;

/// What a site answers to a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SiteAnswer {
    /// The file.
    Found(FilePath, BlobRef),
    /// The site's own page for what it does not have.
    Missing(FilePath, BlobRef),
    /// No such site, or it has no such page of its own.
    Nothing,
}

impl Platform {
    /// What the site under `label` answers to `path`; an empty path or one that ends in a
    /// slash stands for the `index.html` there.
    pub async fn site_file(&self, label: &SiteLabel, path: &str) -> Result<SiteAnswer, StoreError> {
        let named = if path.is_empty() || path.ends_with('/') {
            format!("{path}index.html")
        } else {
            path.to_owned()
        };
        if let Ok(file) = FilePath::parse(&named)
            && let Some(blob) = self.ports.sites.site_file(label, &file).await?
        {
            return Ok(SiteAnswer::Found(file, blob));
        }
        if let Ok(file) = FilePath::parse("404.html")
            && let Some(blob) = self.ports.sites.site_file(label, &file).await?
        {
            return Ok(SiteAnswer::Missing(file, blob));
        }
        Ok(SiteAnswer::Nothing)
    }
}
