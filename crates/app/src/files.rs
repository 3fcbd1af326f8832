//! The data directory and what is written outside of the stores.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use keelway_kernel::Entropy;
use keelway_signing::{KeyId, KeyRing, SharedKey};
use secrecy::{ExposeSecret as _, SecretString};

use crate::exit::cannot_begin;
use crate::settings::ViewerSettings;

const VIEWER_KEY: &str = "viewer.key";

/// Makes the data directory, for its owner alone, unless it is there.
pub(crate) fn make_data_dir(dir: &Path) -> anyhow::Result<()> {
    if is_open_to_others(dir) {
        let dir = dir.display();
        tracing::warn!(
            "others than its owner can look into the data directory {dir}: `chmod 700 {dir}`"
        );
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let made = builder.create(dir).and_then(|()| tempfile::tempfile_in(dir).map(drop));
    made.map_err(|error| {
        cannot_begin(format!(
            "cannot write to the data directory {}: {}; choose another one with --data-dir",
            dir.display(),
            plain(&error)
        ))
    })
}

/// Whether there is such a directory and somebody besides its owner can enter or list it.
#[cfg(unix)]
fn is_open_to_others(dir: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(dir).is_ok_and(|known| known.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
const fn is_open_to_others(_: &Path) -> bool {
    false
}

/// Makes an empty file that only its owner may read, unless there is a file.
pub(crate) fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// The keys that viewer tokens are signed with: those set, or one made once and kept.
pub(crate) fn viewer_keys(
    settings: &ViewerSettings,
    data_dir: &Path,
    entropy: &dyn Entropy,
) -> anyhow::Result<KeyRing> {
    let key = match &settings.key {
        Some(key) => key.clone(),
        None => kept_secret(&data_dir.join(VIEWER_KEY), entropy)?,
    };
    // Named after itself, so that servers which have different ones can tell.
    let shared = |key: &SecretString| -> anyhow::Result<SharedKey> {
        let secret = key.expose_secret().as_bytes();
        SharedKey::new(KeyId::of_secret(secret), secret)
            .map_err(|error| cannot_begin(format!("the viewer key cannot be used: {error}")))
    };
    Ok(KeyRing {
        current: shared(&key)?,
        previous: settings.previous_key.as_ref().map(shared).transpose()?,
    })
}

/// A secret in a file of its own, made with it unless the file is there. Of two processes
/// that make it at the same time both end up with one.
fn kept_secret(path: &Path, entropy: &dyn Entropy) -> anyhow::Result<SecretString> {
    let refused = |error: std::io::Error| {
        cannot_begin(format!("cannot keep a key in {}: {}", path.display(), plain(&error)))
    };
    match fs::read_to_string(path) {
        Ok(text) => return Ok(text.trim().into()),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(refused(error)),
    }
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes);
    let half = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| sum << 8 | u128::from(*byte));
    let text = format!("{:032x}{:032x}", half(&bytes[..16]), half(&bytes[16..]));
    let mut new = NewFile::beside(path, Readers::Owner).map_err(refused)?;
    new.file().write_all(text.as_bytes()).map_err(refused)?;
    match new.keep(Replace::Never) {
        Ok(()) => Ok(text.into()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let text = fs::read_to_string(path).map_err(refused)?;
            Ok(text.trim().into())
        }
        Err(error) => Err(refused(error)),
    }
}

/// Whether a file that is there may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replace {
    Allowed,
    Never,
}

/// What the system said, without the name of a file that would only have been temporary.
pub(crate) fn plain(error: &std::io::Error) -> String {
    let told = error.to_string();
    told.split_once(" at path ").map_or(told.clone(), |(plain, _)| plain.to_owned())
}

/// Who may read a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Its owner alone.
    Owner,
    /// Whoever the process's umask lets.
    Usual,
}

/// A file that appears whole under its name, or not at all.
pub(crate) struct NewFile {
    temporary: tempfile::NamedTempFile,
    path: PathBuf,
}

impl NewFile {
    /// Begins a file in the folder of `path`, which proves that the folder can be written to.
    pub(crate) fn beside(path: &Path, readers: Readers) -> std::io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        if readers == Readers::Usual {
            use std::os::unix::fs::PermissionsExt as _;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let temporary = builder.prefix(".keelway-").tempfile_in(folder_of(path))?;
        Ok(Self { temporary, path: path.to_owned() })
    }

    pub(crate) fn file(&mut self) -> &mut File {
        self.temporary.as_file_mut()
    }

    /// Gives the file its name once all of it is on disk.
    pub(crate) fn keep(self, replace: Replace) -> std::io::Result<()> {
        self.temporary.as_file().sync_all()?;
        let kept = match replace {
            Replace::Allowed => self.temporary.persist(&self.path),
            Replace::Never => self.temporary.persist_noclobber(&self.path),
        };
        kept.map_err(|error| error.error)?;
        // Not every system can open a folder; those that can flush the new name too.
        if let Ok(folder) = File::open(folder_of(&self.path)) {
            folder.sync_all()?;
        }
        Ok(())
    }
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn only_a_directory_that_others_can_look_into_is_warned_of() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_open_to_others(&folder.path().join("none")));
        for (mode, expected) in [(0o700, false), (0o755, true), (0o750, true), (0o701, true)] {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(is_open_to_others(folder.path()), expected, "{mode:o}");
        }
    }
}
