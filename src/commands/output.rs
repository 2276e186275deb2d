//! The output of a result: standard output, or a file that appears completely or not at all.
//!
//! A regular file is replaced atomically by the engine's `atomic_file`, so that no reader sees half
//! a result. A device or a pipe is written directly.

use std::fs::{self, File};
use std::io::{self, BufWriter, IntoInnerError, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::cli::Destination;
use crate::cluster::Cluster;
use crate::cluster::aside::aside;
use crate::error::{Error, Result};
use crate::job::atomic_file;
use crate::report::record::Record;
use crate::report::{Answer, Format, Report};
use crate::stream;

/// Bytes collected before a write.
const BUFFER: usize = 1 << 20;

/// An open output for a result.
pub struct Output {
    target: Target,
    name: String,
    is_stdout: bool,
}

enum Target {
    Stream(Box<dyn Write + Send>),
    File(BufWriter<NamedTempFile>, PathBuf),
}

impl Output {
    /// Opens `path`, or uses standard output (from `stdout`).
    ///
    /// # Errors
    /// [`Error::Io`] if it is not writable, before any work.
    pub fn open(path: Option<&Path>, stdout: impl FnOnce() -> Result<Box<dyn Write + Send>>) -> Result<Output> {
        let Some(path) = path else {
            return Ok(Output { target: Target::Stream(stdout()?), name: "standard output".into(), is_stdout: true });
        };
        let name = path.display().to_string();
        let cannot = || Error::io(format!("cannot write {name}"));
        let target = match fs::metadata(path) {
            Ok(found) if !found.is_file() => {
                let stream = stream::open(path).map_err(cannot())?;
                Target::Stream(Box::new(BufWriter::with_capacity(BUFFER, stream)))
            }
            found => {
                // Follows a link to its target, which is the file to replace or create.
                let place = atomic_file::resolve(path).map_err(cannot())?;
                if found.is_ok() {
                    fs::OpenOptions::new().append(true).open(&place).map_err(cannot())?;
                }
                Target::File(buffered(&place).map_err(cannot())?, place)
            }
        };
        Ok(Output { target, name, is_stdout: false })
    }

    /// Opens the place that the user named, at the root, before the work: so errors are found
    /// early. Every rank must call it.
    ///
    /// # Errors
    /// As [`Output::open`]; [`Error::Reported`] on the other ranks.
    pub fn of(destination: &Destination, cluster: &Cluster) -> Result<Option<Output>> {
        let opened = cluster.at_root(|| Output::open(destination.output.as_deref(), || cluster.stdout()));
        cluster.agree(opened.transpose())
    }

    /// Writes a report, and finishes.
    ///
    /// # Errors
    /// As [`Output::write_all`].
    pub fn report<R: Answer, M: Record>(self, report: &Report<R, M>, format: Format) -> Result<()> {
        self.write_formatted(|out| report.write(format, out))
    }

    /// Writes what `write` writes, and finishes.
    ///
    /// # Errors
    /// As [`Output::write_all`].
    pub fn write_formatted(self, write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> Result<()> {
        self.write_all(&formatted(write)?)
    }

    /// Whether it is standard output.
    pub fn is_stdout(&self) -> bool {
        self.is_stdout
    }

    /// The file under its temporary name, if it will be renamed; for code that writes it directly.
    pub fn temporary(&self) -> Option<(&File, &Path)> {
        match &self.target {
            Target::Stream(_) => None,
            Target::File(file, _) => Some((file.get_ref().as_file(), file.get_ref().path())),
        }
    }

    /// Writes all bytes, and finishes.
    ///
    /// # Errors
    /// As [`Output::finish`].
    pub fn put(mut self, bytes: &[u8]) -> Result<()> {
        self.write(bytes)?;
        self.finish()
    }

    /// Writes bytes.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::ClosedPipe`] when the reader of standard output has left.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = match &mut self.target {
            Target::Stream(stream) => stream.write_all(bytes),
            Target::File(file, _) => file.write_all(bytes),
        };
        written.map_err(self.cannot())
    }

    /// Flushes the buffer to the system.
    ///
    /// # Errors
    /// As [`Output::write`].
    pub fn flush(&mut self) -> Result<()> {
        let flushed = match &mut self.target {
            Target::Stream(stream) => stream.flush(),
            Target::File(file, _) => file.flush(),
        };
        flushed.map_err(self.cannot())
    }

    /// The user's name for it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Overwrites the first bytes of a file, for a header that is known at the end.
    ///
    /// # Errors
    /// As [`Output::write`]; also if it is not a regular file.
    pub fn write_at_start(&mut self, bytes: &[u8]) -> Result<()> {
        let written = match &mut self.target {
            Target::Stream(_) => Err(io::ErrorKind::NotSeekable.into()),
            Target::File(file, _) => file.flush().and_then(|()| file.get_ref().as_file().write_all_at(bytes, 0)),
        };
        written.map_err(self.cannot())
    }

    /// Finishes the output: flush, sync, rename.
    ///
    /// # Errors
    /// As [`Output::write`]; the old file is then unchanged.
    pub fn finish(self) -> Result<()> {
        let cannot = self.cannot();
        match self.target {
            Target::Stream(mut stream) => stream.flush(),
            Target::File(file, place) => {
                file.into_inner().map_err(IntoInnerError::into_error).and_then(|file| atomic_file::keep(file, &place))
            }
        }
        .map_err(cannot)
    }

    /// Writes a whole result, while this rank keeps answering the others, however long it takes.
    ///
    /// # Errors
    /// As [`Output::finish`].
    pub fn write_all(mut self, bytes: &[u8]) -> Result<()> {
        aside(move || {
            self.write(bytes)?;
            self.finish()
        })
    }

    /// Converts a system error to one that names the file as the user did.
    pub fn cannot(&self) -> impl FnOnce(std::io::Error) -> Error + use<> {
        let (is_stdout, name) = (self.is_stdout, self.name.clone());
        move |error| if is_stdout { Error::of_stdout(error) } else { Error::io(format!("cannot write {name}"))(error) }
    }
}

