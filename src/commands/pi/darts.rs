//! `--method darts`: the share of darts that hit the circle is pi/4.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::{Estimator, Finding, Walk};
use crate::job::{Job, Pulse, Span, Tally};
use crate::montecarlo::darts::{BLOCK, Darts, scalar};
use crate::montecarlo::estimate::Estimate;
use crate::report::Work;

/// Blocks of darts that are worth a message: 16 of 2^20 darts are 1 ms with AVX-512 on a Zen 5.
const GRAIN: u64 = 16;

/// The job: `samples` darts in blocks of 2^20, the stream of each keyed by seed and block.
pub(super) struct Throw {
    pub(super) samples: u64,
    pub(super) seed: u64,
    pub(super) walk: Walk,
}

/// Darts of a span, and how many of them hit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hits {
    samples: u64,
    hits: u64,
}

impl Tally for Hits {
    fn merge(&mut self, next: Hits) {
        self.samples += next.samples;
        self.hits += next.hits;
    }
}

impl Throw {
    /// The darts of a span: whole blocks, but for the last one of the job.
    pub(super) fn samples(&self, span: Span) -> u64 {
        let end = (u128::from(span.end) * u128::from(BLOCK)).min(u128::from(self.samples)) as u64;
        end - span.first * BLOCK
    }
}

impl Job for Throw {
    type Tally = Hits;
    type Workspace = Option<Darts>;

    fn blocks(&self) -> u64 {
        self.samples.div_ceil(BLOCK)
    }

    fn grain(&self) -> u64 {
        GRAIN
    }

    fn workspace(&self) -> Option<Darts> {
        (!self.walk.is_scalar).then(|| Darts::new(self.seed, self.walk.isa))
    }

    fn compute(&self, span: Span, darts: &mut Option<Darts>, _pulse: Pulse<'_>) -> ControlFlow<(), Hits> {
        let samples = self.samples(span);
        let hits = match darts {
            Some(darts) => darts.hits(span.first, samples),
            None => scalar::hits(self.seed, span.first, samples),
        };
        ControlFlow::Continue(Hits { samples, hits })
    }
}

impl Estimator for Throw {
    /// Any darts are as good as any others.
    fn finding(&self, &Hits { samples, hits }: &Hits) -> Finding {
        let work = Work { amount: samples, unit: "samples" };
        Finding { samples, hits: Some(hits), estimate: Estimate::new(hits, samples), work }
    }
}
