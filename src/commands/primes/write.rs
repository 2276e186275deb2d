//! `primes --output FILE` on several ranks: all ranks write the list in parallel, in one pass.
//!
//! A rank sieves its blocks and keeps their marks (a byte per 30 numbers). The length of each part
//! of the list follows from counts. These lengths go to the root in order, as the tallies of the
//! job; their running sum is the position of each part in the file. The root sends a rank the
//! position of its part. The rank then makes the text and writes it there (`pwrite`), one slice
//! whenever it polls for messages. The file has a temporary name until all of it is on the disk.
//! The bytes that wait on a rank are bounded: it pauses while too many do. This cannot deadlock,
//! since the rank with the first missing block has only parts before it.
//!
//! The list goes through the root instead ([`super::print`]) if a rank does not see the root's file
//! (another host without a shared file system), on NFS, where several writers of one page are
//! unsafe, and on streams.

mod reserve;

use std::cell::{RefCell, RefMut};
use std::collections::{BTreeMap, VecDeque};
use std::fs::{File, OpenOptions};
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::reserve::{RootFile, is_on_nfs, prepare};
use super::print::{PrimeList, WAITING, Written};
use crate::cluster::aside::aside;
use crate::cluster::backoff::ProgressBackoff;
use crate::cluster::{Channel, Cluster, heartbeat};
use crate::commands::context::Context;
use crate::commands::output::Output;
use crate::error::{Error, Result};
use crate::job::run::{DeliveryMemory, Outcome, agreed};
use crate::job::sink::{ReaderSteps, Sink, SinkError};
use crate::job::{Job, JobError, Span, Tally, YieldNow};
use crate::primes::encoding::Encoder;
use crate::primes::marks::Marks;
use crate::primes::sieving::Primes;
use crate::primes::source::Source;

/// Bytes of marks whose list is written at once: 2 million numbers, so at most some megabytes of
/// text and milliseconds.
const SLICE: usize = 64 << 10;

/// Time between two checks for free memory.
const PAUSE: Duration = Duration::from_millis(1);

/// Writes the list into the root's `output` from all ranks, if possible. `None` if not; then
/// nothing was written. Every rank must call it; the root passes `Some` and gets the outcome.
pub(super) fn write(
    context: &Context<'_>,
    list: PrimeList,
    primes: Option<Primes<'_>>,
    output: Option<&Output>,
) -> Result<Option<Option<Outcome<Written>>>> {
    let cluster = context.cluster;
    let place = cluster.agree(output.map(|output| prepare(list, output)).transpose())?;
    let RootFile { path, name } = cluster.broadcast(place)?;
    // The file may not exist on another host.
    let file = OpenOptions::new().write(true).open(&path).ok().filter(|_| !is_on_nfs(&path));
    let blind = cluster.max(u64::from(file.is_none()))? == 1;
    let channel = if blind { None } else { cluster.channel()? };
    let (Some(file), Some(channel)) = (file, channel) else { return Ok(None) };
    let decided = Decided::default();
    let state = RefCell::new(WriterState::new(list.encoder(context), cluster.size()));
    let job = Write { list, primes, me: cluster.rank(), file, name, channel, decided: Arc::clone(&decided), state };
    let room = DeliveryMemory { block: list.block_bytes(), all: WAITING.saturating_mul(cluster.size()) };
    let placing = cluster.at_root(|| Placing { written: Written::default(), end: list.header_bytes(), decided });
    let (outcome, placing) = agreed(cluster, context.session.deliver(&job, room, placing))?;
    job.finish(cluster, outcome.as_ref().map(Outcome::is_complete))?;
    let written = placing.as_ref().map(|placing| placing.written);
    let ended = placing.map(|Placing { written, end, .. }| {
        let (file, header) = (&job.file, list.encoding.header(written.listed));
        aside(|| file.set_len(end).and_then(|()| file.write_all_at(&header, 0))).map_err(|error| job.cannot(&error))
    });
    cluster.agree(ended.transpose())?;
    // Syncs this rank's data to the disk before the root renames the file.
    let file = &job.file;
    cluster.agree(aside(|| file.sync_data()).map_err(|error| job.cannot(&error)))?;
    Ok(Some(outcome.map(|Outcome { done, blocks, cause, account, .. }| Outcome {
        total: written,
        done,
        blocks,
        cause,
        account,
    })))
}

