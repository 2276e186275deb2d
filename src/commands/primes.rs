//! `primes`: counts, sums or lists the primes of a range.
//!
//! Each kind of request is a job. [`count`] counts primes and k-tuplets; [`formula`]
//! ([`difference`], [`shared_tables`]) counts primes without visiting each; [`algorithm`] selects
//! one of the two. [`survey`] visits each prime, [`list`] lists them, [`nth`] finds the n-th.
//! [`plan`] runs none of them, and [`affordable`] refuses jobs that would take too long.

mod affordable;
mod algorithm;
mod answer;
pub mod args;
mod count;
mod cut;
mod difference;
mod formula;
mod list;
mod memory;
mod nth;
mod plan;
mod print;
pub mod range;
mod shared_tables;
mod survey;
mod table;
mod write;

use std::collections::BTreeMap;

use self::answer::nth::NthResult;
use self::answer::plan::PrimesPlan;
use self::answer::{GapResult, PrimesResult};
pub use self::args::Primes;
use self::args::{Gaps, Nth, PrimesAlgorithm};
use self::count::{Kept, count};
use self::cut::{Cut, end_of};
use self::range::Range;
use self::survey::Survey;
use super::command::{Check, Command, Computation, Timed, has_no_size};
use super::context::Context;
use super::finish::FinalReport;
use crate::cli::{CommandLine, EngineOptions};
use crate::cluster::Cluster;
use crate::error::Result;
use crate::job::run::Outcome;
use crate::primes::gaps::{Gap, Which};
use crate::primes::naive::Divisors;
use crate::primes::source::Algorithm;
use crate::primes::summary::{Summary, Wanted};
use crate::primes::tuning::Tuning;
use crate::primes::{digest, wide};
use crate::report::schema::Documentation;
use crate::report::{Completion, Planned, Work};

impl Command for Primes {
    fn documentation() -> Documentation {
        Documentation::of::<PrimesResult>("counts, sums, gaps and digests")
            .or::<NthResult>("of `--nth`")
            .or::<PrimesPlan>("of `--plan`")
            .with_job()
            .with_run::<Planned>()
    }

    fn check(&self) -> Check {
        Primes::check(self)
    }

    fn engine(&self) -> Option<&EngineOptions> {
        Some(&self.engine)
    }

    fn can_restart(&self) -> bool {
        self.list().is_none() && !self.plan
    }

    fn run(&self, cluster: &Cluster, words: &CommandLine) -> Result<u8> {
        self.compute(&Context::new(cluster, words, &self.engine)?)
    }

    fn provable(&self) -> Option<Box<dyn Computation>> {
        let is_proved = self.nth.0.is_none() && !self.plan && self.list().is_none();
        is_proved.then(|| Box::new(self.clone()) as _)
    }

    fn timed(&self) -> Check<Box<dyn Timed>> {
        if self.list().is_some() {
            return Err("a list of primes is no answer to compare; count them".to_owned());
        }
        Ok(Box::new(self.clone()))
    }
}

impl Timed for Primes {
    fn engine(&self) -> &EngineOptions {
        &self.engine
    }

    fn grown(&self, times: u64) -> Check<Option<Box<dyn Timed>>> {
        if self.nth != Nth(None) {
            return Err(has_no_size());
        }
        let Range { start, stop } = self.range;
        let length = (stop - start).checked_add(1).and_then(|length| length.checked_mul(times.into()));
        let stop = length.and_then(|length| start.checked_add(length - 1)).filter(|&stop| stop <= u64::MAX.into());
        Ok(stop.map(|stop| Box::new(Primes { range: Range { start, stop }, ..self.clone() }) as _))
    }
}

impl Computation for Primes {
    fn compute(&self, context: &Context<'_>) -> Result<u8> {
        run(context, self)
    }
}

