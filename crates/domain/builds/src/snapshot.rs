//! What a build produced: a content-addressed file tree that never changes.

use keelway_kernel::{BuildId, ProjectId, SnapshotId, Timestamp};
use keelway_patch::{FileTree, Measured};
use serde::{Deserialize, Serialize};

/// The BLAKE3 hash of a file's bytes, under which it is stored once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Hashes `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// A stored hash.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes that stores keep.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads 64 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let hash = blake3::Hash::from_hex(text).ok()?;
        let digest = Self(*hash.as_bytes());
        (digest.to_string() == text).then_some(digest)
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a BLAKE3 hash"))
    }
}

/// Stored bytes, by their hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BlobRef {
    /// What the bytes hash to.
    pub digest: Digest,
    /// How many there are.
    pub bytes: u64,
}

impl BlobRef {
    /// What `bytes` will be stored as.
    pub fn of(bytes: &[u8]) -> Self {
        Self { digest: Digest::of(bytes), bytes: bytes.len() as u64 }
    }
}

impl Measured for BlobRef {
    fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// The files of a snapshot.
pub type Manifest = FileTree<BlobRef>;

/// Hashes a manifest: equal trees have equal hashes, whatever built them.
pub fn tree_digest(manifest: &Manifest) -> Digest {
    let mut hasher = blake3::Hasher::new();
    for (path, blob) in manifest {
        hasher.update(&(path.as_str().len() as u64).to_le_bytes());
        hasher.update(path.as_str().as_bytes());
        hasher.update(blob.digest.as_bytes());
    }
    Digest(*hasher.finalize().as_bytes())
}

/// An unguessable name in the address of a preview or a deployment, 26 base32 characters.
///
/// Whoever knows it may look: sites are served without a session, on an origin of their own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct SiteLabel(String);

impl SiteLabel {
    /// A new random label.
    pub fn random(entropy: &dyn keelway_kernel::Entropy) -> Self {
        // An id's text form is what is wanted, without its prefix.
        let id = keelway_kernel::QueueId::random(entropy).to_string();
        Self(id.split_once('_').map_or(String::new(), |(_, label)| label.to_owned()))
    }

    /// Reads a label from an address or a store.
    pub fn parse(text: &str) -> Option<Self> {
        format!("{}_{text}", keelway_kernel::QueueId::PREFIX)
            .parse::<keelway_kernel::QueueId>()
            .ok()
            .map(|_| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A snapshot without its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its id.
    pub id: SnapshotId,
    /// Whose it is.
    pub project: ProjectId,
    /// The build that made it.
    pub build: BuildId,
    /// The project's snapshot before it.
    pub parent: Option<SnapshotId>,
    /// What its manifest hashes to.
    pub tree: Digest,
    /// How many files it has.
    pub files: u64,
    /// How many bytes they have together.
    pub bytes: u64,
    /// Where its preview is served.
    pub preview: SiteLabel,
    /// Since when it exists.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use keelway_kernel::Entropy;

    struct Ones;
    impl Entropy for Ones {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(1);
        }
    }

    #[test]
    fn digests_and_labels_round_trip() {
        let digest = Digest::of(b"keelway");
        assert_eq!(Digest::parse(&digest.to_string()), Some(digest));
        assert_eq!(Digest::parse(&digest.to_string().to_uppercase()), None);
        let label = SiteLabel::random(&Ones);
        assert_eq!((label.as_str().len(), SiteLabel::parse(label.as_str())), (26, Some(label)));
        assert_eq!(SiteLabel::parse("../etc"), None);
    }
}