/// Positions that the root has decided but not sent: a rank, its first block, and its position.
type Decided = Arc<Mutex<VecDeque<(u64, [u64; 2])>>>;

/// A rank's part of the list: its first block, the primes listed, and their bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Part {
    rank: u64,
    block: u64,
    listed: u64,
    bytes: u64,
}

/// The numbers of a span, and its parts in order; or why a rank cannot write.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Parts {
    numbers: u64,
    parts: Vec<Part>,
    failed: Option<String>,
}

impl Tally for Parts {
    fn merge(&mut self, next: Parts) {
        self.numbers += next.numbers;
        self.parts.extend(next.parts);
        self.failed = self.failed.take().or(next.failed);
    }
}

/// At the root: assigns positions to parts.
struct Placing {
    written: Written,
    /// The position of the next part.
    end: u64,
    decided: Decided,
}

impl Sink<Parts> for Placing {
    fn take(&mut self, parts: Parts, _steps: &ReaderSteps) -> std::result::Result<(), SinkError> {
        if let Some(failed) = parts.failed {
            return Err(Error::Run(failed).into());
        }
        self.written.numbers += parts.numbers;
        let mut decided = self.decided.lock().unwrap_or_else(PoisonError::into_inner);
        for part in parts.parts {
            self.written.listed += part.listed;
            decided.push_back((part.rank, [part.block, self.end]));
            self.end += part.bytes;
        }
        Ok(())
    }

    fn flush(&mut self) -> std::result::Result<(), SinkError> {
        Ok(())
    }
}

/// The job of writing.
struct Write<'t> {
    list: PrimeList,
    primes: Option<Primes<'t>>,
    me: u64,
    file: File,
    name: String,
    channel: Channel,
    decided: Decided,
    state: RefCell<WriterState>,
}

/// A rank's state besides its sieve.
struct WriterState {
    encoder: Encoder,
    /// Parts without a position, by their first block: their marks and bytes.
    kept: BTreeMap<u64, (Marks, u64)>,
    /// Parts to write, in the order of their positions.
    placed: VecDeque<Placed>,
    /// Bytes of marks in both.
    held: u64,
    /// Positions received by this rank; at the root, positions sent to each rank.
    told: u64,
    sent: Vec<u64>,
    /// Why it cannot write any more.
    failed: Option<String>,
}

/// A part that is being written.
struct Placed {
    marks: Marks,
    /// Bytes of marks already written.
    done: usize,
    /// The position of the next byte, and the end of the part.
    place: u64,
    end: u64,
}

impl WriterState {
    fn new(encoder: Encoder, ranks: u64) -> WriterState {
        let (kept, placed, sent) = (BTreeMap::new(), VecDeque::new(), vec![0; ranks as usize]);
        WriterState { encoder, kept, placed, held: 0, told: 0, sent, failed: None }
    }

    /// Records the position of this rank's part that starts with `block`.
    fn told(&mut self, [block, place]: [u64; 2]) -> Result<()> {
        self.told += 1;
        let Some((marks, bytes)) = self.kept.remove(&block) else {
            return Err(Error::Run(format!(
                "a place for block {block}, which is not here (a fault of montesieve, please report it)"
            )));
        };
        if self.failed.is_none() {
            self.placed.push_back(Placed { marks, done: 0, place, end: place + bytes });
        }
        Ok(())
    }
}

