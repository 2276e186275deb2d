//! `--method antithetic` and `--method control`: pairs of samples of a quarter circle's height.
//!
//! A block of 2^20 pairs is 1 ms with AVX-512 on a Zen 4: each is worth a message.

use std::marker::PhantomData;
use std::ops::ControlFlow;

use super::{Estimator, Finding, Terms};
use crate::commands::rounds::{Reading, Sampling};
use crate::job::rounds::Shorten;
use crate::job::{Identity, Job, PrefixEnds, Span, YieldNow, invariant};
use crate::montecarlo::methods::pairs::{BLOCK_PAIRS, PairIntegrand, Pairs, Sums, pairs_for, scalar};
use crate::report::Work;

/// The job: pairs of `I` in blocks of 2^20.
pub(super) struct PairsJob<I> {
    terms: Terms,
    pairs: u64,
    integrand: PhantomData<I>,
}

impl<I> PairsJob<I> {
    pub(super) fn new(terms: Terms) -> PairsJob<I> {
        PairsJob { pairs: pairs_for(terms.samples), terms, integrand: PhantomData }
    }

    /// The pairs of a span: whole blocks, except the last one of the job.
    pub(super) fn pairs(&self, span: Span) -> u64 {
        span.items(BLOCK_PAIRS, self.pairs)
    }
}

impl<I: PairIntegrand> Job for PairsJob<I> {
    type Tally = Sums;
    type Workspace = Option<Pairs>;

    fn blocks(&self) -> u64 {
        self.pairs.div_ceil(BLOCK_PAIRS)
    }

    fn identity(&self) -> Option<Identity> {
        Some(self.terms.identity(I::NAME, 2 * self.pairs, self.pairs / BLOCK_PAIRS, 2 * BLOCK_PAIRS))
    }

    fn check(&self, span: Span, sums: &Sums) -> Result<(), String> {
        invariant::equal("pairs", sums.pairs, self.pairs(span))?;
        invariant::holds("values are such as pairs can have", sums.is_sound())
    }

    fn prefix_ends(&self) -> PrefixEnds {
        PrefixEnds::Powers
    }

    fn workspace(&self) -> Option<Pairs> {
        (!self.terms.is_scalar).then(|| Pairs::new(self.terms.seed, self.terms.isa))
    }

    fn compute(&self, span: Span, kernel: &mut Option<Pairs>, _yield_now: YieldNow<'_>) -> ControlFlow<(), Sums> {
        let pairs = self.pairs(span);
        let sums = match kernel {
            Some(kernel) => kernel.sums::<I>(span.first, pairs),
            None => scalar::sums::<I>(self.terms.seed, span.first, pairs),
        };
        ControlFlow::Continue(sums)
    }
}

impl<I: PairIntegrand> Estimator for PairsJob<I> {
    /// Any two or more pairs give an estimate.
    fn finding(&self, sums: &Sums) -> Finding {
        let samples = 2 * sums.pairs;
        let work = Work { amount: samples, unit: "samples" };
        Finding { samples, hits: None, estimate: sums.estimate::<I>(), chi_square: None, work }
    }
}

impl<I: PairIntegrand> Sampling for PairsJob<I> {
    fn readings(&self, tally: &Sums) -> Vec<Reading> {
        self.finding(tally).reading().into_iter().collect()
    }

    fn samples(&self) -> u64 {
        2 * self.pairs
    }
}

impl<I: PairIntegrand> Shorten for PairsJob<I> {
    fn shortened(&self, blocks: u64) -> PairsJob<I> {
        let pairs = blocks.saturating_mul(BLOCK_PAIRS).min(self.pairs);
        PairsJob { terms: self.terms.clone(), pairs, integrand: PhantomData }
    }
}
