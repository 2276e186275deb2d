//! The job of counting by Gourdon's formula: pi(STOP) - pi(START - 1), each in blocks of its own.
//!
//! `--verify` adds both again with another alpha: other partial sums all through, the same difference. `--algorithm both` runs the sieve
//! behind the formula. What they say must be equal: exit code 3 when it is not. A number of primes is known when all blocks are done, so a
//! part of the job has no counts.

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::ControlFlow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::count::{Counted, Kept, count};
use super::cut::{Cut, end_of};
use super::room;
use crate::cli::{self, PrimesAlgorithm, Range};
use crate::commands::conclusion::Conclusion;
use crate::commands::setting::Setting;
use crate::error::{Error, Result};
use crate::isa::Isa;
use crate::job::run::Outcome;
use crate::job::{Identity, Job, Pulse, Span, Tally};
use crate::primes::gourdon::{self, Formula, Frame, Opinion, SMALLEST, Tables, Terms};
use crate::primes::source::Algorithm;
use crate::primes::{KINDS, strong};
use crate::report::{Completion, PrimesResult, Work};

/// Adjacent blocks computed in one go, for a span's start costs some milliseconds; it looks after messages within.
const PIECE: Duration = Duration::from_secs(2);

/// How the identity of such a job begins.
pub(super) const KIND: &str = "pi(x) by blocks of Gourdon's formula";

/// The numbers whose pi is needed: STOP, and what lies below START.
fn ends(range: Range) -> [Option<u64>; 2] {
    [Some(range.stop), range.start.checked_sub(1)]
}

/// Runs the command by the formula. Every rank must call it; returns the exit code.
pub(super) fn run(setting: &Setting<'_>, options: &cli::Primes) -> Result<u8> {
    let range = options.range;
    let job = Count::new(range, options.verify, setting.isa, setting.words.clone());
    let mut outcome = compute(setting, &job)?;
    let complete = outcome.as_ref().map_or(1, |outcome| u64::from(outcome.is_complete()));
    // The other ranks do not know how far the root came.
    let go_on = setting.cluster.broadcast(setting.cluster.at_root(|| complete == 1))?;
    let total = outcome.as_mut().and_then(|outcome| outcome.total.take()).unwrap_or_default();
    let mut answers = if go_on && outcome.is_some() { job.answers(&total) } else { Vec::new() };
    if go_on && options.algorithm == PrimesAlgorithm::Both && !setting.is_merging() {
        let algorithm = Algorithm::Sieve(setting.isa);
        let cut = Cut::new(range, algorithm.block_len(end_of(range)));
        let sieved = count(setting, cut, algorithm, [false; KINDS], Kept::No)?;
        if let (Some(outcome), Some(sieved)) = (&mut outcome, sieved) {
            if sieved.is_complete() {
                answers.push(i128::from(sieved.total.unwrap_or_default().primes()));
            }
            outcome.done += sieved.done;
            outcome.blocks += sieved.blocks;
            outcome.cause = outcome.cause.or(sieved.cause);
            outcome.account.join(sieved.account);
        }
    }
    let concluded = outcome.map(|outcome| {
        let completion = Completion::of(outcome.done, outcome.blocks);
        let mut result = PrimesResult::new(range.start, range.stop, BTreeMap::new(), completion);
        let agree = answers.windows(2).all(|pair| pair[0] == pair[1]);
        if completion.is_complete() {
            result.counts.insert(1, number(&answers)?);
            result.first = Some(strong::first(range.start, end_of(range)));
            result.last = Some(strong::last(range.start, end_of(range)));
        }
        if !agree {
            // Nobody is left to tell when stderr is gone.
            let _ = writeln!(std::io::stderr(), "montesieve: the counts differ: {answers:?}");
        }
        let numbers = if completion.is_complete() { (range.stop - range.start).saturating_add(1) } else { 0 };
        let work = Work { amount: numbers, unit: "numbers" };
        let verdict = if agree { 0 } else { Error::WRONG };
        Ok(Conclusion { verdict, ..Conclusion::new("primes", outcome, Some(result), work) })
    });
    setting.conclude(setting.cluster.agree(concluded.transpose())?)
}

/// The primes of `range`, and nothing of the job is kept. Every rank must call it; the root gets `Some`, without a count when it was stopped.
pub(super) fn counted(setting: &Setting<'_>, range: Range) -> Result<Option<Outcome<Counted>>> {
    let job = Count::new(range, false, setting.isa, Vec::new());
    let outcome = compute(setting, &job)?;
    let counted = outcome.map(|Outcome { total, done, blocks, cause, account }| {
        let answers = total.filter(|_| done == blocks).map(|sums| job.answers(&sums));
        let total = answers.map(|answers| number(&answers)).transpose()?.map(|primes| {
            let mut counted = Counted { numbers: (range.stop - range.start).saturating_add(1), ..Counted::default() };
            counted.counts[0] = primes;
            counted
        });
        Ok(Outcome { total, done, blocks, cause, account })
    });
    setting.cluster.agree(counted.transpose())
}

/// Computes the job where its tables fit.
fn compute(setting: &Setting<'_>, job: &Count) -> Result<Option<Outcome<Sums>>> {
    if !setting.is_merging() {
        room::check(setting.cluster, job.size().1)?;
    }
    setting.compute(job)
}

