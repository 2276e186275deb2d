//! Runs a job: scatter, compute, reduce.
//!
//! Stands beside `session`, the entry point for callers, and `driver`, which runs one round on each
//! rank. Nothing here loads or locks a checkpoint: a caller that sets [`Options::keep`] and does
//! not pass the file's contents overwrites the file.

use std::sync::Arc;
use std::sync::mpsc::TryRecvError;
use std::time::{Duration, Instant};

use crate::agreement::agree;
use crate::checkpoint::{Identity, SaveSettings};
use crate::driver::{Driver, RoundParts};
use crate::error::{Error, JobError, Result};
pub use crate::options::{AtStage, Callback, JobPart, Options, Progress, Stage};
pub use crate::outcome::{Account, Outcome, OutcomeWithPrefixes, Prefixes};
use crate::profile::Profile;
use crate::protocol::{Delivery, DeliveryWindow, Machine, Root, RootState, Saves, Settings};
use crate::restart::Restart;
use crate::sink::{Sink, Writer};
use crate::timeline::Timeline;
use crate::transport::{ROOT, Transport};
use crate::{Boundaries, Dealer, Job, Ledger, PrefixEnds, Schedule, Span, StopCause, record};

/// In-order delivery: chunks in work for each rank. One in hand, one in flight, and two that are
/// done and wait for their turn.
const WINDOW_CHUNKS: u64 = 4;
/// How long the sink of a failed job may take to remove its unfinished output.
const SINK_CLEANUP: Duration = Duration::from_secs(1);
/// Time between two checks of that.
const SINK_LOOK: Duration = Duration::from_millis(1);

/// Resumes where `done` ends: computes its holes, and reduces everything. Every rank must call it;
/// the ledger at the root counts, and the root gets `Some`.
///
/// # Errors
/// [`Error`].
pub fn resume<J: Job>(
    transport: &dyn Transport,
    job: &J,
    options: &Options,
    done: Ledger<J::Tally>,
) -> Result<Option<Outcome<J::Tally>>> {
    Ok(resume_with_prefixes(transport, job, options, done)?.map(|(outcome, _)| outcome))
}

/// The same; the root also gets the ledger, if the job [has prefixes](Job::prefix_ends).
///
/// # Errors
/// As [`resume`].
pub fn resume_with_prefixes<J: Job>(
    transport: &dyn Transport,
    job: &J,
    options: &Options,
    done: Ledger<J::Tally>,
) -> Result<Option<OutcomeWithPrefixes<J::Tally>>> {
    round(transport, job, options, done, InOrder { room: None, writer: None })
}

/// In-order delivery: how much memory waiting tallies may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryMemory {
    /// The largest size of a block's tally, in bytes.
    pub block: u64,
    /// Bytes of all tallies that are in work, or done and not yet written, on all ranks together.
    pub all: u64,
}

impl DeliveryMemory {
    /// Returns two block counts, given that `wanted` blocks at a time would be good: the chunk, and
    /// how far `ranks` ranks may work ahead of the first missing block. [`WINDOW_CHUNKS`] chunks
    /// fit for each rank. Where not even single blocks fit, some ranks wait.
    fn window(self, wanted: u64, ranks: u64) -> (u64, u64) {
        let blocks = (self.all / self.block.max(1)).max(1);
        let each = WINDOW_CHUNKS * ranks;
        let chunk = wanted.min(blocks / each).max(1);
        (chunk, each.saturating_mul(chunk).min(blocks))
    }
}

/// Runs `job` and delivers its tallies to `sink` at the root, in block order, with bounded memory:
/// the ranks work at most a window ahead of the writer, as `room` allows. The sink has its own
/// thread, so its reader may pause. Every rank must call it; the root passes `Some` and gets the
/// outcome. It also gets the sink back, unless the job was stopped while the reader did not read.
///
/// # Errors
/// As [`resume`]; what `sink` returned is [`Error::AtRoot`], on every rank.
pub fn deliver<J: Job, S: Sink<J::Tally>>(
    transport: &dyn Transport,
    job: &J,
    options: &Options,
    room: DeliveryMemory,
    sink: Option<S>,
) -> Result<Delivered<J::Tally, S>> {
    let begin = |sink| {
        let background = transport.background("sink").map_err(|error| Error::Job(error.into()))?;
        let (writer, back) = Writer::begin(sink, Arc::clone(&background));
        Ok::<_, Error>((writer, (back, background)))
    };
    let (writer, back) = sink.map(begin).transpose()?.unzip();
    match round(transport, job, options, Ledger::new(), InOrder { room: Some(room), writer }) {
        Ok(ended) => Ok((ended.map(|(outcome, _)| outcome), back.and_then(|(back, _)| back.try_recv().ok()))),
        Err(error) => {
            // Its unfinished output is removed too, if it returns in time.
            if let Some((back, background)) = back {
                let mut waited = Duration::ZERO;
                while matches!(back.try_recv(), Err(TryRecvError::Empty)) && waited < SINK_CLEANUP {
                    background.sleep(SINK_LOOK);
                    waited += SINK_LOOK;
                }
            }
            Err(error)
        }
    }
}

