//! The disk operations of a checkpoint, as a trait: a simulation can fail any of them.
//!
//! Stands beside `atomic_file` and `regular`, which do these operations on the file system. This
//! trait holds what the checkpoint's keeper needs. Results and side files do not use it.

use std::fmt::Debug;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

use crate::atomic_file;
use crate::regular::{self, Pipes};

/// Storage of checkpoints.
pub trait Disk: Debug + Send + Sync {
    /// The file that `path` stands for, all links followed.
    ///
    /// # Errors
    /// As [`atomic_file::resolve`].
    fn resolve(&self, path: &Path) -> io::Result<PathBuf>;

    /// Removes the temporary files of `place` that killed processes have left.
    fn sweep(&self, place: &Path);

    /// An empty temporary file beside `place`, removed when dropped.
    ///
    /// # Errors
    /// When it cannot be created.
    fn create(&self, place: &Path) -> io::Result<Box<dyn Temporary>>;

    /// A second, temporary name of the file at `place`, beside it.
    ///
    /// # Errors
    /// When there is no such file, or the file system has no links.
    fn link(&self, place: &Path) -> io::Result<Box<dyn Temporary>>;

    /// Whether both names exist and mean one file, or neither exists.
    fn is_same(&self, one: &Path, other: &Path) -> bool;

    /// Renames a file, replacing the file at `to`.
    ///
    /// # Errors
    /// As [`fs::rename`].
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// From now on the names in the folder of `place` survive a crash.
    ///
    /// # Errors
    /// When the folder cannot be read or synced.
    fn sync_folder(&self, place: &Path) -> io::Result<()>;

    /// Opens a regular file and returns its length.
    ///
    /// # Errors
    /// When it cannot be opened, or is of another kind.
    fn open(&self, path: &Path) -> io::Result<(Box<dyn Read>, u64)>;
}

/// A file under a temporary name.
pub trait Temporary {
    /// Appends bytes.
    ///
    /// # Errors
    /// As [`Write::write_all`].
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// From now on the contents of the file survive a crash.
    ///
    /// # Errors
    /// As [`fs::File::sync_all`].
    fn sync(&mut self) -> io::Result<()>;

    /// Gives the file its final name, replacing the file at `place`.
    ///
    /// # Errors
    /// As [`fs::rename`]; `place` is then unchanged.
    fn persist(self: Box<Self>, place: &Path) -> io::Result<()>;
}

/// The file systems of this host.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileSystem;

impl Disk for FileSystem {
    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        atomic_file::resolve(path)
    }

    fn sweep(&self, place: &Path) {
        atomic_file::sweep(place);
    }

    fn create(&self, place: &Path) -> io::Result<Box<dyn Temporary>> {
        Ok(Box::new(atomic_file::beside(place)?))
    }

    fn link(&self, place: &Path) -> io::Result<Box<dyn Temporary>> {
        let linked = tempfile::Builder::new()
            .prefix(&atomic_file::prefix(place))
            .suffix(".tmp")
            .make_in(atomic_file::folder(place), |link| fs::hard_link(place, link))?;
        Ok(Box::new(linked.into_temp_path()))
    }

    fn is_same(&self, one: &Path, other: &Path) -> bool {
        let inode = |path: &Path| fs::symlink_metadata(path).ok().map(|found| (found.dev(), found.ino()));
        inode(one) == inode(other)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_folder(&self, place: &Path) -> io::Result<()> {
        fs::File::open(atomic_file::folder(place)).and_then(|folder| folder.sync_all())
    }

    fn open(&self, path: &Path) -> io::Result<(Box<dyn Read>, u64)> {
        let (file, length) = regular::open(path, Pipes::Refused)?;
        Ok((Box::new(file), length))
    }
}

impl Temporary for NamedTempFile {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        Write::write_all(self, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.as_file().sync_all()
    }

    fn persist(self: Box<Self>, place: &Path) -> io::Result<()> {
        NamedTempFile::persist(*self, place).map(drop).map_err(|error| error.error)
    }
}

/// A second name cannot be written through.
impl Temporary for TempPath {
    fn write_all(&mut self, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn persist(self: Box<Self>, place: &Path) -> io::Result<()> {
        TempPath::persist(*self, place).map_err(|error| error.error)
    }
}
