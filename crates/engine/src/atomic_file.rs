//! Files that appear whole or not at all: written under a temporary name beside their place,
//! synced, renamed.
//!
//! No reader ever sees half of one, and the old one survives a crash. Results, side files and
//! checkpoints are written so. Stands beside `regular`, which reads files. Links are followed first
//! ([`resolve`]): the file that a link stands for is replaced, on its own file system, and the link
//! stays.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use rustix::io::Errno;
use rustix::process::geteuid;
use tempfile::NamedTempFile;

use crate::disk::{Disk, FileSystem};

/// Letters and digits of a temporary name that are drawn at random.
const DRAWN: usize = 6;
/// How a temporary name ends.
const SUFFIX: &str = ".tmp";
/// Links that are followed, as many as Linux follows.
const LINKS: usize = 40;

/// The file that `path` stands for: links are followed, also one whose target is not there yet. The
/// folder must be there.
///
/// # Errors
/// When the folder is not there or cannot be looked into, when links go in a circle, or when `path`
/// has no file name.
pub fn resolve(path: &Path) -> io::Result<PathBuf> {
    if let Ok(place) = fs::canonicalize(path) {
        return Ok(place);
    }
    let mut place = path.to_owned();
    for _ in 0..LINKS {
        let Ok(target) = fs::read_link(&place) else {
            let name = place.file_name().ok_or(Errno::ISDIR)?;
            return Ok(fs::canonicalize(folder(&place))?.join(name));
        };
        place = folder(&place).join(target);
    }
    Err(Errno::LOOP.into())
}

/// A temporary file in the folder of `place`, so that the rename stays within one file system. It
/// is removed when dropped; after a kill the next [`sweep`] removes it. Its mode is that of the
/// file at `place`; of a new file, what the umask has.
///
/// # Errors
/// When the folder is not there, or nothing can be written in it.
pub fn beside(place: &Path) -> io::Result<NamedTempFile> {
    let folder = folder(place);
    fs::metadata(folder)?; // says so in plain words where there is no such folder
    let mut builder = tempfile::Builder::new();
    let prefix = prefix(place);
    builder.prefix(&prefix).suffix(SUFFIX).rand_bytes(DRAWN);
    builder.permissions(Permissions::from_mode(0o666));
    let file = builder.tempfile_in(folder)?;
    // Exactly the old mode, whatever the umask. Where modes cannot be set there is none to keep.
    if let Ok(old) = fs::metadata(place).map(|found| found.permissions().mode() & 0o777) {
        let _ = file.as_file().set_permissions(Permissions::from_mode(old));
    }
    // In use. Where files cannot be locked, none counts as left behind either.
    let _ = flock(file.as_file(), FlockOperation::NonBlockingLockExclusive);
    Ok(file)
}

/// Removes the temporary files of `place` that killed processes of this user have left. Whatever
/// cannot be removed stays; what is no regular file of this user's is not even opened, for in a
/// shared folder others may put links and FIFOs under such names.
pub fn sweep(place: &Path) {
    let prefix = prefix(place);
    let is_ours = |name: &str| {
        let drawn = name.strip_prefix(&prefix).and_then(|rest| rest.strip_suffix(SUFFIX));
        drawn.is_some_and(|drawn| drawn.len() == DRAWN && drawn.bytes().all(|letter| letter.is_ascii_alphanumeric()))
    };
    let entries = fs::read_dir(folder(place)).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_str().is_some_and(is_ours)) {
        let Some(file) = open_own(&entry.path()) else { continue };
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Opens a regular file of this user's for writing; never blocks, never follows a link.
fn open_own(path: &Path) -> Option<File> {
    let is_own = |found: &fs::Metadata| found.is_file() && found.uid() == geteuid().as_raw();
    fs::symlink_metadata(path).ok().filter(is_own)?;
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty()).ok()?);
    // It may have been exchanged in between.
    file.metadata().ok().filter(is_own).map(|_| file)
}

/// How hidden names that belong to `place` begin: a name of any length becomes the same number of
/// letters.
pub(crate) fn prefix(place: &Path) -> String {
    let name = place.file_name().unwrap_or_default().as_encoded_bytes();
    format!(".montesieve-{}-", &blake3::hash(name).to_hex()[..16])
}

/// Everything is written to `file`: puts it at `place`.
///
/// # Errors
/// When it cannot be synced or renamed; `place` is as it was before then. And when the disk fails
/// ([`of_the_disk_alone`]).
pub fn keep(file: NamedTempFile, place: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(place).map_err(|error| error.error)?;
    sync_folder(place)
}

fn sync_folder(place: &Path) -> io::Result<()> {
    of_the_disk_alone(FileSystem.sync_folder(place))
}