/// The first answer, which all others should equal.
fn number(answers: &[i128]) -> Result<u64> {
    let primes = answers.first().and_then(|&primes| u64::try_from(primes).ok());
    primes.ok_or_else(|| Error::Run(format!("the formula says {answers:?} (a fault of montesieve)")))
}

/// One pi(x) of the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// Known from a small table.
    Known(u64),
    /// By the formula, in so many blocks.
    Formula(Frame, u64),
}

impl Side {
    fn new(x: u64, opinion: Opinion) -> Side {
        if x < SMALLEST {
            return Side::Known(gourdon::small(x));
        }
        let frame = Frame::new(u128::from(x), opinion);
        Side::Formula(frame, gourdon::blocks(&frame))
    }

    fn blocks(self) -> u64 {
        match self {
            Side::Known(_) => 0,
            Side::Formula(_, blocks) => blocks,
        }
    }
}

/// The job: the blocks of each side, one side after the other.
pub(super) struct Count {
    sides: Vec<Side>,
    isa: Isa,
    words: Vec<String>,
}

/// The terms of each side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sums(Vec<Terms>);

impl Tally for Sums {
    fn merge(&mut self, next: Sums) {
        self.0.iter_mut().zip(next.0).for_each(|(terms, more)| terms.merge(more));
    }
}

impl Count {
    pub(super) fn new(range: Range, verify: bool, isa: Isa, words: Vec<String>) -> Count {
        let opinions: &[Opinion] = if verify { &[Opinion::First, Opinion::Second] } else { &[Opinion::First] };
        let pair = |&opinion: &Opinion| ends(range).map(|end| end.map_or(Side::Known(0), |x| Side::new(x, opinion)));
        Count { sides: opinions.iter().flat_map(pair).collect(), isa, words }
    }

    /// Its blocks, and about how many bytes of tables each rank has in the end.
    pub(super) fn size(&self) -> (u64, u64) {
        let bytes = |side: &Side| match side {
            Side::Known(_) => 0,
            Side::Formula(frame, _) => Tables::bytes(frame),
        };
        (self.blocks(), self.sides.iter().map(bytes).sum())
    }

    /// The number of primes of the range, as each opinion has it.
    fn answers(&self, sums: &Sums) -> Vec<i128> {
        let none = Terms::default();
        let pi = |(i, side): (usize, &Side)| match side {
            Side::Known(primes) => i128::from(*primes),
            Side::Formula(frame, _) => gourdon::primes_up_to(frame, sums.0.get(i).unwrap_or(&none)),
        };
        let pis: Vec<i128> = self.sides.iter().enumerate().map(pi).collect();
        pis.chunks(2).map(|pair| pair[0] - pair[1]).collect()
    }
}

impl Job for Count {
    type Tally = Sums;
    /// The tables of each side, once they were needed: they are made under way, for that takes long enough to look after signals.
    type Workspace = Vec<Option<Formula>>;

    fn blocks(&self) -> u64 {
        // What a table knows is still one block.
        self.sides.iter().map(|side| side.blocks()).sum::<u64>().max(1)
    }

    fn identity(&self) -> Option<Identity> {
        let blocks = self.blocks();
        let kind = format!("{KIND}, {:?}", self.sides);
        Some(Identity { kind, amount: blocks, whole: blocks, words: self.words.clone() })
    }

    fn piece(&self) -> Duration {
        PIECE
    }

    fn workspace(&self) -> Self::Workspace {
        self.sides.iter().map(|_| None).collect()
    }

    fn compute(&self, span: Span, formulas: &mut Self::Workspace, pulse: Pulse<'_>) -> ControlFlow<(), Sums> {
        let (mut behind, mut sums) = (0, Sums::default());
        for (side, formula) in self.sides.iter().zip(formulas) {
            let place = |block: u64| block.saturating_sub(behind).min(side.blocks());
            let blocks = place(span.first)..place(span.end);
            behind += side.blocks();
            sums.0.push(match side {
                Side::Formula(frame, _) if !blocks.is_empty() => {
                    let formula = match formula {
                        Some(formula) => formula,
                        None => formula.insert(Formula::new(*frame, self.isa, pulse)?),
                    };
                    formula.compute(blocks, pulse)?
                }
                _ => Terms::default(),
            });
        }
        ControlFlow::Continue(sums)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Ledger;

    #[test]
    fn ranges_by_both_opinions_begun_in_the_middle() {
        for (start, stop, primes) in [
            (0, 0, 0),
            (0, 2, 1),
            (2, 2, 1),
            (1_000_000, 1_000_003, 1),
            (0, 1_000_000, 78_498),
            (1_000_000_000_000, 1_000_010_000_000, 361_726),
        ] {
            let job = Count::new(Range { start, stop }, true, Isa::widest(), Vec::new());
            let (mut workspace, mut ledger) = (job.workspace(), Ledger::new());
            let middle = job.blocks() / 2;
            for block in (middle..job.blocks()).chain(0..middle) {
                let span = Span::new(block, block + 1);
                let ControlFlow::Continue(sums) = job.compute(span, &mut workspace, &mut || ControlFlow::Continue(()))
                else {
                    unreachable!("nobody broke")
                };
                ledger.record(span, sums).expect("each block once");
            }
            assert_eq!(job.answers(&ledger.into_total().unwrap_or_default()), [primes; 2], "{start} to {stop}");
        }
    }
}
