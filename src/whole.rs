//! Files that appear whole or not at all: written under a temporary name beside their place, synced, renamed.
//!
//! Nobody ever reads half of one, and the old one survives a crash. Results and checkpoints are written so.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use tempfile::NamedTempFile;

/// Who may read a new file, as far as the process's umask lets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// As with any new file of the user's: results.
    Everybody,
    /// The user alone: checkpoints, which hold the command line and what nobody has published yet.
    Owner,
}

/// Letters and digits of a temporary name that are drawn at random.
const DRAWN: usize = 6;
/// How a temporary name ends.
const SUFFIX: &str = ".tmp";

/// A temporary file in the folder of `place`, so that the rename stays within one file system. It goes away if we do, unless we are killed: then
/// the next [`sweep`] takes it away.
///
/// # Errors
/// When the folder is not there, or nothing can be written in it.
pub fn beside(place: &Path, readers: Readers) -> io::Result<NamedTempFile> {
    let folder = folder(place);
    fs::metadata(folder)?; // says so in plain words where there is no such folder
    let mut builder = tempfile::Builder::new();
    let prefix = prefix(place);
    builder.prefix(&prefix).suffix(SUFFIX).rand_bytes(DRAWN);
    let mode = match readers {
        Readers::Everybody => 0o666,
        Readers::Owner => 0o600,
    };
    builder.permissions(fs::Permissions::from_mode(mode));
    let file = builder.tempfile_in(folder)?;
    // In use. Where files cannot be locked, none counts as left behind either.
    let _ = flock(file.as_file(), FlockOperation::NonBlockingLockExclusive);
    Ok(file)
}

/// Removes the temporary files of `place` that nobody writes any more: those of processes that were killed. Whatever cannot be removed stays.
pub fn sweep(place: &Path) {
    let prefix = prefix(place);
    let is_ours = |name: &str| {
        let drawn = name.strip_prefix(&prefix).and_then(|rest| rest.strip_suffix(SUFFIX));
        drawn.is_some_and(|drawn| drawn.len() == DRAWN && drawn.bytes().all(|letter| letter.is_ascii_alphanumeric()))
    };
    let entries = fs::read_dir(folder(place)).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_str().is_some_and(is_ours)) {
        let Ok(file) = File::options().write(true).open(entry.path()) else { continue };
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// How the temporary names of `place` begin: a name of any length comes to the same number of letters.
fn prefix(place: &Path) -> String {
    let name = place.file_name().unwrap_or_default().as_encoded_bytes();
    format!(".montesieve-{}-", &blake3::hash(name).to_hex()[..16])
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_killed_have_left_is_swept_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("job.ckpt");
        let there = || fs::read_dir(folder.path()).expect("readable").count();
        let in_use = beside(&place, Readers::Owner).expect("a file");
        // As a killed process leaves it: there, and not locked.
        let left = beside(&place, Readers::Owner).expect("a file").into_temp_path().keep().expect("kept");
        let others = beside(&folder.path().join("other.ckpt"), Readers::Owner).expect("a file").into_temp_path();
        let strange = folder.path().join(prefix(&place) + "not-ours.tmp");
        fs::write(&strange, "").expect("written");
        assert_eq!(there(), 4);
        sweep(&place);
        assert_eq!(there(), 3);
        assert!(in_use.path().exists() && others.exists() && strange.exists() && !left.exists());
        sweep(Path::new("/nowhere/job.ckpt"));
    }
}
