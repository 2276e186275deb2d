//! A disk in memory: every step takes virtual time and may fail, and a crash drops what was not
//! synced.
//!
//! It outlives a run, as a disk outlives a job. A killed process leaves what it has written. A host
//! that crashes ([`SimulatedDisk::crash`]) leaves what was synced. The rest is random: the changes
//! of names up to some moment, and contents that are old, new or cut off.
//!
//! The disk records what it has acknowledged: the contents of a file whose folder was synced. A
//! later run must find at least that.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::io::Errno;

use super::random::Random;
use super::transport::{here, pass_at_disk};
use crate::disk::{Disk, Temporary};

/// The longest time of most steps.
const STEP: Duration = Duration::from_millis(2);

/// The faults of a disk: how many of 1000 steps of a kind fail. By default none does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiskFaults {
    /// Creations, links and writes that find no space (ENOSPC).
    pub full: u64,
    /// Writes, syncs and renames that fail (EIO).
    pub failing: u64,
    /// Steps that take up to `longest`.
    pub stalls: u64,
    /// The longest stall.
    pub longest: Duration,
    /// Whether folders cannot be synced (EINVAL).
    pub no_folder_sync: bool,
    /// Whether there are no hard links.
    pub no_links: bool,
}

impl DiskFaults {
    /// Random: some runs have a kind of fault and some do not.
    pub fn random(random: &mut Random) -> DiskFaults {
        DiskFaults {
            full: random.one(&[0, 0, 30, 300]),
            failing: random.one(&[0, 0, 20, 200]),
            stalls: random.one(&[0, 0, 20, 200]),
            longest: Duration::from_secs(random.one(&[1, 30, 1000])),
            no_folder_sync: random.chance(1, 5),
            no_links: random.chance(1, 5),
        }
    }
}

/// A file, under any name.
#[derive(Clone, Default)]
struct StoredFile {
    bytes: Vec<u8>,
    /// What survives a crash for certain.
    synced: Vec<u8>,
    /// Whether a process has it open under a temporary name.
    is_open: bool,
}

/// A change of a name: it now means a file, or none.
type Change = Vec<(PathBuf, Option<usize>)>;

struct Folder {
    random: Random,
    faults: DiskFaults,
    files: Vec<StoredFile>,
    names: BTreeMap<PathBuf, usize>,
    /// The names that survive a crash for certain, and the changes since.
    synced: BTreeMap<PathBuf, usize>,
    changes: Vec<Change>,
    acknowledged: BTreeMap<PathBuf, Vec<u8>>,
    created: Vec<Duration>,
    drawn: u64,
    /// How many steps failed or stalled.
    struck: BTreeMap<&'static str, u64>,
}

/// A disk; clones share it.
#[derive(Clone)]
pub struct SimulatedDisk(Arc<Mutex<Folder>>);

impl fmt::Debug for SimulatedDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a simulated disk")
    }
}

impl SimulatedDisk {
    /// An empty disk.
    pub fn new(seed: u64, faults: DiskFaults) -> SimulatedDisk {
        SimulatedDisk(Arc::new(Mutex::new(Folder {
            random: Random::new(seed),
            faults,
            files: Vec::new(),
            names: BTreeMap::new(),
            synced: BTreeMap::new(),
            changes: Vec::new(),
            acknowledged: BTreeMap::new(),
            created: Vec::new(),
            drawn: 0,
            struck: BTreeMap::new(),
        })))
    }

    /// The host crashes: what was not synced may be lost.
    pub fn crash(&self) {
        let mut folder = self.lock();
        let changes: Vec<Change> = std::mem::take(&mut folder.changes);
        let kept = folder.random.below(changes.len() as u64 + 1) as usize;
        for (name, file) in changes.into_iter().take(kept).flatten() {
            set(&mut folder.synced, name, file);
        }
        folder.names = folder.synced.clone();
        let Folder { files, random, .. } = &mut *folder;
        for file in files.iter_mut().filter(|file| file.bytes != file.synced) {
            match random.below(3) {
                0 => file.bytes = file.synced.clone(),
                1 => file.bytes.truncate(random.below(file.bytes.len() as u64 + 1) as usize),
                _ => {}
            }
            file.synced = file.bytes.clone();
            file.is_open = false;
        }
    }

