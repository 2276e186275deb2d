//! The job of only counting primes and k-tuplets. It never looks at a single prime, and so is the
//! fastest.
//!
//! Huge numbers need all sieving primes up to their root. Then the ranks of each node build one
//! shared table of them before the job ([`super::table`]).

use std::ops::ControlFlow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::cut::Cut;
use super::table::Table;
use crate::commands::context::Context;
use crate::error::Result;
use crate::job::run::Outcome;
use crate::job::{Identity, Job, Span, Tally, YieldNow, invariant};
use crate::primes::costs::Asked;
use crate::primes::sieving::Primes;
use crate::primes::source::{Algorithm, Source};
use crate::primes::summary::{Summary, Wanted};
use crate::primes::{KINDS, Kinds, tuplet_span};

/// Work computed at once: lines and windows of large primes are faster the longer they are (at
/// least half a second).
const PIECE: Duration = Duration::from_secs(2);

/// Whether a job may resume from a checkpoint: only if it is the command's only job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Yes,
    No,
}

/// Counts the primes of `cut`, and these k-tuplets. Every rank must call it; the root gets `Some`.
///
/// # Errors
/// As [`Context::compute`], and as [`Table::make`].
pub(super) fn count(
    context: &Context<'_>,
    cut: Cut,
    algorithm: Algorithm,
    kinds: Kinds,
    kept: Kept,
) -> Result<Option<Outcome<RangeTotals>>> {
    let table = if context.is_merging() { None } else { Table::make(context.cluster, cut, algorithm)? };
    let primes = table.as_ref().map(Table::primes);
    let words = (kept == Kept::Yes).then(|| context.words.clone());
    let outcome = context.compute(&Count { cut, algorithm, kinds, primes, words })?;
    let before = table.and_then(Table::release);
    Ok(outcome.map(|outcome| outcome.after(before)))
}

/// The job of counting.
struct Count<'t> {
    cut: Cut,
    algorithm: Algorithm,
    /// The k-tuplets to count besides the primes, at index k - 1.
    kinds: Kinds,
    /// The table of sieving primes, if sharing one pays.
    primes: Option<Primes<'t>>,
    /// The command line, if the job may be kept.
    words: Option<Vec<String>>,
}

/// The numbers of a span, its primes, and the k-tuplets that start there, at index k - 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RangeTotals {
    pub(super) numbers: u64,
    pub(super) counts: [u64; KINDS],
}

impl RangeTotals {
    pub(super) fn primes(&self) -> u64 {
        self.counts[0]
    }
}

impl Tally for RangeTotals {
    fn merge(&mut self, next: RangeTotals) {
        self.numbers += next.numbers;
        self.counts.iter_mut().zip(next.counts).for_each(|(count, more)| *count += more);
    }
}

/// A count is a summary without other properties.
impl From<RangeTotals> for Summary {
    fn from(RangeTotals { numbers, counts }: RangeTotals) -> Summary {
        let mut summary = Summary::of(0, numbers.into(), Wanted::default());
        summary.primes = counts[0];
        summary.tuplets[1..].copy_from_slice(&counts);
        summary
    }
}

/// The most primes among `numbers` consecutive numbers: except 2, 3 and 5 primes are coprime to 30.
pub(super) fn most_primes(numbers: u64) -> u64 {
    (numbers / 30 * 8 + 8 + 3).min(numbers)
}

impl Count<'_> {
    /// The k-tuplets that start in `[low, high)`. Tuplets that reach beyond the end of the job do
    /// not count.
    fn tuplets(
        &self,
        low: u128,
        high: u128,
        source: &mut Source,
        yield_now: YieldNow<'_>,
    ) -> ControlFlow<(), [u64; KINDS]> {
        let end = |k: usize| self.cut.high.saturating_sub(tuplet_span(k).into());
        let all = high.min(end(KINDS)).max(low);
        let mut counts = source.count_tuplets(low, all, self.kinds, yield_now)?;
        for k in (1..=KINDS).filter(|&k| self.kinds[k - 1]) {
            let mut only = [false; KINDS];
            only[k - 1] = true;
            // At most sixteen numbers.
            counts[k - 1] += source.count_tuplets(all, high.min(end(k)).max(all), only, yield_now)?[k - 1];
        }
        ControlFlow::Continue(counts)
    }
}

impl<'t> Job for Count<'t> {
    type Tally = RangeTotals;
    type Workspace = Source<'t>;

    fn blocks(&self) -> u64 {
        self.cut.blocks()
    }

