//! `primes --plan`: the algorithm, blocks, tables and approximate time of a job, without running
//! it.
//!
//! The times follow the cost model ([`costs`](crate::primes::costs)), measured on a particular
//! machine: accurate to a factor of two.

use super::algorithm::{self, COMPARED};
use super::answer::plan::PrimesPlan;
use super::args::{Nth, Primes, PrimesAlgorithm};
use super::cut::end_of;
use super::difference::Difference;
use super::range::Range;
use super::{list, memory, nth, work};
use crate::commands::context::Context;
use crate::commands::finish::FinalReport;
use crate::commands::memory_check::{self, Need};
use crate::error::Result;
use crate::job::run::{Account, Outcome};
use crate::primes::costs::Asked;
use crate::primes::source::Algorithm;
use crate::report;

/// Runs nothing. Every rank must call it; returns the exit code.
pub(super) fn run(context: &Context<'_>, options: &Primes) -> Result<u8> {
    let cluster = context.cluster;
    if let Nth(Some(n)) = options.nth {
        let course = cluster.agree(cluster.at_root(|| nth::course(options.range.start, n)).transpose())?;
        let needs: Vec<Need> = course.iter().map(|course| memory::of_formula(course.table_bytes, 0)).collect();
        let room = memory_check::told(cluster, &needs)?;
        return context.finish(course.map(|course| {
            let seconds = course.seconds;
            let result = PrimesPlan {
                start: options.range.start,
                stop: None,
                n: Some(n),
                algorithm: name(options, course.by_formula),
                blocks: course.blocks,
                table_bytes: course.table_bytes,
                core_seconds: rounded(seconds),
            };
            planned(context, result, seconds, room)
        }));
    }
    let by_formula = algorithm::is_by_formula(context, options)?;
    let room = memory_check::told(cluster, &needs(context, options, by_formula))?;
    context.finish(cluster.at_root(|| {
        let range = options.range;
        let (mut blocks, mut table_bytes) = (0, 0);
        if by_formula {
            (blocks, table_bytes) = size_of_formula(range, options.verify);
        }
        if !by_formula || options.algorithm == PrimesAlgorithm::Both {
            let algorithm = super::algorithm(options, context.tuning);
            let length = match options.list() {
                None => algorithm.block_len(end_of(range)),
                Some(_) => list::block_len(range, algorithm),
            };
            let sieve = size_of_sieve(range, algorithm, length);
            blocks += sieve.0;
            // If each prime is visited, each rank has its own tables, of another form.
            table_bytes += if algorithm::asked(options) == Asked::List { 0 } else { sieve.1 };
        }
        let result = PrimesPlan {
            start: range.start,
            stop: Some(range.stop),
            n: None,
            algorithm: name(options, by_formula),
            blocks,
            table_bytes,
            core_seconds: rounded(algorithm::seconds(options, by_formula, COMPARED)),
        };
        planned(context, result, algorithm::seconds(options, by_formula, context.isa), room)
    }))
}

/// What the job needs of memory: first the formula, then the sieve.
fn needs(context: &Context<'_>, options: &Primes, by_formula: bool) -> Vec<Need> {
    let range = options.range;
    let formula = by_formula.then(|| {
        let difference = Difference::new(range, options.verify, Vec::new());
        let layout = difference.layout();
        let (bytes, each) = layout.map_or((0, 0), |layout| (layout.bytes(), layout.formula_bytes()));
        memory::of_formula(bytes, difference.formulas() * each)
    });
    let sieve = (!by_formula || options.algorithm == PrimesAlgorithm::Both).then(|| {
        let algorithm = super::algorithm(options, context.tuning);
        memory::of_sieve(range, algorithm, algorithm::asked(options), options.list().is_some())
    });
    formula.into_iter().chain(sieve).collect()
}

/// Blocks, and bytes of tables, of a count by the formula.
pub(super) fn size_of_formula(range: Range<u128>, verify: bool) -> (u64, u64) {
    let difference = Difference::new(range, verify, Vec::new());
    (difference.blocks(), difference.layout().map_or(0, |layout| layout.bytes()))
}

/// Blocks, and bytes of the shared table, when each number is visited in blocks of this length.
pub(super) fn size_of_sieve(range: Range<u128>, algorithm: Algorithm, length: u64) -> (u64, u64) {
    let table = algorithm.table(range.start, end_of(range));
    let blocks = range.numbers().div_ceil(length.into()).try_into().unwrap_or(u64::MAX);
    (blocks, table.map_or(0, |(layout, _)| 8 * (layout.sheets() * layout.sheet_words()) as u64))
}

/// The name of the algorithm.
fn name(options: &Primes, by_formula: bool) -> String {
    let algorithm = match options.algorithm {
        PrimesAlgorithm::Auto if by_formula => PrimesAlgorithm::Combinatorial,
        PrimesAlgorithm::Auto => PrimesAlgorithm::Sieve,
        named => named,
    };
    algorithm.word().to_owned()
}

/// To two digits: the model has no more, and the last digits of logarithms differ between machines.
fn rounded(seconds: f64) -> f64 {
    format!("{seconds:.1e}").parse().unwrap_or(seconds)
}

/// The final report of a plan.
fn planned(
    context: &Context<'_>,
    result: PrimesPlan,
    core_seconds: f64,
    room: Option<String>,
) -> FinalReport<PrimesPlan> {
    let ranks = context.cluster.size();
    let nothing = Outcome { total: None::<()>, done: 0, blocks: 0, cause: None, account: Account::none(ranks) };
    let extra = report::planned(core_seconds / ranks as f64, room);
    FinalReport { extra, ..FinalReport::new("primes", nothing, Some(result), work(0)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_the_numbers_of_the_program() {
        let page = include_str!("../../../docs/pi-of-x.md");
        let (blocks, bytes) = size_of_formula(Range { start: 0, stop: 10_u128.pow(20) }, false);
        let said = format!("{blocks} blocks and {:.0} MB of tables", bytes as f64 / 1e6);
        assert!(page.contains(&said), "docs/pi-of-x.md does not say of 1e20: {said}");
    }

    #[test]
    fn two_digits_are_kept() {
        assert_eq!((rounded(387.4), rounded(0.0), rounded(0.01249)), (390.0, 0.0, 0.012));
    }

    #[test]
    fn blocks_of_impossible_jobs_are_counted_too() {
        let algorithm = Algorithm::Sieve(COMPARED.into());
        let (blocks, _) = size_of_sieve(Range { start: 0, stop: 10_u128.pow(26) }, algorithm, 1 << 20);
        assert_eq!(blocks, u64::MAX);
    }
}
