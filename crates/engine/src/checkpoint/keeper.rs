//! Keeps a job's ledger on disk so that a crash at any moment leaves a good file.
//!
//! Stands beside `format`, which defines the bytes, and `load`, which reads. A save writes a
//! temporary file in the same folder, syncs it, keeps the previous save as `FILE.before`, and
//! renames. A failed save is a warning, and the next one tries again.
//!
//! A disk may take seconds while the root has messages to answer. So a save is encoded at once, and
//! written in the [background](crate::background). One save is under way at a time. It counts once
//! the disk has acknowledged it.

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
pub struct SaveSettings {
    /// The file.
    pub path: PathBuf,
    /// The largest amount of work that may be lost, in time.
    pub every: Duration,
}

impl SaveSettings {
    /// The largest age of work that a rank has not reported: part of the interval, and at most a
    /// second.
    pub fn slack(&self) -> Duration {
        (self.every / 5).min(Duration::from_secs(1))
    }

    /// The longest piece of work that a stop would lose.
    pub fn longest_piece(&self) -> Duration {
        self.every / 5
    }

    /// Time between saves. A loss is at most this, plus unreported work, plus an unfinished
    /// piece.
    pub(crate) fn between(&self) -> Duration {
        self.every - 2 * self.slack()
    }
}

/// How long a dropped keeper waits for an unfinished save.
const LAST_WORD: Duration = Duration::from_secs(10);
/// Time between two checks of an unfinished save.
const LOOK: Duration = Duration::from_millis(1);

/// At the root: saves a job's ledger. The protocol decides when.
#[derive(Debug)]
pub(crate) struct Keeper {
    keep: SaveSettings,
    /// The file that the path stands for.
    place: PathBuf,
    identity: Identity,
    disk: Arc<dyn Disk>,
    /// The writer; without it, saves are written at once.
    background: Option<Arc<dyn Background>>,
    /// A save under way.
    writing: Option<Receiver<io::Result<()>>>,
    /// The result of the save, once known.
    ended: Option<io::Result<()>>,
    /// Whether the file at `place` is known to be good, so that it may become the previous save.
    rotates: bool,
    warned: bool,
    warn: Option<fn(&str)>,
}

impl Keeper {
    /// Removes temporary files left by killed runs; writes nothing yet.
    pub(crate) fn new(
        keep: SaveSettings,
        identity: Identity,
        warn: Option<fn(&str)>,
        disk: Arc<dyn Disk>,
        background: Option<Arc<dyn Background>>,
    ) -> Keeper {
        let place = disk.resolve(&keep.path).unwrap_or_else(|_| keep.path.clone());
        disk.sweep(&place);
        // Keeps the other parts of the job that the file has; a run of the whole job, without a
        // part, makes them one.
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

    /// Starts a save; only when none is under way. Returns `Some` if it has ended already: whether
    /// it is on disk.
    pub(crate) fn save<T: Tally>(&mut self, ledger: &Ledger<T>) -> Option<bool> {
        let bytes = match format::encode(&self.identity, ledger) {
            Ok(bytes) => bytes,
            Err(error) => return Some(self.written(Err(io::Error::other(error)))),
        };
        let (disk, place, rotates) = (Arc::clone(&self.disk), self.place.clone(), self.rotates);
        let write = move || replace(&*disk, &place, &bytes, rotates || is_good(&*disk, &place));
        let Some(background) = &self.background else { return Some(self.written(write())) };
        let (sender, result) = channel();
        // The keeper may have been dropped by then.
        background.submit(Box::new(move || drop(sender.send(write()))));
        self.writing = Some(result);
        None
    }

    /// Returns `Some` once when a save has ended: whether it is on disk.
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

    /// Checks whether the save under way has ended.
    fn look(&mut self) {
        let Some(writing) = &self.writing else { return };
        self.ended = match writing.try_recv() {
            Ok(written) => Some(written),
            Err(TryRecvError::Disconnected) => Some(Err(io::Error::other("its thread panicked"))),
            Err(TryRecvError::Empty) => return,
        };
        self.writing = None;
    }

    /// Waits for the save under way, at most this long; returns whether it is on disk.
    fn wait(&mut self, most: Duration) -> bool {
        let mut waited = Duration::ZERO;
        while !self.is_idle() && waited < most {
            let Some(background) = &self.background else { break };
            background.sleep(LOOK);
            waited += LOOK;
        }
        self.poll().unwrap_or(false)
    }

    /// Saves before the job ends because of another rank, and waits for a limited time; returns
    /// whether everything is on disk.
    pub(crate) fn save_now<T: Tally>(&mut self, ledger: &Ledger<T>) -> bool {
        self.wait(LAST_WORD);
        self.is_idle() && self.save(ledger).unwrap_or_else(|| self.wait(LAST_WORD))
    }

    /// Notes how a save ended; warns of a failure once.
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

/// The path of the previous save.
pub fn before(path: &Path) -> PathBuf {
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(".before");
    path.with_file_name(name)
}

/// Whether a good checkpoint is at `place`. A damaged file must not replace the previous save,
/// which may be good.
fn is_good(disk: &dyn Disk, place: &Path) -> bool {
    load::identity(disk, place).is_ok()
}

/// Writes `bytes` to `place`; the old file becomes [`before`] if it `rotates`.
fn replace(disk: &dyn Disk, place: &Path, bytes: &[u8], rotates: bool) -> io::Result<()> {
    let mut file = disk.create(place)?;
    file.write_all(bytes)?;
    // Synced before the previous save is touched: two good files exist at any time.
    file.sync()?;
    if rotates {
        spare(disk, place);
    }
    file.persist(place)?;
    atomic_file::only_disk_failures(disk.sync_folder(place))
}

/// Makes the file at `place` the previous save, too. Best effort: the save itself is what counts.
fn spare(disk: &dyn Disk, place: &Path) {
    let before = before(place);
    // A save that failed later has done it already. Renaming a file onto itself would do nothing.
    if disk.is_same(place, &before) {
        return;
    }
    // A link keeps a good file at `place`, and the rename keeps a previous save, at all times.
    let _ = match disk.link(place) {
        Ok(link) => link.persist(&before),
        // A file system without links: for a moment only the previous save exists, from which a job
        // can resume too.
        Err(_) => disk.rename(place, &before),
    };
}

#[cfg(test)]
mod tests;
