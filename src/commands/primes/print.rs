//! The job of printing primes: tallies that are text, delivered to the root in order, within a bounded window.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::conclusion;
use super::cut::{Cut, end_of};
use crate::cli::Range;
use crate::commands::setting::Setting;
use crate::error::Result;
use crate::job::run::{Outcome, deliver};
use crate::job::{Job, Pulse, Span, Tally};
use crate::primes::decimal;
use crate::primes::source::{Algorithm, Source};
use crate::report::Completion;

/// Numbers in a block of printed primes: 2^22 where primes are dense, so that a block's text is at most 3 MB, and up
/// to 2^24 where the sieve's start-up for each block would show (text up to 8 MB).
const PRINT_BLOCK: [u64; 2] = [1 << 22, 1 << 24];

/// How long a block of printed primes is.
fn block_len(range: Range, algorithm: Algorithm) -> u64 {
    let [dense, sparse] = PRINT_BLOCK;
    if let Algorithm::Trial(_) = algorithm {
        return algorithm.block_len(end_of(range));
    }
    (range.stop.isqrt() / 4).next_power_of_two().clamp(dense, sparse)
}

/// Prints the primes of a range. Every rank must call it.
pub(super) fn run(setting: &Setting<'_>, range: Range, algorithm: Algorithm) -> Result<u8> {
    let job = Print { cut: Cut::new(range, block_len(range, algorithm)), algorithm };
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

/// The job of printing.
struct Print {
    cut: Cut,
    algorithm: Algorithm,
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
    type Workspace = Source;

    fn blocks(&self) -> u64 {
        self.cut.blocks()
    }

    fn workspace(&self) -> Source {
        self.algorithm.source(self.cut.high)
    }

    fn compute(&self, span: Span, source: &mut Source, pulse: Pulse<'_>) -> ControlFlow<(), Lines> {
        let (low, high) = self.cut.numbers(span);
        let mut text = Vec::new();
        source.runs(low, high, pulse, &mut |primes| {
            decimal::append(primes, &mut text);
            ControlFlow::Continue(())
        })?;
        ControlFlow::Continue(Lines { numbers: high - low, text })
    }
}
