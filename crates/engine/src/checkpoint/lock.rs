//! One job per checkpoint: a lock for the life of the job, on a hidden file beside it.
//!
//! The lock is on a separate file, since each save replaces the checkpoint. It is a `flock`, which
//! the kernel releases when its owner dies in any way; the file names the owner. On Linux it works
//! between the hosts of an NFS mount: it is a lock on the server, unless mounted with `local_lock`.
//! It disappears some time after its host dies. Where the file system has no locks (Lustre without
//! `flock`), jobs are not kept apart, and a notice says so.

use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use rustix::io::Errno;

use crate::atomic_file;

/// How long to wait for a lock: a requeued job may start while the previous one is still ending.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(50);
/// The largest number of bytes to read of an owner's name.
const NAME: u64 = 200;

/// Released when dropped.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    /// `None` where the file system has no locks.
    file: Option<File>,
}

/// Why the lock was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Another job has it.
    #[error("{0}")]
    Held(String),
    /// The lock file cannot be created.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Lock {
    /// Takes the lock of `place`, a checkpoint with all links followed; other jobs see `owner` in
    /// their message. Waits a few seconds for it.
    ///
    /// # Errors
    /// `Refused`.
    pub fn take(place: &Path, owner: &str) -> Result<Lock, Refused> {
        Lock::take_within(place, owner, PATIENCE)
    }

    fn take_within(place: &Path, owner: &str, most: Duration) -> Result<Lock, Refused> {
        let path = place.with_file_name(atomic_file::prefix(place) + "lock");
        let begun = Instant::now();
        loop {
            let mut file = open(&path)?;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) if is_at(&file, &path) => {
                    // On a full disk the name cannot be written, and the lock works without it.
                    let _ = file.set_len(0).and_then(|()| file.write_all(owner.as_bytes()));
                    return Ok(Lock { path, file: Some(file) });
                }
                // The previous owner has removed the file meanwhile: lock the next one.
                Ok(()) => continue,
                Err(Errno::WOULDBLOCK) if begun.elapsed() < most => sleep(PAUSE),
                Err(Errno::WOULDBLOCK) => return Err(Refused::Held(owner_of(&mut file))),
                Err(Errno::INTR) => continue,
                Err(_) => {
                    let _ = fs::remove_file(&path);
                    return Ok(Lock { path, file: None });
                }
            }
        }
    }

    /// Whether others are kept out.
    pub fn is_held(&self) -> bool {
        self.file.is_some()
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Removed while locked, so that no other job has it.
        if self.file.is_some() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Opens the lock file, or creates it: a regular file, never through a link.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::from_raw_mode(0o666))?);
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{} is in the way", path.display())));
    }
    Ok(file)
}

/// Whether `file` is the one at `path`.
fn is_at(file: &File, path: &Path) -> bool {
    let inode = |found: fs::Metadata| (found.dev(), found.ino());
    file.metadata().map(inode).ok() == fs::symlink_metadata(path).map(inode).ok()
}

/// The owner's description of itself.
fn owner_of(file: &mut File) -> String {
    let mut name = Vec::new();
    let _ = file.rewind().and_then(|()| file.take(NAME).read_to_end(&mut name));
    let name: String = String::from_utf8_lossy(&name).chars().filter(|c| !c.is_control()).collect();
    if name.is_empty() { "another process".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_owner_holds_the_lock_and_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("job.ckpt");
        let take = |owner: &str| Lock::take_within(&place, owner, Duration::ZERO);
        let first = take("process 7 on a").expect("free");
        assert!(first.is_held());
        let Err(Refused::Held(owner)) = take("process 8 on b") else { panic!("taken twice") };
        assert_eq!(owner, "process 7 on a");
        // Another checkpoint in the same folder has its own lock.
        drop(Lock::take_within(&folder.path().join("other.ckpt"), "c", Duration::ZERO).expect("free"));
        drop(first);
        assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 0, "nothing is left behind");
        drop(take("process 9 on c").expect("free again"));
    }

    #[test]
    fn a_lock_file_without_an_owner_does_not_lock() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("job.ckpt");
        let path = place.with_file_name(atomic_file::prefix(&place) + "lock");
        // As a killed process leaves it.
        fs::write(&path, "process 7 on a\x1b[2J").expect("written");
        let lock = Lock::take_within(&place, "process 8", Duration::ZERO).expect("free");
        assert_eq!(fs::read(&path).expect("there"), b"process 8");
        drop(lock);
        std::os::unix::fs::symlink("treasure", &path).expect("a link");
        assert!(matches!(Lock::take_within(&place, "process 9", Duration::ZERO), Err(Refused::Io(_))));
        assert!(!folder.path().join("treasure").exists(), "no link is followed");
    }

    #[test]
    fn many_jobs_hold_the_lock_one_by_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("job.ckpt");
        let inside = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let Ok(lock) = Lock::take_within(&place, "x", Duration::ZERO) else { continue };
                        assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                        inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                        drop(lock);
                    }
                });
            }
        });
    }
}
