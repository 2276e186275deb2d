//! Replaces files atomically: they are written under a temporary name in the same folder, synced,
//! and renamed.
//!
//! No reader ever sees half a file, and the old one survives a crash. Results, side files and
//! checkpoints use this. Stands beside `regular`, which reads files. Links are followed first
//! ([`resolve`]): the target of a link is replaced, on its own file system, and the link stays.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use rustix::io::Errno;
use rustix::process::geteuid;
use tempfile::NamedTempFile;

use crate::disk::{Disk, FileSystem};

/// Random letters and digits in a temporary name.
const DRAWN: usize = 6;
/// The end of a temporary name.
const SUFFIX: &str = ".tmp";
/// The largest number of links to follow, as in Linux.
const LINKS: usize = 40;

/// The file that `path` stands for. Follows links, even to a target that does not exist yet. The
/// folder must exist.
///
/// # Errors
/// When the folder does not exist or is unreadable, when links form a circle, or when `path` has no
/// file name.
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
/// file at `place`; a new file gets what the umask leaves.
///
/// # Errors
/// When the folder does not exist or is not writable.
pub fn beside(place: &Path) -> io::Result<NamedTempFile> {
    let folder = folder(place);
    fs::metadata(folder)?; // says so in plain words where there is no such folder
    let mut builder = tempfile::Builder::new();
    let prefix = prefix(place);
    builder.prefix(&prefix).suffix(SUFFIX).rand_bytes(DRAWN);
    builder.permissions(Permissions::from_mode(0o666));
    let file = builder.tempfile_in(folder)?;
    // Exactly the old mode, whatever the umask is. If modes cannot be set, there is none to keep.
    if let Ok(old) = fs::metadata(place).map(|found| found.permissions().mode() & 0o777) {
        let _ = file.as_file().set_permissions(Permissions::from_mode(old));
    }
    // Marks the file as in use. Where files cannot be locked, none counts as left behind either.
    let _ = flock(file.as_file(), FlockOperation::NonBlockingLockExclusive);
    Ok(file)
}

/// Removes the temporary files of `place` that killed processes of this user left. Files that
/// cannot be removed stay. Anything but a regular file of this user is not even opened: in a shared
/// folder others may put links and FIFOs under such names.
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

/// Opens a regular file of this user for writing; never blocks, never follows a link.
fn open_own(path: &Path) -> Option<File> {
    let is_own = |found: &fs::Metadata| found.is_file() && found.uid() == geteuid().as_raw();
    fs::symlink_metadata(path).ok().filter(is_own)?;
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty()).ok()?);
    // The file may have been replaced in between.
    file.metadata().ok().filter(is_own).map(|_| file)
}

/// The start of hidden names that belong to `place`: a name of any length becomes a fixed number of
/// letters.
pub(crate) fn prefix(place: &Path) -> String {
    let name = place.file_name().unwrap_or_default().as_encoded_bytes();
    format!(".montesieve-{}-", &blake3::hash(name).to_hex()[..16])
}

/// Moves `file`, which is completely written, to `place`.
///
/// # Errors
/// When it cannot be synced or renamed; `place` is then unchanged. Also when the disk itself fails.
pub fn keep(file: NamedTempFile, place: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(place).map_err(|error| error.error)?;
    sync_folder(place)
}

fn sync_folder(place: &Path) -> io::Result<()> {
    only_disk_failures(FileSystem.sync_folder(place))
}

/// Keeps only a disk failure of the folder's sync. A rename is on disk only when its folder is. But
/// by now the file is complete and in place. So an unreadable folder is no error, nor is a file
/// system that does not sync folders.
pub(crate) fn only_disk_failures(synced: io::Result<()>) -> io::Result<()> {
    synced.or_else(|error| if is_failing(&error) { Err(error) } else { Ok(()) })
}

fn is_failing(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::IO.raw_os_error())
}

/// The folder of `place`.
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

    /// The umask of this process, which threads share: tests only read it.
    fn umask() -> u32 {
        let status = fs::read_to_string("/proc/self/status").expect("Linux");
        let mask = status.lines().find_map(|line| line.strip_prefix("Umask:")).expect("a umask");
        u32::from_str_radix(mask.trim(), 8).expect("octal")
    }

    fn mode(place: &Path) -> u32 {
        fs::metadata(place).expect("there").permissions().mode() & 0o777
    }

    #[test]
    fn only_files_of_killed_processes_are_swept() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("job.ckpt");
        let there = || fs::read_dir(folder.path()).expect("readable").count();
        let in_use = beside(&place).expect("a file");
        // As a killed process leaves it: present, and not locked.
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
    fn files_of_others_under_such_names_stay() {
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