    /// From now on this disk has no faults.
    pub fn mend(&self) {
        self.lock().faults = DiskFaults::default();
    }

    /// The least that must be at `path` after anything: the last acknowledged contents.
    pub fn acknowledged(&self, path: &Path) -> Option<Vec<u8>> {
        self.lock().acknowledged.get(path).cloned()
    }

    /// Damages the file at `path`; returns whether it exists.
    pub fn damage(&self, path: &Path) -> bool {
        let mut folder = self.lock();
        let Some(&number) = folder.names.get(path) else { return false };
        // A new file: the previous save may be the same one under a second name.
        let mut bytes = folder.files[number].bytes.clone();
        let place = folder.random.below(bytes.len() as u64) as usize;
        if let Some(byte) = bytes.get_mut(place) {
            *byte ^= 0x10;
        }
        folder.acknowledged.remove(path);
        drop(folder);
        self.put(path, bytes);
        true
    }

    /// Puts a file there.
    pub fn put(&self, path: &Path, bytes: Vec<u8>) {
        let mut folder = self.lock();
        let number = folder.files.len();
        folder.files.push(StoredFile { synced: bytes.clone(), bytes, is_open: false });
        folder.names.insert(path.into(), number);
        folder.synced.insert(path.into(), number);
    }

    /// When files were created since the last call, from the start of their run: each save starts
    /// so.
    pub fn take_created(&self) -> Vec<Duration> {
        std::mem::take(&mut self.lock().created)
    }

    /// The existing names.
    pub fn names(&self) -> Vec<PathBuf> {
        self.lock().names.keys().cloned().collect()
    }

    /// How often each kind of fault has struck.
    pub fn struck(&self) -> BTreeMap<&'static str, u64> {
        self.lock().struck.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Folder> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A step takes some time, in which its process may end.
    fn step(&self, what: &'static str) -> MutexGuard<'_, Folder> {
        let mut folder = self.lock();
        let Folder { random, faults, struck, .. } = &mut *folder;
        let mut time = random.up_to(STEP);
        if random.chance(faults.stalls, 1000) {
            *struck.entry("stall").or_default() += 1;
            time = random.up_to(faults.longest);
        }
        drop(folder);
        pass_at_disk(what, time);
        self.lock()
    }
}

fn set(names: &mut BTreeMap<PathBuf, usize>, name: PathBuf, file: Option<usize>) {
    match file {
        Some(file) => names.insert(name, file),
        None => names.remove(&name),
    };
}

impl Folder {
    /// Whether a step fails.
    fn fails(&mut self, errors: &[(u64, &'static str, Errno)]) -> io::Result<()> {
        for &(often, name, error) in errors {
            if self.random.chance(often, 1000) {
                *self.struck.entry(name).or_default() += 1;
                return Err(error.into());
            }
        }
        Ok(())
    }

    fn full(&self) -> (u64, &'static str, Errno) {
        (self.faults.full, "ENOSPC", Errno::NOSPC)
    }

    fn failing(&self) -> (u64, &'static str, Errno) {
        (self.faults.failing, "EIO", Errno::IO)
    }

    fn find(&self, path: &Path) -> io::Result<usize> {
        self.names.get(path).copied().ok_or_else(|| Errno::NOENT.into())
    }

    fn change(&mut self, change: Change) {
        for (name, file) in change.clone() {
            set(&mut self.names, name, file);
        }
        self.changes.push(change);
    }

    /// A new temporary name beside `place`.
    fn temporary(&mut self, place: &Path) -> PathBuf {
        self.drawn += 1;
        place.with_file_name(format!("{}{:06}.tmp", crate::atomic_file::prefix(place), self.drawn))
    }
}

impl Disk for SimulatedDisk {
    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(path.to_owned())
    }

    fn sweep(&self, place: &Path) {
        let mut folder = self.step("remove files");
        let prefix = crate::atomic_file::prefix(place);
        let is_left = |name: &Path| name.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&prefix));
        let Folder { names, files, .. } = &*folder;
        let left = names.iter().filter(|(name, file)| is_left(name) && !files[**file].is_open);
        let change: Change = left.map(|(name, _)| (name.clone(), None)).collect();
        folder.change(change);
    }

