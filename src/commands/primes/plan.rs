//! `primes --plan`: which way a count would go, in how many blocks, with what tables and in about what time, without a look at any number.
//!
//! The time is by the measured model ([`costs`]) of another machine than yours may be: good to a factor of two.

use super::choice::is_by_formula;
use super::cut::{Cut, end_of};
use super::sides::Sides;
use super::work;
use crate::cli::{self, PrimesAlgorithm};
use crate::commands::conclusion::Conclusion;
use crate::commands::setting::Setting;
use crate::error::Result;
use crate::job::run::{Account, Outcome};
use crate::primes::costs::{self, Asked};
use crate::primes::source::Algorithm;
use crate::report::PrimesPlan;

/// Runs nothing. Every rank must call it; returns the exit code.
pub(super) fn run(setting: &Setting<'_>, options: &cli::Primes) -> Result<u8> {
    let (range, by_formula) = (options.range, is_by_formula(setting, options)?);
    let ranks = setting.cluster.size();
    setting.conclude(setting.cluster.at_root(|| {
        let (mut seconds, mut blocks, mut table_bytes) = (0.0, 0, 0);
        if by_formula {
            let sides = Sides::new(range, options.verify, Vec::new());
            let times = if options.verify { 2.0 } else { 1.0 };
            seconds += times * costs::by_difference(range.start, range.stop);
            (blocks, table_bytes) = (sides.blocks(), sides.layout().map_or(0, |layout| layout.bytes()));
        }
        let sieved = range.below_2_64().filter(|_| !by_formula || options.algorithm == PrimesAlgorithm::Both);
        if let Some(range) = sieved {
            let algorithm = Algorithm::Sieve(setting.isa);
            let cut = Cut::new(range, algorithm.block_len(end_of(range).into()));
            seconds += costs::by_source(range.start.into(), range.stop.into(), Asked::Count, setting.isa);
            blocks += cut.blocks();
            let table = algorithm.table(cut.low.into(), cut.high.into());
            table_bytes += table.map_or(0, |(layout, _)| 8 * (layout.sheets() * layout.sheet_words()) as u64);
        }
        let algorithm = match options.algorithm {
            PrimesAlgorithm::Auto if by_formula => PrimesAlgorithm::Combinatorial,
            PrimesAlgorithm::Auto => PrimesAlgorithm::Sieve,
            named => named,
        };
        let algorithm = algorithm.to_string();
        let result = PrimesPlan { start: range.start, stop: range.stop, algorithm, blocks, table_bytes };
        let nothing = Outcome { total: None::<()>, done: 0, blocks: 0, cause: None, account: Account::none(ranks) };
        let work = work(0);
        Conclusion { planned: Some(seconds / ranks as f64), ..Conclusion::new("primes", nothing, Some(result), work) }
    }))
}
