//! Keeps a job's ledger on disk so that a crash at any moment leaves a good file.
//!
//! Stands beside `format`, which knows the bytes, and `load`, which reads. A save writes a
//! temporary file in the same folder, syncs it, keeps the file of the save before as `FILE.before`,
//! and renames. A save that fails is a warning, and is tried again.
//!
//! A disk may take seconds, and the root has messages to answer meanwhile: so a save is encoded at
//! once, and written in the [background](crate::background). One is under way at a time. Saved is
//! what the disk has acknowledged.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

use super::format::{self, Identity};
use super::load;
use crate::background::Background;
use crate::disk::Disk;
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
    disk: Arc<dyn Disk>,
    /// What writes; without it, saves are written at once.
    background: Option<Arc<dyn Background>>,
    /// A save under way.
    writing: Option<Receiver<io::Result<()>>>,
    /// How it ended, once that is known.
    ended: Option<io::Result<()>>,
    /// Whether the file at `place` is known to be good, so that it may become the one before.
    rotates: bool,
    warned: bool,
    warn: Option<fn(&str)>,
}

impl Keeper {
    /// Writes nothing yet. Removes temporary files that killed runs have left.
    pub(crate) fn new(
        keep: Keep,
        identity: Identity,
        warn: Option<fn(&str)>,
        disk: Arc<dyn Disk>,
        background: Option<Arc<dyn Background>>,
    ) -> Keeper {
        let place = disk.resolve(&keep.path).unwrap_or_else(|_| keep.path.clone());
        disk.sweep(&place);
        // Other parts of the job that the file has: a run of all of it, without a part, makes them
        // one.
        let mut identity = identity;
        if let Ok(theirs) = load::identity(&*disk, &place)
            && !identity.parts.is_empty()
        {
            identity.parts.extend(theirs.parts);
            identity.parts.sort_unstable();
            identity.parts.dedup();
        }
        let (writing, ended) = (None, None);
        Keeper { keep, place, identity, disk, background, writing, ended, rotates: false, warned: false, warn }
    }

    /// Begins a save; only when none is under way. `Some` if it is over at once: whether it is on
    /// disk.
    pub(crate) fn save<T: Tally>(&mut self, ledger: &Ledger<T>) -> Option<bool> {
        let bytes = match format::encode(&self.identity, ledger) {
            Ok(bytes) => bytes,
            Err(error) => return Some(self.written(Err(io::Error::other(error)))),
        };
        let (disk, place, rotates) = (Arc::clone(&self.disk), self.place.clone(), self.rotates);
        let write = move || replace(&*disk, &place, &bytes, rotates || is_good(&*disk, &place));
        let Some(background) = &self.background else { return Some(self.written(write())) };
        let (tell, told) = channel();
        // The keeper may be gone by then.
        background.submit(Box::new(move || drop(tell.send(write()))));
        self.writing = Some(told);
        None
    }

    /// `Some` once when a save is over: whether it is on disk.
    pub(crate) fn poll(&mut self) -> Option<bool> {
        self.look();
        let written = self.ended.take()?;
        Some(self.written(written))
    }

    /// Whether no save is under way.
    pub(crate) fn is_idle(&mut self) -> bool {
        self.look();
        self.writing.is_none()
    }

    /// Looks whether the save under way has ended.
    fn look(&mut self) {
        let Some(writing) = &self.writing else { return };
        self.ended = match writing.try_recv() {
            Ok(written) => Some(written),
            Err(TryRecvError::Disconnected) => Some(Err(io::Error::other("its thread panicked"))),
            Err(TryRecvError::Empty) => return,
        };
        self.writing = None;
    }

    /// Waits for the save under way, for this long at most; whether it is on disk.
    fn wait(&mut self, most: Duration) -> bool {
        let mut waited = Duration::ZERO;
        while !self.is_idle() && waited < most {
            let Some(background) = &self.background else { break };
            background.sleep(LOOK);
            waited += LOOK;
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
fn is_good(disk: &dyn Disk, place: &Path) -> bool {
    load::identity(disk, place).is_ok()
}

/// Puts `bytes` at `place`; what was there becomes [`before`] if it `rotates`.
fn replace(disk: &dyn Disk, place: &Path, bytes: &[u8], rotates: bool) -> io::Result<()> {
    let mut file = disk.create(place)?;
    file.write_all(bytes)?;
    // Synced before the one before is touched: there are two good files at any time.
    file.sync()?;
    if rotates {
        spare(disk, place);
    }
    file.persist(place)?;
    atomic_file::of_the_disk_alone(disk.sync_folder(place))
}

/// Makes the file at `place` the one before, too. Best effort: the save itself is what counts.
fn spare(disk: &dyn Disk, place: &Path) {
    let before = before(place);
    // Done already, by a save that failed behind it. A rename of a file onto itself would do
    // nothing.
    if disk.is_same(place, &before) {
        return;
    }
    // A link, so that there is a good file at `place` all the time, and renamed, so that there is
    // always one before.
    let _ = match disk.link(place) {
        Ok(link) => link.persist(&before),
        // A file system without links: for a moment there is only the one before, from which a job
        // resumes too.
        Err(_) => disk.rename(place, &before),
    };
}

#[cfg(test)]
mod tests;