    fn create(&self, place: &Path) -> io::Result<Box<dyn Temporary>> {
        self.lock().created.extend(here().map(|(_, now)| now));
        let mut folder = self.step("create a file");
        let full = folder.full();
        folder.fails(&[full])?;
        let (name, number) = (folder.temporary(place), folder.files.len());
        folder.files.push(StoredFile { is_open: true, ..StoredFile::default() });
        folder.change(vec![(name.clone(), Some(number))]);
        Ok(Box::new(Named { disk: self.clone(), name: Some(name), file: number }))
    }

    fn link(&self, place: &Path) -> io::Result<Box<dyn Temporary>> {
        let mut folder = self.step("link a file");
        if folder.faults.no_links {
            return Err(Errno::PERM.into());
        }
        let full = folder.full();
        folder.fails(&[full])?;
        let (file, name) = (folder.find(place)?, folder.temporary(place));
        folder.change(vec![(name.clone(), Some(file))]);
        Ok(Box::new(Named { disk: self.clone(), name: Some(name), file }))
    }

    fn is_same(&self, one: &Path, other: &Path) -> bool {
        let folder = self.step("compare files");
        folder.names.get(one) == folder.names.get(other)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut folder = self.step("rename a file");
        let failing = folder.failing();
        folder.fails(&[failing])?;
        let file = folder.find(from)?;
        folder.change(vec![(from.to_owned(), None), (to.to_owned(), Some(file))]);
        Ok(())
    }

    fn sync_folder(&self, place: &Path) -> io::Result<()> {
        let mut folder = self.step("sync a folder");
        let failing = folder.failing();
        folder.fails(&[failing])?;
        if folder.faults.no_folder_sync {
            *folder.struck.entry("EINVAL").or_default() += 1;
            return Err(Errno::INVAL.into());
        }
        folder.synced = folder.names.clone();
        folder.changes.clear();
        let bytes = folder.find(place).map(|file| folder.files[file].synced.clone())?;
        folder.acknowledged.insert(place.to_owned(), bytes);
        Ok(())
    }

    fn open(&self, path: &Path) -> io::Result<(Box<dyn Read>, u64)> {
        let folder = self.step("open a file");
        let bytes = folder.files[folder.find(path)?].bytes.clone();
        let length = bytes.len() as u64;
        Ok((Box::new(Cursor::new(bytes)), length))
    }
}

/// A file under a temporary name.
struct Named {
    disk: SimulatedDisk,
    name: Option<PathBuf>,
    file: usize,
}

impl Temporary for Named {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut folder = self.disk.step("write");
        let (full, failing) = (folder.full(), folder.failing());
        let written = folder.fails(&[full, failing]);
        let most = if written.is_ok() { bytes.len() } else { folder.random.below(bytes.len() as u64 + 1) as usize };
        folder.files[self.file].bytes.extend_from_slice(&bytes[..most]);
        written
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut folder = self.disk.step("sync a file");
        let failing = folder.failing();
        folder.fails(&[failing])?;
        let file = &mut folder.files[self.file];
        file.synced = file.bytes.clone();
        Ok(())
    }

    fn persist(mut self: Box<Self>, place: &Path) -> io::Result<()> {
        let mut folder = self.disk.step("rename a file");
        let failing = folder.failing();
        folder.fails(&[failing])?;
        if let Some(name) = self.name.take() {
            // Renaming one name of a file to another of its names does nothing.
            let is_same = folder.names.get(place) == Some(&self.file);
            if !is_same {
                folder.change(vec![(name, None), (place.to_owned(), Some(self.file))]);
            }
            folder.files[self.file].is_open = false;
        }
        Ok(())
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        let mut folder = self.disk.lock();
        folder.files[self.file].is_open = false;
        // A killed process removes nothing.
        if let Some(name) = self.name.take()
            && !std::thread::panicking()
        {
            folder.change(vec![(name, None)]);
        }
    }
}
