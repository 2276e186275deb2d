//! Checks before a job whether it can finish in reasonable time, and announces unexpectedly long
//! jobs.
//!
//! `primes 1e20 --gaps` would visit 1e20 numbers, for thousands of years. That is refused with the
//! numbers, unless there is a time limit, or a reader of the list may leave (`primes 1e15 1e18
//! --print | head`). Jobs that take a minute or more, or seconds for few numbers, are announced on
//! standard error.

use super::algorithm;
use super::args::{Primes, PrimesAlgorithm};
use crate::commands::context::Context;
use crate::error::{Error, Result};
use crate::primes::summary::largest_sum;
use crate::report::duration;
use crate::stderr;

/// The longest job that is accepted, in seconds: ten years.
const TOO_LONG: f64 = 10.0 * 365.25 * 86_400.0;

/// Seconds from which a job is announced: any job, and one of few numbers.
const LONG: [f64; 2] = [60.0, 2.0];
const FEW: u128 = 1_000_000_000;

/// Checks that a job is possible, and announces a long one. Every rank must call it.
///
/// # Errors
/// [`Error::Reported`] with what would be needed.
pub(super) fn check(context: &Context<'_>, options: &Primes, by_formula: bool) -> Result<()> {
    if context.is_merging() {
        return Ok(());
    }
    let core_seconds = algorithm::seconds(options, by_formula, context.isa);
    let job = Demand {
        numbers: options.range.numbers(),
        is_looked_at: !by_formula || options.algorithm == PrimesAlgorithm::Both,
        sum_overflows: options.sum && largest_sum(options.range.numbers(), options.range.stop).is_none(),
        can_be_counted: !options.is_plain_count() && options.algorithm == PrimesAlgorithm::Auto,
        core_seconds,
    };
    let share = context.session.options().part.map_or(1.0, |share| 1.0 / share.of as f64);
    let seconds = core_seconds * share / context.cluster.size() as f64;
    let is_read = options.list().is_some() && context.engine.destination.output.is_none();
    let is_limited = is_read || context.engine.keep.time_limit.is_some();
    let checked = context.cluster.at_root(|| job.check(seconds, is_limited));
    context.cluster.agree(checked.unwrap_or(Ok(())))?;
    if context.captured().is_none() && !is_read {
        context.cluster.at_root(|| warn(context, job.numbers, by_formula, seconds));
    }
    Ok(())
}

/// At the root: announces the job if it is long.
pub(super) fn warn(context: &Context<'_>, numbers: u128, by_formula: bool, seconds: f64) {
    if context.engine.quiet || seconds < LONG[usize::from(numbers < FEW)] {
        return;
    }
    let way = if by_formula { "by the formula" } else { "by sieve and tests" };
    stderr::message(&format!(
        "this takes about {} here, {way} (--plan says more and computes nothing)",
        duration(seconds)
    ));
}

/// What is known about a job before it starts.
struct Demand {
    numbers: u128,
    /// Whether it visits its numbers one by one.
    is_looked_at: bool,
    /// Whether the sum of its primes may need more than 128 bits.
    sum_overflows: bool,
    /// Whether counting the primes alone would be cheaper.
    can_be_counted: bool,
    core_seconds: f64,
}

impl Demand {
    /// Checks whether it is feasible, given its seconds on all ranks.
    fn check(&self, seconds: f64, is_limited: bool) -> Result<()> {
        let Demand { numbers, .. } = self;
        let instead = if self.can_be_counted { "; the number of primes alone goes by a formula" } else { "" };
        if self.is_looked_at && *numbers > u64::MAX.into() {
            return Err(Error::Usage(format!(
                "each of {numbers} numbers would have to be looked at, which takes about {} of one core: at most 2^64-1 numbers can be{instead}",
                duration(self.core_seconds)
            )));
        }
        if self.sum_overflows {
            return Err(Error::Usage(format!(
                "the sum of the primes among {numbers} numbers may need more than 128 bits"
            )));
        }
        if seconds > TOO_LONG && !is_limited {
            return Err(Error::Usage(format!(
                "this takes about {} of one core, {} here: more than ten years. Take a shorter range, more ranks, or a part of it \
                 (--shard I/N); --time-limit begins all the same{instead}",
                duration(self.core_seconds),
                duration(seconds)
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(job: &Demand, seconds: f64, is_limited: bool) -> String {
        job.check(seconds, is_limited).map_or_else(|error| error.to_string(), |()| "possible".to_owned())
    }

    #[test]
    fn what_cannot_end_is_refused_with_what_it_takes() {
        let job = Demand {
            numbers: 10_u128.pow(18),
            is_looked_at: true,
            sum_overflows: false,
            can_be_counted: true,
            core_seconds: 1e9,
        };
        assert_eq!(told(&job, 1e8, false), "possible");
        assert_eq!(told(&job, 1e9, true), "possible");
        insta::assert_snapshot!(told(&job, 1e9, false), @"this takes about 32 years of one core, 32 years here: more than ten years. Take a shorter range, more ranks, or a part of it (--shard I/N); --time-limit begins all the same; the number of primes alone goes by a formula");
        let job = Demand { numbers: 10_u128.pow(20), ..job };
        insta::assert_snapshot!(told(&job, 1e9, true), @"each of 100000000000000000000 numbers would have to be looked at, which takes about 32 years of one core: at most 2^64-1 numbers can be; the number of primes alone goes by a formula");
        assert_eq!(told(&Demand { is_looked_at: false, ..job }, 1.0, false), "possible");
        let job = Demand { numbers: 10_u128.pow(15), sum_overflows: true, ..job };
        insta::assert_snapshot!(told(&job, 1.0, false), @"the sum of the primes among 1000000000000000 numbers may need more than 128 bits");
    }
}
