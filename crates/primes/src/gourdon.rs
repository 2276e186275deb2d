//! pi(x) by Gourdon's formula: how many primes there are up to x without finding each, in about
//! x^(2/3) steps.
//!
//! Stands beside the sieves: they cost x steps, this 3.9 times as much for every 10 times of x. All
//! parts are pure functions of a span of blocks, so that any rank can do any part, and a stop loses
//! little. docs/pi-of-x.md teaches it with a small x.
//!
//! pi(x) = Sigma + Phi0 + A + C - B + D. One term a file:
//! - `params.rs`: x, y, x*: where each term begins and ends. `cut.rs`: the job list.
//! - `ordinary.rs`: Sigma and Phi0. `ranges.rs`: the q of A and C, and their closed parts.
//!   `easy.rs`: A + C. `second.rs`: B. `hard.rs`: D.
//! - `counts.rs`, `listed.rs`, `factors.rs`, `phi.rs`: look-ups; `tables.rs` has all of them.
//!   `crossing.rs`: the sieve. `kernels/`: the hot loops.
//! - `affine.rs`: sums that need pi of their start, without it.
//!
//! Reference: X. Gourdon (2001); D. B. Staple, "The combinatorial algorithm for computing pi(x)"
//! (2015); K. Walisch, primecount.

mod affine;
mod counts;
mod crossing;
mod cut;
mod easy;
mod factors;
mod hard;
mod kernels;
mod listed;
mod ordinary;
mod params;
mod phi;
mod ranges;
mod second;
mod tables;
#[cfg(test)]
mod tests;

pub use affine::Affine;
pub use params::{LARGEST, Params, SMALLEST, Split};
pub use tables::{FillPieces, Layout, Words};

use std::ops::{ControlFlow, Deref, Range};

use serde::{Deserialize, Serialize};

use crate::YieldNow;
use crate::single::narrow;
use crate::tuning::Tuning;
use montesieve_kernel::isa::Supported;
use tables::Tables;

/// About how many seconds one core takes for pi(x): for the number of blocks alone. From the trials
/// of another program of the same formula (Zen 5, AVX-512). To change it is to change the blocks;
/// what a count costs is in [`crate::range::costs`].
pub fn seconds(x: u128) -> f64 {
    0.01 + 0.55 * (x as f64 / 1e15).powf(0.594)
}

/// What a run of blocks adds up to. Neighbours merge, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Sigma without its last part, Phi0, the closed parts of A and C, and D.
    plain: i128,
    easy: Affine,
    second: Affine,
}

impl Terms {
    /// Whether they pass all checks for terms of blocks of pi(x).
    pub fn is_sound(&self, x: u128) -> bool {
        self.plain.unsigned_abs() < affine::BOUND && self.easy.is_sound(x.isqrt()) && self.second.is_sound(x)
    }

    /// Takes the terms of the blocks after these in.
    pub fn merge(&mut self, next: Terms) {
        self.plain = self.plain.wrapping_add(next.plain);
        self.easy.merge(next.easy);
        self.second.merge(next.second);
    }
}

/// pi(x) as blocks: tables and job list.
pub struct Formula<'t> {
    tables: Tables<'t>,
    cut: cut::Cut,
    patterns: crossing::Patterns,
    tuning: Tuning,
    isa: Supported,
}

impl<'t> Formula<'t> {
    /// Of a params, with tables whose words were made for it, among others, and kernels of this
    /// machine's instruction set and sizes.
    ///
    /// # Panics
    /// When this CPU does not have the instruction set.
    pub fn new<W: Deref<Target = [u64]>>(
        params: Params,
        words: &'t Words<W>,
        tuning: impl Into<Tuning>,
    ) -> Formula<'t> {
        let tuning = tuning.into().bounded();
        Formula {
            cut: cut::Cut::new(&params),
            tables: Tables::new(params, words),
            patterns: crossing::Patterns::new(),
            isa: tuning.isa.require(),
            tuning,
        }
    }

    /// The terms of a run of blocks. A `Break` from `yield_now` is returned at once.
    pub fn compute(&self, blocks: Range<u64>, yield_now: &mut YieldNow<'_>) -> ControlFlow<(), Terms> {
        let (tables, isa) = (&self.tables, self.isa);
        let parts = self.cut.parts(blocks);
        let mut terms = Terms::default();
        if parts.sigma {
            terms.plain += ordinary::sigma(tables, yield_now)?;
        }
        if let Some(span) = parts.ordinary {
            terms.plain += ordinary::phi0(tables, isa, span, yield_now)?;
        }
        if let Some(span) = parts.closed {
            terms.plain += ranges::closed(tables, span, yield_now)?;
        }
        if let Some(span) = parts.hard {
            terms.plain += hard::span(tables, &self.patterns, self.tuning, span, yield_now)?;
        }
        if let Some(span) = parts.easy {
            terms.easy = easy::span(tables, isa, span, yield_now)?;
        }
        if let Some(span) = parts.second {
            terms.second = second::span(tables, isa, span, yield_now)?;
        }
        ControlFlow::Continue(terms)
    }
}

/// pi(x) for x up to [`SMALLEST`], by a table.
pub fn small(x: u64) -> u64 {
    let primes = super::naive::eratosthenes(x + 1);
    primes.len() as u64
}

/// How many blocks pi(x) has: a function of the params alone.
pub fn blocks(params: &Params) -> u64 {
    cut::Cut::new(params).blocks()
}

/// The terms by name, each with its blocks: for those who want to see what each costs.
pub fn parts(params: &Params) -> [(&'static str, Range<u64>); 6] {
    cut::Cut::new(params).named()
}

/// pi(x) from the terms of all blocks. Wraps, as their sums do: sound terms that a file speaks of
/// may belong to no x.
pub fn primes_up_to(params: &Params, terms: &Terms) -> i128 {
    // A and C sieve up to the root and so know its pi; B begins a little below it.
    let to_root = terms.easy.primes;
    let between = (second::begin(params.root2)..=params.root2).filter(|&n| narrow::is_prime(n)).count() as u64;
    let plain = terms.plain.wrapping_add(ordinary::sigma_end(to_root));
    plain.wrapping_add(terms.easy.above(0)).wrapping_sub(terms.second.above(to_root.wrapping_sub(between)))
}
