//! The steps of a disk that a checkpoint is made of, so that a simulation can fail any of them.
//!
//! Stands beside `atomic_file` and `regular`, which do these steps on the file system; here is what
//! the checkpoint's keeper needs of them, as a trait. Results and side files are written without
//! it.

use std::fmt::Debug;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

use crate::atomic_file;
use crate::regular::{self, Pipes};

/// Where checkpoints are.
pub trait Disk: Debug + Send + Sync {
    /// The file that `path` stands for, all links followed.
    ///
    /// # Errors
    /// As [`atomic_file::resolve`].
    fn resolve(&self, path: &Path) -> io::Result<PathBuf>;

    /// Removes the temporary files of `place` that killed processes have left.
    fn sweep(&self, place: &Path);

    /// A temporary file beside `place`, empty; it goes when it is dropped.
    ///
    /// # Errors
    /// When there can be none.
    fn create(&self, place: &Path) -> io::Result<Box<dyn Temporary>>;

    /// The file at `place` under a second, temporary name beside it.
    ///
    /// # Errors
    /// When there is no such file, or the file system has no links.
    fn link(&self, place: &Path) -> io::Result<Box<dyn Temporary>>;

    /// Whether both names are there and stand for one file, or neither is there.
    fn is_same(&self, one: &Path, other: &Path) -> bool;

    /// Gives a file another name, in place of what has it.
    ///
    /// # Errors
    /// As [`fs::rename`].
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// The names in the folder of `place` outlive a crash from now on.
    ///
    /// # Errors
    /// When the folder cannot be read or synced.
    fn sync_folder(&self, place: &Path) -> io::Result<()>;

    /// Opens a regular file, and says how long it is.
    ///
    /// # Errors
    /// When it cannot be opened, or is something else.
    fn open(&self, path: &Path) -> io::Result<(Box<dyn Read>, u64)>;
}

/// A file under a temporary name.
pub trait Temporary {
    /// Adds bytes at its end.
    ///
    /// # Errors
    /// As [`Write::write_all`].
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// What is in the file outlives a crash from now on.
    ///
    /// # Errors
    /// As [`fs::File::sync_all`].
    fn sync(&mut self) -> io::Result<()>;

    /// Gives it its name, in place of what has it.
    ///
    /// # Errors
    /// As [`fs::rename`]; `place` is as it was before then.
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

/// A second name: it is not written through.
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
