//! Which way a range is counted: by looking at its numbers (sieve and tests), or by Gourdon's formula; and what that takes.
//!
//! By the formula where the user says so, and where it is cheaper ([`costs`]) and nothing but the number of primes is asked for. Below 2^64
//! two things keep `auto` with the sieve: a part of the formula says nothing about a part of the range, so `--shard` (whose parts have counts
//! of their own) stays; and `scaling` wants a job that grows with its numbers.
//! A checkpoint decides by itself: who wrote it can go on from it, whatever is cheaper in this version.

use super::args::{Primes, PrimesAlgorithm};
use super::cut::end_of;
use super::range::Range;
use super::{algorithm, sides};
use crate::commands::context::Context;
use crate::error::Result;
use crate::isa::Isa;
use crate::primes::costs::{self, Asked};
use crate::primes::source::Algorithm;

/// The instruction set that ways are compared for: with one that depends on the machine, `--plan` would have another result on each.
pub(super) const COMPARED: Isa = Isa::Avx512;

/// Whether the formula counts. Every rank must call it: the root decides.
pub(super) fn is_by_formula(context: &Context<'_>, options: &Primes) -> Result<bool> {
    match options.algorithm {
        PrimesAlgorithm::Combinatorial | PrimesAlgorithm::Both => Ok(true),
        PrimesAlgorithm::Auto if options.verify => Ok(true),
        PrimesAlgorithm::Auto if options.is_plain_count() => {
            let Range { start, stop } = options.range;
            let is_free = options.range.below_2_64().is_none()
                || (context.captured().is_none() && context.engine.keep.shard.is_none());
            let decided =
                context.cluster.at_root(|| match context.begun_by().filter(|_| context.captured().is_none()) {
                    Some(theirs) => theirs.kind.starts_with(sides::KIND),
                    None => is_free && costs::is_formula_cheaper(start, stop, COMPARED),
                });
            context.cluster.broadcast(decided)
        }
        _ => Ok(false),
    }
}

/// Seconds of one core with this instruction set.
pub(super) fn seconds(options: &Primes, by_formula: bool, isa: Isa) -> f64 {
    let Range { start, stop } = options.range;
    let looked = match algorithm(options, isa) {
        Algorithm::Sieve(isa) => costs::by_source(start, stop, asked(options), isa),
        // A block takes 10 ms where numbers are largest.
        trial => 0.01 * options.range.numbers() as f64 / trial.block_len(end_of(options.range)) as f64,
    };
    let times = if options.verify { 2.0 } else { 1.0 };
    match by_formula {
        false => looked,
        true if options.algorithm == PrimesAlgorithm::Both => costs::by_difference(start, stop) + looked,
        true => times * costs::by_difference(start, stop),
    }
}

/// What the kernels are asked for.
pub(super) fn asked(options: &Primes) -> Asked {
    if options.sum || options.digest || options.gaps.is_some() || options.list().is_some() {
        Asked::List
    } else if options.is_plain_count() {
        Asked::Count
    } else {
        Asked::Tuplets
    }
}
