//! Selects how to count a range: by visiting its numbers (sieve and tests), or by Gourdon's
//! formula; and estimates the cost.
//!
//! The formula is used on request, and when it is cheaper ([`costs`]) and only the number of primes
//! is requested. Below 2^64 `auto` stays with the sieve in two cases: with `--shard`, since a part
//! of the formula does not correspond to a part of the range; and under `scaling`, which needs a
//! job that grows with its range. A checkpoint decides for itself: the algorithm that wrote it
//! resumes it, whatever is cheaper in this version.

use super::args::{Primes, PrimesAlgorithm};
use super::cut::end_of;
use super::range::Range;
use super::{algorithm, difference};
use crate::commands::context::Context;
use crate::error::Result;
use crate::isa::Isa;
use crate::primes::costs::{self, Asked};
use crate::primes::source::Algorithm;

/// The instruction set for which costs are compared: if it depended on the machine, so would the
/// result of `--plan`.
pub(super) const COMPARED: Isa = Isa::Avx512;

/// Whether to use the formula. Every rank must call it: the root decides.
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
                    Some(theirs) => theirs.kind.starts_with(difference::KIND),
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
    let looked = match algorithm(options, isa.into()) {
        Algorithm::Sieve(_) => costs::by_source(start, stop, asked(options), isa),
        // A block takes 10 ms for the largest numbers.
        trial => 0.01 * options.range.numbers() as f64 / trial.block_len(end_of(options.range)) as f64,
    };
    let times = if options.verify { 2.0 } else { 1.0 };
    match by_formula {
        false => looked,
        true if options.algorithm == PrimesAlgorithm::Both => costs::by_difference(start, stop) + looked,
        true => times * costs::by_difference(start, stop),
    }
}

/// The task for the kernels.
pub(super) fn asked(options: &Primes) -> Asked {
    if options.sum || options.digest || options.gaps.is_some() || options.list().is_some() {
        Asked::List
    } else if options.is_plain_count() {
        Asked::Count
    } else {
        Asked::Tuplets
    }
}