impl Write<'_> {
    fn state(&self) -> RefMut<'_, WriterState> {
        self.state.borrow_mut()
    }

    fn cannot(&self, error: &std::io::Error) -> Error {
        Error::Run(format!("cannot write {}: {error}", self.name))
    }

    /// Sends and receives positions.
    fn hear(&self) -> Result<()> {
        let mut state = self.state();
        let decided = std::mem::take(&mut *self.decided.lock().unwrap_or_else(PoisonError::into_inner));
        for (rank, place) in decided {
            if rank == self.me {
                state.told(place)?;
            } else {
                state.sent[rank as usize] += 1;
                self.channel.send(rank, place)?;
            }
        }
        while let Some((_, place)) = self.channel.take()? {
            state.told(place)?;
        }
        Ok(())
    }

    /// Writes a slice of a part with a position; returns whether there was one.
    fn write_slice(&self) -> bool {
        let WriterState { encoder, placed, held, failed, .. } = &mut *self.state();
        let Some(part) = placed.front_mut() else { return false };
        let slice = part.marks.slice(part.done, SLICE);
        let written = encoder.each(&slice, |bytes| {
            let place = part.place;
            part.place += bytes.len() as u64;
            self.file.write_all_at(bytes, place)
        });
        part.done += SLICE;
        let is_whole = part.done >= part.marks.len();
        let failure = match written {
            Err(error) => Some(self.cannot(&error).to_string()),
            // Counting and listing must give the same bytes.
            Ok(()) if is_whole && part.place != part.end => Some(format!(
                "a part of the list ends at byte {} and not at {} (a fault of montesieve)",
                part.place, part.end
            )),
            Ok(()) => None,
        };
        if failure.is_some() {
            // Gives up all other parts.
            (*failed, *held) = (failure, 0);
            placed.clear();
        } else if is_whole {
            *held -= part.marks.len() as u64;
            placed.pop_front();
        }
        true
    }

    /// After the job: every rank receives its remaining positions, and writes those parts if the
    /// list `is_whole` (which the root knows).
    fn finish(&self, cluster: &Cluster, is_whole: Option<bool>) -> Result<()> {
        let is_whole = cluster.broadcast(is_whole)?;
        self.hear()?;
        let sent: Vec<[u64; 2]> = self.state().sent.iter().map(|&sent| [sent, 0]).collect();
        let [sent, _] = cluster.scatter(cluster.at_root(|| sent).as_deref())?;
        let mut backoff = ProgressBackoff::new();
        while self.state().told < sent {
            self.hear()?;
            self.channel.pause(&mut backoff)?;
        }
        self.channel.flush()?;
        while is_whole && self.write_slice() {
            heartbeat::yield_now();
            // If a rank is lost, the rest is not needed.
            cluster.all_sent(None)?;
        }
        let failed = self.state().failed.clone();
        cluster.agree(failed.map_or(Ok(()), |failed| Err(Error::Run(failed))))
    }
}

impl<'t> Job for Write<'t> {
    type Tally = Parts;
    type Workspace = Source<'t>;

    fn blocks(&self) -> u64 {
        self.list.cut.blocks()
    }

    fn grain(&self) -> u64 {
        self.list.grain()
    }

    fn make_progress(&self) -> std::result::Result<(), JobError> {
        self.hear()?;
        self.write_slice();
        Ok(())
    }

    fn workspace(&self) -> Source<'t> {
        self.list.source(self.primes.as_ref())
    }

    fn compute(&self, span: Span, source: &mut Source, yield_now: YieldNow<'_>) -> ControlFlow<(), Parts> {
        let numbers = self.list.numbers(span);
        while self.state().held > WAITING {
            yield_now()?;
            std::thread::sleep(PAUSE);
        }
        if let Some(failed) = &self.state().failed {
            return ControlFlow::Continue(Parts { numbers, parts: Vec::new(), failed: Some(failed.clone()) });
        }
        let marks = self.list.marks(span, source, yield_now)?;
        let mut state = self.state();
        let (listed, bytes) = (state.encoder.count(&marks), state.encoder.length(&marks));
        let part = Part { rank: self.me, block: span.first, listed, bytes };
        state.held += marks.len() as u64;
        state.kept.insert(span.first, (marks, bytes));
        ControlFlow::Continue(Parts { numbers, parts: vec![part], failed: None })
    }
}
