//! Jobs that run in rounds until a condition holds; each round is a longer prefix of the job.
//!
//! Stands beside `session`, whose [`run_until`](crate::Session::run_until) loads, saves and runs
//! the rounds here. A round resumes from the ledger of the previous one, so it computes only the
//! blocks that it adds. The block counts at which rounds end are fixed in advance. So the decision
//! is the same on every number of ranks, and after every restart.
//!
//! The blocks of an [`Adaptive`] job depend on the tallies of earlier rounds: what a round needs of
//! them is a pure function of the merged tallies, which the root computes and broadcasts. A
//! checkpoint need not hold it: a resumed job computes it again from the same tallies.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::agreement::broadcast_number;
use crate::error::Result;
use crate::options::Options;
use crate::outcome::{Account, OutcomeWithPrefixes};
use crate::run::resume_with_prefixes;
use crate::transport::{ROOT, Transport};
use crate::{Job, Ledger, Span, Tally, record};

/// A job of which a prefix can run alone.
pub trait Shorten: Job + Sized {
    /// The same job, with its first `blocks` blocks only. They equal those of the whole job.
    fn shortened(&self, blocks: u64) -> Self;
}

/// A job whose later blocks depend on the tallies of earlier ones.
///
/// A stage is the run of blocks between two of its [`stages`](Adaptive::stages). The blocks of a
/// stage depend on nothing but the tallies of the stages before it, and the ledger keeps those
/// apart: each stage ends where a [prefix](Job::prefix_ends) does.
pub trait Adaptive: Shorten {
    /// What the blocks of a stage depend on.
    type Adaptation: Serialize + DeserializeOwned;

    /// Block counts, in ascending order: what follows depends on the tallies of all blocks before.
    fn stages(&self) -> Vec<u64>;

    /// The adaptation of a stage: a pure function of all blocks `before` it, which are complete and
    /// in order. Empty for the first stage. Only the root calls it.
    fn adapt(&self, before: &[(Span, &Self::Tally)]) -> Self::Adaptation;

    /// The same job, for the stage with this adaptation.
    #[must_use]
    fn adapted(self, adaptation: Self::Adaptation) -> Self;
}

/// Block counts at which rounds may end: `first`, and then a fifth more each time, so that a job
/// ends at most a fifth too late. About 240 rounds reach 2^64 blocks.
///
/// ```
/// let stops: Vec<u64> = montesieve_engine::rounds::growing(16).take(5).collect();
/// assert_eq!(stops, [16, 20, 24, 29, 35]);
/// ```
pub fn growing(first: u64) -> impl Iterator<Item = u64> {
    std::iter::successors(Some(first.max(1)), |&n| n.checked_add(n.div_ceil(5)))
}

/// Runs `job` from `done` in rounds that end at `stops`, in ascending order, and finally as a
/// whole. It ends early once `is_enough` accepts a round's job and total. Every rank must call it;
/// the root's ledger and decision count. The root gets the last round, with the account of all
/// rounds.
///
/// # Errors
/// As [`resume_with_prefixes`].
pub(crate) fn run<J: Shorten>(
    transport: &dyn Transport,
    job: &J,
    options: &Options,
    done: Ledger<J::Tally>,
    stops: impl IntoIterator<Item = u64>,
    is_enough: impl FnMut(&J, Option<&J::Tally>) -> bool,
) -> Result<Option<OutcomeWithPrefixes<J::Tally>>> {
    let reached = broadcast_number(transport, || done.spans().map(|(span, _)| span.end).max().unwrap_or(0))?;
    let stops = rounds(stops, job.blocks()).skip_while(|&stop| stop < reached);
    run_each(transport, options, done, stops, |stop, _| Ok(job.shortened(stop)), job.blocks(), is_enough)
}

/// The same for a job whose rounds adapt: they also end at its stages. `is_enough` is not asked
/// before the last stage has ended.
///
/// # Errors
/// As [`run`]; [`Error::Fault`](crate::Error::Fault) when an adaptation cannot be sent.
pub(crate) fn run_adaptive<J: Adaptive>(
    transport: &dyn Transport,
    job: &J,
    options: &Options,
    done: Ledger<J::Tally>,
    stops: impl IntoIterator<Item = u64>,
    mut is_enough: impl FnMut(&J, Option<&J::Tally>) -> bool,
) -> Result<Option<OutcomeWithPrefixes<J::Tally>>> {
    let stages = job.stages();
    let last = stages.last().copied().unwrap_or(0);
    let begun = broadcast_number(transport, || prefix(&done))?;
    // The first round is of the stage that has a hole: nothing after it can be of this job.
    let stage = stages.iter().copied().find(|&stop| stop > begun);
    let done = match stage {
        Some(end) => within(done, end),
        None => done,
    };
    let end = || done.spans().map(|(span, _)| span.end).max().unwrap_or(0);
    let reached = broadcast_number(transport, || stage.unwrap_or_else(end).min(job.blocks()))?;
    let all = stages.iter().copied().chain(stops.into_iter().skip_while(|&stop| stop <= last));
    let stops = rounds(all, job.blocks()).skip_while(|&stop| stop < reached);
    // The adaptation that was broadcast last, and the first block of its stage: rounds after the
    // last stage share one.
    let mut known: Option<(u64, Vec<u8>)> = None;
    let prepare = |stop, done: &Ledger<J::Tally>| {
        let part = job.shortened(stop);
        let first = stages.iter().copied().rfind(|&stage| stage < stop).unwrap_or(0);
        let bytes = match known.take() {
            Some((stage, bytes)) if stage == first => bytes,
            _ => {
                let before: Vec<_> = done.spans().take_while(|(span, _)| span.end <= first).collect();
                let found = (transport.rank() == ROOT).then(|| record::encode(&part.adapt(&before))).transpose()?;
                transport.broadcast(found)?
            }
        };
        let part = part.adapted(record::decode(&bytes)?);
        known = Some((first, bytes));
        Ok(part)
    };
    run_each(transport, options, done, stops, prepare, job.blocks(), |part, total| {
        part.blocks() > last && is_enough(part, total)
    })
}

