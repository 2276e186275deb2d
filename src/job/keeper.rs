//! Keeps a job's ledger on disk: when, and so that a crash at any moment leaves a good file.
//!
//! Stands beside `checkpoint`, which knows the bytes. A save writes a temporary file in the same folder, syncs it, keeps the
//! file of the save before as `FILE.before`, and renames. A save that fails is a warning, and is tried again.
//!
//! A disk may take seconds, and the root has messages to answer meanwhile: so a save is encoded at once, and written by a
//! thread of its own. One is under way at a time. Saved is what the disk has said yes to.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::checkpoint::{self, Refusal};
use super::lock::{self, Lock};
use super::{Identity, Job, Ledger, Tally};
use crate::error::{Error, Result};
use crate::regular::{self, Pipes};
use crate::stderr;
use crate::whole;

/// Where and how often to save.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    /// The file.
    pub path: PathBuf,
    /// How much work may be lost.
    pub every: Duration,
}

impl Keep {
    /// How old the work may be that a rank has not reported: of the interval a part, and a second at the most.
    pub fn slack(&self) -> Duration {
        (self.every / 5).min(Duration::from_secs(1))
    }

    /// How long a piece of work may be that is lost unless it is finished.
    pub fn longest_piece(&self) -> Duration {
        self.every / 5
    }

    /// Time between two saves: what is lost is that, what was not reported by then, and a piece that was not whole.
    fn between(&self) -> Duration {
        self.every - 2 * self.slack()
    }
}

/// How long an unfinished save is waited for when its keeper goes.
const LAST_WORD: Duration = Duration::from_secs(10);
/// Between two looks at an unfinished save.
const LOOK: Duration = Duration::from_millis(1);

/// At the root: saves a job's ledger.
#[derive(Debug)]
pub struct Keeper {
    keep: Keep,
    /// The file that the path stands for.
    place: PathBuf,
    identity: Identity,
    saved: Instant,
    /// A save under way.
    writing: Option<JoinHandle<io::Result<()>>>,
    /// A save was asked for while another one was under way.
    wanted: bool,
    /// Whether the file at `place` is known to be good, so that it may become the one before.
    rotates: bool,
    /// Whether the last save went well.
    good: bool,
    warned: bool,
}

impl Keeper {
    /// Starts the time of the first save; writes nothing yet. Temporary files that killed runs have left are removed.
    pub fn new(keep: Keep, identity: Identity) -> Keeper {
        let place = whole::resolve(&keep.path).unwrap_or_else(|_| keep.path.clone());
        whole::sweep(&place);
        // Other parts of the job that the file has: a run of all of it, without a part, makes them one.
        let mut identity = identity;
        if let Ok(theirs) = self::identity(&place)
            && !identity.parts.is_empty()
        {
            identity.parts.extend(theirs.parts);
            identity.parts.sort_unstable();
            identity.parts.dedup();
        }
        Keeper {
            keep,
            place,
            identity,
            saved: Instant::now(),
            writing: None,
            wanted: false,
            rotates: false,
            good: false,
            warned: false,
        }
    }

    /// Whether it is time to save, and nothing is under way.
    pub fn is_due(&self, now: Instant) -> bool {
        self.writing.is_none() && (self.wanted || now.saturating_duration_since(self.saved) >= self.keep.between())
    }

    /// Begins a save; while another one is under way, it becomes due when that one is done. A failure is said once, and tried again when a save
    /// is due again.
    pub fn save<T: Tally>(&mut self, ledger: &Ledger<T>, now: Instant) {
        self.poll();
        self.wanted = self.writing.is_some();
        if self.wanted {
            return;
        }
        (self.saved, self.good) = (now, false);
        let bytes = match checkpoint::encode(&self.identity, ledger) {
            Ok(bytes) => bytes,
            Err(error) => return self.written(Err(io::Error::other(error))),
        };
        let (place, rotates) = (self.place.clone(), self.rotates);
        let write = move || replace(&place, &bytes, rotates || is_good(&place));
        match thread::Builder::new().name("checkpoint".into()).spawn(write.clone()) {
            Ok(writing) => self.writing = Some(writing),
            // No more threads to be had: here, then.
            Err(_) => self.written(write()),
        }
    }

    /// Takes note of a save that is done.
    pub fn poll(&mut self) {
        if let Some(writing) = self.writing.take_if(|writing| writing.is_finished()) {
            let written = writing.join().unwrap_or_else(|_| Err(io::Error::other("its thread panicked")));
            self.written(written);
        }
    }