/// The files that a command writes beside its report: plots, tables, lists. The root has those that
/// the user asked for.
pub struct SideFiles<const N: usize>([Option<Output>; N]);

/// What makes the bytes of a side file.
pub type Content<'c, R> = &'c (dyn Fn(&R) -> Result<Vec<u8>> + Sync);

impl<const N: usize> SideFiles<N> {
    /// Opens them at the root, before the work. Every rank must call it.
    ///
    /// # Errors
    /// As [`Output::of`].
    pub fn open(cluster: &Cluster, paths: [Option<&Path>; N]) -> Result<SideFiles<N>> {
        let mut files = [const { None }; N];
        let opened = cluster.at_root(|| {
            for (file, path) in files.iter_mut().zip(paths).filter_map(|(file, path)| Some((file, path?))) {
                *file = Some(Output::open(Some(path), || Ok(Box::new(io::sink())))?);
            }
            Ok(())
        });
        cluster.agree(opened.unwrap_or(Ok(()))).map(|()| SideFiles(files))
    }

    /// Writes those that were asked for, each even if the report or another one could not be
    /// written. `code`: how the report went; its exit code at the root. `data`, at the root: what
    /// `contents` makes the bytes of each file from. A failure here changes exit code 0 to 1, and
    /// loses nothing else. Every rank must call it; returns the exit code.
    ///
    /// # Errors
    /// That of the report; [`Error::Reported`] when a code of 0 becomes a 1.
    pub fn write<R: Sync>(
        self,
        cluster: &Cluster,
        code: Result<Option<u8>>,
        data: Option<&R>,
        contents: [Content<'_, R>; N],
    ) -> Result<u8> {
        let all = |data: &R| {
            let wanted = self.0.into_iter().zip(contents).filter_map(|(file, content)| Some((file?, content)));
            // Not lazily: an error must not keep the next file from being written.
            let written: Vec<Result<()>> = wanted.map(|(file, content)| file.put(&content(data)?)).collect();
            written.into_iter().collect()
        };
        // After a loss the command may start again.
        let written = data.filter(|_| !matches!(code, Err(Error::Lost))).map(|data| aside(|| all(data)));
        let code = cluster.broadcast(cluster.agree(code)?)?;
        match cluster.agree(written.unwrap_or(Ok(()))) {
            Err(Error::Reported { .. }) if code != 0 => Ok(code),
            ended => ended.map(|()| code),
        }
    }
}

/// The bytes that `write` writes.
///
/// # Errors
/// [`Error::Io`], which does not occur in memory.
pub fn formatted(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    write(&mut bytes).map_err(Error::io("cannot format the result"))?;
    Ok(bytes)
}

fn buffered(place: &Path) -> io::Result<BufWriter<NamedTempFile>> {
    atomic_file::sweep(place);
    Ok(BufWriter::with_capacity(BUFFER, atomic_file::beside(place)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path) -> Result<Output> {
        Output::open(Some(path), || Ok(Box::new(std::io::sink())))
    }

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("result.txt");
        let mut output = open(&path).expect("writable");
        output.write(b"new").expect("written");
        assert!(!path.exists());
        output.finish().expect("kept");
        assert_eq!(fs::read(&path).expect("there"), b"new");

        let mut output = open(&path).expect("may be replaced");
        output.write(b"half a res").expect("written");
        drop(output);
        assert_eq!(fs::read(&path).expect("there"), b"new");
        assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 1, "no temporary file is left");
    }

    #[test]
    fn bad_places_are_found_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        for bad in [folder.path().to_owned(), folder.path().join("missing/result.txt")] {
            let Err(error) = open(&bad) else { panic!("{} was opened", bad.display()) };
            assert_eq!(error.exit_code(), 1);
            assert!(error.to_string().contains("cannot write"), "{error}");
        }
    }

    #[test]
    fn a_full_disk_is_an_error() {
        let mut output = open(Path::new("/dev/full")).expect("opens");
        output.write(b"result").expect("still in the buffer");
        assert!(output.finish().is_err());
    }
}
