//! `primes --output FILE --output-format ...`: the list itself, written by all ranks at once.
//!
//! Two jobs over the same blocks. [`Measure`] counts: its tally keeps the bytes of each block, and their running sum is the place
//! of each block in the file. [`Write`] has every rank write its blocks there (`pwrite`), a few megabytes at a time. The file has a
//! temporary name until every byte of it is on the disk.
//!
//! Where the ranks do not all see the root's file (another host without a shared file system), and on NFS, where several
//! writers of one page are not safe, and on streams, the list goes through the root instead ([`super::print`]).

use std::fs::{File, OpenOptions};
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::cut::Cut;
use crate::commands::output::Output;
use crate::commands::setting::Setting;
use crate::error::{Error, Result};
use crate::job::run::{Outcome, run as run_job};
use crate::job::{Job, Pulse, Span, Tally};
use crate::primes::encoding::Encoding;
use crate::primes::source::{Algorithm, Source};

/// Bytes collected before a write: as long as a rank's share of a disk's time is worth, and no more memory than the sieve has.
const BUFFER: usize = 4 << 20;

/// What the root knows after the first job.
#[derive(Debug, Serialize, Deserialize)]
struct Plan {
    /// The temporary file; `None` when the list has to go through the root.
    file: Option<PathBuf>,
    /// Where each block begins in the file.
    places: Vec<u64>,
}

/// The first job: the number of primes of `cut`, and the bytes of each block. Every rank must call it; the root gets `Some`.
pub(super) fn measure(
    setting: &Setting<'_>,
    cut: Cut,
    algorithm: Algorithm,
    encoding: Encoding,
) -> Result<Option<Outcome<Measured>>> {
    run_job(setting.cluster, &Measure { cut, algorithm, encoding }, &setting.options)
}

/// The second job: writes the list into the root's `output` from all ranks, if that can be. `None` when it cannot; then nothing was
/// written. Every rank must call it; the root passes `Some` and gets the outcome.
pub(super) fn write(
    setting: &Setting<'_>,
    (cut, algorithm, encoding): (Cut, Algorithm, Encoding),
    measured: Option<(&Measured, &Output)>,
) -> Result<Option<Option<Outcome<Written>>>> {
    let cluster = setting.cluster;
    let planned = measured.map(|(measured, output)| plan(measured, output, encoding)).transpose();
    let plan: Plan = cluster.broadcast(cluster.agree(planned)?)?;
    let Some(path) = plan.file else { return Ok(None) };
    // Another host may have no such file.
    let file = OpenOptions::new().write(true).open(&path).ok().filter(|_| !is_on_nfs(&path));
    let blind = cluster.max(u64::from(file.is_none())) == 1;
    let Some(file) = file.filter(|_| !blind) else { return Ok(None) };
    let job = Write { cut, algorithm, encoding, file, places: plan.places };
    let outcome = run_job(cluster, &job, &setting.options)?;
    // What this rank wrote is on the disk before the root renames the file.
    cluster.agree(job.file.sync_data().map_err(Error::io("cannot write the list")))?;
    let failed = outcome.as_ref().and_then(|outcome| outcome.total.as_ref()?.failed.clone());
    cluster.agree(failed.map_or(Ok(()), |failed| Err(Error::Run(format!("cannot write the list: {failed}")))))?;
    Ok(Some(outcome))
}

/// At the root: makes the file as long as it will be, so that a full disk is found before the work.
fn plan(measured: &Measured, output: &Output, encoding: Encoding) -> Result<Plan> {
    let header = encoding.header(measured.primes);
    let mut places = vec![header.len() as u64];
    let mut end = header.len() as u64;
    for bytes in &measured.bytes {
        end += bytes;
        places.push(end);
    }
    let Some((file, path)) = output.temporary() else { return Ok(Plan { file: None, places: Vec::new() }) };
    reserve(file, end).map_err(output.cannot())?;
    file.write_all_at(&header, 0).map_err(output.cannot())?;
    Ok(Plan { file: Some(path.canonicalize().map_err(output.cannot())?), places })
}

