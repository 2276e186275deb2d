//! `primes`: how many primes a range holds, what they add up to, or which they are.
//!
//! One job for each kind of question: [`count`] for numbers of primes and k-tuplets, [`formula`] ([`sides`], [`lookups`]) for numbers of
//! primes without a look at each ([`choice`] says which of the two), [`survey`] for everything that looks at each prime, [`list`] for the list of them, [`nth`] for
//! the n-th of them; [`plan`] runs none of them, and [`affordable`] refuses what has no end.

mod affordable;
mod choice;
mod count;
mod cut;
mod formula;
mod list;
mod lookups;
mod memory;
mod nth;
mod plan;
mod print;
mod sides;
mod survey;
mod table;
mod write;

use std::collections::BTreeMap;

use self::count::{Kept, count};
use self::cut::{Cut, end_of};
use self::survey::Survey;
use super::conclusion::Conclusion;
use super::setting::Setting;
use crate::cli::{self, Range};
use crate::error::Result;
use crate::isa::Isa;
use crate::job::run::Outcome;
use crate::primes::encoding::Encoding;
use crate::primes::gaps::{Gap, Which};
use crate::primes::naive::Divisors;
use crate::primes::source::Algorithm;
use crate::primes::summary::{Summary, Wanted};
use crate::primes::{digest, wide};
use crate::report::{Completion, GapResult, PrimesResult, Work};

/// Runs the command. Every rank must call it; returns the exit code.
pub fn run(setting: &Setting<'_>, options: &cli::Primes) -> Result<u8> {
    if options.plan {
        return plan::run(setting, options);
    }
    if let cli::Nth(Some(n)) = options.nth {
        return nth::run(setting, options.range.start, n);
    }
    let by_formula = choice::is_by_formula(setting, options)?;
    affordable::check(setting, options, by_formula)?;
    if by_formula {
        return formula::run(setting, options);
    }
    if !setting.is_merging() {
        let (algorithm, asked) = (algorithm(options, setting.isa), choice::asked(options));
        memory::check_sieve(setting.cluster, options.range, algorithm, asked, options.list().is_some())?;
    }
    let range = options.range;
    if let Some((k, form)) = options.list() {
        let encoding = match form {
            cli::ListForm::Text => Encoding::Text,
            cli::ListForm::U64le => Encoding::U64le,
            cli::ListForm::Npy => Encoding::Npy,
        };
        return list::run(setting, range, algorithm(options, setting.isa), k, encoding);
    }
    let (algorithm, wanted) = (algorithm(options, setting.isa), wanted(options));
    let cut = Cut::new(range, algorithm.block_len(end_of(range)));
    if wanted == (Wanted { tuplets: wanted.tuplets, ..Wanted::default() }) {
        let kinds = std::array::from_fn(|i| i == 0 || wanted.tuplets[i + 1]);
        let outcome = count(setting, cut, algorithm, kinds, Kept::Yes)?;
        return setting.conclude(outcome.map(|outcome| report(range, options, outcome)));
    }
    let outcome = setting.compute(&Survey { cut, algorithm, wanted, words: setting.words.clone() })?;
    setting.conclude(outcome.map(|outcome| report(range, options, outcome)))
}

/// How primes are found.
fn algorithm(options: &cli::Primes, isa: Isa) -> Algorithm {
    match options.algorithm {
        // Whether the formula is used was asked before; `both` has the sieve beside it.
        cli::PrimesAlgorithm::Auto
        | cli::PrimesAlgorithm::Sieve
        | cli::PrimesAlgorithm::Both
        | cli::PrimesAlgorithm::Combinatorial => Algorithm::Sieve(isa),
        cli::PrimesAlgorithm::Sqrt => Algorithm::Trial(Divisors::UpToRoot),
        cli::PrimesAlgorithm::Trial => Algorithm::Trial(Divisors::Below),
    }
}

/// What must be known of the primes besides their number.
fn wanted(options: &cli::Primes) -> Wanted {
    let gaps = match options.gaps {
        None => Which::None,
        Some(cli::Gaps::Largest) => Which::Largest,
        Some(cli::Gaps::All) => Which::All,
    };
    let mut wanted = Wanted { sum: options.sum, digest: options.digest, gaps, ..Wanted::default() };
    options.count.ks().filter(|&k| k > 1).for_each(|k| wanted.tuplets[k] = true);
    wanted
}

fn report<T: Into<Summary>>(
    range: Range<u128>,
    options: &cli::Primes,
    mut outcome: Outcome<T>,
) -> Conclusion<PrimesResult> {
    let completion = Completion::of(outcome.done, outcome.blocks);
    let summary: Summary = outcome.total.take().map(Into::into).unwrap_or_default();
    let number = |k: usize| if k == 1 { summary.primes } else { summary.tuplets[k] };
    let counts: BTreeMap<u32, u128> = options.count.ks().map(|k| (k as u32, number(k).into())).collect();
    let mut result = PrimesResult::new(range.start, range.stop, counts, completion);
    if completion.is_complete() {
        ends(range, &mut result);
    } else if summary.primes > 0 && range.below_2_64().is_none() {
        // Which primes they are is not known.
        result.proven = Some(false);
    }
    result.sum = options.sum.then_some(summary.sum);
    result.digest = options.digest.then(|| digest::name(summary.digest));
    let line = |gap: Gap| GapResult { length: gap.length, start: gap.start, merit: gap.merit() };
    result.max_gap = options.gaps.map(|_| summary.gaps.largest().map(line));
    result.gaps = (options.gaps == Some(cli::Gaps::All)).then(|| summary.gaps.firsts().map(line).collect());
    conclusion(outcome, Some(result), summary.numbers)
}

/// Puts the first and the last prime of a range into a complete result, and whether they are proven: facts of the range, and the same whichever way
/// its primes were counted.
fn ends(range: Range<u128>, result: &mut PrimesResult) {
    let last = (range.start..=range.stop).rev().find(|&n| wide::is_prime(n));
    result.first = Some((range.start..=range.stop).find(|&n| wide::is_prime(n)));
    result.last = Some(last);
    result.proven = last.filter(|&prime| prime > u64::MAX.into()).map(|_| false);
}

fn conclusion<T>(outcome: Outcome<T>, result: Option<PrimesResult>, numbers: u64) -> Conclusion<PrimesResult> {
    Conclusion::new("primes", outcome, result, work(numbers.into()))
}

/// So many numbers, as work.
fn work(numbers: u128) -> Work {
    match u64::try_from(numbers) {
        Ok(amount) => Work { amount, unit: "numbers" },
        Err(_) => Work { amount: (numbers / 1_000_000_000) as u64, unit: "billion numbers" },
    }
}
