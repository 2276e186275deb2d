//! `primes --nth N [START]`: the N-th prime above START.
//!
//! As many counting jobs over all ranks as it takes to get near (one or two, the first of them mostly by the formula), and a last look at
//! the primes around there at the root. The root decides and tells the others, so that a rank with another mathematical library cannot go
//! elsewhere.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::count::{Counted, Kept, count};
use super::cut::Cut;
use super::formula;
use crate::cli::Range;
use crate::commands::conclusion::Conclusion;
use crate::commands::setting::Setting;
use crate::error::{Error, Result};
use crate::job::run::{Account, Outcome};
use crate::primes::nth::{Hunt, PRIMES_BELOW_2_64, Step, locate};
use crate::primes::source::Algorithm;
use crate::primes::{KINDS, costs, estimate};
use crate::report::{Completion, NthResult, Work};

/// What the root tells the other ranks.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Order {
    /// Count the primes from the first number to the last one: by the formula, or by the sieve.
    Count(u64, u64, bool),
    /// This is the end.
    End,
}

/// Finds the `n`-th prime above `start`. Every rank must call it.
pub(super) fn run(setting: &Setting<'_>, start: u64, n: u64) -> Result<u8> {
    let cluster = setting.cluster;
    cluster.agree(cluster.at_root(|| possible(start, n)).unwrap_or(Ok(())))?;
    // Above 2^64-1 there is nothing, and 2^64-1 itself is not prime.
    let mut hunt = cluster.at_root(|| Hunt::new(start.saturating_add(1), n));
    let (mut ended, mut found): (Option<Outcome<Counted>>, Option<u64>) = (None, None);
    loop {
        let step = hunt.as_mut().map(Hunt::step);
        let order = step.map(|step| match step {
            Step::Count { low, high } if !stopped(&ended) => {
                Order::Count(low, high - 1, costs::is_formula_cheaper(low, high - 1))
            }
            _ => Order::End,
        });
        let Order::Count(start, stop, by_formula) = cluster.broadcast(order)? else {
            let near = step.filter(|_| !stopped(&ended));
            let prime = near.map(|step| search(setting, step, start, n));
            found = cluster.agree(prime.transpose())?.flatten().or(found);
            break;
        };
        let range = Range { start, stop };
        let outcome = if by_formula {
            formula::counted(setting, range)?
        } else {
            let algorithm = Algorithm::Sieve(setting.isa);
            let cut = Cut::new(range, algorithm.block_len(stop.saturating_add(1)));
            count(setting, cut, algorithm, [false; KINDS], Kept::No)?
        };
        if let (Some(hunt), Some(outcome)) = (&mut hunt, outcome) {
            hunt.counted(outcome.total.map_or(0, |counted| counted.primes()));
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
            work: Work { amount: numbers, unit: "numbers" },
            verdict: 0,
            planned: None,
            figure_of_merit: None,
            division: None,
            compared: Vec::new(),
            serialised: None,
        }
    }))
}

/// Finds what is surely not there before days of work.
///
/// R is within 1e10 of the number of primes everywhere below 2^64: its error is about sqrt(x) / ln x, 1e8, there.
fn possible(start: u64, n: u64) -> Result<()> {
    let estimate = estimate::prime_count(start as f64) + n as f64;
    if estimate > PRIMES_BELOW_2_64 as f64 + 1e10 { Err(too_few(start, n)) } else { Ok(()) }
}

fn too_few(start: u64, n: u64) -> Error {
    Error::Usage(format!("there are fewer than {n} primes between {start} and 2^64"))
}

fn stopped(ended: &Option<Outcome<Counted>>) -> bool {
    ended.as_ref().is_some_and(|ended| !ended.is_complete())
}

/// At the root: looks at the primes one by one.
fn search(setting: &Setting<'_>, step: Step, start: u64, n: u64) -> Result<Option<u64>> {
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
    all.total = Some(Counted { numbers, ..Counted::default() });
    all.done += after.done;
    all.blocks += after.blocks;
    all.cause = all.cause.or(after.cause);
    all.account.join(after.account);
    all
}