fn reserve(file: &File, length: u64) -> std::io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    use rustix::io::Errno;
    match fallocate(file, FallocateFlags::empty(), 0, length.max(1)) {
        Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => file.set_len(length),
        Err(error) => Err(error.into()),
    }
}

fn is_on_nfs(path: &Path) -> bool {
    /// `NFS_SUPER_MAGIC` of linux/magic.h.
    const NFS: u64 = 0x6969;
    rustix::fs::statfs(path).is_ok_and(|system| system.f_type as u64 == NFS)
}

/// The job of counting bytes.
struct Measure {
    cut: Cut,
    algorithm: Algorithm,
    encoding: Encoding,
}

/// Numbers and primes of a span, and the bytes of each of its blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Measured {
    pub(super) numbers: u64,
    pub(super) primes: u64,
    bytes: Vec<u64>,
}

impl Tally for Measured {
    fn merge(&mut self, next: Measured) {
        self.numbers += next.numbers;
        self.primes += next.primes;
        self.bytes.extend(next.bytes);
    }
}

impl Job for Measure {
    type Tally = Measured;
    type Workspace = Source<'static>;

    fn blocks(&self) -> u64 {
        self.cut.blocks()
    }

    fn workspace(&self) -> Source<'static> {
        self.algorithm.source(self.cut.high)
    }

    fn compute(&self, span: Span, source: &mut Source, pulse: Pulse<'_>) -> ControlFlow<(), Measured> {
        let mut measured = Measured::default();
        for block in span.first..span.end {
            let (low, high) = self.cut.numbers(Span::new(block, block + 1));
            let (primes, bytes) = self.encoding.length(source, low, high, pulse)?;
            measured.merge(Measured { numbers: (high - low) as u64, primes, bytes: vec![bytes] });
        }
        ControlFlow::Continue(measured)
    }
}

/// The job of writing.
struct Write {
    cut: Cut,
    algorithm: Algorithm,
    encoding: Encoding,
    file: File,
    places: Vec<u64>,
}

/// Numbers whose primes were written, and why others could not be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Written {
    pub(super) numbers: u64,
    failed: Option<String>,
}

impl Tally for Written {
    fn merge(&mut self, next: Written) {
        self.numbers += next.numbers;
        self.failed = self.failed.take().or(next.failed);
    }
}

impl Job for Write {
    type Tally = Written;
    /// The source, a buffer, and what went wrong before: then nothing more is tried.
    type Workspace = (Source<'static>, Vec<u8>, Option<String>);

    fn blocks(&self) -> u64 {
        self.cut.blocks()
    }

    fn workspace(&self) -> Self::Workspace {
        (self.algorithm.source(self.cut.high), Vec::with_capacity(BUFFER), None)
    }

    fn compute(&self, span: Span, workspace: &mut Self::Workspace, pulse: Pulse<'_>) -> ControlFlow<(), Written> {
        let (source, buffer, failed) = workspace;
        let (low, high) = self.cut.numbers(span);
        let mut place = self.places[span.first as usize];
        let mut failure = failed.take();
        if failure.is_none() {
            buffer.clear();
            source.runs(low, high, pulse, &mut |primes| {
                self.encoding.append(primes, buffer);
                if buffer.len() >= BUFFER && failure.is_none() {
                    failure = self.flush(buffer, &mut place);
                }
                ControlFlow::Continue(())
            })?;
            failure = failure.or_else(|| self.flush(buffer, &mut place));
            // Counting and listing are two ways to the same bytes.
            let end = self.places[span.end as usize];
            if failure.is_none() && place != end {
                failure = Some(format!("blocks {span} end at byte {place} and not at {end} (a fault of montesieve)"));
            }
        }
        failed.clone_from(&failure);
        ControlFlow::Continue(Written { numbers: (high - low) as u64, failed: failure })
    }
}

impl Write {
    /// Writes the buffer to its place and empties it; what went wrong.
    fn flush(&self, buffer: &mut Vec<u8>, place: &mut u64) -> Option<String> {
        let failure = self.file.write_all_at(buffer, *place).err().map(|error| error.to_string());
        *place += buffer.len() as u64;
        buffer.clear();
        failure
    }
}
