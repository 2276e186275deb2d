//! `primes --nth N [START]`: the N-th prime above START; with a negative N, below it.
//!
//! Runs counting jobs over all ranks until it is near (one or two, each by the cheaper algorithm).
//! Then the root searches the primes around there. The root decides and tells the others, so that a
//! rank with another mathematical library cannot diverge.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::algorithm::COMPARED;
use super::answer::nth::NthResult;
use super::count::{Kept, count};
use super::cut::{Cut, end_of};
use super::range::Range;
use super::{affordable, formula, memory, plan, work};
use crate::commands::context::Context;
use crate::commands::finish::FinalReport;
use crate::error::{Error, Result};
use crate::job::run::{Account, Outcome};
use crate::primes::costs::{self, Asked};
use crate::primes::gourdon::LARGEST;
use crate::primes::nth::{Direction, Hunt, PRIMES_TO_LARGEST, Step, locate};
use crate::primes::source::Algorithm;
use crate::primes::{KINDS, estimate};
use crate::report::{Completion, Extra};

/// The first prime above 2^64.
const FIRST_ABOVE: u128 = (1 << 64) + 13;

/// The root's instructions to the other ranks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum NextStep {
    /// Count the primes from the first number to the last one; `true` means by the formula,
    /// otherwise by visiting each number.
    Count(u128, u128, bool),
    /// Stop.
    End,
}

/// Finds the `n`-th prime above `start`; for a negative `n`, below it. Every rank must call it.
pub(super) fn run(context: &Context<'_>, start: u128, n: i128) -> Result<u8> {
    let cluster = context.cluster;
    let planned = cluster.at_root(|| possible(start, n).and_then(|()| course(start, n)));
    let planned = cluster.agree(planned.transpose())?;
    if let Some(course) = planned.filter(|_| context.captured().is_none()) {
        affordable::warn(context, n.unsigned_abs(), course.by_formula, course.seconds / cluster.size() as f64);
    }
    let mut hunt = cluster.at_root(|| hunt(start, n));
    let mut ended: Option<Outcome<RangeTotals>> = None;
    let found = loop {
        let step = hunt.as_ref().filter(|_| !stopped(&ended)).map(Hunt::step);
        let order = hunt.as_ref().map(|hunt| step.map_or(NextStep::End, |step| order(hunt, step)));
        let NextStep::Count(low, last, by_formula) = cluster.broadcast(order)? else {
            let prime = step.map(|step| search(context, step, start, n));
            break cluster.agree(prime.transpose())?.flatten();
        };
        let outcome = counted(context, Range { start: low, stop: last }, by_formula)?;
        if let (Some(hunt), Some(outcome)) = (&mut hunt, outcome) {
            if outcome.is_complete() {
                hunt.counted(low, last + 1, outcome.total.unwrap_or_default().primes);
            }
            ended = Some(joined(ended, outcome));
        }
    };
    context.finish(cluster.at_root(|| {
        let completion = ended.as_ref().map_or(Completion::Complete, |e| Completion::of(e.done, e.blocks));
        let numbers = ended.as_ref().and_then(|e| e.total).map_or(0, |counted| counted.numbers);
        // All primes between START and the result were counted, those above 2^64 by a test that
        // proves nothing.
        let largest = |prime: u128| if n > 0 { prime } else { start - 1 };
        let proven = found.is_none_or(|prime| largest(prime) < FIRST_ABOVE);
        FinalReport {
            command: "primes",
            result: Some(NthResult { start, n, nth: found, proven, completion }),
            completion,
            cause: ended.as_ref().and_then(|e| e.cause),
            account: ended.map_or_else(|| Account::none(cluster.size()), |e| e.account),
            work: work(numbers),
            verdict: 0,
            extra: Extra::default(),
        }
    }))
}

fn hunt(start: u128, n: i128) -> Hunt {
    match n > 0 {
        true => Hunt::new(start + 1, Direction::Up, n.unsigned_abs()),
        false => Hunt::new(start, Direction::Down, n.unsigned_abs()),
    }
}

/// The cheapest count for a step of the hunt: from its current position, or by the formula from its
/// start.
fn order(hunt: &Hunt, step: Step) -> NextStep {
    let Step::Count { low, high } = step else { return NextStep::End };
    let last = high - 1;
    let (way, _) = costs::cheapest(low, last, Asked::Count, COMPARED);
    if way == costs::Method::Formula {
        // From 0 on it costs half as much as for a part.
        let from = if hunt.begin() <= 2 { hunt.begin() } else { low };
        return NextStep::Count(from, last, true);
    }
    NextStep::Count(low, last, false)
}

/// The cost of a hunt, if the estimates are right.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct HuntCosts {
    /// Seconds of one core.
    pub(super) seconds: f64,
    /// Whether one of its counts uses the formula.
    pub(super) by_formula: bool,
    pub(super) blocks: u64,
    pub(super) table_bytes: u64,
}

/// Simulates a hunt for the `n`-th prime with estimates instead of counts.
pub(super) fn course(start: u128, n: i128) -> Result<HuntCosts> {
    possible(start, n)?;
    let (mut hunt, mut course) = (hunt(start, n), HuntCosts::default());
    // Usually one or two counts.
    for _ in 0..8 {
        let step = hunt.step();
        let NextStep::Count(low, last, by_formula) = order(&hunt, step) else { break };
        let range = Range { start: low, stop: last };
        let (blocks, table_bytes) = if by_formula {
            course.seconds += costs::by_difference(low, last);
            plan::size_of_formula(range, false)
        } else {
            course.seconds += costs::by_source(low, last, Asked::Count, COMPARED);
            let algorithm = Algorithm::Sieve(COMPARED.into());
            plan::size_of_sieve(range, algorithm, algorithm.block_len(end_of(range)))
        };
        course.by_formula |= by_formula;
        course.blocks += blocks;
        course.table_bytes = course.table_bytes.max(table_bytes);
        hunt.counted(low, last + 1, primes_between(low, last));
    }
    Ok(course)
}

