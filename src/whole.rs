//! Files that appear whole or not at all: written under a temporary name beside their place, synced, renamed.
//!
//! Nobody ever reads half of one, and the old one survives a crash. Results and checkpoints are written so.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::NamedTempFile;

/// Who may read a new file, as far as the process's umask lets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// As with any new file of the user's: results.
    Everybody,
    /// The user alone: checkpoints, which hold the command line and what nobody has published yet.
    Owner,
}

/// A temporary file in the folder of `place`, so that the rename stays within one file system. It goes away if we do.
///
/// # Errors
/// When the folder is not there, or nothing can be written in it.
pub fn beside(place: &Path, readers: Readers) -> io::Result<NamedTempFile> {
    let folder = folder(place);
    fs::metadata(folder)?; // says so in plain words where there is no such folder
    let mut builder = tempfile::Builder::new();
    builder.prefix(".montesieve-").suffix(".tmp");
    let mode = match readers {
        Readers::Everybody => 0o666,
        Readers::Owner => 0o600,
    };
    builder.permissions(fs::Permissions::from_mode(mode));
    builder.tempfile_in(folder)
}

/// Everything is written to `file`: puts it at `place`.
///
/// # Errors
/// When it cannot be synced or renamed; `place` is as it was before then.
pub fn keep(file: NamedTempFile, place: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(place).map_err(|error| error.error)?;
    // The rename itself is on disk only when the folder is.
    File::open(folder(place))?.sync_all()
}

fn folder(place: &Path) -> &Path {
    place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
