//! The job of the formula: pi(STOP) - pi(START - 1), each in its own blocks.
//!
//! Stands beside `formula.rs`, which runs the job and reports. `--verify` computes both numbers
//! again with another alpha: all partial sums differ, but not the result. The number of primes is
//! known only when all blocks are done, so a part of the job has no counts.

use std::ops::{ControlFlow, Deref};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::range::Range;
use crate::job::run::JobPart;
use crate::job::{Identity, Job, Ledger, Span, Tally, Version, YieldNow, invariant};
use crate::primes::gourdon::{self, Formula, Layout, Params, SMALLEST, Split, Terms, Words};
use crate::primes::tuning::Tuning;

/// Adjacent blocks computed at once, since the start of a span costs some milliseconds; the kernel
/// polls for messages within.
const PIECE: Duration = Duration::from_secs(2);

/// The prefix of the identity of such a job.
pub(super) const KIND: &str = "pi(x) by blocks of Gourdon's formula";

/// One pi(x) of the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PiValue {
    /// Known from a small table.
    Known(u64),
    /// By the formula, in this many blocks.
    Formula(Params, u64),
}

impl PiValue {
    fn new(x: u128, split: Split) -> PiValue {
        if x < u128::from(SMALLEST) {
            return PiValue::Known(gourdon::small(x as u64));
        }
        let params = Params::new(x, split);
        PiValue::Formula(params, gourdon::blocks(&params))
    }

    fn blocks(self) -> u64 {
        match self {
            PiValue::Known(_) => 0,
            PiValue::Formula(_, blocks) => blocks,
        }
    }

    fn params(&self) -> Option<&Params> {
        match self {
            PiValue::Known(_) => None,
            PiValue::Formula(params, _) => Some(params),
        }
    }
}

/// The terms of each value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sums(Vec<Terms>);

impl Tally for Sums {
    fn merge(&mut self, next: Sums) {
        self.0.iter_mut().zip(next.0).for_each(|(terms, more)| terms.merge(more));
    }
}

/// The arguments of pi: STOP and START - 1, for each set of parameters.
pub(super) struct Difference {
    values: Vec<PiValue>,
    words: Vec<String>,
}

impl Difference {
    pub(super) fn new(range: Range<u128>, verify: bool, words: Vec<String>) -> Difference {
        let splits: &[Split] = if verify { &[Split::First, Split::Second] } else { &[Split::First] };
        let ends = [Some(range.stop), range.start.checked_sub(1)];
        let pair = |&split: &Split| ends.map(|end| end.map_or(PiValue::Known(0), |x| PiValue::new(x, split)));
        Difference { values: splits.iter().flat_map(pair).collect(), words }
    }

    /// Its blocks.
    pub(super) fn blocks(&self) -> u64 {
        // Even if a table has the answer, the job has one block.
        self.values.iter().map(|value| value.blocks()).sum::<u64>().max(1)
    }

    /// The size of the tables for all difference.
    pub(super) fn layout(&self) -> Option<Layout> {
        Layout::of(self.values.iter().filter_map(PiValue::params))
    }

    /// The size of the tables that this shard's remaining blocks need; `None` if they need none.
    pub(super) fn needed(&self, done: &Ledger<Sums>, share: Option<JobPart>) -> Option<Layout> {
        let part = share.map_or(Span::new(0, self.blocks()), |share| share.span(self.blocks()));
        let holes = done.holes(part);
        let needed = |&(_, span): &(&PiValue, Span)| holes.iter().any(|&hole| hole.overlaps(span));
        Layout::of(self.spans().filter(needed).filter_map(|(value, _)| value.params()))
    }

    /// How many values come from the formula.
    pub(super) fn formulas(&self) -> u64 {
        self.values.iter().filter(|value| value.params().is_some()).count() as u64
    }