/// The number of blocks that are done, up to the first hole.
fn prefix<T: Tally>(done: &Ledger<T>) -> u64 {
    done.holes(Span::new(0, u64::MAX)).first().map_or(u64::MAX, |hole| hole.first)
}

/// The spans of the first `end` blocks.
fn within<T: Tally>(done: Ledger<T>, end: u64) -> Ledger<T> {
    let mut kept = Ledger::with_boundaries(done.boundaries().clone());
    for (span, tally) in done.into_spans().filter(|(span, _)| span.end <= end) {
        // Spans of one ledger never overlap.
        let _ = kept.record(span, tally);
    }
    kept
}

/// Runs one round after the other: the job of each is what `prepare` makes of its end and of the
/// blocks done so far, which only the root has.
fn run_each<J: Shorten>(
    transport: &dyn Transport,
    options: &Options,
    mut done: Ledger<J::Tally>,
    stops: impl Iterator<Item = u64>,
    mut prepare: impl FnMut(u64, &Ledger<J::Tally>) -> Result<J>,
    blocks: u64,
    mut is_enough: impl FnMut(&J, Option<&J::Tally>) -> bool,
) -> Result<Option<OutcomeWithPrefixes<J::Tally>>> {
    let mut account = None::<Account>;
    for stop in stops {
        let part = prepare(stop, &done)?;
        let mut ended = None;
        if let Some((outcome, prefixes)) = resume_with_prefixes(transport, &part, options, std::mem::take(&mut done))? {
            let outcome = outcome.after(account.take());
            if outcome.is_complete() && stop < blocks && !is_enough(&part, outcome.total.as_ref()) {
                account = Some(outcome.account);
                // Blocks 0..stop are all done: the next round resumes from there.
                done = prefixes;
            } else {
                ended = Some((outcome, prefixes));
            }
        }
        if broadcast_number(transport, || u64::from(ended.is_some()))? == 1 {
            return Ok(ended);
        }
    }
    unreachable!("the last round is the whole job, and ends")
}

/// Where the rounds of a job of `blocks` blocks end: the stops before its end, and the end.
fn rounds(stops: impl IntoIterator<Item = u64>, blocks: u64) -> impl Iterator<Item = u64> {
    stops.into_iter().take_while(move |&stop| stop < blocks).chain(std::iter::once(blocks))
}

/// The block count and the total of each [prefix](Job::prefix_ends) of the `done` blocks, as long
/// as the ledger has no hole.
pub fn totals_of_prefixes<T: Tally>(prefixes: &Ledger<T>, done: u64) -> Vec<(u64, T)> {
    let mut totals = Vec::new();
    let mut all: Option<(u64, T)> = None;
    for (span, tally) in prefixes.spans() {
        let (end, total) = match all.take() {
            None if span.first == 0 => (span.end, tally.clone()),
            Some((end, mut total)) if span.first == end => {
                total.merge(tally.clone());
                (span.end, total)
            }
            _ => break,
        };
        if prefixes.boundaries().prefixes.has(end) && end < done {
            totals.push((end, total.clone()));
        }
        all = Some((end, total));
    }
    totals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Boundaries, PrefixEnds, Span};

    #[test]
    fn rounds_end_at_the_stops_and_with_the_job() {
        let ends = |blocks| rounds(growing(16), blocks).collect::<Vec<_>>();
        assert_eq!(ends(30), [16, 20, 24, 29, 30]);
        assert_eq!(ends(29), [16, 20, 24, 29]);
        assert_eq!((ends(16), ends(1), ends(0)), (vec![16], vec![1], vec![0]));
        assert!(ends(u64::MAX).len() < 400);
        assert_eq!(rounds([], 30).collect::<Vec<_>>(), [30]);
        assert_eq!(growing(0).take(3).collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn totals_end_at_the_first_hole() {
        let totals = |spans: &[(u64, u64)]| {
            let mut prefixes = Ledger::with_boundaries(Boundaries { at: None, prefixes: PrefixEnds::Powers });
            for &(first, end) in spans {
                prefixes.record(Span::new(first, end), end - first).expect("disjoint");
            }
            let totals = totals_of_prefixes(&prefixes, prefixes.done());
            assert!(totals.iter().all(|(blocks, total)| blocks == total));
            totals.into_iter().map(|(blocks, _)| blocks).collect::<Vec<_>>()
        };
        assert_eq!(totals(&[(16, 30), (0, 1), (2, 4), (1, 2), (4, 8), (8, 16)]), [1, 2, 4, 8, 16]);
        assert_eq!(totals(&[(0, 1), (1, 2), (2, 4)]), [1, 2], "the last one is that of all");
        assert_eq!(totals(&[(0, 1), (1, 2), (2, 4), (8, 16)]), [1, 2, 4]);
        assert_eq!(totals(&[(0, 1), (2, 4), (8, 16)]), [1], "what comes after a hole is not the first 4");
        assert_eq!(totals(&[(1, 2), (2, 4)]), [0; 0]);
        assert_eq!(totals(&[]), [0; 0]);
    }
}
