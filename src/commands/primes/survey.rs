//! The job that visits every prime once and computes all requested properties in one pass.

use std::ops::ControlFlow;

use super::count::most_primes;
use super::cut::Cut;
use crate::job::{Identity, Job, Span, YieldNow, invariant};
use crate::primes::costs::Asked;
use crate::primes::source::{Algorithm, Source};
use crate::primes::summary::{Summary, Wanted};

/// The job of visiting every prime.
pub(super) struct Survey {
    pub(super) cut: Cut,
    pub(super) algorithm: Algorithm,
    pub(super) wanted: Wanted,
    pub(super) words: Vec<String>,
}

impl Job for Survey {
    type Tally = Summary;
    type Workspace = Source<'static>;

    fn blocks(&self) -> u64 {
        self.cut.blocks()
    }

    fn identity(&self) -> Option<Identity> {
        let Wanted { tuplets, sum, digest, gaps } = self.wanted;
        let asked = format!("--count {tuplets:?}, --sum {sum}, --digest {digest}, --gaps {gaps:?}");
        Some(self.cut.identity(&asked, &self.words))
    }

    fn check(&self, span: Span, tally: &Summary) -> Result<(), String> {
        let (low, high) = self.cut.numbers(span);
        invariant::equal("numbers", tally.numbers.into(), high - low)?;
        invariant::at_most("primes", tally.primes, most_primes(tally.numbers))?;
        tally.check(low, high, self.wanted)
    }

    fn grain(&self) -> u64 {
        self.cut.blocks_in(self.algorithm.grain(self.cut.low, self.cut.high, Asked::List))
    }

    fn workspace(&self) -> Source<'static> {
        self.algorithm.source(self.cut.high)
    }

    fn compute(&self, span: Span, source: &mut Source, yield_now: YieldNow<'_>) -> ControlFlow<(), Summary> {
        let (low, high) = self.cut.numbers(span);
        let mut summary = Summary::of(low, high, self.wanted);
        source.runs(low, high, yield_now, &mut |primes| {
            summary.take(primes);
            ControlFlow::Continue(())
        })?;
        ControlFlow::Continue(summary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::forged::attack;
    use crate::commands::primes::range::Range;
    use crate::isa::Isa;
    use crate::primes::PrimeRun;
    use crate::primes::gaps::Which;
    use crate::primes::naive::{self, Divisors};
    use crate::primes::tuplets::MOST;
    use proptest::prelude::*;

    const WANTED: Wanted = Wanted { tuplets: [true; MOST + 1], sum: true, digest: true, gaps: Which::All };

    /// The tally of `span`, by a workspace that may have been used for anything before.
    fn computed(job: &Survey, span: Span, source: &mut Source<'static>) -> Summary {
        match job.compute(span, source, &mut || ControlFlow::Continue(())) {
            ControlFlow::Continue(tally) => tally,
            ControlFlow::Break(()) => unreachable!("nothing breaks it"),
        }
    }

    #[test]
    fn forged_checkpoints_are_refused_or_sound() {
        let nothing = Wanted::default();
        for (name, wanted) in [
            ("gaps", Wanted { gaps: Which::All, ..nothing }),
            ("the largest gap", Wanted { gaps: Which::Largest, ..nothing }),
            ("digest and sum", Wanted { digest: true, sum: true, ..nothing }),
            ("everything", WANTED),
        ] {
            let border = 1_u128 << 64;
            for (start, stop) in [(0, 20_000), (border - 2500, border + 7500)] {
                let cut = Cut::new(Range { start, stop }, 1000);
                let job = Survey { cut, algorithm: Algorithm::Sieve(Isa::widest().into()), wanted, words: Vec::new() };
                let answer = |summary: &Summary| format!("{summary:?} {:?}", summary.gaps.firsts().collect::<Vec<_>>());
                attack(&format!("primes from {start}: {name}"), &job, answer);
            }
        }
    }

    proptest! {
        #[test]
        fn blocks_of_any_length_in_any_order_give_what_the_textbook_gives(
            start in prop_oneof![0_u64..40, 0_u64..100_000],
            distance in 0_u64..3000,
            length in prop_oneof![1_u64..20, 1_u64..1000],
            turn in any::<prop::sample::Index>(),
            algorithm in prop::sample::select(vec![
                Algorithm::Sieve(Isa::widest().into()),
                Algorithm::Sieve(Isa::Portable.into()),
                Algorithm::Trial(Divisors::UpToRoot),
            ]),
        ) {
            let range = Range { start, stop: start + distance };
            let job = Survey { cut: Cut::new(range, length), algorithm, wanted: WANTED, words: Vec::new() };
            let mut expected = Summary::of(range.start.into(), u128::from(range.stop) + 1, WANTED);
            let primes: Vec<u64> = naive::eratosthenes(range.stop + 1).into_iter().filter(|&p| p >= start).collect();
            expected.take(PrimeRun::small(&primes));
            let mut source = job.workspace();
            let whole = Span::new(0, job.blocks());
            prop_assert_eq!(&computed(&job, whole, &mut source), &expected);
            // Block by block, starting in the middle as another rank would.
            let middle = turn.index(job.blocks() as usize) as u64;
            let mut ledger = crate::job::Ledger::new();
            for block in (middle..job.blocks()).chain(0..middle) {
                let span = Span::new(block, block + 1);
                ledger.record(span, computed(&job, span, &mut source)).expect("each block once");
            }
            prop_assert_eq!(ledger.into_total(), Some(expected));
        }
    }
}
