//! `primes --nth N [START]`: the N-th prime above START.
//!
//! As many counting jobs over all ranks as it takes to get near (one or two, the first of them mostly by the formula), and a last look at
//! the primes around there at the root. The root decides and tells the others, so that a rank with another mathematical library cannot go
//! elsewhere.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::count::{Kept, count};
use super::cut::{Cut, end_of};
use super::{formula, work};
use crate::cli::Range;
use crate::commands::conclusion::Conclusion;
use crate::commands::setting::Setting;
use crate::error::{Error, Result};
use crate::isa::Isa;
use crate::job::run::{Account, Outcome};
use crate::primes::gourdon::LARGEST;
use crate::primes::nth::{Hunt, PRIMES_TO_LARGEST, Step, locate};
use crate::primes::source::Algorithm;
use crate::primes::{KINDS, costs, estimate};
use crate::report::{Completion, NthResult};

/// What the root tells the other ranks.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Order {
    /// Count the primes from the first number to the last one: by the formula, or by the sieve.
    Count(u128, u128, bool),
    /// This is the end.
    End,
}

/// Finds the `n`-th prime above `start`. Every rank must call it.
pub(super) fn run(setting: &Setting<'_>, start: u128, n: u128) -> Result<u8> {
    let cluster = setting.cluster;
    cluster.agree(cluster.at_root(|| possible(start, n)).unwrap_or(Ok(())))?;
    let mut hunt = cluster.at_root(|| Hunt::new(start + 1, n));
    let (mut ended, mut found): (Option<Outcome<Counted>>, Option<u128>) = (None, None);
    loop {
        let step = hunt.as_mut().map(Hunt::step);
        let order = step.map(|step| match step {
            Step::Count { low, high } if !stopped(&ended) => {
                Order::Count(low, high - 1, is_by_formula(low, high - 1, setting.isa))
            }
            _ => Order::End,
        });
        let Order::Count(start, stop, by_formula) = cluster.broadcast(order)? else {
            let near = step.filter(|_| !stopped(&ended));
            let prime = near.map(|step| search(setting, step, start, n));
            found = cluster.agree(prime.transpose())?.flatten().or(found);
            break;
        };
        let outcome = counted(setting, Range { start, stop }, by_formula)?;
        if let (Some(hunt), Some(outcome)) = (&mut hunt, outcome) {
            hunt.counted(outcome.total.unwrap_or_default().primes);
            ended = Some(joined(ended, outcome));
        }
    }
    setting.conclude(cluster.at_root(|| {
        let completion = ended.as_ref().map_or(Completion::Complete, |e| Completion::of(e.done, e.blocks));
        let numbers = ended.as_ref().and_then(|e| e.total).map_or(0, |counted| counted.numbers);
        Conclusion {
            command: "primes",
            result: Some(NthResult { start, n, nth: found, completion }),
            completion,
            cause: ended.as_ref().and_then(|e| e.cause),
            account: ended.map_or_else(|| Account::none(cluster.size()), |e| e.account),
            work: work(numbers),
            verdict: 0,
            planned: None,
            figure_of_merit: None,
            division: None,
            compared: Vec::new(),
            serialised: None,
        }
    }))
}

/// Numbers that were counted, and the primes among them.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    numbers: u128,
    primes: u128,
}

/// Whether the formula is to count these numbers: above 2^64 there is no other way.
fn is_by_formula(start: u128, stop: u128, isa: Isa) -> bool {
    let below = Range { start, stop }.below_2_64();
    below.is_none_or(|range| costs::is_formula_cheaper(range.start.into(), range.stop.into(), isa))
}

/// Counts the primes of a range. Every rank must call it; the root gets `Some`.
fn counted(setting: &Setting<'_>, range: Range<u128>, by_formula: bool) -> Result<Option<Outcome<Counted>>> {
    let outcome = match range.below_2_64().filter(|_| !by_formula) {
        None => formula::counted(setting, range)?.map(|outcome| with(outcome, |primes| (range.numbers(), primes))),
        Some(range) => {
            let algorithm = Algorithm::Sieve(setting.isa);
            let cut = Cut::new(range, algorithm.block_len(end_of(range).into()));
            let outcome = count(setting, cut, algorithm, [false; KINDS], Kept::No)?;
            outcome.map(|outcome| with(outcome, |counted| (counted.numbers.into(), counted.primes().into())))
        }
    };
    Ok(outcome)
}

/// The same outcome, with another total.
fn with<T>(outcome: Outcome<T>, counted: impl FnOnce(T) -> (u128, u128)) -> Outcome<Counted> {
    let Outcome { total, done, blocks, cause, account } = outcome;
    let total = total.map(counted).map(|(numbers, primes)| Counted { numbers, primes });
    Outcome { total, done, blocks, cause, account }
}

/// Finds what is surely not there before days of work.
///
/// R is within 1e13 of the number of primes everywhere below 1e26: its error is about sqrt(x) / ln x, 2e11, there.
fn possible(start: u128, n: u128) -> Result<()> {
    let estimate = estimate::prime_count(start as f64) + n as f64;
    if estimate > PRIMES_TO_LARGEST as f64 + 1e13 { Err(too_few(start, n)) } else { Ok(()) }
}

fn too_few(start: u128, n: u128) -> Error {
    Error::Usage(format!("there are fewer than {n} primes between {start} and {LARGEST}"))
}

fn stopped(ended: &Option<Outcome<Counted>>) -> bool {
    ended.as_ref().is_some_and(|ended| !ended.is_complete())
}

/// At the root: looks at the primes one by one.
fn search(setting: &Setting<'_>, step: Step, start: u128, n: u128) -> Result<Option<u128>> {
    let Step::Locate { low, n: left } = step else { return Ok(None) };
    match locate(low, left, setting.isa, &mut || ControlFlow::Continue(())) {
        ControlFlow::Continue(Some(prime)) => Ok(Some(prime)),
        _ => Err(too_few(start, n)),
    }
}

/// Two jobs, one after the other, as one.
fn joined(before: Option<Outcome<Counted>>, after: Outcome<Counted>) -> Outcome<Counted> {
    let Some(mut all) = before else { return after };
    let numbers = all.total.unwrap_or_default().numbers + after.total.unwrap_or_default().numbers;
    all.total = Some(Counted { numbers, primes: 0 });
    all.done += after.done;
    all.blocks += after.blocks;
    all.cause = all.cause.or(after.cause);
    all.account.join(after.account);
    all
}
