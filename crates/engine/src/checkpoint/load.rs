//! Reads a checkpoint, and checks before any work that one can be written.
//!
//! Stands beside `keeper`, which writes: a run resumes from the result of this file. A faulty file
//! is reported in one sentence, and nothing of it is used.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::format::{self, FormatError, Identity};
use super::keeper::before;
use super::lock::{self, Lock};
use crate::disk::Disk;
use crate::{Job, Ledger, atomic_file, regular};

/// Why a checkpoint cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It cannot be read.
    #[error("cannot read the checkpoint {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The file does not exist, but it must.
    #[error("there is no {}", path.display())]
    Absent {
        /// The file.
        path: PathBuf,
    },
    /// It is damaged, or is not a checkpoint of this job.
    #[error("{} {refusal}{}", path.display(), if spare.is_some() { "; the previous save is good" } else { "" })]
    Refused {
        /// The file.
        path: PathBuf,
        /// What is wrong with the file.
        refusal: FormatError,
        /// The previous save, where this file is damaged and that one is good.
        spare: Option<PathBuf>,
    },
    /// It cannot be written.
    #[error("cannot write the checkpoint {}: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// Another job uses it.
    #[error("the checkpoint {} is in use by {owner}: one job a checkpoint", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
        /// The other job's description of itself.
        owner: String,
    },
}

impl LoadError {
    /// Whether the file is a good checkpoint that the caller should not have named: of another job
    /// or version.
    pub fn is_misuse(&self) -> bool {
        matches!(self, LoadError::Refused { refusal, .. } if !refusal.is_damage())
    }
}

type Result<T> = std::result::Result<T, LoadError>;

/// What a checkpoint holds of a job.
#[derive(Debug)]
pub struct LoadedCheckpoint<T> {
    /// The finished blocks.
    pub ledger: Ledger<T>,
    /// Why this is the previous save, if it is.
    pub instead: Option<String>,
}

/// What the checkpoint at `path` of `disk` holds of `job`, whose identity is `ours`; `None` when no
/// such file exists. If only the previous save exists, that is used. If the file is damaged, the
/// previous save is used only with `fall_back`.
///
/// # Errors
/// [`LoadError`]; it names the previous save where that is good and the file is damaged.
pub fn load<J: Job>(
    disk: &dyn Disk,
    path: &Path,
    job: &J,
    ours: &Identity,
    fall_back: bool,
) -> Result<Option<LoadedCheckpoint<J::Tally>>> {
    let spare = || before(&disk.resolve(path).unwrap_or_else(|_| path.to_owned()));
    let one = |path: &Path| read(disk, path).and_then(|bytes| decode(&bytes, job, ours).map_err(Unreadable::Refused));
    match one(path) {
        Ok(ledger) => Ok(Some(LoadedCheckpoint { ledger, instead: None })),
        Err(why) if why.is_absence() => match one(&spare()) {
            Ok(ledger) => {
                let instead = format!("{} is not there: this is {}", path.display(), spare().display());
                Ok(Some(LoadedCheckpoint { ledger, instead: Some(instead) }))
            }
            Err(why) if why.is_absence() => Ok(None),
            Err(why) => Err(why.error(&spare())),
        },
        Err(why) if why.is_damage() => match one(&spare()) {
            Ok(ledger) if fall_back => {
                let instead = format!("{}: this is {}", why.error(path), spare().display());
                Ok(Some(LoadedCheckpoint { ledger, instead: Some(instead) }))
            }
            Ok(_) => match why.error(path) {
                LoadError::Refused { path, refusal, .. } => {
                    Err(LoadError::Refused { path, refusal, spare: Some(spare()) })
                }
                error => Err(error),
            },
            Err(_) => Err(why.error(path)),
        },
        Err(why) => Err(why.error(path)),
    }
}

