//! Monte Carlo jobs in rounds: until an error is small enough, or with a look at every power of two.
//!
//! A round is the same job cut short: its first so many blocks, of which the rounds before have done most. The numbers of
//! blocks at which rounds end are fixed beforehand, so what is decided there is the same for every number of ranks, and after
//! every restart. Early estimates of an error are not to be trusted, hence a minimum.

use super::setting::Setting;
use crate::cli::{Precision, TargetError};
use crate::error::Result;
use crate::job::run::{Account, Outcome, resume};
use crate::job::{Job, Ledger, Span};

/// Blocks before an error is believed: 16 of some 10^4 samples at the least.
const FEWEST: u64 = 16;

/// A job whose done blocks are an estimate of something, however many they are.
pub(super) trait Sampling: Job {
    /// What a tally says; `None` when it says nothing yet.
    fn reading(&self, tally: &Self::Tally) -> Option<Reading>;

    /// The same job, of its first `blocks` blocks only.
    fn shortened(&self, blocks: u64) -> Self;
}

/// An estimate on the way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Reading {
    /// Samples it is made of.
    pub(super) samples: u64,
    pub(super) estimate: f64,
    /// Unknown when all samples had the same value.
    pub(super) std_error: Option<f64>,
    pub(super) ci95: Option<[f64; 2]>,
}

impl Reading {
    /// Whether the error is small enough.
    pub(super) fn meets(&self, target: TargetError) -> bool {
        self.std_error.is_some_and(|error| error <= target.for_estimate(self.estimate))
    }
}

/// What a job in rounds came to, at the root.
pub(super) struct Course<T> {
    /// Of all rounds together; `blocks` are those of the last one.
    pub(super) outcome: Outcome<T>,
    /// Estimates at powers of two of the blocks, and at the end.
    pub(super) readings: Vec<Reading>,
    /// Whether the target was met, if there was one.
    pub(super) met: Option<bool>,
}

/// Computes `job` as far as it takes. Every rank must call it; the root gets `Some`.
///
/// # Errors
/// As [`Setting::compute`].
pub(super) fn compute<J: Sampling>(setting: &Setting<'_>, job: &J, wish: &Precision) -> Result<Option<Course<J::Tally>>> {
    if !wish.needs_rounds() {
        let outcome = setting.compute(job)?;
        return Ok(outcome.map(|outcome| Course { outcome, readings: Vec::new(), met: None }));
    }
    let cluster = setting.cluster;
    let mut done: Ledger<J::Tally> = setting.before(job)?;
    let reached = cluster.broadcast(cluster.at_root(|| done.spans().map(|(span, _)| span.end).max().unwrap_or(0)))?;
    let (mut readings, mut account) = (Vec::new(), None::<Account>);
    let mut stop = 0;
    loop {
        stop = next_stop(stop, job.blocks(), wish);
        if stop < reached {
            continue;
        }
        let part = job.shortened(stop);
        let outcome = resume(cluster, &part, &setting.options, done)?;
        let mut ended = None;
        let mut kept = Ledger::new();
        if let Some(mut outcome) = outcome {
            if let Some(mut before) = account.take() {
                before.join(outcome.account);
                outcome.account = before;
            }
            let reading = outcome.total.as_ref().and_then(|tally| part.reading(tally));
            let met = wish.target_error.map(|target| reading.is_some_and(|reading| reading.meets(target)));
            // At powers of two the way is only looked at: where a job ends must not depend on whether somebody looks.
            let decides = is_decisive(stop, job.blocks());
            let last = !outcome.is_complete() || stop == job.blocks() || (decides && met == Some(true));
            if last || stop.is_power_of_two() {
                readings.extend(reading);
            }
            if last {
                ended = Some(Course { outcome, readings: std::mem::take(&mut readings), met });
            } else {
                account = Some(outcome.account);
                // The blocks 0..stop are all done: the next round goes on from there.
                if let Some(total) = outcome.total {
                    kept.record(Span::new(0, stop), total).map_err(|overlap| crate::error::Error::Run(overlap.to_string()))?;
                }
            }
        }
        done = kept;
        let go_on = cluster.broadcast(cluster.at_root(|| ended.is_none()))?;
        if !go_on {
            return Ok(ended);
        }
    }
}

/// The block counts at which an error decides: 16, and then a fifth more each time. A job ends at most a fifth too late.
fn decisive() -> impl Iterator<Item = u64> {
    std::iter::successors(Some(FEWEST), |&n| n.checked_add(n.div_ceil(5)))
}

fn is_decisive(stop: u64, blocks: u64) -> bool {
    stop == blocks || decisive().take_while(|&n| n <= stop).last() == Some(stop)
}

/// Where the round after `stop` ends.
fn next_stop(stop: u64, blocks: u64, wish: &Precision) -> u64 {
    let target = wish.target_error.and_then(|_| decisive().find(|&n| n > stop));
    let power = wish.shows_the_way().then(|| (stop + 1).checked_next_power_of_two()).flatten();
    [target, power].into_iter().flatten().min().unwrap_or(blocks).min(blocks)
}
