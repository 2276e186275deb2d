//! The job of printing primes or k-tuplets: tallies that are bytes, delivered to the root in order, within a bounded window.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::cut::Cut;
use crate::commands::output::Output;
use crate::commands::setting::Setting;
use crate::error::Result;
use crate::job::run::{Outcome, deliver};
use crate::job::writer::{Sink, Steps};
use crate::job::{Job, Pulse, Span, Tally};
use crate::primes::PrimeRun;
use crate::primes::encoding::Encoding;
use crate::primes::source::{Algorithm, Source};
use crate::primes::tuplets::{self, Edges};

/// The job of printing.
pub(super) struct Print {
    pub(super) cut: Cut,
    pub(super) algorithm: Algorithm,
    /// 1 for primes, 2 to 6 for k-tuplets.
    pub(super) k: usize,
    /// The form of primes; k-tuplets are always text.
    pub(super) encoding: Encoding,
}

impl Print {
    /// Runs the job; the root writes `header` and then everything in order to its `output`. Every rank must call it; the root
    /// gets the outcome, whose total is how many numbers are done.
    pub(super) fn deliver(
        &self,
        setting: &Setting<'_>,
        header: &[u8],
        output: &mut Option<Output>,
    ) -> Result<Option<Outcome<u64>>> {
        let cluster = setting.cluster;
        let listing = cluster.at_root(|| output.take()).flatten().map(|mut output| {
            let begun = output.write(header);
            begun.map(|()| Listing { numbers: 0, edges: Edges::default(), output })
        });
        let listing = cluster.agree(listing.transpose())?;
        let (outcome, listing) = deliver(cluster, self, &setting.options, listing)?;
        // Without a listing the reader was given up: then nobody knows how much of it was read.
        let numbers = listing.as_ref().map(|listing| listing.numbers);
        *output = listing.map(|listing| listing.output);
        Ok(outcome.map(|Outcome { done, blocks, cause, account, .. }| Outcome {
            total: numbers,
            done,
            blocks,
            cause,
            account,
        }))
    }
}

/// Bytes that are written in one go: what a pipe holds.
const PART: usize = 64 << 10;

/// The list as far as it was written.
struct Listing {
    numbers: u64,
    edges: Edges,
    output: Output,
}

impl Sink<Lines> for Listing {
    fn take(&mut self, lines: Lines, steps: &Steps) -> Result<()> {
        let across = lines.across(&self.edges);
        self.edges.merge(&lines.edges);
        for part in across.chunks(PART).chain(lines.text.chunks(PART)) {
            self.output.write(part)?;
            steps.step();
        }
        self.numbers += lines.numbers;
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.output.flush()
    }
}

/// Numbers of a span, and its primes or k-tuplets as lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lines {
    numbers: u64,
    k: usize,
    #[serde(with = "serde_bytes")]
    text: Vec<u8>,
    /// Of k-tuplets: what the neighbours must know. All have the same diameter, so those across a border come behind all that end
    /// before it, and before all that begin behind it.
    edges: Edges,
}

impl Lines {
    /// The k-tuplets that begin before these numbers, in a stretch with these edges, and end in them.
    fn across(&self, before: &Edges) -> Vec<u8> {
        let mut text = Vec::new();
        if self.k > 1 {
            before.border(&self.edges).each(self.k, |tuplet| tuplets::append(tuplet, &mut text));
        }
        text
    }

    /// Takes the next primes of the span in.
    fn take(&mut self, primes: PrimeRun<'_>, encoding: Encoding) {
        if self.k == 1 {
            return encoding.append(primes, &mut self.text);
        }
        let edges = Edges::of(primes);
        let Lines { k, text, .. } = self;
        self.edges.border(&edges).each(*k, |tuplet| tuplets::append(tuplet, text));
        tuplets::each(*k, primes, |tuplet| tuplets::append(tuplet, text));
        self.edges.merge(&edges);
    }
}

impl Tally for Lines {
    fn merge(&mut self, next: Lines) {
        self.numbers += next.numbers;
        self.text.extend_from_slice(&next.across(&self.edges));
        self.text.extend_from_slice(&next.text);
        self.edges.merge(&next.edges);
    }
}

impl Job for Print {
    type Tally = Lines;
    type Workspace = Source<'static>;

    fn blocks(&self) -> u64 {
        self.cut.blocks()
    }

    fn workspace(&self) -> Source<'static> {
        self.algorithm.source(self.cut.high)
    }

    fn compute(&self, span: Span, source: &mut Source, pulse: Pulse<'_>) -> ControlFlow<(), Lines> {
        let (low, high) = self.cut.numbers(span);
        let mut lines = Lines { numbers: (high - low) as u64, k: self.k, ..Lines::default() };
        source.runs(low, high, pulse, &mut |primes| {
            lines.take(primes, self.encoding);
            ControlFlow::Continue(())
        })?;
        ControlFlow::Continue(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Range;
    use crate::isa::Isa;
    use crate::primes::naive;
    use proptest::prelude::*;

    fn computed(job: &Print, span: Span) -> Lines {
        match job.compute(span, &mut job.workspace(), &mut || ControlFlow::Continue(())) {
            ControlFlow::Continue(tally) => tally,
            ControlFlow::Break(()) => unreachable!("nobody broke"),
        }
    }

    #[test]
    fn tuplets_as_primesieve_prints_them() {
        let range = Range { start: 0_u64, stop: 20 };
        let job = |k| Print {
            cut: Cut::new(range, 3),
            k,
            algorithm: Algorithm::Sieve(Isa::Portable),
            encoding: Encoding::Text,
        };
        let text = |k| String::from_utf8(computed(&job(k), Span::new(0, 7)).text).expect("UTF-8");
        assert_eq!(text(2), "(3, 5)\n(5, 7)\n(11, 13)\n(17, 19)\n");
        assert_eq!(text(4), "(5, 7, 11, 13)\n(11, 13, 17, 19)\n");
        assert_eq!(text(1), "2\n3\n5\n7\n11\n13\n17\n19\n");
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_text(start in 0_u64..20_000, distance in 0_u64..2000, length in 1_u64..300, k in 1_usize..7) {
            let range = Range { start, stop: start + distance };
            let job = Print { cut: Cut::new(range, length), k, algorithm: Algorithm::Sieve(Isa::widest()), encoding: Encoding::Text };
            let primes: Vec<u64> = naive::eratosthenes(range.stop + 1).into_iter().filter(|&p| p >= start).collect();
            let mut expected = Lines { numbers: distance + 1, k, ..Lines::default() };
            expected.take(PrimeRun::small(&primes), Encoding::Text);
            let (mut merged, mut delivered, mut edges) = (None::<Lines>, Vec::new(), Edges::default());
            for block in 0..job.blocks() {
                let lines = computed(&job, Span::new(block, block + 1));
                delivered.extend(lines.across(&edges));
                delivered.extend_from_slice(&lines.text);
                edges.merge(&lines.edges);
                match &mut merged {
                    None => merged = Some(lines),
                    Some(before) => before.merge(lines),
                }
            }
            prop_assert_eq!(&delivered, &expected.text);
            prop_assert_eq!(merged, Some(expected));
        }
    }
}
