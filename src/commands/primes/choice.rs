//! Which way a range is counted: by the sieve, or by Gourdon's formula.
//!
//! By the formula where the user says so, and where it is cheaper ([`costs`]) and nothing but the number of primes is asked for. Two
//! things keep `auto` with the sieve: a part of the formula says nothing about a part of the range, so `--shard` (whose parts have counts
//! of their own) stays; and `scaling` wants a job that grows with its numbers.
//! A checkpoint decides by itself: who wrote it can go on from it, whatever is cheaper in this version.

use super::sides;
use crate::cli::{self, PrimesAlgorithm};
use crate::commands::setting::Setting;
use crate::error::Result;
use crate::primes::costs;

/// Whether the formula counts. Every rank must call it: the root decides.
pub(super) fn is_by_formula(setting: &Setting<'_>, options: &cli::Primes) -> Result<bool> {
    // No sieve goes beyond.
    let Some(range) = options.range.below_2_64() else { return Ok(true) };
    match options.algorithm {
        PrimesAlgorithm::Combinatorial | PrimesAlgorithm::Both => Ok(true),
        PrimesAlgorithm::Auto if options.verify => Ok(true),
        PrimesAlgorithm::Auto if options.is_plain_count() && setting.record().is_none() => {
            let decided = setting.cluster.at_root(|| match setting.begun_by() {
                Some(theirs) => theirs.kind.starts_with(sides::KIND),
                None => {
                    setting.engine.keep.shard.is_none()
                        && costs::is_formula_cheaper(range.start.into(), range.stop.into(), setting.isa)
                }
            });
            setting.cluster.broadcast(decided)
        }
        _ => Ok(false),
    }
}
