//! The job of printing primes or k-tuplets: ranks deliver the marks of their spans to the root in
//! order, which makes the list.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::cut::Cut;
use crate::commands::context::Context;
use crate::commands::output::Output;
use crate::error::{Error, Result};
use crate::job::run::{DeliveryMemory, Outcome, agreed};
use crate::job::sink::{ReaderSteps, Sink, SinkError};
use crate::job::{Job, Span, Tally, YieldNow};
use crate::primes::costs::Asked;
use crate::primes::encoding::{Encoder, Encoding};
use crate::primes::marks::Marks;
use crate::primes::sieving::Primes;
use crate::primes::source::{Algorithm, Source};

/// The most bytes of marks in work or waiting: of all ranks together if they go to the root,
/// otherwise of each rank.
pub(super) const WAITING: u64 = 256 << 20;

/// What to list.
#[derive(Clone, Copy)]
pub(super) struct PrimeList {
    pub(super) cut: Cut,
    pub(super) algorithm: Algorithm,
    /// 1 for primes, 2 to 6 for k-tuplets.
    pub(super) k: usize,
    /// The form of primes; k-tuplets are always text.
    pub(super) encoding: Encoding,
}

impl PrimeList {
    /// Marks of the primes of a span, or of the k-tuplets that start in it.
    pub(super) fn marks(&self, span: Span, source: &mut Source, yield_now: YieldNow<'_>) -> ControlFlow<(), Marks> {
        let (low, high) = self.cut.numbers(span);
        source.marks([low, high, self.cut.high], self.k, yield_now)
    }

    /// Numbers of a span.
    pub(super) fn numbers(&self, span: Span) -> u64 {
        let (low, high) = self.cut.numbers(span);
        (high - low) as u64
    }

    /// Bytes of the marks of a block.
    pub(super) fn block_bytes(&self) -> u64 {
        Marks::size(self.numbers(Span::new(0, 1)))
    }

    /// The encoder from marks to the list.
    pub(super) fn encoder(&self, context: &Context<'_>) -> Encoder {
        Encoder::new(self.encoding, self.k, context.isa)
    }

    /// Bytes of the header before the list.
    pub(super) fn header_bytes(&self) -> u64 {
        self.encoding.header(0).len() as u64
    }

    /// A rank's workspace.
    pub(super) fn source<'t>(&self, primes: Option<&Primes<'t>>) -> Source<'t> {
        let limit = self.cut.high;
        match primes {
            Some(primes) => self.algorithm.source_with(limit, primes.clone()),
            None => self.algorithm.source(limit),
        }
    }

    /// Blocks that a rank computes at once.
    pub(super) fn grain(&self) -> u64 {
        self.cut.blocks_in(self.algorithm.grain(self.cut.low, self.cut.high, Asked::List))
    }
}

/// The job of printing.
pub(super) struct Print<'t>(pub(super) PrimeList, pub(super) Option<Primes<'t>>);

impl Print<'_> {
    /// Runs the job; the root writes `header` and then everything in order to its `output`. Every
    /// rank must call it; the root gets the outcome, whose total counts what was written.
    pub(super) fn deliver(
        &self,
        context: &Context<'_>,
        header: &[u8],
        output: &mut Option<Output>,
    ) -> Result<Option<Outcome<Written>>> {
        let cluster = context.cluster;
        let listing = cluster.at_root(|| output.take()).flatten().map(|mut output| {
            let begun = output.write(header);
            begun.map(|()| Listing { written: Written::default(), encoder: self.0.encoder(context), output })
        });
        let listing = cluster.agree(listing.transpose())?;
        let room = DeliveryMemory { block: self.0.block_bytes(), all: WAITING };
        let (outcome, listing) = agreed(cluster, context.session.deliver(self, room, listing))?;
        // Without a listing the reader was abandoned: then it is unknown how much it read.
        let written = listing.as_ref().map(|listing| listing.written);
        *output = listing.map(|listing| listing.output);
        Ok(outcome.map(|Outcome { done, blocks, cause, account, .. }| Outcome {
            total: written,
            done,
            blocks,
            cause,
            account,
        }))
    }
}

/// Bytes written at once: the capacity of a pipe.
const PART: usize = 64 << 10;

/// The written part of the list.
struct Listing {
    written: Written,
    encoder: Encoder,
    output: Output,
}

impl Sink<Listed> for Listing {
    fn take(&mut self, listed: Listed, steps: &ReaderSteps) -> std::result::Result<(), SinkError> {
        let Listing { written, encoder, output } = self;
        for marks in listed.parts {
            encoder.each(&marks, |bytes| {
                bytes.chunks(PART).try_for_each(|part| {
                    output.write(part)?;
                    steps.step();
                    Ok::<_, Error>(())
                })
            })?;
            written.listed += encoder.count(&marks);
        }
        written.numbers += listed.numbers;
        Ok(())
    }

