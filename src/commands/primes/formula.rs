//! Counting by Gourdon's formula: the tables, the job ([`super::difference`]), and the result.
//!
//! `--algorithm both` runs the sieve after the formula, `--verify` the formula with two sets of
//! parameters. If the results differ, the exit code is 3.

use std::collections::BTreeMap;

use super::answer::PrimesResult;
use super::args::{Primes, PrimesAlgorithm};
use super::count::{Kept, count};
use super::cut::{Cut, end_of};
use super::difference::{Count, Difference, Sums};
use super::range::Range;
use super::shared_tables::SharedTables;
use super::{ends, memory, work};
use crate::commands::context::Context;
use crate::commands::finish::FinalReport;
use crate::error::{Error, Result};
use crate::job::run::{Outcome, agreed, cannot_be};
use crate::job::{Ledger, invariant};
use crate::primes::KINDS;
use crate::primes::costs::Asked;
use crate::primes::source::Algorithm;
use crate::report::{Completion, Extra};
use crate::stderr;

/// Runs the command by the formula. Every rank must call it; returns the exit code.
pub(super) fn run(context: &Context<'_>, options: &Primes) -> Result<u8> {
    let range = options.range;
    let difference = Difference::new(range, options.verify, context.words.clone());
    if options.algorithm == PrimesAlgorithm::Both && !context.is_merging() {
        memory::check_sieve(context.cluster, range, Algorithm::Sieve(context.tuning), Asked::Count, false)?;
    }
    let mut outcome = compute(context, &difference)?;
    let complete = outcome.as_ref().map_or(1, |outcome| u64::from(outcome.is_complete()));
    // The other ranks do not know whether the root's result is complete.
    let go_on = context.cluster.broadcast(context.cluster.at_root(|| complete == 1))?;
    let total = outcome.as_mut().and_then(|outcome| outcome.total.take()).unwrap_or_default();
    let mut answers = if go_on && outcome.is_some() { difference.answers(&total) } else { Vec::new() };
    if go_on && options.algorithm == PrimesAlgorithm::Both && !context.is_merging() {
        let algorithm = Algorithm::Sieve(context.tuning);
        let cut = Cut::new(range, algorithm.block_len(end_of(range)));
        let sieved = count(context, cut, algorithm, [false; KINDS], Kept::No)?;
        if let (Some(outcome), Some(sieved)) = (&mut outcome, sieved) {
            let is_complete = sieved.is_complete();
            let counted = outcome.join(sieved).unwrap_or_default();
            answers.extend(is_complete.then(|| i128::from(counted.primes())));
        }
    }
    let final_report = outcome.map(|outcome| final_report(options, outcome, &answers));
    context.finish(context.cluster.agree(final_report.transpose())?)
}

/// At the root: the report.
fn final_report(options: &Primes, outcome: Outcome<Sums>, answers: &[i128]) -> Result<FinalReport<PrimesResult>> {
    let range = options.range;
    let completion = Completion::of(outcome.done, outcome.blocks);
    let mut result = PrimesResult::new(range.start, range.stop, BTreeMap::new(), completion);
    let agree = answers.windows(2).all(|pair| pair[0] == pair[1]);
    if completion.is_complete() {
        let primes = number(answers)?;
        invariant::at_most("primes", primes, range.numbers()).map_err(cannot_be)?;
        result.counts.insert(1, primes);
        ends(range, &mut result);
    }
    if !agree {
        stderr::message(&format!("the counts differ: {answers:?}"));
    }
    // A part of the sum is no count of a part of the range: its share of the blocks.
    let numbers = range.numbers() / u128::from(outcome.blocks.max(1)) * u128::from(outcome.done);
    let numbers = if completion.is_complete() { range.numbers() } else { numbers };
    let verdict = if agree { 0 } else { Error::WRONG };
    // The result is the same without: which way it was found is no part of it.
    let how = if options.verify { "other partial sums give the same count" } else { "the sieve counts as many" };
    let verified = (agree && answers.len() > 1).then(|| format!("verified: {how}"));
    let extra = Extra::default().without_rate().with_lines_here(verified);
    Ok(FinalReport { verdict, extra, ..FinalReport::new("primes", outcome, Some(result), work(numbers)) })
}

/// Counts the primes of `range` without a checkpoint. Every rank must call it; the root gets
/// `Some`, without a count when it was stopped.
pub(super) fn counted(context: &Context<'_>, range: Range<u128>) -> Result<Option<Outcome<u128>>> {
    let difference = Difference::new(range, false, Vec::new());
    // No checkpoint and no part: those are for a command's only job.
    let outcome = computed(context, &difference, None)?;
    let counted = outcome.map(|Outcome { total, done, blocks, cause, account }| {
        let answers = (done == blocks).then(|| difference.answers(&total.unwrap_or_default()));
        let total = answers.map(|answers| number(&answers)).transpose()?;
        Ok(Outcome { total, done, blocks, cause, account })
    });
    context.cluster.agree(counted.transpose())
}

/// Computes the blocks that are not in the checkpoint.
fn compute(context: &Context<'_>, difference: &Difference) -> Result<Option<Outcome<Sums>>> {
    let bare = Count::bare(difference);
    if context.is_merging() {
        return context.compute(&bare);
    }
    let done = context.before(&bare)?;
    computed(context, difference, Some(done))
}

/// Builds the tables if they fit, and computes the blocks that are not in `done`.
fn computed(
    context: &Context<'_>,
    difference: &Difference,
    done: Option<Ledger<Sums>>,
) -> Result<Option<Outcome<Sums>>> {
    let (cluster, done) = (context.cluster, done.unwrap_or_default());
    let layout = cluster.broadcast(cluster.at_root(|| difference.needed(&done, context.session.options().part)))?;
    if let Some(layout) = layout {
        memory::check_formula(cluster, layout.bytes(), difference.formulas() * layout.formula_bytes())?;
    }
    let tables = layout.map(|layout| SharedTables::make(context, layout)).transpose()?;
    let words = tables.as_ref().and_then(|tables| tables.words.as_ref());
    let outcome = agreed(cluster, context.session.run_from(&Count::new(difference, words, context.tuning), done))?;
    let before = tables.and_then(SharedTables::release);
    Ok(outcome.map(|outcome| outcome.after(before)))
}

/// The first answer, which all others must equal.
fn number(answers: &[i128]) -> Result<u128> {
    let primes = answers.first().and_then(|&primes| u128::try_from(primes).ok());
    primes.ok_or_else(|| Error::Run(format!("the formula says {answers:?} (a fault of montesieve)")))
}
