//! The range of `montesieve primes`: its syntax and its meaning.

use clap::error::ErrorKind;
use clap::{ArgMatches, Args, Command, Error, FromArgMatches};

use crate::cli::values;
use crate::primes::gourdon::LARGEST;
use crate::primes::nth::PRIMES_TO_LARGEST;

/// An inclusive range of numbers, below 2^64 or of 128 bits; `start` is never above `stop`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range<N = u64> {
    /// The first number.
    pub start: N,
    /// The last number.
    pub stop: N,
}

impl Range<u128> {
    /// The same range if all of it is below 2^64, the limit of the 64-bit sieve.
    pub fn below_2_64(self) -> Option<Range> {
        Some(Range { start: self.start.try_into().ok()?, stop: self.stop.try_into().ok()? })
    }

    /// How many numbers it has.
    pub fn numbers(self) -> u128 {
        self.stop - self.start + 1
    }
}

impl From<Range> for Range<u128> {
    fn from(Range { start, stop }: Range) -> Range<u128> {
        Range { start: start.into(), stop: stop.into() }
    }
}

/// The range as it is typed: `STOP`, `START STOP`, `START --dist N`, or `--nth N [START]`, where N
/// may be negative.
#[derive(Args)]
struct TypedRange {
    /// First number of the range [default: 0]
    #[arg(value_name = "START", value_parser = values::countable, allow_negative_numbers = true)]
    start: Option<u128>,

    /// Last number of the range, at most 1e26; with --dist or --nth it is START instead
    #[arg(value_name = "STOP", required_unless_present = "nth", value_parser = values::countable, allow_negative_numbers = true)]
    stop: Option<u128>,

    /// Length of the range: [START, START+N]
    #[arg(long, short, value_name = "N", value_parser = values::countable, allow_negative_numbers = true)]
    dist: Option<u128>,

    /// Find the N-th prime above START instead; with a negative N, below START
    #[arg(long, short, value_name = "N", value_parser = values::ordinal, allow_negative_numbers = true)]
    nth: Option<i128>,
}

impl TypedRange {
    fn range(&self) -> Result<Range<u128>, String> {
        if let Some(n) = self.nth {
            if self.start.is_some() || self.dist.is_some() {
                return Err("--nth goes with START alone, without STOP or --dist".to_owned());
            }
            if n.unsigned_abs() > PRIMES_TO_LARGEST {
                return Err(format!("--nth {n} is too large; there are {PRIMES_TO_LARGEST} primes below 1e26"));
            }
            return Ok(Range { start: self.stop.unwrap_or(0), stop: LARGEST });
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
        // Both are at most the limit.
        match last + dist {
            stop if stop <= LARGEST => Ok(Range { start: last, stop }),
            stop => Err(format!("START + dist ({stop}) is too large; the limit is 1e26 ({LARGEST})")),
        }
    }
}

// Implemented by hand, so that the parser refuses an invalid range like any other bad value.
impl FromArgMatches for Range<u128> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let typed = TypedRange::from_arg_matches(matches)?;
        typed.range().map_err(|message| Error::raw(ErrorKind::ValueValidation, message + "\n"))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Range::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Range<u128> {
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

    fn range(start: Option<u128>, stop: u128, dist: Option<u128>) -> Result<(u128, u128), String> {
        TypedRange { start, stop: Some(stop), dist, nth: None }.range().map(|r| (r.start, r.stop))
    }

    #[test]
    fn three_ways_to_type_a_range() {
        assert_eq!(range(None, 10, None), Ok((0, 10)));
        assert_eq!(range(None, 0, None), Ok((0, 0)));
        assert_eq!(range(Some(5), 5, None), Ok((5, 5)));
        assert_eq!(range(None, 100, Some(10)), Ok((100, 110)));
        assert_eq!(range(None, LARGEST, Some(0)), Ok((LARGEST, LARGEST)));
    }

    #[test]
    fn nth_has_a_start_and_no_stop() {
        let nth =
            |start, stop, dist, n| TypedRange { start, stop, dist, nth: Some(n) }.range().map(|r| (r.start, r.stop));
        assert_eq!(nth(None, None, None, 1), Ok((0, LARGEST)));
        let most = PRIMES_TO_LARGEST as i128;
        assert_eq!(nth(None, Some(7), None, most), Ok((7, LARGEST)));
        assert_eq!(nth(None, Some(7), None, -most), Ok((7, LARGEST)));
        assert!(nth(Some(1), Some(7), None, 1).is_err());
        assert!(nth(None, Some(7), Some(1), 1).is_err());
        for n in [most + 1, -most - 1] {
            assert!(nth(None, None, None, n).unwrap_err().contains("too large"));
        }
    }

    #[test]
    fn a_sieve_goes_to_2_64() {
        let range = |stop| Range { start: 7, stop }.below_2_64();
        assert_eq!(range(u128::from(u64::MAX)), Some(Range { start: 7, stop: u64::MAX }));
        assert_eq!(range(1 << 64), None);
    }

    proptest::proptest! {
        #[test]
        fn any_range_is_refused_or_makes_sense(
            start in proptest::option::of(0..=LARGEST), stop in proptest::option::of(0..=LARGEST),
            dist in proptest::option::of(0..=LARGEST), nth in proptest::option::of(-(LARGEST as i128)..=LARGEST as i128),
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
        let error = range(None, LARGEST, Some(1)).unwrap_err();
        assert_eq!(
            error,
            "START + dist (100000000000000000000000001) is too large; the limit is 1e26 (100000000000000000000000000)"
        );
    }
}