/// The outcome of a delivery, and its sink; at the root.
pub type Delivered<T, S> = (Option<Outcome<T>>, Option<S>);

/// In-order delivery, if requested.
struct InOrder<T> {
    /// On every rank: tallies go to the root as soon as they are done, within this memory.
    room: Option<DeliveryMemory>,
    /// At the root.
    writer: Option<Writer<T>>,
}

fn round<J: Job>(
    transport: &dyn Transport,
    job: &J,
    options: &Options,
    done: Ledger<J::Tally>,
    InOrder { room, writer }: InOrder<J::Tally>,
) -> Result<Option<OutcomeWithPrefixes<J::Tally>>> {
    let at = |stage| options.at_stage.map_or(Ok(()), |at| at(stage, transport.original_rank())).map_err(Error::Job);
    at(Stage::Start)?;
    let begun = transport.now();
    let (rank, ranks) = (transport.rank(), transport.size());
    let (blocks, identity) = (job.blocks(), job.identity());
    let part = options.part.map_or(Span::new(0, blocks), |share| share.span(blocks));
    let boundaries = boundaries(job, identity.as_ref());
    let Restart { done, own } = Restart::begin(transport, done, boundaries.clone())?;
    let (own, slot) = own.unzip();
    let is_careful = identity.is_some() && (options.keep.is_some() || options.deadline.is_some());
    let keep = options.keep.as_ref().filter(|_| identity.is_some());

    let mut root = None;
    let mut chunk = 0;
    if rank == ROOT {
        let holes = done.holes(part);
        let left = holes.iter().map(|hole| hole.len()).sum();
        let wanted = wanted_chunk(options, job, left, ranks, room.is_some());
        let window;
        (chunk, window) = room.map_or((wanted, None), |room| {
            let (chunk, length) = room.window(wanted, ranks);
            (chunk, Some(length))
        });
        let dealer = Dealer::new(options.schedule, &holes, ranks, chunk, window.map(|length| (length / 2).max(1)));
        root = Some(Root::new(done, dealer, window.map(DeliveryWindow::new)));
    }
    let firsts = root.as_mut().map(|root| root.first_spans(ranks));
    let pairs: Option<Vec<[u64; 2]>> = firsts.map(|spans| spans.iter().map(|s| [s.first, s.end]).collect());
    at(Stage::Scatter)?;
    let [first, end] = transport.scatter(pairs.as_deref())?;

    let now = transport.now();
    let saves = keep.map(|keep| Saves::new(keep.between(), now));
    let delivery = room.map(|_| Delivery::default());
    let root = root.map(|root| RootState::new(root, delivery, saves, is_careful, now));
    let settings = Settings {
        rank,
        ranks,
        in_order: room.is_some(),
        grain: job.grain(),
        piece: job.piece(),
        slack: options.keep.as_ref().map(SaveSettings::slack),
        careful: is_careful.then(|| options.keep.as_ref().map_or(Duration::MAX, SaveSettings::longest_piece)),
        deadline: options.deadline,
        boundaries,
    };
    let machine = Machine::new(settings, Span::new(first, end), own, root, now);
    let identity = identity.map(|identity| Identity { parts: options.part.into_iter().collect(), ..identity });
    let keep = keep.cloned().zip(identity).filter(|_| rank == ROOT);
    let mut driver = Driver::new(transport, job, options, machine, RoundParts { writer, keep, blocks: part.len() });
    let ended = driver.run();
    if let (Some(log), Some(slot), Some(own)) = (transport.replay_log(), slot, driver.own()) {
        log.put(slot, own)?;
    }
    ended?;
    let outcome = outcome(transport, job, driver, chunk, begun)?;
    at(Stage::Report)?;
    Ok(outcome.map(|(mut outcome, prefixes)| {
        if options.part.is_some() {
            outcome.cause = outcome.cause.or(Some(StopCause::PartDone));
        }
        (outcome, prefixes)
    }))
}

