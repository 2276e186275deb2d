//! Lists: which numbers share a factor with another one of the list or of a collection, with the
//! factor and the partners.

use std::path::Path;

use dashu_int::UBig;
use dashu_int::ops::BitTest;
use serde_bytes::ByteBuf;

use super::answer::{SharedFactor, SharedResult};
use super::args::Gcd;
use super::audit::{Audit, Classes};
use super::jobs::{Compare, Multiply, Numbers, Pair, Relate};
use crate::commands::context::Context;
use crate::commands::finish::FinalReport;
use crate::commands::inputs::format::InputFormat;
use crate::commands::inputs::{self, Entry, big, bytes};
use crate::commands::memory_check::{self, Need};
use crate::error::{Error, Result};
use crate::job::run::{Account, Outcome, StopCause, cannot_be};
use crate::job::{Job, invariant};
use crate::primes::huge::Huge;
use crate::report::{Completion, Extra, Work};
use crate::stderr;

/// Bytes of memory per word of all numbers: 88 in the longest product, the rest in trees and
/// copies. (16,384 numbers of 2,048 bits, 524,288 words: 181 MB.)
const BYTES_A_WORD: u64 = 350;

/// The most pairs of common factors compared to find partners: a minute on one core for factors of
/// 1,024 bits. Keys of the whole Internet shared some thousand primes (Heninger and others, 2012).
const MOST_RELATED: u64 = 12_500_000;

/// Runs the command. Every rank must call it; returns the exit code.
pub(super) fn run(context: &Context<'_>, options: &Gcd) -> Result<u8> {
    let file = NumberList::read(context, &options.file, &options.input_format)?;
    let collection =
        options.against.as_ref().map(|path| NumberList::read(context, path, &options.input_format)).transpose()?;
    let words: usize = [Some(&file), collection.as_ref()].into_iter().flatten().map(NumberList::words).sum();
    let own = BYTES_A_WORD * words as u64;
    memory_check::check(context.cluster, Need { what: "the numbers and their products", own, shared: 0 })?;
    let huge = Huge::new(context.isa, 2 * words + 16);
    let mut jobs = Jobs { context, huge: &huge, account: None, cause: None, completion: Completion::Complete };
    let found = audit(&mut jobs, &file, collection.as_ref())?;
    jobs.finish(&file, collection.as_ref().map(NumberList::count), found.unwrap_or_default())
}

/// All common factors, at the root; `None` when a job was stopped, and on other ranks.
fn audit(jobs: &mut Jobs<'_>, file: &NumberList, collection: Option<&NumberList>) -> Result<Option<Vec<SharedFactor>>> {
    // Against a collection use its product; in a single list, the sum of all products without one
    // factor.
    let Some((product, sum)) = jobs.total(&collection.unwrap_or(file).numbers)? else { return Ok(None) };
    let common = if collection.is_some() { product } else { sum };
    let Some(ours) = jobs.commons(&file.numbers, common)? else { return Ok(None) };
    let theirs = match collection {
        None => None,
        Some(collection) => {
            let Some((product, _)) = jobs.total(&ours.values)? else { return Ok(None) };
            let Some(theirs) = jobs.commons(&collection.numbers, product)? else { return Ok(None) };
            Some(theirs)
        }
    };
    let classes = ours.values.len() as u64
        * theirs.as_ref().map_or(ours.values.len() as u64 / 2, |theirs| theirs.values.len() as u64);
    let audit = Audit { file, collection, ours: &ours, theirs: theirs.as_ref() };
    if classes > MOST_RELATED {
        return Ok(jobs.context.cluster.at_root(|| {
            stderr::message("too many different factors are shared: partners are not determined");
            audit.shared(None)
        }));
    }
    let relate = Relate { left: &ours.values, right: theirs.as_ref().map(|theirs| &theirs.values[..]) };
    let Some(related) = jobs.run(&relate)? else { return Ok(None) };
    Ok(jobs.context.cluster.at_root(|| audit.shared(Some(&related.unwrap_or_default().0))))
}

/// Checks that every number is in the product once, and omitted once in the derivative, by
/// computing both modulo a prime. This is negligible compared with the products.
///
/// # Errors
/// A sentence.
fn prove(numbers: &[UBig], (product, derivative): &(UBig, UBig)) -> std::result::Result<(), String> {
    const PRIME: u64 = (1 << 61) - 1;
    let rest = |n: &UBig| u128::from(n % PRIME);
    let modulo = u128::from(PRIME);
    let (all, but_one) =
        numbers.iter().map(rest).fold((1, 0), |(all, but_one), n| (all * n % modulo, (but_one * n + all) % modulo));
    invariant::holds("each number is in the product once", rest(product) == all)?;
    invariant::holds("each number is left out once in the sum of products", rest(derivative) == but_one)
}

/// The numbers of a file, at every rank.
pub(super) struct NumberList {
    pub(super) numbers: Vec<UBig>,
    /// Where each number starts: its line, or its place among the numbers if a line has several.
    pub(super) places: Vec<u64>,
    counts_lines: bool,
}