/// What came of syncing a folder, as far as it counts. The rename itself is on disk only when the
/// folder is. A folder that cannot be read, or a file system that does not sync folders, is no
/// fault of the file, which is whole and in its place by now: only a failing disk is.
pub(crate) fn of_the_disk_alone(synced: io::Result<()>) -> io::Result<()> {
    synced.or_else(|error| if is_failing(&error) { Err(error) } else { Ok(()) })
}

fn is_failing(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::IO.raw_os_error())
}

/// The folder that `place` is in.
pub fn folder(place: &Path) -> &Path {
    place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::fs::symlink;

    fn write(place: &Path, text: &str) {
        let mut file = beside(place).expect("a file");
        file.write_all(text.as_bytes()).expect("written");
        keep(file, place).expect("kept");
    }

    /// This process's, which threads share: tests only look.
    fn umask() -> u32 {
        let status = fs::read_to_string("/proc/self/status").expect("Linux");
        let mask = status.lines().find_map(|line| line.strip_prefix("Umask:")).expect("a umask");
        u32::from_str_radix(mask.trim(), 8).expect("octal")
    }

    fn mode(place: &Path) -> u32 {
        fs::metadata(place).expect("there").permissions().mode() & 0o777
    }

    #[test]
    fn what_the_killed_have_left_is_swept_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("job.ckpt");
        let there = || fs::read_dir(folder.path()).expect("readable").count();
        let in_use = beside(&place).expect("a file");
        // As a killed process leaves it: there, and not locked.
        let left = beside(&place).expect("a file").into_temp_path().keep().expect("kept");
        let others = beside(&folder.path().join("other.ckpt")).expect("a file").into_temp_path();
        let strange = folder.path().join(prefix(&place) + "not-ours.tmp");
        fs::write(&strange, "").expect("written");
        assert_eq!(there(), 4);
        sweep(&place);
        assert_eq!(there(), 3);
        assert!(in_use.path().exists() && others.exists() && strange.exists() && !left.exists());
        sweep(Path::new("/nowhere/job.ckpt"));
    }

    #[test]
    fn what_others_put_under_such_names_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("job.ckpt");
        let named = |drawn: &str| folder.path().join(format!("{}{drawn}{SUFFIX}", prefix(&place)));
        let treasure = folder.path().join("treasure");
        fs::write(&treasure, "gold").expect("written");
        symlink(&treasure, named("aaaaaa")).expect("a link");
        // A FIFO: an open that blocks would hang the test.
        let mode = Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, named("bbbbbb"), rustix::fs::FileType::Fifo, mode, 0).expect("a FIFO");
        fs::create_dir(named("cccccc")).expect("a folder");
        sweep(&place);
        assert!(["aaaaaa", "bbbbbb", "cccccc"].iter().all(|drawn| named(drawn).symlink_metadata().is_ok()));
        assert_eq!(fs::read(&treasure).expect("there"), b"gold");
    }

    #[test]
    fn links_are_followed_and_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("far")).expect("a folder");
        symlink("far/new", at("dangling")).expect("a link");
        symlink("dangling", at("twice")).expect("a link");
        symlink(at("round"), at("round")).expect("a link");
        let real = fs::canonicalize(at("far")).expect("there").join("new");
        for name in ["dangling", "twice", "far/new", "far/../far/new"] {
            assert_eq!(resolve(&at(name)).expect("resolved"), real, "{name}");
        }
        write(&resolve(&at("twice")).expect("resolved"), "text");
        assert_eq!(fs::read(at("far/new")).expect("written"), b"text");
        assert_eq!(resolve(&at("twice")).expect("resolved"), real, "the target is there now");
        assert!(["dangling", "twice"].iter().all(|name| fs::read_link(at(name)).is_ok()));
        assert_eq!(resolve(&at("round")).expect_err("a circle").raw_os_error(), Some(Errno::LOOP.raw_os_error()));
        assert!(resolve(&at("nowhere/file")).is_err_and(|error| error.kind() == io::ErrorKind::NotFound));
        assert!(resolve(&at("nowhere/..")).is_err() && resolve(Path::new("")).is_err());
    }

    #[test]
    fn a_mode_that_was_set_is_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("result");
        write(&place, "text");
        assert_eq!(mode(&place), 0o666 & !umask());
        for set in [0o640, 0o666, 0o600, 0o400] {
            fs::set_permissions(&place, Permissions::from_mode(set)).expect("ours");
            write(&place, "text");
            assert_eq!(mode(&place), set);
        }
    }

    #[test]
    fn only_a_failing_disk_makes_a_synced_folder_a_failure() {
        assert!(is_failing(&Errno::IO.into()));
        for errno in [Errno::INVAL, Errno::ACCESS, Errno::NOTSUP, Errno::ROFS] {
            assert!(!is_failing(&errno.into()));
        }
        assert!(sync_folder(Path::new("/nowhere/file")).is_ok(), "it was there a moment ago");
    }
}