    /// Whether no save is under way.
    pub fn is_idle(&self) -> bool {
        self.writing.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits for the save under way, for so long at the most.
    pub fn wait(&mut self, most: Duration) {
        let begun = Instant::now();
        while !self.is_idle() && begun.elapsed() < most {
            thread::sleep(LOOK);
        }
        self.poll();
    }

    /// Saves before the job ends because of another rank, and waits for it, but not for ever; whether all is on disk.
    pub fn save_now<T: Tally>(&mut self, ledger: &Ledger<T>) -> bool {
        // Once more when another save was under way.
        (0..2).any(|_| {
            self.save(ledger, Instant::now());
            self.wait(LAST_WORD);
            self.is_good()
        })
    }

    /// Whether everything that was to be saved is on disk.
    pub fn is_good(&self) -> bool {
        self.good && !self.wanted
    }

    fn written(&mut self, written: io::Result<()>) {
        self.good = written.is_ok();
        self.rotates |= self.good;
        if let Err(error) = written
            && !std::mem::replace(&mut self.warned, true)
        {
            let path = self.keep.path.display();
            stderr::message(&format!("cannot write the checkpoint {path}: {error}; the next save tries again"));
        }
    }
}

/// A later keeper of the same file must not be overtaken by this one's last save.
impl Drop for Keeper {
    fn drop(&mut self) {
        self.wait(LAST_WORD);
    }
}

/// What a checkpoint has of a job.
#[derive(Debug)]
pub struct Found<T> {
    /// The blocks that are done.
    pub ledger: Ledger<T>,
    /// Why it is the file before the last one, when it is.
    pub instead: Option<String>,
}

/// What the checkpoint at `path` has of `job`, which is `ours`; `None` when there is no such file. Where there is only the one before, it is
/// that; where the file is damaged, only if the user said that it may `fall_back`.
///
/// # Errors
/// [`Error::Usage`] when the file is a checkpoint of another job, [`Error::Run`] when it is none, or damaged: then the one
/// before is named, if that is good.
pub fn load<J: Job>(path: &Path, job: &J, ours: &Identity, fall_back: bool) -> Result<Option<Found<J::Tally>>> {
    let spare = || before(&whole::resolve(path).unwrap_or_else(|_| path.to_owned()));
    let one = |path: &Path| read(path).and_then(|bytes| decode(&bytes, job, ours).map_err(Unreadable::Refused));
    match one(path) {
        Ok(ledger) => Ok(Some(Found { ledger, instead: None })),
        Err(why) if why.is_absence() => match one(&spare()) {
            Ok(ledger) => {
                let instead = format!("{} is not there: this is {}", path.display(), spare().display());
                Ok(Some(Found { ledger, instead: Some(instead) }))
            }
            Err(why) if why.is_absence() => Ok(None),
            Err(why) => Err(why.error(&spare())),
        },
        Err(why) if why.is_damage() => match one(&spare()) {
            Ok(ledger) if fall_back => {
                let instead = format!("{}: this is {}", why.error(path), spare().display());
                Ok(Some(Found { ledger, instead: Some(instead) }))
            }
            Ok(_) => {
                let (why, spare) = (why.error(path), spare());
                let said = format!("{why}; the one before is good: --resume-before goes on from {}", spare.display());
                Err(Error::Run(said))
            }
            Err(_) => Err(why.error(path)),
        },
        Err(why) => Err(why.error(path)),
    }
}

/// The same of this very file, which must be there.
///
/// # Errors
/// As [`load`]; [`Error::Run`] when there is no such file.
pub fn load_alone<J: Job>(path: &Path, job: &J, ours: &Identity) -> Result<Ledger<J::Tally>> {
    let ledger = read(path).and_then(|bytes| decode(&bytes, job, ours).map_err(Unreadable::Refused));
    ledger.map_err(|why| why.error(path))
}

/// Makes sure, before any work, that `path` can be saved to, and that no other job does: the lock is held until it is dropped.
/// `owner` is what another job is told, `alone` whether there can be one: not where this job itself has lost the rank that had the lock.
///
/// # Errors
/// [`Error::Run`] when it cannot be written, or belongs to another job.
pub fn claim(path: &Path, owner: &str, alone: bool) -> Result<Option<Lock>> {
    let cannot = |error: io::Error| Error::Run(format!("cannot write the checkpoint {}: {error}", path.display()));
    let place = whole::resolve(path).map_err(cannot)?;
    if fs::metadata(&place).is_ok_and(|found| !found.is_file()) {
        return Err(cannot(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")));
    }
    drop(whole::beside(&place).map_err(cannot)?);
    match Lock::take(&place, owner) {
        Ok(lock) => Ok(Some(lock)),
        Err(lock::Refused::Held(_)) if !alone => Ok(None),
        Err(lock::Refused::Held(owner)) => {
            Err(Error::Run(format!("the checkpoint {} is in use by {owner}: one job a checkpoint", path.display())))
        }
        Err(lock::Refused::Io(error)) => Err(cannot(error)),
    }
}

fn decode<J: Job>(bytes: &[u8], job: &J, ours: &Identity) -> std::result::Result<Ledger<J::Tally>, Refusal> {
    checkpoint::decode(bytes, ours, job.blocks(), |span, tally| {
        job.check(span, tally).map_err(|why| format!("of blocks {span}, {why}"))
    })
}

/// The job that wrote the checkpoint at `path`.
///
/// # Errors
/// As [`load`].
pub fn identity(path: &Path) -> Result<Identity> {
    let read = read(path).and_then(|bytes| checkpoint::identity(&bytes).map_err(Unreadable::Refused));
    read.map_err(|why| why.error(path))
}

/// Why there is nothing to be had from a file.
#[derive(Debug)]
enum Unreadable {
    Io(io::Error),
    Refused(Refusal),
}

impl Unreadable {
    fn is_absence(&self) -> bool {
        matches!(self, Unreadable::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }

    /// Whether the file itself is bad, so that the one before may help.
    fn is_damage(&self) -> bool {
        matches!(self, Unreadable::Refused(refusal) if refusal.is_damage())
    }

    fn error(&self, path: &Path) -> Error {
        match self {
            Unreadable::Io(error) => Error::Run(format!("cannot read the checkpoint {}: {error}", path.display())),
            Unreadable::Refused(refusal) if refusal.is_damage() => Error::Run(format!("{} {refusal}", path.display())),
            Unreadable::Refused(refusal) => Error::Usage(format!("{} {refusal}", path.display())),
        }
    }
}

/// The bytes of a checkpoint. A file that is none by its first bytes, or by its length, is read no further.
fn read(path: &Path) -> std::result::Result<Vec<u8>, Unreadable> {
    let (file, length) = regular::open(path, Pipes::Refused).map_err(Unreadable::Io)?;
    let mut head = Vec::new();
    (&file).take(checkpoint::PREFIX as u64).read_to_end(&mut head).map_err(Unreadable::Io)?;
    checkpoint::envelope(&head, length).map_err(Unreadable::Refused)?;
    regular::read_on(file, length, head, checkpoint::LARGEST as u64).map_err(Unreadable::Io)
}

/// The place of the checkpoint before the last one.
pub fn before(path: &Path) -> PathBuf {
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(".before");
    path.with_file_name(name)
}

/// Whether a good checkpoint is at `place`. What is damaged must not take the place of the one before, which may be good.
fn is_good(place: &Path) -> bool {
    identity(place).is_ok()
}

/// Puts `bytes` at `place`; what was there becomes [`before`] if it `rotates`.
fn replace(place: &Path, bytes: &[u8], rotates: bool) -> io::Result<()> {
    let mut file = whole::beside(place)?;
    file.write_all(bytes)?;
    // Synced before the one before is touched: there are two good files at any time.
    file.as_file().sync_all()?;
    if rotates {
        spare(place);
    }
    whole::keep(file, place)
}

/// Makes the file at `place` the one before, too. Best effort: the save itself is what counts.
fn spare(place: &Path) {
    let before = before(place);
    let inode = |path: &Path| fs::symlink_metadata(path).ok().map(|found| (found.dev(), found.ino()));
    // Done already, by a save that failed behind it. A rename of a file onto itself would do nothing.
    if inode(place) == inode(&before) {
        return;
    }
    // A link, so that there is a good file at `place` all the time, and renamed, so that there is always one before.
    let linked = tempfile::Builder::new()
        .prefix(&whole::prefix(place))
        .suffix(".tmp")
        .make_in(whole::folder(place), |link| fs::hard_link(place, link))
        .map(|link| link.into_temp_path());
    let _ = match linked {
        Ok(link) => link.persist(&before).map_err(|error| error.error),
        // A file system without links: for a moment there is only the one before, from which a job goes on as well.
        Err(_) => fs::rename(place, &before),
    };
}

#[cfg(test)]
mod tests;
