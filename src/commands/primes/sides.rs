//! What the formula is asked: pi(STOP) - pi(START - 1), each in blocks of its own, as one job.
//!
//! Stands beside `formula.rs`, which runs the job and reports. `--verify` adds both numbers again with another alpha: other partial sums all
//! through, the same difference. A number of primes is known when all blocks are done, so a part of the job has no counts.

use std::ops::{ControlFlow, Deref};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::range::Range;
use crate::isa::Isa;
use crate::job::run::JobPart;
use crate::job::{Identity, Job, Ledger, Span, Tally, Version, YieldNow, invariant};
use crate::primes::gourdon::{self, Formula, Layout, Params, SMALLEST, Split, Terms, Words};

/// Adjacent blocks computed in one go, for a span's start costs some milliseconds; it looks after messages within.
const PIECE: Duration = Duration::from_secs(2);

/// How the identity of such a job begins.
pub(super) const KIND: &str = "pi(x) by blocks of Gourdon's formula";

/// One pi(x) of the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// Known from a small table.
    Known(u64),
    /// By the formula, in so many blocks.
    Formula(Params, u64),
}

impl Side {
    fn new(x: u128, opinion: Split) -> Side {
        if x < u128::from(SMALLEST) {
            return Side::Known(gourdon::small(x as u64));
        }
        let frame = Params::new(x, opinion);
        Side::Formula(frame, gourdon::blocks(&frame))
    }

    fn blocks(self) -> u64 {
        match self {
            Side::Known(_) => 0,
            Side::Formula(_, blocks) => blocks,
        }
    }

    fn frame(&self) -> Option<&Params> {
        match self {
            Side::Known(_) => None,
            Side::Formula(frame, _) => Some(frame),
        }
    }
}

/// The terms of each side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sums(Vec<Terms>);

impl Tally for Sums {
    fn merge(&mut self, next: Sums) {
        self.0.iter_mut().zip(next.0).for_each(|(terms, more)| terms.merge(more));
    }
}

/// The numbers whose pi is asked for: STOP, and what lies below START; by each opinion.
pub(super) struct Sides {
    sides: Vec<Side>,
    words: Vec<String>,
}

impl Sides {
    pub(super) fn new(range: Range<u128>, verify: bool, words: Vec<String>) -> Sides {
        let opinions: &[Split] = if verify { &[Split::First, Split::Second] } else { &[Split::First] };
        let ends = [Some(range.stop), range.start.checked_sub(1)];
        let pair = |&opinion: &Split| ends.map(|end| end.map_or(Side::Known(0), |x| Side::new(x, opinion)));
        Sides { sides: opinions.iter().flat_map(pair).collect(), words }
    }

    /// Its blocks.
    pub(super) fn blocks(&self) -> u64 {
        // What a table knows is still one block.
        self.sides.iter().map(|side| side.blocks()).sum::<u64>().max(1)
    }

    /// How large tables of all sides are.
    pub(super) fn layout(&self) -> Option<Layout> {
        Layout::of(self.sides.iter().filter_map(Side::frame))
    }

    /// How large the tables are that the blocks need which are still to be done in this part of the job; `None` when they need none.
    pub(super) fn needed(&self, done: &Ledger<Sums>, share: Option<JobPart>) -> Option<Layout> {
        let part = share.map_or(Span::new(0, self.blocks()), |share| share.span(self.blocks()));
        let holes = done.holes(part);
        let needed = |&(_, span): &(&Side, Span)| holes.iter().any(|&hole| hole.overlaps(span));
        Layout::of(self.spans().filter(needed).filter_map(|(side, _)| side.frame()))
    }

    /// The sides, each with its blocks.
    fn spans(&self) -> impl Iterator<Item = (&Side, Span)> {
        self.sides.iter().scan(0, |behind, side| {
            let first = *behind;
            *behind += side.blocks();
            Some((side, Span::new(first, *behind)))
        })
    }

    /// The number of primes of the range, as each opinion has it.
    pub(super) fn answers(&self, sums: &Sums) -> Vec<i128> {
        let none = Terms::default();
        let pi = |(i, side): (usize, &Side)| match side {
            Side::Known(primes) => i128::from(*primes),
            Side::Formula(frame, _) => gourdon::primes_up_to(frame, sums.0.get(i).unwrap_or(&none)),
        };
        let pis: Vec<i128> = self.sides.iter().enumerate().map(pi).collect();
        pis.chunks(2).map(|pair| pair[0] - pair[1]).collect()
    }
}

/// The job: the blocks of each side, one side after the other.
pub(super) struct Count<'t> {
    sides: &'t Sides,
    /// None where tables were not made: nobody needs them, or the job is over before it begins.
    formulas: Vec<Option<Formula<'t>>>,
}

impl<'t> Count<'t> {
    /// With the words of tables for all of it that is still to be done.
    pub(super) fn new<W: Deref<Target = [u64]>>(sides: &'t Sides, words: Option<&'t Words<W>>, isa: Isa) -> Count<'t> {
        let formula = |side: &Side| Some(Formula::new(*side.frame()?, words?, isa));
        Count { sides, formulas: sides.sides.iter().map(formula).collect() }
    }

    /// Without tables: for what has to be known of the job before they are made.
    pub(super) fn bare(sides: &'t Sides) -> Count<'t> {
        Count { sides, formulas: sides.sides.iter().map(|_| None).collect() }
    }
}