impl NumberList {
    fn read(context: &Context<'_>, path: &Path, format: &InputFormat) -> Result<NumberList> {
        let cluster = context.cluster;
        let read = cluster.at_root(|| {
            let entries = inputs::list(context, path, format)?;
            match entries.iter().find(|entry| entry.number == UBig::ZERO) {
                Some(Entry { line, .. }) => {
                    let name = inputs::shown(&path.display().to_string());
                    Err(Error::Usage(format!("{name}, line {line}: '0': must be at least 1")))
                }
                // An audit must not pass because there was nothing to check.
                None if entries.is_empty() => {
                    let name = inputs::shown(&path.display().to_string());
                    Err(Error::Usage(format!("{name} has no numbers")))
                }
                None => Ok(entries.into_iter().map(|entry| (entry.line, bytes(&entry.number))).collect::<Vec<_>>()),
            }
        });
        let entries: Vec<(u64, ByteBuf)> = cluster.broadcast(cluster.agree(read.transpose())?)?;
        let counts_lines = entries.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let place = |(place, &(line, _)): (u64, &(u64, ByteBuf))| if counts_lines { line } else { place };
        let places = (1..).zip(&entries).map(place).collect();
        Ok(NumberList { numbers: entries.iter().map(|(_, number)| big(number)).collect(), places, counts_lines })
    }

    fn count(&self) -> u64 {
        self.numbers.len() as u64
    }

    /// Words of all numbers together.
    fn words(&self) -> usize {
        self.numbers.iter().map(|n| n.bit_len().div_ceil(64) + 1).sum()
    }
}

/// Runs the jobs of the command in sequence; the root has their account.
struct Jobs<'s> {
    context: &'s Context<'s>,
    huge: &'s Huge,
    account: Option<Account>,
    cause: Option<StopCause>,
    completion: Completion,
}

impl Jobs<'_> {
    /// Runs a job; `None` when it was stopped. The root has its total.
    fn run<J: Job>(&mut self, job: &J) -> Result<Option<Option<J::Tally>>> {
        let outcome = self.context.compute(job)?;
        let is_complete = self.context.cluster.broadcast(outcome.as_ref().map(Outcome::is_complete))?;
        let total = outcome.and_then(|outcome| {
            (self.completion, self.cause) = (Completion::of(outcome.done, outcome.blocks), outcome.cause);
            self.account = Account::joined(self.account.take(), Some(outcome.account));
            outcome.total
        });
        Ok(is_complete.then_some(total))
    }

    /// The product of the numbers, and the sum of the products without one of them, at every rank;
    /// `None` when stopped.
    fn total(&mut self, numbers: &[UBig]) -> Result<Option<(UBig, UBig)>> {
        let cluster = self.context.cluster;
        let mut outcome = self.run(&Multiply(Numbers { numbers, huge: self.huge }))?;
        while let Some(nodes) = outcome {
            let nodes = cluster.broadcast(cluster.at_root(|| nodes.unwrap_or_default()))?.0;
            match &nodes[..] {
                [] => return Ok(Some((UBig::ONE, UBig::ZERO))),
                [[product, derivative]] => {
                    let total = (big(product), big(derivative));
                    let proof = cluster.at_root(|| prove(numbers, &total).map_err(cannot_be));
                    cluster.agree(proof.unwrap_or(Ok(())))?;
                    return Ok(Some(total));
                }
                _ => outcome = self.run(&Pair { nodes: &nodes, huge: self.huge })?,
            }
        }
        Ok(None)
    }

    /// The common factor of each number with `derivative`, at every rank; `None` when stopped.
    fn commons(&mut self, numbers: &[UBig], derivative: UBig) -> Result<Option<Classes>> {
        let cluster = self.context.cluster;
        let list = Numbers { numbers, huge: self.huge };
        let Some(found) = self.run(&Compare { list, derivative })? else { return Ok(None) };
        Ok(Some(Classes::of(&cluster.broadcast(cluster.at_root(|| found.unwrap_or_default().0))?)))
    }

    /// Reports everything found, or nothing when a job was stopped.
    fn finish(self, file: &NumberList, against: Option<u64>, shared: Vec<SharedFactor>) -> Result<u8> {
        let final_report = self.account.map(|account| FinalReport {
            command: "gcd",
            completion: self.completion,
            cause: self.cause,
            account,
            work: Work { amount: file.count(), unit: "numbers" },
            result: Some(SharedResult {
                numbers: file.count(),
                against,
                places: if file.counts_lines { "lines" } else { "numbers" },
                shared,
                completion: self.completion,
            }),
            verdict: 0,
            extra: Extra::default(),
        });
        self.context.finish(final_report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_lost_or_doubled_shows_in_the_product() {
        let list = |numbers: &[u64]| numbers.iter().map(|&n| UBig::from(n)).collect::<Vec<_>>();
        let total = |numbers: &[UBig]| {
            let but = |i: usize| numbers.iter().zip(0..).filter(|&(_, j)| j != i).map(|(n, _)| n).product::<UBig>();
            (numbers.iter().product::<UBig>(), (0..numbers.len()).map(but).sum::<UBig>())
        };
        let good = list(&[15, u64::MAX, 1, 21, 35, 35]);
        assert_eq!(prove(&good, &total(&good)), Ok(()));
        assert_eq!(prove(&[], &(UBig::ONE, UBig::ZERO)), Ok(()));
        for i in 0..good.len() {
            let (mut fewer, mut more) = (good.clone(), good.clone());
            more.push(fewer.remove(i));
            for other in [fewer, more] {
                assert!(prove(&good, &total(&other)).is_err(), "number {i}");
            }
        }
    }
}
