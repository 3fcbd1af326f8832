//! What the built-in host promises.

#![cfg(test)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use keelway_builds::ports::{Blobs, DeployFailure, DeployTarget, Placement};
use keelway_builds::{BlobRef, Manifest, SiteLabel};
use keelway_deploy::{LocalHost, SiteUrl};
use keelway_kernel::{Entropy, SnapshotId, StoreError, Timestamp};
use keelway_patch::FilePath;

struct Sevens;

impl Entropy for Sevens {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

/// Answers what it was told to answer, and remembers what it was asked.
#[derive(Default)]
struct Shelf {
    answers: HashMap<BlobRef, Result<Vec<u8>, StoreError>>,
    asked: Mutex<Vec<BlobRef>>,
}

#[async_trait]
impl Blobs for Shelf {
    async fn put(&self, _: Vec<u8>) -> Result<BlobRef, StoreError> {
        panic!("placing a snapshot writes nothing")
    }

    async fn get(&self, blob: BlobRef) -> Result<Vec<u8>, StoreError> {
        self.asked.lock().unwrap().push(blob);
        self.answers[&blob].clone()
    }

    async fn missing(&self, _: Vec<BlobRef>) -> Result<Vec<BlobRef>, StoreError> {
        panic!("placing a snapshot reads every file")
    }
}

fn shelf(answers: &[(&[u8], Option<StoreError>)]) -> Arc<Shelf> {
    let answers = answers.iter().map(|(bytes, error)| {
        (BlobRef::of(bytes), error.clone().map_or_else(|| Ok(bytes.to_vec()), Err))
    });
    Arc::new(Shelf { answers: answers.collect(), asked: Mutex::default() })
}

fn placement(files: &[(&str, &[u8])]) -> Placement {
    let mut manifest = Manifest::default();
    for (path, bytes) in files {
        manifest.insert(FilePath::parse(path).unwrap(), BlobRef::of(bytes)).unwrap();
    }
    let snapshot = SnapshotId::generate(Timestamp::from_micros(0), &Sevens);
    Placement { site: SiteLabel::random(&Sevens), snapshot, manifest }
}

fn host(shelf: &Arc<Shelf>) -> LocalHost {
    let sites = SiteUrl::parse("http://127.0.0.1:8081/{label}/").unwrap();
    LocalHost::new(Arc::clone(shelf) as Arc<dyn Blobs>, sites)
}

#[tokio::test]
async fn a_readable_snapshot_is_served_under_its_label() {
    let shelf = shelf(&[(b"a", None), (b"b", None)]);
    let placement = placement(&[("index.html", b"a"), ("a/index.html", b"a"), ("b.css", b"b")]);
    let url = host(&shelf).deploy(&placement).await;
    assert_eq!(url, Ok(format!("http://127.0.0.1:8081/{}/", placement.site.as_str())));
    assert_eq!(shelf.asked.lock().unwrap().len(), 2, "each content once");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_keeps_the_snapshot_from_being_served() {
    let damaged = StoreError::corrupt("blob", "x");
    for (error, retryable) in [
        (damaged, false),
        (StoreError::Unavailable("disk".into()), true),
        (StoreError::Contended, true),
    ] {
        let shelf = shelf(&[(b"a", None), (b"b", Some(error))]);
        let placed = host(&shelf).deploy(&placement(&[("a.html", b"a"), ("b.html", b"b")])).await;
        let failure = placed.expect_err("the second file cannot be read");
        assert_eq!(failure.retryable, retryable);
        assert!(failure.message.contains("`b.html`"), "{failure}");
    }
}

#[tokio::test]
async fn nothing_is_not_a_site() {
    let placed = host(&shelf(&[])).deploy(&placement(&[])).await;
    assert!(matches!(placed, Err(DeployFailure { retryable: false, .. })));
}