/// The same for this very file, which must exist.
///
/// # Errors
/// As [`load`]; [`LoadError::Unreadable`] when no such file exists.
pub fn load_alone<J: Job>(disk: &dyn Disk, path: &Path, job: &J, ours: &Identity) -> Result<Ledger<J::Tally>> {
    let bytes = read(disk, path);
    let ledger = bytes.and_then(|bytes| decode(&bytes, job, ours).map_err(Unreadable::Refused));
    ledger.map_err(|why| why.error(path))
}

/// Checks, before any work, that `path` can be saved to and that no other job does so. The lock is
/// held until it is dropped. Another job's message names `owner`. `alone` is false where this job
/// itself has lost the rank that held the lock, which is then no obstacle.
///
/// # Errors
/// [`LoadError::Unwritable`], [`LoadError::InUse`].
pub fn claim(path: &Path, owner: &str, alone: bool) -> Result<Option<Lock>> {
    let cannot = |source: io::Error| LoadError::Unwritable { path: path.to_owned(), source };
    let place = atomic_file::resolve(path).map_err(cannot)?;
    if fs::metadata(&place).is_ok_and(|found| !found.is_file()) {
        return Err(cannot(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")));
    }
    drop(atomic_file::beside(&place).map_err(cannot)?);
    match Lock::take(&place, owner) {
        Ok(lock) => Ok(Some(lock)),
        Err(lock::Refused::Held(_)) if !alone => Ok(None),
        Err(lock::Refused::Held(owner)) => Err(LoadError::InUse { path: path.to_owned(), owner }),
        Err(lock::Refused::Io(error)) => Err(cannot(error)),
    }
}

fn decode<J: Job>(bytes: &[u8], job: &J, ours: &Identity) -> std::result::Result<Ledger<J::Tally>, FormatError> {
    let decoded = format::decode(bytes, ours, job.blocks(), |span, tally| {
        job.check(span, tally).map_err(|why| format!("of blocks {span}, {why}"))
    });
    decoded.map_err(|refusal| {
        let other = format::identity(bytes).ok().filter(|theirs| theirs.kind != ours.kind);
        match other.and_then(|theirs| job.resumption_advice(&theirs)) {
            Some(advice) => refusal.with_advice(&advice),
            None => refusal,
        }
    })
}

/// The job that wrote the checkpoint at `path` of `disk`.
///
/// # Errors
/// As [`load`].
pub fn identity(disk: &dyn Disk, path: &Path) -> Result<Identity> {
    let read = read(disk, path).and_then(|bytes| format::identity(&bytes).map_err(Unreadable::Refused));
    read.map_err(|why| why.error(path))
}

/// Why a file cannot be loaded.
#[derive(Debug)]
enum Unreadable {
    Io(io::Error),
    Refused(FormatError),
}

impl Unreadable {
    fn is_absence(&self) -> bool {
        matches!(self, Unreadable::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }

    /// Whether the file itself is damaged, so that the previous save may help.
    fn is_damage(&self) -> bool {
        matches!(self, Unreadable::Refused(refusal) if refusal.is_damage())
    }

    fn error(self, path: &Path) -> LoadError {
        let path = path.to_owned();
        match self {
            Unreadable::Io(source) => LoadError::Unreadable { path, source },
            Unreadable::Refused(refusal) => LoadError::Refused { path, refusal, spare: None },
        }
    }
}

/// The bytes of a checkpoint. Reading stops early if the first bytes or the length do not fit.
fn read(disk: &dyn Disk, path: &Path) -> std::result::Result<Vec<u8>, Unreadable> {
    let (mut file, length) = disk.open(path).map_err(Unreadable::Io)?;
    let mut head = Vec::new();
    (&mut file).take(format::PREFIX as u64).read_to_end(&mut head).map_err(Unreadable::Io)?;
    format::envelope(&head, length).map_err(Unreadable::Refused)?;
    regular::read_on(file, length, head, format::LARGEST as u64).map_err(Unreadable::Io)
}
