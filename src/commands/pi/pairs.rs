//! `--method antithetic` and `--method control`: pairs of samples of a quarter circle's height.
//!
//! A block of 2^20 pairs is 1 ms with AVX-512 on a Zen 4: each is worth a message.

use std::marker::PhantomData;
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::{Estimator, Finding, Terms};
use crate::commands::rounds::{Reading, Sampling};
use crate::job::{Identity, Job, Pulse, Span, Tally};
use crate::montecarlo::methods::pairs::{BLOCK_PAIRS, Integrand, Pairs, Sums, pairs_for, scalar};
use crate::report::Work;

/// The job: pairs of `I` in blocks of 2^20.
pub(super) struct Draw<I> {
    terms: Terms,
    pairs: u64,
    integrand: PhantomData<I>,
}

/// The sums of a span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Drawn {
    pairs: u64,
    values: i128,
    squares: i128,
}

impl From<Sums> for Drawn {
    fn from(Sums { pairs, values, squares }: Sums) -> Drawn {
        Drawn { pairs, values, squares }
    }
}

impl From<Drawn> for Sums {
    fn from(Drawn { pairs, values, squares }: Drawn) -> Sums {
        Sums { pairs, values, squares }
    }
}

impl Tally for Drawn {
    fn merge(&mut self, next: Drawn) {
        let mut sums = Sums::from(*self);
        sums.add(&next.into());
        *self = sums.into();
    }
}

impl<I> Draw<I> {
    pub(super) fn new(terms: Terms) -> Draw<I> {
        Draw { pairs: pairs_for(terms.samples), terms, integrand: PhantomData }
    }

    /// The pairs of a span: whole blocks, but for the last one of the job.
    pub(super) fn pairs(&self, span: Span) -> u64 {
        let end = (u128::from(span.end) * u128::from(BLOCK_PAIRS)).min(u128::from(self.pairs)) as u64;
        end - span.first * BLOCK_PAIRS
    }
}

impl<I: Integrand> Job for Draw<I> {
    type Tally = Drawn;
    type Workspace = Option<Pairs>;

    fn blocks(&self) -> u64 {
        self.pairs.div_ceil(BLOCK_PAIRS)
    }

    fn identity(&self) -> Option<Identity> {
        Some(self.terms.identity(I::NAME, 2 * self.pairs, self.pairs / BLOCK_PAIRS))
    }

    fn workspace(&self) -> Option<Pairs> {
        (!self.terms.is_scalar).then(|| Pairs::new(self.terms.seed, self.terms.isa))
    }

    fn compute(&self, span: Span, walk: &mut Option<Pairs>, _pulse: Pulse<'_>) -> ControlFlow<(), Drawn> {
        let pairs = self.pairs(span);
        let sums = match walk {
            Some(walk) => walk.sums::<I>(span.first, pairs),
            None => scalar::sums::<I>(self.terms.seed, span.first, pairs),
        };
        ControlFlow::Continue(sums.into())
    }
}

impl<I: Integrand> Estimator for Draw<I> {
    /// Any pairs are as good as any others, from two of them on.
    fn finding(&self, &tally: &Drawn) -> Finding {
        let samples = 2 * tally.pairs;
        let work = Work { amount: samples, unit: "samples" };
        Finding { samples, hits: None, estimate: Sums::from(tally).estimate::<I>(), work }
    }
}

impl<I: Integrand> Sampling for Draw<I> {
    fn reading(&self, tally: &Drawn) -> Option<Reading> {
        self.finding(tally).reading()
    }

    fn samples(&self) -> u64 {
        2 * self.pairs
    }

    fn shortened(&self, blocks: u64) -> Draw<I> {
        let pairs = blocks.saturating_mul(BLOCK_PAIRS).min(self.pairs);
        Draw { terms: self.terms.clone(), pairs, integrand: PhantomData }
    }
}