/// Seconds of work to go on with: a span begins with phi from scratch, which is a tenth of a single block of 1e17 (13 ms) and nothing beside one of 1e20.
const GRAIN: f64 = 0.08;

impl Job for Count<'_> {
    type Tally = Sums;
    type Workspace = ();

    fn blocks(&self) -> u64 {
        self.sides.blocks()
    }

    fn grain(&self) -> u64 {
        let seconds = |side: &Side| match side {
            Side::Formula(frame, _) => gourdon::seconds(frame.x),
            _ => 0.0,
        };
        let seconds: f64 = self.sides.sides.iter().map(seconds).sum();
        ((self.blocks() as f64 * GRAIN / seconds.max(GRAIN)) as u64).max(1)
    }

    fn identity(&self) -> Option<Identity> {
        let blocks = self.blocks();
        let kind = format!("{KIND}, {:?}", self.sides.sides);
        let version = Version { cut: 1, stream: 1, block: 0 };
        let (amount, words) = (blocks.into(), self.sides.words.clone());
        Some(Identity { kind, version, amount, whole: blocks, words, parts: Vec::new() })
    }

    fn check(&self, span: Span, sums: &Sums) -> Result<(), String> {
        invariant::equal("sides", sums.0.len(), self.sides.sides.len())?;
        for ((side, own), terms) in self.sides.spans().zip(&sums.0) {
            let is_known = matches!(side, Side::Known(_));
            let nothing = is_known || !own.overlaps(span);
            let most = side.frame().map_or(0, |frame| frame.x);
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
        for ((side, own), formula) in self.sides.spans().zip(&self.formulas) {
            let place = |block: u64| block.clamp(own.first, own.end) - own.first;
            let blocks = place(span.first)..place(span.end);
            sums.0.push(match (side, formula) {
                (Side::Formula(..), _) if blocks.is_empty() => Terms::default(),
                (Side::Formula(..), Some(formula)) => formula.compute(blocks, yield_now)?,
                // Making tables was broken off: the root has been asked to stop, and will say so.
                (Side::Formula(..), None) => loop {
                    yield_now()?;
                    thread::yield_now();
                },
                (Side::Known(_), _) => Terms::default(),
            });
        }
        ControlFlow::Continue(sums)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::forged::attack;

    fn never() -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

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
            let sides = Sides::new(Range { start, stop }, true, Vec::new());
            let words = sides.layout().map(|layout| match layout.own(&mut never) {
                ControlFlow::Continue(words) => words,
                ControlFlow::Break(()) => unreachable!("nobody broke"),
            });
            let job = Count::new(&sides, words.as_ref(), Isa::widest());
            let mut ledger = Ledger::new();
            let middle = job.blocks() / 2;
            for block in (middle..job.blocks()).chain(0..middle) {
                let span = Span::new(block, block + 1);
                let ControlFlow::Continue(sums) = job.compute(span, &mut (), &mut never) else {
                    unreachable!("nobody broke")
                };
                ledger.record(span, sums).expect("each block once");
            }
            assert_eq!(sides.needed(&ledger, None), None, "all is done");
            assert_eq!(sides.answers(&ledger.into_total().unwrap_or_default()), [primes; 2], "{start} to {stop}");
        }
    }

    #[test]
    fn forged_checkpoints_are_refused_or_sound() {
        let sides = Sides::new(Range { start: 1_000_000, stop: 20_000_000 }, true, Vec::new());
        let words = sides.layout().map(|layout| match layout.own(&mut never) {
            ControlFlow::Continue(words) => words,
            ControlFlow::Break(()) => unreachable!("nobody broke"),
        });
        let job = Count::new(&sides, words.as_ref(), Isa::widest());
        attack("primes by the formula", &job, |sums| format!("{:?}", sides.answers(sums)));
    }

    #[test]
    fn tables_are_as_large_as_what_is_left() {
        let sides = Sides::new(Range { start: 10_u128.pow(9), stop: 10_u128.pow(12) }, false, Vec::new());
        let of = |x: u128| Layout::of([&Params::new(x, Split::First)]);
        let border = sides.spans().next().map_or(0, |(_, span)| span.end);
        let mut ledger = Ledger::new();
        assert_eq!((sides.needed(&ledger, None), sides.layout()), (of(10_u128.pow(12)), of(10_u128.pow(12))));
        ledger.record(Span::new(0, border), Sums::default()).expect("once");
        assert_eq!(sides.needed(&ledger, None), of(10_u128.pow(9) - 1));
        assert_eq!(sides.needed(&ledger, Some(JobPart { index: 0, of: 1000 })), None);
    }

    #[test]
    fn without_tables_a_job_waits_for_its_end() {
        let sides = Sides::new(Range { start: 0, stop: 10_u128.pow(9) }, false, Vec::new());
        let mut looks = 0;
        let ended = Count::bare(&sides).compute(Span::new(0, 1), &mut (), &mut || {
            looks += 1;
            if looks == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!((ended, looks), (ControlFlow::Break(()), 3));
    }
}