fn run(context: &Context<'_>, options: &Primes) -> Result<u8> {
    if options.plan {
        return plan::run(context, options);
    }
    if let Nth(Some(n)) = options.nth {
        return nth::run(context, options.range.start, n);
    }
    let by_formula = algorithm::is_by_formula(context, options)?;
    affordable::check(context, options, by_formula)?;
    if by_formula {
        return formula::run(context, options);
    }
    if !context.is_merging() {
        let (algorithm, asked) = (algorithm(options, context.tuning), algorithm::asked(options));
        memory::check_sieve(context.cluster, options.range, algorithm, asked, options.list().is_some())?;
    }
    let range = options.range;
    if let Some((k, encoding)) = options.list() {
        return list::run(context, range, algorithm(options, context.tuning), k, encoding);
    }
    let (algorithm, wanted) = (algorithm(options, context.tuning), wanted(options));
    let cut = Cut::new(range, algorithm.block_len(end_of(range)));
    if wanted == (Wanted { tuplets: wanted.tuplets, ..Wanted::default() }) {
        let kinds = std::array::from_fn(|i| i == 0 || wanted.tuplets[i + 1]);
        let outcome = count(context, cut, algorithm, kinds, Kept::Yes)?;
        return context.finish(outcome.map(|outcome| report(range, options, outcome)));
    }
    let outcome = context.compute(&Survey { cut, algorithm, wanted, words: context.words.clone() })?;
    context.finish(outcome.map(|outcome| report(range, options, outcome)))
}

/// How primes are found.
fn algorithm(options: &Primes, tuning: Tuning) -> Algorithm {
    match options.algorithm {
        // The use of the formula is already decided; `both` also runs the sieve.
        PrimesAlgorithm::Auto | PrimesAlgorithm::Sieve | PrimesAlgorithm::Both | PrimesAlgorithm::Combinatorial => {
            Algorithm::Sieve(tuning)
        }
        PrimesAlgorithm::Sqrt => Algorithm::Trial(Divisors::UpToRoot),
        PrimesAlgorithm::Trial => Algorithm::Trial(Divisors::Below),
    }
}

/// The properties of the primes to find besides their number.
fn wanted(options: &Primes) -> Wanted {
    let gaps = match options.gaps {
        None => Which::None,
        Some(Gaps::Largest) => Which::Largest,
        Some(Gaps::All) => Which::All,
    };
    let mut wanted = Wanted { sum: options.sum, digest: options.digest, gaps, ..Wanted::default() };
    options.count.ks().filter(|&k| k > 1).for_each(|k| wanted.tuplets[k] = true);
    wanted
}

fn report<T: Into<Summary>>(
    range: Range<u128>,
    options: &Primes,
    mut outcome: Outcome<T>,
) -> FinalReport<PrimesResult> {
    let completion = Completion::of(outcome.done, outcome.blocks);
    let summary: Summary = outcome.total.take().map(Into::into).unwrap_or_default();
    let number = |k: usize| if k == 1 { summary.primes } else { summary.tuplets[k] };
    let counts: BTreeMap<u32, u128> = options.count.ks().map(|k| (k as u32, number(k).into())).collect();
    let mut result = PrimesResult::new(range.start, range.stop, counts, completion);
    if completion.is_complete() {
        ends(range, &mut result);
    } else if summary.primes > 0 && range.below_2_64().is_none() {
        // The primes themselves are not known.
        result.proven = false;
    }
    result.sum = options.sum.then_some(summary.sum);
    result.digest = options.digest.then(|| digest::name(summary.digest));
    let line = |gap: Gap| GapResult { length: gap.length, start: gap.start, merit: gap.merit() };
    result.max_gap = options.gaps.map(|_| summary.gaps.largest().map(line));
    result.gaps = (options.gaps == Some(Gaps::All)).then(|| summary.gaps.firsts().map(line).collect());
    final_report(outcome, Some(result), summary.numbers)
}

/// Adds the first and the last prime of the range to a complete result, and whether they are
/// proven. These depend on the range alone, not on the algorithm.
fn ends(range: Range<u128>, result: &mut PrimesResult) {
    let last = (range.start..=range.stop).rev().find(|&n| wide::is_prime(n));
    result.first = Some((range.start..=range.stop).find(|&n| wide::is_prime(n)));
    result.last = Some(last);
    result.proven = last.is_none_or(|prime| prime <= u64::MAX.into());
}

fn final_report<T>(outcome: Outcome<T>, result: Option<PrimesResult>, numbers: u64) -> FinalReport<PrimesResult> {
    FinalReport::new("primes", outcome, result, work(numbers.into()))
}

/// An amount of numbers, as work.
fn work(numbers: u128) -> Work {
    match u64::try_from(numbers) {
        Ok(amount) => Work { amount, unit: "numbers" },
        Err(_) => Work { amount: (numbers / 1_000_000_000) as u64, unit: "billion numbers" },
    }
}

#[cfg(test)]
mod tests;
