//! Reading a checkpoint back, and making sure before any work that there can be one.
//!
//! Stands beside `keeper`, which writes: what is found here is what a run begins from. Whatever is
//! wrong with a file is said in one sentence, and nothing of such a file is used.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::format::{self, Identity, Refusal};
use super::keeper::before;
use super::lock::{self, Lock};
use crate::disk::Disk;
use crate::{Job, Ledger, atomic_file, regular};

/// Why a checkpoint is of no use.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It cannot be read.
    #[error("cannot read the checkpoint {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no such file, and there must be.
    #[error("there is no {}", path.display())]
    Absent {
        /// The file.
        path: PathBuf,
    },
    /// It is damaged, or no checkpoint of this job.
    #[error("{} {refusal}{}", path.display(), if spare.is_some() { "; the one before is good" } else { "" })]
    Refused {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        refusal: Refusal,
        /// The one before, where this one is damaged and that one is good.
        spare: Option<PathBuf>,
    },
    /// It cannot be written.
    #[error("cannot write the checkpoint {}: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another job has it.
    #[error("the checkpoint {} is in use by {owner}: one job a checkpoint", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
        /// What that job says of itself.
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

/// What a checkpoint has of a job.
#[derive(Debug)]
pub struct Found<T> {
    /// The blocks that are done.
    pub ledger: Ledger<T>,
    /// Why it is the file before the last one, when it is.
    pub instead: Option<String>,
}

/// What the checkpoint at `path` of `disk` has of `job`, which is `ours`; `None` when there is no
/// such file. Where there is only the one before, it is that; where the file is damaged, only if it
/// may `fall_back`.
///
/// # Errors
/// [`LoadError`]; it names the one before where that is good and the file is damaged.
pub fn load<J: Job>(
    disk: &dyn Disk,
    path: &Path,
    job: &J,
    ours: &Identity,
    fall_back: bool,
) -> Result<Option<Found<J::Tally>>> {
    let spare = || before(&disk.resolve(path).unwrap_or_else(|_| path.to_owned()));
    let one = |path: &Path| read(disk, path).and_then(|bytes| decode(&bytes, job, ours).map_err(Unreadable::Refused));
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

/// The same of this very file, which must be there.
///
/// # Errors
/// As [`load`]; [`LoadError::Unreadable`] when there is no such file.
pub fn load_alone<J: Job>(disk: &dyn Disk, path: &Path, job: &J, ours: &Identity) -> Result<Ledger<J::Tally>> {
    let bytes = read(disk, path);
    let ledger = bytes.and_then(|bytes| decode(&bytes, job, ours).map_err(Unreadable::Refused));
    ledger.map_err(|why| why.error(path))
}

/// Makes sure, before any work, that `path` can be saved to, and that no other job does: the lock
/// is held until it is dropped. `owner` is what another job is told, `alone` whether there can be
/// one: not where this job itself has lost the rank that had the lock.
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

fn decode<J: Job>(bytes: &[u8], job: &J, ours: &Identity) -> std::result::Result<Ledger<J::Tally>, Refusal> {
    format::decode(bytes, ours, job.blocks(), |span, tally| {
        job.check(span, tally).map_err(|why| format!("of blocks {span}, {why}"))
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

/// Why a file gives nothing.
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

    fn error(self, path: &Path) -> LoadError {
        let path = path.to_owned();
        match self {
            Unreadable::Io(source) => LoadError::Unreadable { path, source },
            Unreadable::Refused(refusal) => LoadError::Refused { path, refusal, spare: None },
        }
    }
}

/// The bytes of a checkpoint. A file that is none by its first bytes, or by its length, is read no
/// further.
fn read(disk: &dyn Disk, path: &Path) -> std::result::Result<Vec<u8>, Unreadable> {
    let (mut file, length) = disk.open(path).map_err(Unreadable::Io)?;
    let mut head = Vec::new();
    (&mut file).take(format::PREFIX as u64).read_to_end(&mut head).map_err(Unreadable::Io)?;
    format::envelope(&head, length).map_err(Unreadable::Refused)?;
    regular::read_on(file, length, head, format::LARGEST as u64).map_err(Unreadable::Io)
}