    /// The values, each with its blocks.
    fn spans(&self) -> impl Iterator<Item = (&PiValue, Span)> {
        self.values.iter().scan(0, |behind, value| {
            let first = *behind;
            *behind += value.blocks();
            Some((value, Span::new(first, *behind)))
        })
    }

    /// The number of primes of the range, by each set of parameters.
    pub(super) fn answers(&self, sums: &Sums) -> Vec<i128> {
        let none = Terms::default();
        let pi = |(i, value): (usize, &PiValue)| match value {
            PiValue::Known(primes) => i128::from(*primes),
            PiValue::Formula(params, _) => gourdon::primes_up_to(params, sums.0.get(i).unwrap_or(&none)),
        };
        let pis: Vec<i128> = self.values.iter().enumerate().map(pi).collect();
        pis.chunks(2).map(|pair| pair[0] - pair[1]).collect()
    }
}

/// The job: the blocks of each value, one value after the other.
pub(super) struct Count<'t> {
    difference: &'t Difference,
    /// `None` without tables: they are not needed, or the job was stopped before it started.
    formulas: Vec<Option<Formula<'t>>>,
}

impl<'t> Count<'t> {
    /// The job, with the tables for all remaining blocks.
    pub(super) fn new<W: Deref<Target = [u64]>>(
        difference: &'t Difference,
        words: Option<&'t Words<W>>,
        tuning: Tuning,
    ) -> Count<'t> {
        let formula = |value: &PiValue| Some(Formula::new(*value.params()?, words?, tuning));
        Count { difference, formulas: difference.values.iter().map(formula).collect() }
    }

    /// The job without tables, for queries before they are built.
    pub(super) fn bare(difference: &'t Difference) -> Count<'t> {
        Count { difference, formulas: difference.values.iter().map(|_| None).collect() }
    }
}

/// Seconds of work to take at once, and blocks at least: a span starts with phi from scratch, which
/// is a tenth of a block of 1e17 (13 ms) and up to a fifth of one from 1e18 on.
const GRAIN: f64 = 0.08;
const LEAST: u64 = 2;

