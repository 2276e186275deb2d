//! `--method stratified`: two darts in each of many equal cells.

use std::ops::{ControlFlow, Range};

use serde::{Deserialize, Serialize};

use super::{Estimator, Finding, Terms};
use crate::job::{Identity, Job, Pulse, Span, Tally};
use crate::montecarlo::methods::stratified::{BLOCK_ROWS, Counts, Strata, estimate};
use crate::report::Work;

/// Blocks of rows that are worth a message: 1 ms on a Zen 4.
const GRAIN: u64 = 4;

/// The job: runs of rows of cells.
pub(super) struct Fill {
    terms: Terms,
    strata: Strata,
}

/// What a span adds up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Filled {
    samples: u64,
    hits: u64,
    split: u64,
    thrown: u64,
}

impl Tally for Filled {
    fn merge(&mut self, next: Filled) {
        self.samples += next.samples;
        self.hits += next.hits;
        self.split += next.split;
        self.thrown += next.thrown;
    }
}

impl Fill {
    pub(super) fn new(terms: Terms) -> Fill {
        Fill { strata: Strata::new(terms.samples, terms.seed), terms }
    }

    /// Rows of a block. Where all darts are thrown a row is long, and one is enough.
    fn block_rows(&self) -> u64 {
        if self.terms.is_scalar { 1 } else { BLOCK_ROWS }
    }

    fn rows(&self, span: Span) -> Range<u64> {
        let row = |block: u64| block.saturating_mul(self.block_rows()).min(self.strata.rows());
        row(span.first)..row(span.end)
    }
}

impl Job for Fill {
    type Tally = Filled;
    type Workspace = ();

    fn blocks(&self) -> u64 {
        self.strata.rows().div_ceil(self.block_rows())
    }

    fn identity(&self) -> Option<Identity> {
        Some(self.terms.identity_of_one("stratified darts", self.strata.samples(), self.blocks()))
    }

    fn grain(&self) -> u64 {
        if self.terms.is_scalar { 1 } else { GRAIN }
    }

    fn workspace(&self) {}

    fn compute(&self, span: Span, (): &mut (), _pulse: Pulse<'_>) -> ControlFlow<(), Filled> {
        let rows = self.rows(span);
        let counts = if self.terms.is_scalar { self.strata.count_all(rows) } else { self.strata.count(rows) };
        let Counts { samples, hits, split, thrown } = counts;
        ControlFlow::Continue(Filled { samples, hits, split, thrown })
    }
}

impl Estimator for Fill {
    /// A part of the cells is a part of the square: it says nothing of the rest, and nothing of pi.
    fn finding(&self, tally: &Filled) -> Finding {
        let Filled { samples, hits, split, thrown } = *tally;
        let is_whole = samples == self.strata.samples();
        let estimate = estimate(&Counts { samples, hits, split, thrown }).filter(|_| is_whole);
        Finding { samples, hits: None, estimate, work: Work { amount: thrown, unit: "thrown darts" } }
    }
}
