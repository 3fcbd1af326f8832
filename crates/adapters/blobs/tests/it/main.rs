//! What a directory of blobs promises, tried on a real one.

#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};

use futures::future::join_all;
use keelway_blobs::LocalBlobs;
use keelway_builds::BlobRef;
use keelway_builds::ports::Blobs;
use keelway_kernel::StoreError;

fn place(root: &Path, blob: BlobRef) -> PathBuf {
    let name = blob.digest.to_string();
    root.join(&name[..2]).join(name)
}

fn files_below(root: &Path) -> Vec<PathBuf> {
    let folders = fs::read_dir(root).unwrap().map(|folder| folder.unwrap().path());
    folders
        .flat_map(|folder| fs::read_dir(folder).unwrap())
        .map(|file| file.unwrap().path())
        .collect()
}

#[tokio::test]
async fn bytes_come_back_as_they_went() {
    let root = tempfile::tempdir().unwrap();
    let blobs = LocalBlobs::open(root.path()).unwrap();
    for bytes in [Vec::new(), b"a".to_vec(), vec![7; 1 << 20]] {
        let blob = blobs.put(bytes.clone()).await.unwrap();
        assert_eq!(blob, BlobRef::of(&bytes));
        assert_eq!(blobs.get(blob).await.unwrap(), bytes);
    }
    let reopened = LocalBlobs::open(root.path()).unwrap();
    assert_eq!(reopened.get(BlobRef::of(b"a")).await.unwrap(), b"a");
}

#[tokio::test]
async fn the_same_bytes_put_at_once_are_kept_once() {
    let root = tempfile::tempdir().unwrap();
    let blobs = LocalBlobs::open(root.path()).unwrap();
    let again = LocalBlobs::open(root.path()).unwrap();
    let put = (0..64).map(|n| if n % 2 == 0 { &blobs } else { &again }.put(vec![42; 10_000]));
    let blob = BlobRef::of(&[42; 10_000]);
    assert!(join_all(put).await.into_iter().all(|kept| kept == Ok(blob)));
    assert_eq!(files_below(root.path()), [place(root.path(), blob)]);
}

#[tokio::test]
async fn keeping_again_writes_nothing() {
    let root = tempfile::tempdir().unwrap();
    let blobs = LocalBlobs::open(root.path()).unwrap();
    let blob = blobs.put(b"kept".to_vec()).await.unwrap();
    let written = fs::metadata(place(root.path(), blob)).unwrap().modified().unwrap();
    blobs.put(b"kept".to_vec()).await.unwrap();
    assert_eq!(fs::metadata(place(root.path(), blob)).unwrap().modified().unwrap(), written);
}

#[tokio::test]
async fn a_damaged_or_missing_copy_is_an_error() {
    let root = tempfile::tempdir().unwrap();
    let blobs = LocalBlobs::open(root.path()).unwrap();
    let blob = blobs.put(b"precious".to_vec()).await.unwrap();
    let corrupt = Err(StoreError::corrupt("blob", blob.digest));

    fs::write(place(root.path(), blob), b"Precious").unwrap();
    assert_eq!(blobs.get(blob).await, corrupt);
    fs::write(place(root.path(), blob), b"prec").unwrap();
    assert_eq!(blobs.get(blob).await, corrupt);
    let shorter = BlobRef { bytes: 4, ..blob };
    assert_eq!(blobs.get(shorter).await, corrupt);
    fs::remove_file(place(root.path(), blob)).unwrap();
    assert_eq!(blobs.get(blob).await, corrupt);
}

#[tokio::test]
async fn what_is_missing_or_of_another_size_is_named_without_being_read() {
    let root = tempfile::tempdir().unwrap();
    let blobs = LocalBlobs::open(root.path()).unwrap();
    let mut kept = Vec::new();
    for bytes in ["whole", "other bytes", "cut short", "gone"] {
        kept.push(blobs.put(bytes.into()).await.unwrap());
    }
    fs::write(place(root.path(), kept[1]), "Other bytes").unwrap();
    fs::write(place(root.path(), kept[2]), "cut").unwrap();
    fs::remove_file(place(root.path(), kept[3])).unwrap();
    assert_eq!(blobs.missing(kept.clone()).await.unwrap(), kept[2..]);
    assert_eq!(blobs.missing(Vec::new()).await.unwrap(), []);

    let nowhere = root.path().join("nowhere");
    let unmade = LocalBlobs::as_they_are(&nowhere);
    assert_eq!(unmade.missing(kept.clone()).await.unwrap(), kept);
    assert!(!nowhere.exists());
    fs::write(&nowhere, "no folder").unwrap();
    let refused = unmade.missing(kept).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
}

#[tokio::test]
async fn a_copy_cut_short_is_mended_by_the_next_put() {
    let root = tempfile::tempdir().unwrap();
    let blobs = LocalBlobs::open(root.path()).unwrap();
    let blob = blobs.put(b"precious".to_vec()).await.unwrap();
    fs::write(place(root.path(), blob), b"prec").unwrap();
    blobs.put(b"precious".to_vec()).await.unwrap();
    assert_eq!(blobs.get(blob).await.unwrap(), b"precious");
}

#[tokio::test]
async fn what_a_killed_process_left_is_swept_at_open() {
    let root = tempfile::tempdir().unwrap();
    let blob = LocalBlobs::open(root.path()).unwrap().put(b"whole".to_vec()).await.unwrap();
    fs::write(root.path().join("tmp").join("4711-0"), b"hal").unwrap();
    let blobs = LocalBlobs::open(root.path()).unwrap();
    assert_eq!(files_below(root.path()), [place(root.path(), blob)]);
    assert_eq!(blobs.get(blob).await.unwrap(), b"whole");
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_is_unavailable() {
    let root = tempfile::tempdir().unwrap();
    let blobs = LocalBlobs::open(root.path()).unwrap();
    let blob = BlobRef::of(b"nowhere to go");
    let folder = place(root.path(), blob).parent().unwrap().to_owned();
    fs::write(&folder, b"a file where a folder should be").unwrap();

    let refused = blobs.put(b"nowhere to go".to_vec()).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert_eq!(fs::read_dir(root.path().join("tmp")).unwrap().count(), 0);
    assert!(matches!(LocalBlobs::open(&folder), Err(StoreError::Unavailable(_))));
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_but_the_owner_reads_what_is_kept() {
    use std::os::unix::fs::PermissionsExt as _;
    let open = tempfile::tempdir().unwrap();
    let root = open.path().join("blobs");
    for folder in [open.path(), &root] {
        fs::create_dir_all(folder).unwrap();
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let blob = LocalBlobs::open(&root).unwrap().put(b"secret".to_vec()).await.unwrap();
    let file = place(&root, blob);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let modes = [&root, &root.join("tmp"), file.parent().unwrap(), &file].map(mode);
    assert_eq!(modes, [0o700, 0o700, 0o700, 0o600]);
    assert_eq!(mode(open.path()), 0o755);
}