/// Where the ledger's spans do not merge: in front of the first block that differs in a longer job,
/// and at the ends of the prefixes that the job needs.
pub(crate) fn boundaries<J: Job>(job: &J, identity: Option<&Identity>) -> Boundaries {
    let whole = identity.map(|identity| identity.whole).filter(|&whole| whole < job.blocks());
    Boundaries { at: whole, prefixes: job.prefix_ends() }
}

/// Blocks handed out at a time, before memory is considered.
fn wanted_chunk<J: Job>(options: &Options, job: &J, left: u64, ranks: u64, in_order: bool) -> u64 {
    match (options.schedule, options.chunk) {
        // One share for each rank, whatever the chunk; a finished job that runs again has no blocks
        // left.
        (Schedule::Block, _) if !in_order => left.div_ceil(ranks).max(1),
        (_, Some(chunk)) => chunk,
        (schedule, None) => schedule.auto_chunk(left, ranks, job.grain()),
    }
}

/// The end of a round: gathers the accounts, and all ranks agree that the root has its outcome.
fn outcome<J: Job>(
    transport: &dyn Transport,
    job: &J,
    driver: Driver<'_, J>,
    chunk: u64,
    begun: Instant,
) -> Result<Option<OutcomeWithPrefixes<J::Tally>>> {
    let crate::driver::FinishedRound { machine, profile, timeline, refusal, now } = driver.end();
    let rows = transport.gather(record::encode(&(profile, timeline))?)?;
    let (cause, root) = (machine.cause(), machine.into_root());
    let checked = root.as_ref().map_or(Ok(()), |root| check(job, root.ledger()).map_err(JobError::from));
    agree(transport, || refusal.map_or(checked, Err).map_err(Error::Job))?;
    let (Some(rows), Some(root)) = (rows, root) else { return Ok(None) };
    let rows = rows.iter().map(|bytes| record::decode(bytes)).collect::<Result<Vec<(Profile, Option<Timeline>)>>>()?;
    let (profiles, timelines): (Vec<Profile>, Vec<Option<Timeline>>) = rows.into_iter().unzip();
    let account = Account {
        seconds: now.saturating_duration_since(begun).as_secs_f64(),
        chunk,
        profiles,
        saved: root.is_saved(),
        grain: job.grain(),
        jobs: 1,
        timelines: timelines.into_iter().flatten().collect(),
    };
    let (done, blocks) = (root.done_for_good(), job.blocks());
    let ledger = root.into_ledger();
    let prefixes = if job.prefix_ends() != PrefixEnds::None { ledger.clone() } else { Ledger::new() };
    Ok(Some((Outcome { total: ledger.into_total(), done, blocks, cause, account }, prefixes)))
}

/// Checks the invariants of everything that is to be reported, whether computed here or read from a
/// file.
///
/// # Errors
/// The first one that does not hold, in a sentence.
pub fn check<J: Job>(job: &J, ledger: &Ledger<J::Tally>) -> std::result::Result<(), String> {
    ledger.spans().try_for_each(|(span, tally)| job.check(span, tally).map_err(|why| cannot_be(&why)))
}

/// The message for a result that breaks an invariant.
pub fn cannot_be(why: &str) -> String {
    format!("the result cannot be right: {why} (a fault of the program, please report it)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_bounded_in_bytes_for_every_chunk() {
        for (block, all) in [(1, 1), (1, 1000), (100, 256), (4 << 20, 256 << 20), (0, 1000)] {
            let room = DeliveryMemory { block, all };
            for ranks in [1, 2, 3, 8, 100] {
                for wanted in [1, 2, 7, 1000, u64::MAX] {
                    let (chunk, length) = room.window(wanted, ranks);
                    assert!(0 < chunk && chunk <= wanted && chunk <= length, "{room:?} {ranks} {wanted}");
                    // At least one block.
                    assert!(length == 1 || length * block <= all, "{room:?} {ranks} {wanted}");
                    assert!(chunk == 1 || 4 * ranks * chunk <= length, "{room:?} {ranks} {wanted}");
                }
            }
        }
        let room = DeliveryMemory { block: 1 << 20, all: 256 << 20 };
        assert_eq!((room.window(1000, 2), room.window(3, 2)), ((32, 256), (3, 24)));
    }
}
