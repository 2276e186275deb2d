//! The range of `montesieve primes` as it is typed, and as it is meant.

use clap::error::ErrorKind;
use clap::{ArgMatches, Args, Command, Error, FromArgMatches};

use super::values;
use crate::primes::nth::PRIMES_BELOW_2_64;

/// An inclusive range of numbers; `start` is never above `stop`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first number.
    pub start: u64,
    /// The last number.
    pub stop: u64,
}

/// The range as it is typed: `STOP`, `START STOP`, `START --dist N`, or `--nth N [START]`.
#[derive(Args)]
struct TypedRange {
    /// First number of the range [default: 0]
    #[arg(value_name = "START", value_parser = values::whole, allow_negative_numbers = true)]
    start: Option<u64>,

    /// Last number of the range, at most 2^64-1; with --dist or --nth it is START instead
    #[arg(value_name = "STOP", required_unless_present = "nth", value_parser = values::whole, allow_negative_numbers = true)]
    stop: Option<u64>,

    /// Length of the range: [START, START+N]
    #[arg(long, short, value_name = "N", value_parser = values::whole, allow_negative_numbers = true)]
    dist: Option<u64>,

    /// Find the N-th prime above START instead
    #[arg(long, short, value_name = "N", value_parser = values::amount, allow_negative_numbers = true)]
    nth: Option<u64>,
}

impl TypedRange {
    fn range(&self) -> Result<Range, String> {
        if let Some(n) = self.nth {
            if self.start.is_some() || self.dist.is_some() {
                return Err("--nth goes with START alone, without STOP or --dist".to_owned());
            }
            if n > PRIMES_BELOW_2_64 {
                return Err(format!("--nth {n} is too large; there are {PRIMES_BELOW_2_64} primes below 2^64"));
            }
            return Ok(Range { start: self.stop.unwrap_or(0), stop: u64::MAX });
        }
        let last = self.stop.ok_or("STOP is missing")?;
        let Some(dist) = self.dist else {
            let start = self.start.unwrap_or(0);
            return if start > last {
                Err(format!("START ({start}) is above STOP ({last})"))
            } else {
                Ok(Range { start, stop: last })
            };
        };
        if self.start.is_some() {
            return Err("give either STOP or --dist, not both".to_owned());
        }
        match last.checked_add(dist) {
            Some(stop) => Ok(Range { start: last, stop }),
            None => Err(format!(
                "START + dist ({}) is too large; the limit is 2^64-1 ({})",
                u128::from(last) + u128::from(dist),
                u64::MAX
            )),
        }
    }
}

// By hand, so that a range which makes no sense is refused by the parser like any other bad value.
impl FromArgMatches for Range {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Range, Error> {
        let typed = TypedRange::from_arg_matches(matches)?;
        typed.range().map_err(|message| Error::raw(ErrorKind::ValueValidation, message + "\n"))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Range::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Range {
    fn augment_args(command: Command) -> Command {
        TypedRange::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        TypedRange::augment_args_for_update(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(start: Option<u64>, stop: u64, dist: Option<u64>) -> Result<(u64, u64), String> {
        TypedRange { start, stop: Some(stop), dist, nth: None }.range().map(|r| (r.start, r.stop))
    }

    #[test]
    fn three_ways_to_type_a_range() {
        assert_eq!(range(None, 10, None), Ok((0, 10)));
        assert_eq!(range(None, 0, None), Ok((0, 0)));
        assert_eq!(range(Some(5), 5, None), Ok((5, 5)));
        assert_eq!(range(None, 100, Some(10)), Ok((100, 110)));
        assert_eq!(range(None, u64::MAX, Some(0)), Ok((u64::MAX, u64::MAX)));
    }

    #[test]
    fn nth_has_a_start_and_no_stop() {
        let nth =
            |start, stop, dist, n| TypedRange { start, stop, dist, nth: Some(n) }.range().map(|r| (r.start, r.stop));
        assert_eq!(nth(None, None, None, 1), Ok((0, u64::MAX)));
        assert_eq!(nth(None, Some(7), None, PRIMES_BELOW_2_64), Ok((7, u64::MAX)));
        assert!(nth(Some(1), Some(7), None, 1).is_err());
        assert!(nth(None, Some(7), Some(1), 1).is_err());
        assert!(nth(None, None, None, PRIMES_BELOW_2_64 + 1).unwrap_err().contains("too large"));
    }

    proptest::proptest! {
        #[test]
        fn any_range_is_refused_or_makes_sense(
            start: Option<u64>, stop: Option<u64>, dist: Option<u64>, nth: Option<u64>,
        ) {
            if let Ok(range) = (TypedRange { start, stop, dist, nth }.range()) {
                proptest::prop_assert!(range.start <= range.stop);
            }
        }
    }

    #[test]
    fn ranges_that_make_no_sense() {
        assert_eq!(range(Some(10), 5, None), Err("START (10) is above STOP (5)".to_owned()));
        assert_eq!(range(Some(1), 2, Some(3)), Err("give either STOP or --dist, not both".to_owned()));
        let error = range(None, u64::MAX, Some(1)).unwrap_err();
        assert_eq!(
            error,
            "START + dist (18446744073709551616) is too large; the limit is 2^64-1 (18446744073709551615)"
        );
    }
}
