//! The file operations, all of them blocking.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use keelway_builds::{BlobRef, Digest};
use keelway_kernel::StoreError;

/// Where files are while they are written.
const UNFINISHED: &str = "tmp";

/// How often a write begins anew when another process, just starting, swept it away.
const WRITES: u32 = 3;

/// Tells the files apart that this process writes.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

#[derive(Debug)]
pub(crate) struct Disk {
    root: PathBuf,
}

impl Disk {
    pub(crate) const fn at(root: PathBuf) -> Self {
        Self { root }
    }

    pub(crate) fn open(root: PathBuf) -> Result<Self, StoreError> {
        let disk = Self::at(root);
        disk.sweep().map_err(|error| unavailable("open", &error))?;
        Ok(disk)
    }

    fn sweep(&self) -> io::Result<()> {
        let unfinished = self.root.join(UNFINISHED);
        private_folder().recursive(true).create(&unfinished)?;
        // One made by an older version, or by somebody else, may be open to everybody; what
        // is inside is then closed with it.
        keep_private(&self.root)?;
        for entry in fs::read_dir(&unfinished)? {
            remove(&entry?.path())?;
        }
        sync_folder(&self.root)
    }

    pub(crate) fn put(&self, bytes: &[u8]) -> Result<BlobRef, StoreError> {
        self.put_with(bytes, |file| file.write_all(bytes))
    }

    /// `write` is an argument so that a disk that fills up can be tried out.
    fn put_with(
        &self,
        bytes: &[u8],
        write: impl Fn(&mut File) -> io::Result<()>,
    ) -> Result<BlobRef, StoreError> {
        let blob = BlobRef::of(bytes);
        let place = self.place(&blob.digest);
        let mut left = WRITES;
        loop {
            left -= 1;
            match self.keep(&place, blob.bytes, &write) {
                Ok(()) => return Ok(blob),
                Err(error) if error.kind() == ErrorKind::NotFound && left > 0 => {}
                Err(error) => return Err(unavailable("write to", &error)),
            }
        }
    }

    fn keep(
        &self,
        place: &Place,
        bytes: u64,
        write: impl Fn(&mut File) -> io::Result<()>,
    ) -> io::Result<()> {
        // A file of another length was damaged; the write below mends it.
        let there = fs::metadata(&place.file).is_ok_and(|known| known.len() == bytes);
        if !there {
            let (unfinished, mut file) = self.begin()?;
            write(&mut file)?;
            file.sync_all()?;
            drop(file);
            self.make_folder(&place.folder)?;
            fs::rename(&unfinished.0, &place.file)?;
        }
        // Also when the file was there: whoever put it may not have come this far yet.
        sync_folder(&place.folder)
    }

    fn begin(&self) -> io::Result<(Unfinished, File)> {
        loop {
            let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
            let path = self.root.join(UNFINISHED).join(format!("{}-{number}", process::id()));
            match private_file().open(&path) {
                Ok(file) => return Ok((Unfinished(path), file)),
                // In another container a process may have this one's number.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        match private_folder().create(folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => sync_folder(&self.root),
        }
    }

    pub(crate) fn get(&self, blob: BlobRef) -> Result<Vec<u8>, StoreError> {
        let damaged = || StoreError::corrupt("blob", blob.digest);
        let file = self.place(&blob.digest).file;
        let read = || {
            let known = fs::metadata(&file)?.len();
            if known == blob.bytes { fs::read(&file).map(Some) } else { Ok(None) }
        };
        match read() {
            Ok(Some(bytes)) if BlobRef::of(&bytes) == blob => Ok(bytes),
            Ok(_) => Err(damaged()),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(damaged()),
            Err(error) => Err(unavailable("read from", &error)),
        }
    }

    pub(crate) fn missing(&self, mut blobs: Vec<BlobRef>) -> Result<Vec<BlobRef>, StoreError> {
        let mut failed = None;
        blobs.retain(|blob| match fs::metadata(self.place(&blob.digest).file) {
            Ok(known) => known.len() != blob.bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => true,
            Err(error) => failed.replace(error).is_some(),
        });
        failed.map_or(Ok(blobs), |error| Err(unavailable("read from", &error)))
    }

    fn place(&self, digest: &Digest) -> Place {
        let name = digest.to_string();
        let folder = self.root.join(&name[..2]);
        Place { file: folder.join(name), folder }
    }
}

struct Place {
    folder: PathBuf,
    file: PathBuf,
}

/// A file being written; gone when dropped, unless it was moved away before.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        // What cannot be removed now is swept by the next start.
        let _ = fs::remove_file(&self.0);
    }
}

/// Makes folders that nobody but their owner enters.
fn private_folder() -> DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "folders have no mode there"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Makes new files that nobody but their owner reads.
fn private_file() -> OpenOptions {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(unix)]
fn keep_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let is_open = fs::metadata(folder)?.permissions().mode() & 0o077 != 0;
    if is_open { fs::set_permissions(folder, fs::Permissions::from_mode(0o700)) } else { Ok(()) }
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "folders have no mode here")]
fn keep_private(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Removes a file that another process may remove at the same time.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes renames inside `folder` survive a loss of power. Windows offers no such call and
/// does not let a folder be opened.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Says what failed, but not where: the message may reach a caller.
fn unavailable(act: &str, error: &io::Error) -> StoreError {
    StoreError::Unavailable(format!("failed to {act} the blob directory: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_fills_up_leaves_nothing_behind() {
        let root = tempfile::tempdir().unwrap();
        let disk = Disk::open(root.path().to_owned()).unwrap();
        let full = |file: &mut File| {
            file.write_all(b"hal")?;
            Err(io::Error::from(ErrorKind::StorageFull))
        };
        let refused = disk.put_with(b"half a file", full);
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        let unfinished = fs::read_dir(root.path().join(UNFINISHED)).unwrap();
        assert_eq!(unfinished.count(), 0);
        let blob = BlobRef::of(b"half a file");
        assert_eq!(disk.get(blob), Err(StoreError::corrupt("blob", blob.digest)));
        assert_eq!(disk.put(b"half a file"), Ok(blob));
        assert_eq!(disk.get(blob).unwrap(), b"half a file");
    }

    #[test]
    fn a_write_swept_away_by_another_start_begins_anew() {
        let root = tempfile::tempdir().unwrap();
        let disk = Disk::open(root.path().to_owned()).unwrap();
        let sweeps = AtomicU64::new(0);
        let swept_once = |file: &mut File| {
            file.write_all(b"bytes")?;
            if sweeps.fetch_add(1, Ordering::Relaxed) == 0 {
                Disk::open(root.path().to_owned()).unwrap();
            }
            Ok(())
        };
        let blob = disk.put_with(b"bytes", swept_once).unwrap();
        assert_eq!(disk.get(blob).unwrap(), b"bytes");
        assert_eq!(sweeps.into_inner(), 2);
    }
}