impl Job for Count<'_> {
    type Tally = Sums;
    type Workspace = ();

    fn blocks(&self) -> u64 {
        self.difference.blocks()
    }

    fn grain(&self) -> u64 {
        let seconds = |value: &PiValue| match value {
            PiValue::Formula(params, _) => gourdon::seconds(params.x),
            _ => 0.0,
        };
        let seconds: f64 = self.difference.values.iter().map(seconds).sum();
        ((self.blocks() as f64 * GRAIN / seconds.max(GRAIN)) as u64).max(LEAST)
    }

    fn identity(&self) -> Option<Identity> {
        let blocks = self.blocks();
        let kind = format!("{KIND}, {:?}", self.difference.values);
        let version = Version { cut: 2, stream: 1, block: 0 };
        let (amount, words) = (blocks.into(), self.difference.words.clone());
        Some(Identity { kind, version, amount, whole: blocks, words, parts: Vec::new() })
    }

    fn check(&self, span: Span, sums: &Sums) -> Result<(), String> {
        invariant::equal("values of pi", sums.0.len(), self.difference.values.len())?;
        for ((value, own), terms) in self.difference.spans().zip(&sums.0) {
            let is_known = matches!(value, PiValue::Known(_));
            let nothing = is_known || !own.overlaps(span);
            let most = value.params().map_or(0, |params| params.x);
            invariant::holds(
                "terms are such as blocks can have",
                if nothing { *terms == Terms::default() } else { terms.is_sound(most) },
            )?;
        }
        Ok(())
    }

    fn piece(&self) -> Duration {
        PIECE
    }

    fn workspace(&self) {}

    fn compute(&self, span: Span, (): &mut (), yield_now: YieldNow<'_>) -> ControlFlow<(), Sums> {
        let mut sums = Sums::default();
        for ((value, own), formula) in self.difference.spans().zip(&self.formulas) {
            let place = |block: u64| block.clamp(own.first, own.end) - own.first;
            let blocks = place(span.first)..place(span.end);
            sums.0.push(match (value, formula) {
                (PiValue::Formula(..), _) if blocks.is_empty() => Terms::default(),
                (PiValue::Formula(..), Some(formula)) => formula.compute(blocks, yield_now)?,
                // Building the tables was interrupted: the root has been asked to stop, and will
                // report it.
                (PiValue::Formula(..), None) => loop {
                    yield_now()?;
                    thread::yield_now();
                },
                (PiValue::Known(_), _) => Terms::default(),
            });
        }
        ControlFlow::Continue(sums)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::forged::attack;
    use crate::isa::Isa;

    fn never() -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    #[test]
    fn ranges_by_both_splits_started_in_the_middle() {
        for (start, stop, primes) in [
            (0, 0, 0),
            (0, 2, 1),
            (2, 2, 1),
            (1_000_000, 1_000_003, 1),
            (0, 1_000_000, 78_498),
            (1_000_000_000_000, 1_000_010_000_000, 361_726),
        ] {
            let difference = Difference::new(Range { start, stop }, true, Vec::new());
            let words = difference.layout().map(|layout| match layout.own(&mut never) {
                ControlFlow::Continue(words) => words,
                ControlFlow::Break(()) => unreachable!("nothing breaks it"),
            });
            let job = Count::new(&difference, words.as_ref(), Isa::widest().into());
            let mut ledger = Ledger::new();
            let middle = job.blocks() / 2;
            for block in (middle..job.blocks()).chain(0..middle) {
                let span = Span::new(block, block + 1);
                let ControlFlow::Continue(sums) = job.compute(span, &mut (), &mut never) else {
                    unreachable!("nothing breaks it")
                };
                ledger.record(span, sums).expect("each block once");
            }
            assert_eq!(difference.needed(&ledger, None), None, "all is done");
            assert_eq!(difference.answers(&ledger.into_total().unwrap_or_default()), [primes; 2], "{start} to {stop}");
        }
    }

    #[test]
    fn forged_checkpoints_are_refused_or_sound() {
        let difference = Difference::new(Range { start: 1_000_000, stop: 20_000_000 }, true, Vec::new());
        let words = difference.layout().map(|layout| match layout.own(&mut never) {
            ControlFlow::Continue(words) => words,
            ControlFlow::Break(()) => unreachable!("nothing breaks it"),
        });
        let job = Count::new(&difference, words.as_ref(), Isa::widest().into());
        attack("primes by the formula", &job, |sums| format!("{:?}", difference.answers(sums)));
    }

    #[test]
    fn tables_are_as_large_as_what_is_left() {
        let difference = Difference::new(Range { start: 10_u128.pow(9), stop: 10_u128.pow(12) }, false, Vec::new());
        let of = |x: u128| Layout::of([&Params::new(x, Split::First)]);
        let border = difference.spans().next().map_or(0, |(_, span)| span.end);
        let mut ledger = Ledger::new();
        assert_eq!((difference.needed(&ledger, None), difference.layout()), (of(10_u128.pow(12)), of(10_u128.pow(12))));
        ledger.record(Span::new(0, border), Sums::default()).expect("once");
        assert_eq!(difference.needed(&ledger, None), of(10_u128.pow(9) - 1));
        assert_eq!(difference.needed(&ledger, Some(JobPart { index: 0, of: 1000 })), None);
    }

    #[test]
    fn without_tables_a_job_waits_for_its_end() {
        let difference = Difference::new(Range { start: 0, stop: 10_u128.pow(9) }, false, Vec::new());
        let mut looks = 0;
        let ended = Count::bare(&difference).compute(Span::new(0, 1), &mut (), &mut || {
            looks += 1;
            if looks == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!((ended, looks), (ControlFlow::Break(()), 3));
    }
}