    fn identity(&self) -> Option<Identity> {
        let kinds: Vec<String> = (1..=KINDS).filter(|&k| k == 1 || self.kinds[k - 1]).map(|k| k.to_string()).collect();
        let asked = format!("--count {}", kinds.join(","));
        let mut identity = self.cut.identity(&asked, self.words.as_ref()?);
        if self.kinds[1..].contains(&true) {
            // Tuplets that reach beyond the job's end do not count here, but would in a longer job.
            identity.whole = identity.whole.min(self.cut.blocks_before(tuplet_span(KINDS)));
        }
        Some(identity)
    }

    fn check(&self, span: Span, tally: &RangeTotals) -> std::result::Result<(), String> {
        let (low, high) = self.cut.numbers(span);
        invariant::equal("numbers", tally.numbers.into(), high - low)?;
        invariant::at_most("primes", tally.primes(), most_primes(tally.numbers))?;
        for k in 2..=KINDS {
            let most = if self.kinds[k - 1] { tally.primes() } else { 0 };
            invariant::at_most(&format!("{k}-tuplets"), tally.counts[k - 1], most)?;
        }
        Ok(())
    }

    fn grain(&self) -> u64 {
        self.cut.blocks_in(self.algorithm.grain(self.cut.low, self.cut.high, Asked::Count))
    }

    fn piece(&self) -> Duration {
        // Testing numbers gains nothing from long pieces, and a stop would lose the unfinished
        // piece.
        if self.algorithm.is_one_by_one(self.cut.low, self.cut.high, Asked::Count) { Duration::ZERO } else { PIECE }
    }

    fn workspace(&self) -> Source<'t> {
        match &self.primes {
            Some(primes) => self.algorithm.source_with(self.cut.high, primes.clone()),
            None => self.algorithm.source(self.cut.high),
        }
    }

    fn compute(&self, span: Span, source: &mut Source<'t>, yield_now: YieldNow<'_>) -> ControlFlow<(), RangeTotals> {
        let (low, high) = self.cut.numbers(span);
        let counts = if self.kinds[1..].contains(&true) {
            self.tuplets(low, high, source, yield_now)?
        } else {
            let mut counts = [0; KINDS];
            counts[0] = source.count(low, high, yield_now)?;
            counts
        };
        ControlFlow::Continue(RangeTotals { numbers: (high - low) as u64, counts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::forged::attack;
    use crate::commands::primes::range::Range;
    use crate::isa::Isa;
    use crate::primes::PrimeRun;
    use crate::primes::naive::{self, Divisors};
    use proptest::prelude::*;

    #[test]
    fn forged_checkpoints_are_refused_or_sound() {
        let algorithm = Algorithm::Sieve(Isa::widest().into());
        for kinds in [[false; KINDS], [true; KINDS]] {
            let cut = Cut::new(Range { start: 10_u64, stop: 70_000 }, 5000);
            let job = Count { cut, algorithm, kinds, primes: None, words: Some(Vec::new()) };
            attack(&format!("primes --count {kinds:?}"), &job, |counted| format!("{counted:?}"));
            let border = 1_u128 << 64;
            let cut = Cut::new(Range { start: border - 2500, stop: border + 7500 }, 1000);
            let job = Count { cut, algorithm, kinds, primes: None, words: Some(Vec::new()) };
            attack(&format!("primes across 2^64 --count {kinds:?}"), &job, |counted| format!("{counted:?}"));
        }
    }

    proptest! {
        #[test]
        fn tuplets_add_up_as_the_list_has_them(
            start in prop_oneof![0_u64..40, 0_u64..100_000],
            distance in 0_u64..3000,
            length in 1_u64..500,
            algorithm in prop::sample::select(vec![Algorithm::Sieve(Isa::widest().into()), Algorithm::Trial(Divisors::UpToRoot)]),
        ) {
            let range = Range { start, stop: start + distance };
            let job = Count { cut: Cut::new(range, length), algorithm, kinds: [true; KINDS], primes: None, words: None };
            let mut expected = Summary::of(start.into(), u128::from(range.stop) + 1, Wanted { tuplets: [true; KINDS + 1], ..Wanted::default() });
            let primes: Vec<u64> = naive::eratosthenes(range.stop + 1).into_iter().filter(|&p| p >= start).collect();
            expected.take(PrimeRun::small(&primes));
            let (mut source, mut all) = (job.workspace(), RangeTotals::default());
            for block in 0..job.blocks() {
                let counted = job.compute(Span::new(block, block + 1), &mut source, &mut || ControlFlow::Continue(()));
                all.merge(match counted {
                    ControlFlow::Continue(counted) => counted,
                    ControlFlow::Break(()) => unreachable!("nothing breaks it"),
                });
            }
            prop_assert_eq!(all.primes(), expected.primes);
            prop_assert_eq!(&all.counts[1..], &expected.tuplets[2..]);
        }
    }
}
