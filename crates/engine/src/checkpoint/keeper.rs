//! Keeps a job's ledger on disk so that a crash at any moment leaves a good file.
//!
//! Stands beside `format`, which knows the bytes, and `load`, which reads. A save writes a
//! temporary file in the same folder, syncs it, keeps the file of the save before as `FILE.before`,
//! and renames. A save that fails is a warning, and is tried again.
//!
//! A disk may take seconds, and the root has messages to answer meanwhile: so a save is encoded at
//! once, and written by a separate thread. One is under way at a time. Saved is what the disk has
//! acknowledged.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::format::{self, Identity};
use super::load;
use crate::{Ledger, Tally, atomic_file};

/// Where and how often to save.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    /// The file.
    pub path: PathBuf,
    /// How much work may be lost.
    pub every: Duration,
}

impl Keep {
    /// How old the work may be that a rank has not reported: of the interval a part, and a second
    /// at the most.
    pub fn slack(&self) -> Duration {
        (self.every / 5).min(Duration::from_secs(1))
    }

    /// How long a piece of work may be that is lost unless it is finished.
    pub fn longest_piece(&self) -> Duration {
        self.every / 5
    }

    /// Time between two saves: what is lost is that, what was not reported by then, and a piece
    /// that was not whole.
    pub(crate) fn between(&self) -> Duration {
        self.every - 2 * self.slack()
    }
}

/// How long an unfinished save is waited for when its keeper goes.
const LAST_WORD: Duration = Duration::from_secs(10);
/// Between two looks at an unfinished save.
const LOOK: Duration = Duration::from_millis(1);

/// At the root: saves a job's ledger. When is decided elsewhere.
#[derive(Debug)]
pub(crate) struct Keeper {
    keep: Keep,
    /// The file that the path stands for.
    place: PathBuf,
    identity: Identity,
    /// A save under way.
    writing: Option<JoinHandle<io::Result<()>>>,
    /// Whether the file at `place` is known to be good, so that it may become the one before.
    rotates: bool,
    warned: bool,
    warn: Option<fn(&str)>,
}

impl Keeper {
    /// Writes nothing yet. Removes temporary files that killed runs have left.
    pub(crate) fn new(keep: Keep, identity: Identity, warn: Option<fn(&str)>) -> Keeper {
        let place = atomic_file::resolve(&keep.path).unwrap_or_else(|_| keep.path.clone());
        atomic_file::sweep(&place);
        // Other parts of the job that the file has: a run of all of it, without a part, makes them
        // one.
        let mut identity = identity;
        if let Ok(theirs) = load::identity(&place)
            && !identity.parts.is_empty()
        {
            identity.parts.extend(theirs.parts);
            identity.parts.sort_unstable();
            identity.parts.dedup();
        }
        Keeper { keep, place, identity, writing: None, rotates: false, warned: false, warn }
    }

    /// Begins a save; only when none is under way. `Some` if it is over at once: whether it is on
    /// disk.
    pub(crate) fn save<T: Tally>(&mut self, ledger: &Ledger<T>) -> Option<bool> {
        let bytes = match format::encode(&self.identity, ledger) {
            Ok(bytes) => bytes,
            Err(error) => return Some(self.written(Err(io::Error::other(error)))),
        };
        let (place, rotates) = (self.place.clone(), self.rotates);
        let write = move || replace(&place, &bytes, rotates || is_good(&place));
        match thread::Builder::new().name("checkpoint".into()).spawn(write.clone()) {
            Ok(writing) => {
                self.writing = Some(writing);
                None
            }
            // No more threads to be had: here, then.
            Err(_) => Some(self.written(write())),
        }
    }

    /// `Some` once when a save is over: whether it is on disk.
    pub(crate) fn poll(&mut self) -> Option<bool> {
        let writing = self.writing.take_if(|writing| writing.is_finished())?;
        let written = writing.join().unwrap_or_else(|_| Err(io::Error::other("its thread panicked")));
        Some(self.written(written))
    }

    /// Whether no save is under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.writing.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits for the save under way, for this long at most; whether it is on disk.
    fn wait(&mut self, most: Duration) -> bool {
        let begun = Instant::now();
        while !self.is_idle() && begun.elapsed() < most {
            thread::sleep(LOOK);
        }
        self.poll().unwrap_or(false)
    }

    /// Saves before the job ends because of another rank, and waits for it, but not for ever;
    /// whether all is on disk.
    pub(crate) fn save_now<T: Tally>(&mut self, ledger: &Ledger<T>) -> bool {
        self.wait(LAST_WORD);
        self.is_idle() && self.save(ledger).unwrap_or_else(|| self.wait(LAST_WORD))
    }

    /// Notes how a save went; a failure is said once.
    fn written(&mut self, written: io::Result<()>) -> bool {
        let good = written.is_ok();
        self.rotates |= good;
        if let Err(error) = written
            && !std::mem::replace(&mut self.warned, true)
        {
            let path = self.keep.path.display();
            let said = format!("cannot write the checkpoint {path}: {error}; the next save tries again");
            self.warn.map_or_else(|| eprintln!("{said}"), |warn| warn(&said));
        }
        good
    }
}

/// A later keeper of the same file must not be overtaken by this one's last save.
impl Drop for Keeper {
    fn drop(&mut self) {
        self.wait(LAST_WORD);
    }
}

/// The place of the checkpoint before the last one.
pub fn before(path: &Path) -> PathBuf {
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(".before");
    path.with_file_name(name)
}

/// Whether a good checkpoint is at `place`. What is damaged must not take the place of the one
/// before, which may be good.
fn is_good(place: &Path) -> bool {
    load::identity(place).is_ok()
}

/// Puts `bytes` at `place`; what was there becomes [`before`] if it `rotates`.
fn replace(place: &Path, bytes: &[u8], rotates: bool) -> io::Result<()> {
    let mut file = atomic_file::beside(place)?;
    file.write_all(bytes)?;
    // Synced before the one before is touched: there are two good files at any time.
    file.as_file().sync_all()?;
    if rotates {
        spare(place);
    }
    atomic_file::keep(file, place)
}

/// Makes the file at `place` the one before, too. Best effort: the save itself is what counts.
fn spare(place: &Path) {
    let before = before(place);
    let inode = |path: &Path| fs::symlink_metadata(path).ok().map(|found| (found.dev(), found.ino()));
    // Done already, by a save that failed behind it. A rename of a file onto itself would do
    // nothing.
    if inode(place) == inode(&before) {
        return;
    }
    // A link, so that there is a good file at `place` all the time, and renamed, so that there is
    // always one before.
    let linked = tempfile::Builder::new()
        .prefix(&atomic_file::prefix(place))
        .suffix(".tmp")
        .make_in(atomic_file::folder(place), |link| fs::hard_link(place, link))
        .map(|link| link.into_temp_path());
    let _ = match linked {
        Ok(link) => link.persist(&before).map_err(|error| error.error),
        // A file system without links: for a moment there is only the one before, from which a job
        // resumes too.
        Err(_) => fs::rename(place, &before),
    };
}

#[cfg(test)]
mod tests;