    fn flush(&mut self) -> std::result::Result<(), SinkError> {
        Ok(self.output.flush()?)
    }
}

/// The progress of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Written {
    /// Numbers visited.
    pub(super) numbers: u64,
    /// Primes or k-tuplets written.
    pub(super) listed: u64,
}

/// Numbers of a span, and marks of its primes or k-tuplets, piece by piece.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Listed {
    numbers: u64,
    parts: Vec<Marks>,
}

impl Tally for Listed {
    fn merge(&mut self, next: Listed) {
        self.numbers += next.numbers;
        self.parts.extend(next.parts);
    }
}

impl<'t> Job for Print<'t> {
    type Tally = Listed;
    type Workspace = Source<'t>;

    fn blocks(&self) -> u64 {
        self.0.cut.blocks()
    }

    fn grain(&self) -> u64 {
        self.0.grain()
    }

    fn workspace(&self) -> Source<'t> {
        self.0.source(self.1.as_ref())
    }

    fn compute(&self, span: Span, source: &mut Source, yield_now: YieldNow<'_>) -> ControlFlow<(), Listed> {
        let marks = self.0.marks(span, source, yield_now)?;
        ControlFlow::Continue(Listed { numbers: self.0.numbers(span), parts: vec![marks] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::primes::range::Range;
    use crate::isa::Isa;
    use crate::primes::{PrimeRun, naive, tuplets};
    use proptest::prelude::*;

    fn computed(job: &Print<'static>, span: Span, source: &mut Source<'static>) -> Listed {
        match job.compute(span, source, &mut || ControlFlow::Continue(())) {
            ControlFlow::Continue(tally) => tally,
            ControlFlow::Break(()) => unreachable!("nothing breaks it"),
        }
    }

    fn text(job: &Print<'static>, listed: &Listed) -> String {
        let (mut bytes, mut encoder) = (Vec::new(), Encoder::new(job.0.encoding, job.0.k, Isa::widest()));
        for marks in &listed.parts {
            let end: Result<()> = encoder.each(marks, |part| {
                bytes.extend_from_slice(part);
                Ok(())
            });
            end.expect("a Vec takes all");
        }
        String::from_utf8(bytes).expect("UTF-8")
    }

    #[test]
    fn tuplets_as_primesieve_prints_them() {
        let range = Range { start: 0_u64, stop: 20 };
        let (algorithm, encoding) = (Algorithm::Sieve(Isa::Portable.into()), Encoding::Text);
        let job = |k| Print(PrimeList { cut: Cut::new(range, 3), k, algorithm, encoding }, None);
        let text = |k| text(&job(k), &computed(&job(k), Span::new(0, 7), &mut job(k).workspace()));
        assert_eq!(text(2), "(3, 5)\n(5, 7)\n(11, 13)\n(17, 19)\n");
        assert_eq!(text(4), "(5, 7, 11, 13)\n(11, 13, 17, 19)\n");
        assert_eq!(text(1), "2\n3\n5\n7\n11\n13\n17\n19\n");
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_text(
            start in prop_oneof![0_u64..40, 0_u64..20_000],
            distance in 0_u64..1000,
            length in prop_oneof![1_u64..20, 20_u64..300],
            k in 1_usize..7,
            algorithm in prop::sample::select(vec![
                Algorithm::Sieve(Isa::widest().into()),
                Algorithm::Sieve(Isa::Portable.into()),
                Algorithm::Trial(naive::Divisors::UpToRoot),
            ]),
        ) {
            let range = Range { start, stop: start + distance };
            let job = Print(PrimeList { cut: Cut::new(range, length), k, algorithm, encoding: Encoding::Text }, None);
            let primes: Vec<u64> = naive::eratosthenes(range.stop + 1).into_iter().filter(|&p| p >= start).collect();
            let mut expected = Vec::new();
            if k == 1 {
                primes.iter().for_each(|p| expected.extend_from_slice(format!("{p}\n").as_bytes()));
            } else {
                tuplets::each(k, PrimeRun::small(&primes), |tuplet| tuplets::append(tuplet, &mut expected));
            }
            let mut merged = Listed::default();
            let mut source = job.workspace();
            (0..job.blocks()).for_each(|block| merged.merge(computed(&job, Span::new(block, block + 1), &mut source)));
            prop_assert_eq!(merged.numbers, distance + 1);
            prop_assert_eq!(text(&job, &merged), String::from_utf8(expected).expect("UTF-8"));
            prop_assert_eq!(text(&job, &computed(&job, Span::new(0, job.blocks()), &mut source)), text(&job, &merged));
        }
    }
}