/// The approximate number of primes from the first number to the last one.
fn primes_between(low: u128, last: u128) -> u128 {
    let (from, to) = (low as f64, last as f64);
    let numbers = (last - low) as f64;
    let primes = if low > 1 << 24 && numbers < 1e-7 * from {
        numbers / from.ln()
    } else {
        estimate::prime_count(to) - estimate::prime_count(from)
    };
    primes.max(0.0) as u128
}

/// The numbers visited, and the primes among them.
#[derive(Clone, Copy, Debug, Default)]
struct RangeTotals {
    numbers: u128,
    primes: u128,
}

/// Counts the primes of a range. Every rank must call it; the root gets `Some`.
fn counted(context: &Context<'_>, range: Range<u128>, by_formula: bool) -> Result<Option<Outcome<RangeTotals>>> {
    if by_formula {
        let outcome = formula::counted(context, range)?;
        return Ok(outcome.map(|outcome| with(outcome, |primes| (range.numbers(), primes))));
    }
    let algorithm = Algorithm::Sieve(context.tuning);
    memory::check_sieve(context.cluster, range, algorithm, Asked::Count, false)?;
    let cut = Cut::new(range, algorithm.block_len(end_of(range)));
    let outcome = count(context, cut, algorithm, [false; KINDS], Kept::No)?;
    Ok(outcome.map(|outcome| with(outcome, |counted| (counted.numbers.into(), counted.primes().into()))))
}

/// The same outcome, with another total.
fn with<T>(outcome: Outcome<T>, counted: impl FnOnce(T) -> (u128, u128)) -> Outcome<RangeTotals> {
    let Outcome { total, done, blocks, cause, account } = outcome;
    let total = total.map(counted).map(|(numbers, primes)| RangeTotals { numbers, primes });
    Outcome { total, done, blocks, cause, account }
}

/// Refuses primes that certainly do not exist in range, before days of work.
///
/// R is within 1e13 of the number of primes everywhere below 1e26, where its error is about sqrt(x)
/// / ln x = 2e11.
fn possible(start: u128, n: i128) -> Result<()> {
    let (before, n_) = (estimate::prime_count(start as f64), n.unsigned_abs() as f64);
    let is_possible = match n > 0 {
        true => before + n_ <= PRIMES_TO_LARGEST as f64 + 1e13,
        false => n_ <= before + (start as f64).sqrt() + 100.0,
    };
    if is_possible { Ok(()) } else { Err(too_few(start, n)) }
}

fn too_few(start: u128, n: i128) -> Error {
    let place = match n > 0 {
        true => format!("from {} to {LARGEST}, the limit", start + 1),
        false => format!("below {start}"),
    };
    Error::Usage(match n.unsigned_abs() {
        1 => format!("there is no prime {place}"),
        n => format!("there are fewer than {n} primes {place}"),
    })
}

fn stopped(ended: &Option<Outcome<RangeTotals>>) -> bool {
    ended.as_ref().is_some_and(|ended| !ended.is_complete())
}

/// At the root: visits the primes one by one.
fn search(context: &Context<'_>, step: Step, start: u128, n: i128) -> Result<Option<u128>> {
    let Step::Locate { from, n: left } = step else { return Ok(None) };
    let direction = if n > 0 { Direction::Up } else { Direction::Down };
    match locate(from, direction, left, context.tuning, &mut || ControlFlow::Continue(())) {
        ControlFlow::Continue(Some(prime)) => Ok(Some(prime)),
        _ => Err(too_few(start, n)),
    }
}

/// Combines two consecutive jobs.
fn joined(before: Option<Outcome<RangeTotals>>, after: Outcome<RangeTotals>) -> Outcome<RangeTotals> {
    let Some(mut all) = before else { return after };
    let after = all.join(after).unwrap_or_default();
    let numbers = all.total.unwrap_or_default().numbers + after.numbers;
    Outcome { total: Some(RangeTotals { numbers, primes: 0 }), ..all }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_said_plainly() {
        let told = |start, n| possible(start, n).map_or_else(|error| error.to_string(), |()| String::new());
        assert_eq!((told(LARGEST - 1, 1), told(10, -4)), (String::new(), String::new()), "a look is needed for that");
        assert_eq!(
            told(LARGEST, PRIMES_TO_LARGEST as i128),
            format!("there are fewer than {PRIMES_TO_LARGEST} primes from {} to {LARGEST}, the limit", LARGEST + 1)
        );
        assert_eq!(told(1000, -1_000_000), "there are fewer than 1000000 primes below 1000");
        assert_eq!(too_few(2, -1).to_string(), "there is no prime below 2");
    }

    #[test]
    fn no_cliff_above_2_64() {
        let seconds = |n| course(1 << 64, n).expect("possible").seconds;
        let all: Vec<f64> = (0..17).map(|i| seconds(10_i128.pow(3) << (2 * i))).collect();
        assert!(all.is_sorted(), "{all:?}");
        for (i, pair) in all.windows(2).enumerate() {
            assert!(pair[1] < 10.0 * pair[0].max(0.05), "{i}: {all:?}");
        }
    }

    #[test]
    fn both_ways_from_a_border_cost_the_same() {
        for exponent in 2..13 {
            let n = 10_i128.pow(exponent);
            let (up, down) = (course(1 << 64, n).expect("possible"), course(1 << 64, -n).expect("possible"));
            assert!(down.seconds <= 2.0 * up.seconds.max(0.1), "{n}: {down:?} {up:?}");
        }
    }
}
