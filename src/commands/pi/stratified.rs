//! `--method stratified`: two darts in each of many equal cells.

use std::ops::{ControlFlow, Range};

use super::{Estimator, Finding, Terms};
use crate::job::{Identity, Job, Span, YieldNow, invariant};
use crate::montecarlo::methods::stratified::{BLOCK_ROWS, Counts, Strata, estimate};
use crate::report::Work;

/// Blocks of rows that are worth a message: 1 ms on a Zen 4.
const GRAIN: u64 = 4;

/// The job: runs of rows of cells.
pub(super) struct StrataJob {
    terms: Terms,
    strata: Strata,
}

impl StrataJob {
    pub(super) fn new(terms: Terms) -> StrataJob {
        StrataJob { strata: Strata::new(terms.samples, terms.seed), terms }
    }

    /// Rows of a block. If all darts are thrown, a row is long, and one is enough.
    fn block_rows(&self) -> u64 {
        if self.terms.is_scalar { 1 } else { BLOCK_ROWS }
    }

    fn rows(&self, span: Span) -> Range<u64> {
        let row = |block: u64| block.saturating_mul(self.block_rows()).min(self.strata.rows());
        row(span.first)..row(span.end)
    }
}

impl Job for StrataJob {
    type Tally = Counts;
    type Workspace = ();

    fn blocks(&self) -> u64 {
        self.strata.rows().div_ceil(self.block_rows())
    }

    fn identity(&self) -> Option<Identity> {
        Some(self.terms.identity_of_one("stratified darts", self.strata.samples(), self.blocks()))
    }

    fn resumption_advice(&self, theirs: &Identity) -> Option<String> {
        self.terms.resumption_advice(theirs, "stratified darts")
    }

    fn check(&self, span: Span, counts: &Counts) -> Result<(), String> {
        let Counts { samples, hits, split, thrown } = *counts;
        invariant::equal("darts", samples, self.strata.samples_of(self.rows(span)))?;
        invariant::at_most("hits", hits, samples)?;
        invariant::at_most("thrown darts", thrown, samples)?;
        invariant::at_most("split cells", split, thrown / 2)?;
        invariant::at_most("split cells", split, hits)
    }

    fn grain(&self) -> u64 {
        if self.terms.is_scalar { 1 } else { GRAIN }
    }

    fn workspace(&self) {}

    fn compute(&self, span: Span, (): &mut (), _yield_now: YieldNow<'_>) -> ControlFlow<(), Counts> {
        let rows = self.rows(span);
        ControlFlow::Continue(if self.terms.is_scalar { self.strata.count_all(rows) } else { self.strata.count(rows) })
    }
}

impl Estimator for StrataJob {
    /// A part of the cells is a part of the square, and gives no estimate of pi.
    fn finding(&self, counts: &Counts) -> Finding {
        let is_whole = counts.samples == self.strata.samples();
        let estimate = estimate(counts).filter(|_| is_whole);
        let work = Work { amount: counts.thrown, unit: "thrown darts" };
        Finding { samples: counts.samples, hits: None, estimate, chi_square: None, work }
    }
}
