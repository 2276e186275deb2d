//! Jobs that run in rounds until a condition holds; each round is a longer prefix of the job.
//!
//! Stands beside `session`, whose [`run_until`](crate::Session::run_until) loads, saves and runs
//! the rounds here. A round resumes from the ledger of the previous one, so it computes only the
//! blocks that it adds. The block counts at which rounds end are fixed in advance. So the decision
//! is the same on every number of ranks, and after every restart.

use crate::agreement::broadcast_number;
use crate::error::Result;
use crate::options::Options;
use crate::outcome::{Account, OutcomeWithPrefixes};
use crate::run::resume_with_prefixes;
use crate::transport::Transport;
use crate::{Job, Ledger, Tally};

/// A job of which a prefix can run alone.
pub trait Shorten: Job + Sized {
    /// The same job, with its first `blocks` blocks only. They equal those of the whole job.
    fn shortened(&self, blocks: u64) -> Self;
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
    mut done: Ledger<J::Tally>,
    stops: impl IntoIterator<Item = u64>,
    mut is_enough: impl FnMut(&J, Option<&J::Tally>) -> bool,
) -> Result<Option<OutcomeWithPrefixes<J::Tally>>> {
    let reached = broadcast_number(transport, || done.spans().map(|(span, _)| span.end).max().unwrap_or(0))?;
    let mut account = None::<Account>;
    for stop in rounds(stops, job.blocks()).skip_while(|&stop| stop < reached) {
        let part = job.shortened(stop);
        let mut ended = None;
        if let Some((outcome, prefixes)) = resume_with_prefixes(transport, &part, options, std::mem::take(&mut done))? {
            let outcome = outcome.after(account.take());
            if outcome.is_complete() && stop < job.blocks() && !is_enough(&part, outcome.total.as_ref()) {
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

/// The block count and the total of the first 1, 2, 4, 8, ... of the `done` blocks, as long as the
/// ledger has no hole.
pub fn totals_at_powers<T: Tally>(prefixes: &Ledger<T>, done: u64) -> Vec<(u64, T)> {
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
        if end.is_power_of_two() && end < done {
            totals.push((end, total.clone()));
        }
        all = Some((end, total));
    }
    totals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Boundaries, Span};

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
            let mut prefixes = Ledger::with_boundaries(Boundaries { at: None, at_powers: true });
            for &(first, end) in spans {
                prefixes.record(Span::new(first, end), end - first).expect("disjoint");
            }
            let totals = totals_at_powers(&prefixes, prefixes.done());
            assert!(totals.iter().all(|(blocks, total)| blocks == total));
            totals.into_iter().map(|(blocks, _)| blocks).collect::<Vec<_>>()
        };
        assert_eq!(totals(&[(16, 30), (0, 1), (2, 4), (1, 2), (4, 8), (8, 16)]), [1, 2, 4, 8, 16]);
        assert_eq!(totals(&[(0, 1), (1, 2), (2, 4)]), [1, 2], "the last one is that of all");
        assert_eq!(totals(&[(0, 1), (1, 2), (2, 4), (8, 16)]), [1, 2, 4]);
        assert_eq!(totals(&[(0, 1), (2, 4), (8, 16)]), [1], "what is behind a hole is not the first 4");
        assert_eq!(totals(&[(1, 2), (2, 4)]), [0; 0]);
        assert_eq!(totals(&[]), [0; 0]);
    }
}
