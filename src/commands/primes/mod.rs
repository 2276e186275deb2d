//! `primes`: how many primes a range holds, or which they are.
//!
//! Two jobs over the same cut of the range: [`Count`], whose tallies are added up, and [`Print`], whose tallies are
//! text and are delivered to the root in order, within a bounded window.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::conclusion::Conclusion;
use super::setting::Setting;
use crate::cli::{self, Range};
use crate::error::Result;
use crate::isa::Isa;
use crate::job::run::{Outcome, deliver, run as run_job};
use crate::job::{Job, Pulse, Span, Tally};
use crate::primes::{Sieve, block_len, decimal};
use crate::report::{Completion, PrimesResult, Work};

/// Numbers in a block of printed primes: 2^22 where primes are dense, so that a block's text is at most 3 MB, and up
/// to 2^24 where the sieve's start-up for each block would show (text up to 8 MB).
const PRINT_BLOCK: [u64; 2] = [1 << 22, 1 << 24];

/// Runs the command. Every rank must call it; returns the exit code.
pub fn run(setting: &Setting<'_>, options: &cli::Primes) -> Result<u8> {
    let range = options.range;
    if options.print {
        return print(setting, Print { cut: Cut::new(range, print_block(range)), isa: setting.isa });
    }
    let job = Count { cut: Cut::new(range, block_len(end_of(range))), isa: setting.isa };
    let outcome = run_job(setting.cluster, &job, &setting.options)?;
    setting.conclude(outcome.map(|outcome| {
        let completion = Completion::of(outcome.done, outcome.blocks);
        let Counted { primes, numbers } = outcome.total.unwrap_or_default();
        let result = Some(PrimesResult::count(range.start, range.stop, primes, completion));
        conclusion(outcome, completion, result, numbers)
    }))
}

fn print(setting: &Setting<'_>, job: Print) -> Result<u8> {
    let mut output = setting.cluster.at_root(|| setting.take_output()).transpose()?;
    let mut numbers = 0;
    let outcome = deliver(setting.cluster, &job, &setting.options, &mut |lines: Lines| {
        numbers += lines.numbers;
        output.as_mut().map_or(Ok(()), |output| output.write(&lines.text))
    })?;
    // Half a list is not kept: a file that is there is a file that is complete.
    let complete = outcome.as_ref().is_some_and(Outcome::is_complete);
    let is_stdout = output.as_ref().is_some_and(|output| output.is_stdout());
    let finished = output.filter(|_| complete || is_stdout).map_or(Ok(()), |output| output.finish());
    setting.cluster.agree(finished)?;
    setting.conclude(outcome.map(|outcome| {
        let completion = Completion::of(outcome.done, outcome.blocks);
        conclusion(outcome, completion, None, numbers)
    }))
}

fn conclusion<T>(
    outcome: Outcome<T>,
    completion: Completion,
    result: Option<PrimesResult>,
    numbers: u64,
) -> Conclusion<PrimesResult> {
    let work = Work { amount: numbers, unit: "numbers" };
    Conclusion { command: "primes", result, completion, cause: outcome.cause, account: outcome.account, work }
}

/// One past the last number. 2^64 - 1 is composite, so nothing is lost when the range ends with it.
fn end_of(range: Range) -> u64 {
    range.stop.saturating_add(1)
}

fn print_block(range: Range) -> u64 {
    let [dense, sparse] = PRINT_BLOCK;
    (range.stop.isqrt() / 4).next_power_of_two().clamp(dense, sparse)
}

/// A range cut into blocks of the same length, on a grid of multiples of that length.
#[derive(Clone, Copy, Debug)]
struct Cut {
    low: u64,
    high: u64,
    length: u64,
}

impl Cut {
    fn new(range: Range, length: u64) -> Cut {
        Cut { low: range.start, high: end_of(range), length }
    }

    fn blocks(self) -> u64 {
        // An empty range (2^64-1 alone) is still one block.
        (self.high.div_ceil(self.length) - self.low / self.length).max(1)
    }

    /// The numbers `low..high` of a span.
    fn numbers(self, span: Span) -> (u64, u64) {
        let edge = |block: u64| {
            let block = u128::from(self.low / self.length) + u128::from(block);
            let edge = (block * u128::from(self.length)).min(u128::from(self.high)) as u64;
            edge.max(self.low)
        };
        (edge(span.first), edge(span.end))
    }
}

/// The job of counting.
struct Count {
    cut: Cut,
    isa: Isa,
}

/// Numbers of a span, and how many of them are prime.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Counted {
    numbers: u64,
    primes: u64,
}

impl Tally for Counted {
    fn merge(&mut self, next: Counted) {
        self.numbers += next.numbers;
        self.primes += next.primes;
    }
}

impl Job for Count {
    type Tally = Counted;
    type Workspace = Sieve;

    fn blocks(&self) -> u64 {
        self.cut.blocks()
    }

    fn workspace(&self) -> Sieve {
        Sieve::new(self.cut.high, self.isa)
    }

    fn compute(&self, span: Span, sieve: &mut Sieve, pulse: Pulse<'_>) -> ControlFlow<(), Counted> {
        let (low, high) = self.cut.numbers(span);
        let primes = sieve.count(low, high, pulse)?;
        ControlFlow::Continue(Counted { numbers: high - low, primes })
    }
}

/// The job of printing.
struct Print {
    cut: Cut,
    isa: Isa,
}

/// Numbers of a span, and its primes as decimal lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Lines {
    numbers: u64,
    #[serde(with = "serde_bytes")]
    text: Vec<u8>,
}

impl Tally for Lines {
    fn merge(&mut self, next: Lines) {
        self.numbers += next.numbers;
        self.text.extend_from_slice(&next.text);
    }
}

impl Job for Print {
    type Tally = Lines;
    type Workspace = Sieve;

    fn blocks(&self) -> u64 {
        self.cut.blocks()
    }

    fn workspace(&self) -> Sieve {
        Sieve::new(self.cut.high, self.isa)
    }

    fn compute(&self, span: Span, sieve: &mut Sieve, pulse: Pulse<'_>) -> ControlFlow<(), Lines> {
        let (low, high) = self.cut.numbers(span);
        let mut text = Vec::new();
        sieve.runs(low, high, pulse, &mut |primes| {
            decimal::append(primes, &mut text);
            ControlFlow::Continue(())
        })?;
        ControlFlow::Continue(Lines { numbers: high - low, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_cut_covers_the_range_without_overlap(
            start in prop_oneof![0u64..1000, any::<u64>()],
            distance in prop_oneof![0u64..1000, 0u64..100_000],
            length in 1u64..5000,
        ) {
            let cut = Cut::new(Range { start, stop: start.saturating_add(distance) }, length);
            let mut next = start;
            for block in 0..cut.blocks() {
                let (low, high) = cut.numbers(Span::new(block, block + 1));
                prop_assert_eq!(low, next);
                prop_assert!(high - low <= length);
                next = high;
            }
            prop_assert_eq!(next, cut.high);
            prop_assert_eq!(cut.numbers(Span::new(0, cut.blocks())), (start, cut.high));
        }
    }
}
