//! `--method darts`: the share of darts that hit the circle is pi/4.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::{Estimator, Finding, Terms};
use crate::commands::rounds::{Reading, Sampling};
use crate::job::rounds::Shorten;
use crate::job::{Identity, Job, PrefixEnds, Span, Tally, YieldNow, invariant};
use crate::montecarlo::chi_square::HitScatter;
use crate::montecarlo::darts::{BLOCK, Darts, scalar};
use crate::montecarlo::estimate::Estimate;
use crate::report::Work;

/// Blocks of darts that are worth a message: 16 of 2^20 darts are 1 ms with AVX-512 on a Zen 5.
const GRAIN: u64 = 16;

/// The job: darts in blocks of 2^20, the stream of each keyed by seed and block.
pub(super) struct DartsJob {
    terms: Terms,
}

/// Darts of a span, and how many of them hit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hits {
    samples: u64,
    hits: u64,
    scatter: HitScatter,
}

impl Tally for Hits {
    fn merge(&mut self, next: Hits) {
        self.samples += next.samples;
        self.hits += next.hits;
        self.scatter.merge(&next.scatter);
    }
}

impl DartsJob {
    pub(super) fn new(terms: Terms) -> DartsJob {
        DartsJob { terms }
    }

    /// The darts of a span: whole blocks, except the last one of the job.
    pub(super) fn samples(&self, span: Span) -> u64 {
        span.items(BLOCK, self.terms.samples)
    }
}

impl Job for DartsJob {
    type Tally = Hits;
    type Workspace = Option<Darts>;

    fn blocks(&self) -> u64 {
        self.terms.samples.div_ceil(BLOCK)
    }

    fn identity(&self) -> Option<Identity> {
        Some(self.terms.identity("darts", self.terms.samples, self.terms.samples / BLOCK, BLOCK))
    }

    fn check(&self, span: Span, tally: &Hits) -> Result<(), String> {
        let Hits { samples, hits, scatter } = tally;
        invariant::equal("darts", *samples, self.samples(span))?;
        invariant::at_most("hits", *hits, *samples)?;
        invariant::holds("the hits of blocks are those of all", scatter.is_sound(samples / BLOCK, *hits))
    }

    fn prefix_ends(&self) -> PrefixEnds {
        PrefixEnds::Powers
    }

    fn grain(&self) -> u64 {
        GRAIN
    }

    fn workspace(&self) -> Option<Darts> {
        (!self.terms.is_scalar).then(|| Darts::new(self.terms.seed, self.terms.isa))
    }

    fn compute(&self, span: Span, darts: &mut Option<Darts>, _yield_now: YieldNow<'_>) -> ControlFlow<(), Hits> {
        let samples = self.samples(span);
        let mut tally = Hits::default();
        let mut add = |samples, hits| {
            tally.merge(Hits { samples, hits, ..Hits::default() });
            tally.scatter.add(samples, hits);
        };
        match darts {
            Some(darts) => darts.each_block(span.first, samples, add),
            None => (span.first..span.end).for_each(|block| {
                let samples = self.samples(Span::new(block, block + 1));
                add(samples, scalar::hits(self.terms.seed, block, samples));
            }),
        }
        ControlFlow::Continue(tally)
    }
}

impl Estimator for DartsJob {
    /// Any darts give an estimate.
    fn finding(&self, &Hits { samples, hits, scatter }: &Hits) -> Finding {
        let work = Work { amount: samples, unit: "samples" };
        let (estimate, chi_square) = (Estimate::new(hits, samples), scatter.chi_square());
        Finding { samples, hits: Some(hits), estimate, chi_square, work }
    }
}

impl Sampling for DartsJob {
    fn readings(&self, tally: &Hits) -> Vec<Reading> {
        self.finding(tally).reading().into_iter().collect()
    }

    fn samples(&self) -> u64 {
        self.terms.samples
    }
}

impl Shorten for DartsJob {
    fn shortened(&self, blocks: u64) -> DartsJob {
        let samples = blocks.saturating_mul(BLOCK).min(self.terms.samples);
        DartsJob { terms: Terms { samples, ..self.terms.clone() } }
    }
}
