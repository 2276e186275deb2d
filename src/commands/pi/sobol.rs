//! `--method sobol`: 16 scrambled nets, one after the other.

use std::ops::{ControlFlow, Range};

use serde::{Deserialize, Serialize};

use super::{Estimator, Finding, Terms};
use crate::job::{Identity, Job, Span, Tally, YieldNow, invariant};
use crate::montecarlo::methods::sobol::net::{BLOCK_ROWS, Net};
use crate::montecarlo::methods::sobol::{Counts, Points, REPLICATES, log_points};
use crate::report::Work;

/// Blocks that are worth a message: 1 to 2 ms on a Zen 4.
const GRAIN: u64 = 16;

/// Points of a block in the scalar form: 2^14 of them take some milliseconds.
const SCALAR_POINTS: u64 = 1 << 14;

/// The job: each net is cut into runs of rows (or, one by one, of points). A block never has two
/// nets.
pub(super) struct SobolJob {
    terms: Terms,
    log_points: u32,
}

/// The tally of a span, by net.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Found {
    points: [u64; REPLICATES],
    hits: [u64; REPLICATES],
    found: u64,
}

impl Tally for Found {
    fn merge(&mut self, next: Found) {
        let mut counts = self.counts();
        counts.add(&next.counts());
        *self = Found { points: counts.points, hits: counts.hits, found: self.found + next.found };
    }
}

impl Found {
    fn counts(&self) -> Counts {
        Counts { points: self.points, hits: self.hits }
    }
}

/// A rank's workspace: the net it used last.
pub(super) struct Kept {
    replicate: usize,
    points: Points,
    net: Net,
}

impl SobolJob {
    pub(super) fn new(terms: Terms) -> SobolJob {
        SobolJob { log_points: log_points(terms.samples), terms }
    }

    /// The units of a net, rows or points, and how many make a block.
    fn cut(&self) -> (u64, u64) {
        if self.terms.is_scalar {
            (1 << self.log_points, SCALAR_POINTS)
        } else {
            (1 << (self.log_points / 2), BLOCK_ROWS)
        }
    }

    fn blocks_of_net(&self) -> u64 {
        let (all, block) = self.cut();
        all.div_ceil(block)
    }

    fn keep(&self, replicate: usize) -> Kept {
        let points = Points::new(self.terms.seed, replicate);
        let net = Net::new(&points, self.log_points);
        Kept { replicate, points, net }
    }

    /// Counts rows (or points) of one net.
    fn count(&self, kept: &Kept, part: Range<u64>) -> Found {
        let mut found = Found::default();
        let r = kept.replicate;
        if self.terms.is_scalar {
            found.points[r] = part.end - part.start;
            found.found = found.points[r];
            found.hits[r] = kept.points.hits(part);
        } else {
            let count = kept.net.count(part);
            (found.points[r], found.hits[r], found.found) = (count.points, count.hits, count.found);
        }
        found
    }
}

impl Job for SobolJob {
    type Tally = Found;
    type Workspace = Option<Kept>;

    fn blocks(&self) -> u64 {
        self.blocks_of_net() * REPLICATES as u64
    }

    fn identity(&self) -> Option<Identity> {
        Some(self.terms.identity_of_one("Sobol darts", (REPLICATES as u64) << self.log_points, self.blocks()))
    }

    fn resumption_advice(&self, theirs: &Identity) -> Option<String> {
        self.terms.resumption_advice(theirs, "Sobol darts")
    }

    fn check(&self, span: Span, tally: &Found) -> Result<(), String> {
        let ((all, block), blocks) = (self.cut(), self.blocks_of_net());
        let each = (1 << self.log_points) / all;
        for (r, (&points, &hits)) in (0..).zip(tally.points.iter().zip(&tally.hits)) {
            let place = |at: u64| (at.clamp(r * blocks, (r + 1) * blocks) - r * blocks) * block;
            let expected = (place(span.end).min(all) - place(span.first).min(all)) * each;
            invariant::equal("points of a net", points, expected)?;
            invariant::at_most("hits of a net", hits, points)?;
        }
        invariant::at_most("thrown darts", tally.found, tally.points.iter().sum())
    }

    fn grain(&self) -> u64 {
        GRAIN
    }

    fn workspace(&self) -> Option<Kept> {
        None
    }

    fn compute(&self, mut span: Span, kept: &mut Option<Kept>, _yield_now: YieldNow<'_>) -> ControlFlow<(), Found> {
        let mut total = Found::default();
        let ((all, block), blocks) = (self.cut(), self.blocks_of_net());
        while !span.is_empty() {
            let (replicate, first) = ((span.first / blocks) as usize, span.first % blocks);
            let part = span.take(blocks - first);
            if kept.as_ref().is_none_or(|kept| kept.replicate != replicate) {
                *kept = None;
            }
            let kept = kept.get_or_insert_with(|| self.keep(replicate));
            total.merge(self.count(kept, first * block..((first + part.len()) * block).min(all)));
        }
        ControlFlow::Continue(total)
    }
}

impl Estimator for SobolJob {
    /// Two or more complete nets give an estimate. A part of one gives none.
    fn finding(&self, tally: &Found) -> Finding {
        let counts = tally.counts();
        let estimate = counts.estimate(self.log_points);
        let samples = if estimate.is_some() { counts.samples(self.log_points) } else { counts.points.iter().sum() };
        Finding {
            samples,
            hits: None,
            estimate,
            chi_square: None,
            work: Work { amount: tally.found, unit: "thrown darts" },
        }
    }
}
