//! Parsers of option values: exact numbers within limits, and durations.
//!
//! Stands beside `numeral.rs`, which evaluates numbers of any size; their limits are here.

use std::num::NonZeroU64;
use std::time::Duration;

use thiserror::Error;

use super::numeral;
use crate::primes::any;
use crate::primes::gourdon::LARGEST;

/// An error in a number; the text follows clap's `invalid value 'X' for 'Y': `.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NumberError {
    /// Outside the grammar of `numeral.rs`.
    #[error("not a number; write it like 1000000, 1_000_000, 1e6, 10^6 or 1M")]
    NotANumber,
    /// Below zero.
    #[error("must not be negative")]
    Negative,
    /// Digits remain after the decimal point.
    #[error("must be a whole number")]
    NotWhole,
    /// Below the lower limit of this value.
    #[error("must be at least {0}")]
    TooSmall(u128),
    /// Above the upper limit of this value.
    #[error("too large; the limit is {}", limit_name(*.0))]
    TooLarge(u128),
    /// Above the limit of all values.
    #[error("too large; the limit is {} bits, about {} digits", any::MOST_BITS, any::MOST_BITS * 301 / 1000)]
    TooLong,
}

/// A limit in its usual form: `2^64-1 (18446744073709551615)`, or just the digits.
fn limit_name(limit: u128) -> String {
    match limit.checked_add(1) {
        None => format!("2^128-1 ({limit})"),
        Some(next) if next.is_power_of_two() && next > 1 << 16 => format!("2^{}-1 ({limit})", next.trailing_zeros()),
        Some(_) => limit.to_string(),
    }
}

/// Any number ([`numeral::big`]) that fits 128 bits.
///
/// # Errors
/// [`NumberError`], with a limit of 2^128-1.
///
/// ```
/// use montesieve::cli::values::number;
/// assert_eq!(number("2^64-59"), Ok(18_446_744_073_709_551_557));
/// assert_eq!(number("1.5k"), Ok(1500));
/// ```
pub fn number(text: &str) -> Result<u128, NumberError> {
    match numeral::big(text) {
        Ok(n) => n.try_into().map_err(|_| TOO_LARGE),
        Err(NumberError::TooLong) => Err(TOO_LARGE),
        Err(error) => Err(error),
    }
}

const TOO_LARGE: NumberError = NumberError::TooLarge(u128::MAX);

/// A number from `least` to 2^64-1.
fn at_least(least: u64, text: &str) -> Result<u64, NumberError> {
    within(least.into(), u64::MAX.into(), text).map(|n| n as u64)
}

/// A number from `least` to `most`.
fn within(least: u128, most: u128, text: &str) -> Result<u128, NumberError> {
    match number(text) {
        Ok(n) if n < least => Err(NumberError::TooSmall(least)),
        Ok(n) if n > most => Err(NumberError::TooLarge(most)),
        Err(NumberError::TooLarge(_)) => Err(NumberError::TooLarge(most)),
        read => read,
    }
}

/// A number from `least` to `most`, where the sentence names both.
///
/// # Errors
/// [`NumberError`] for what is no whole number, else the limits.
pub fn between(least: u32, most: u32, text: &str) -> Result<u32, String> {
    match number(text) {
        Ok(n) if (u128::from(least)..=u128::from(most)).contains(&n) => Ok(n as u32),
        Ok(_) | Err(NumberError::TooLarge(_) | NumberError::Negative) => Err(format!("must be from {least} to {most}")),
        Err(error) => Err(error.to_string()),
    }
}

/// An end of a range of primes, or the N of the N-th prime.
///
/// # Errors
/// [`NumberError`]; above the limit it names the limit.
pub fn countable(text: &str) -> Result<u128, NumberError> {
    within(0, LARGEST, text)
}

/// The N of a prime: from 1 on, or from -1 down with a minus sign.
///
/// # Errors
/// As [`countable`].
pub fn ordinal(text: &str) -> Result<i128, NumberError> {
    // 1e26 has 87 bits.
    let size = |text: &str| within(1, LARGEST, text).map(|n| n as i128);
    match text.trim().strip_prefix('-') {
        Some(digits) if digits.starts_with(|c: char| c.is_ascii_digit()) => size(digits).map(|n| -n),
        _ => size(text),
    }
}

/// A number from 0 to 2^64-1: a seed.
///
/// # Errors
/// [`NumberError`]; above the limit it names the limit.
pub fn whole(text: &str) -> Result<u64, NumberError> {
    at_least(0, text)
}

/// A number from 1 to 2^64-1: how many of something.
///
/// # Errors
/// [`NumberError`]; outside the limits it names the limit.
pub fn amount(text: &str) -> Result<u64, NumberError> {
    at_least(1, text)
}

/// The same as a type that holds no 0.
///
/// # Errors
/// As [`amount`].
pub fn positive(text: &str) -> Result<NonZeroU64, String> {
    let amount = amount(text).map_err(|error| error.to_string())?;
    NonZeroU64::new(amount).ok_or_else(|| "must be at least 1".to_owned())
}

/// A time: `90s`, `10m`, `1h30m`, or in the form of schedulers: `MM:SS`, `HH:MM:SS`, `D-HH:MM:SS`
/// ([`clock`]). A bare number has no unit and is refused.
///
/// # Errors
/// A sentence that explains the syntax.
pub fn duration(text: &str) -> Result<Duration, String> {
    let read = if text.contains([':', '-']) { clock(text) } else { humantime::parse_duration(text).ok() };
    read.ok_or_else(|| "not a time; write it like 90s, 10m, 1h30m, 01:30:00 or 1-12:00:00".to_owned())
}

/// A time in Slurm's form: `minutes:seconds`, `hours:minutes:seconds`, `days-hours`,
/// `days-hours:minutes` or `days-hours:minutes:seconds`. Only the first field may exceed its unit.
pub fn clock(text: &str) -> Option<Duration> {
    let (days, rest) = text.split_once('-').map_or((None, text), |(days, rest)| (Some(days), rest));
    let number = |field: &str| {
        let is_plain = !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_digit());
        is_plain.then(|| field.parse::<u64>().ok()).flatten()
    };
    let fields: Vec<u64> = rest.split(':').map(number).collect::<Option<_>>()?;
    let (hours, minutes, seconds) = match (days, &fields[..]) {
        (None, &[minutes, seconds]) => (minutes / 60, minutes % 60, seconds),
        (None, &[hours, minutes, seconds]) => (hours, minutes, seconds),
        (Some(_), &[hours]) if hours < 24 => (hours, 0, 0),
        (Some(_), &[hours, minutes]) if hours < 24 => (hours, minutes, 0),
        (Some(_), &[hours, minutes, seconds]) if hours < 24 => (hours, minutes, seconds),
        _ => return None,
    };
    if minutes >= 60 || seconds >= 60 {
        return None;
    }
    let hours = days.map_or(Some(0), number)?.checked_mul(24)?.checked_add(hours)?;
    let minutes = hours.checked_mul(60)?.checked_add(minutes)?;
    Some(Duration::from_secs(minutes.checked_mul(60)?.checked_add(seconds)?))
}

/// A time, or `0` alone.
///
/// # Errors
/// As [`duration`].
pub fn duration_or_zero(text: &str) -> Result<Duration, String> {
    if text == "0" { Ok(Duration::ZERO) } else { duration(text) }
}

#[cfg(test)]
mod tests {
    use super::NumberError::*;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_way_to_write_a_number() {
        for (text, expected) in [
            ("0", 0),
            ("1", 1),
            ("007", 7),
            ("1e12", 1_000_000_000_000),
            ("1E12", 1_000_000_000_000),
            ("1e+9", 1_000_000_000),
            ("1.5e9", 1_500_000_000),
            ("1.0", 1),
            ("1500e-2", 15),
            ("1_000_000", 1_000_000),
            ("1_0.5_0e1_0", 105_000_000_000),
            ("2^32", 1 << 32),
            ("10**9", 1_000_000_000),
            ("2 ^ 10", 1024),
            ("0^0", 1),
            ("1^1e30", 1),
            ("1k", 1000),
            ("1.5K", 1500),
            ("2M", 2_000_000),
            ("3G", 3_000_000_000),
            ("4t", 4_000_000_000_000),
            ("2^64-59", 18_446_744_073_709_551_557),
            ("2^64 - 1", u64::MAX.into()),
            ("1e12+1e10", 1_010_000_000_000),
            ("5-10+20", 15),
            ("+5", 5),
            ("0x10", 16),
            ("2^128-159", u128::MAX - 158),
            ("1k-1", 999),
            ("0e99999999999999999999999", 0),
            ("2^127-1+2^127", u128::MAX),
        ] {
            assert_eq!(number(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn every_way_to_get_it_wrong() {
        let too_large = TooLarge(u128::MAX);
        for (text, expected) in [
            ("", NotANumber),
            (" ", NotANumber),
            ("abc", NotANumber),
            ("-", NotANumber),
            ("-x", NotANumber),
            ("++5", NotANumber),
            ("5+", NotANumber),
            ("1e", NotANumber),
            ("e9", NotANumber),
            ("1e9e9", NotANumber),
            ("1e3k", NotANumber),
            ("1Ki", NotANumber),
            (".5", NotANumber),
            ("5.", NotANumber),
            ("1.2.3", NotANumber),
            ("_1", NotANumber),
            ("1_", NotANumber),
            ("1__0", NotANumber),
            ("1,000", NotANumber),
            ("0x", NotANumber),
            ("0xg", NotANumber),
            ("2^3^2", NotANumber),
            ("2^", NotANumber),
            ("1 000", NotANumber),
            ("\u{661}", NotANumber),
            ("-5", Negative),
            ("-1e9", Negative),
            ("-.5", Negative),
            ("5-6", Negative),
            ("1.5", NotWhole),
            ("1e-3", NotWhole),
            ("1.23e1", NotWhole),
            ("0.00000000000000000000000000000000000000000000000001", NotWhole),
            ("2^128", too_large),
            ("1e39", too_large),
            ("1e40", too_large),
            ("1e99999999999999999999", too_large),
            ("2^1e30", too_large),
            ("340282366920938463463374607431768211456", too_large),
        ] {
            assert_eq!(number(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn borders_of_64_bits_are_said() {
        assert_eq!(whole("2^64-1"), Ok(u64::MAX));
        assert_eq!(whole("0"), Ok(0));
        assert_eq!(whole("2^64").unwrap_err().to_string(), "too large; the limit is 2^64-1 (18446744073709551615)");
        assert_eq!(whole("1e40"), whole("2^64"));
        assert_eq!((countable("1e26"), ordinal("1"), ordinal("-1e9")), (Ok(LARGEST), Ok(1), Ok(-1_000_000_000)));
        assert_eq!((ordinal("-0"), ordinal("--1"), ordinal("-")), (Err(TooSmall(1)), Err(NotANumber), Err(NotANumber)));
        assert_eq!(countable("1e26+1").unwrap_err().to_string(), format!("too large; the limit is {LARGEST}"));
        assert_eq!((countable("1e40"), ordinal("0")), (countable("1e26+1"), Err(TooSmall(1))));
        assert_eq!(amount("0").unwrap_err().to_string(), "must be at least 1");
        assert_eq!(amount("1"), Ok(1));
        assert_eq!(TooLarge(100).to_string(), "too large; the limit is 100");
    }

    #[test]
    fn limits_are_named_together() {
        assert_eq!([1, 6].map(|n| between(1, 6, &n.to_string())), [Ok(1), Ok(6)]);
        for text in ["0", "7", "-1", "1e400", "99999999999999999999"] {
            assert_eq!(between(1, 6, text), Err("must be from 1 to 6".to_owned()), "{text}");
        }
        for text in ["", "x", "nan", "1.5"] {
            assert_eq!(between(1, 6, text), Err(number(text).expect_err("no whole number").to_string()), "{text}");
        }
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(duration("24h"), Ok(Duration::from_secs(86_400)));
        assert_eq!(duration("1h30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(duration_or_zero("0"), Ok(Duration::ZERO));
        assert!(duration_or_zero("-1").is_err() && duration_or_zero("5").is_err());
        assert!(duration("10").is_err());
        assert!(duration("soon").is_err());
    }

    #[test]
    fn durations_as_schedulers_write_them() {
        for (text, seconds) in [
            ("05:00", 300),
            ("90:00", 5400),
            ("01:30:00", 5400),
            ("100:00:00", 360_000),
            ("0-12", 43_200),
            ("1-02:03", 93_780),
            ("1-02:03:04", 93_784),
            ("7-00:00:00", 604_800),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        let wrong =
            ["1-", "-1", ":", "1:", ":5", "1:60", "1:60:00", "1-24", "1-1:2:3:4", "1:2:3:4", "1-1-1", "+1:00", "1:-5"];
        for text in wrong.into_iter().chain(["99999999999999999999:00", "18446744073709551615-00", "x:00"]) {
            assert!(duration(text).is_err_and(|error| error.starts_with("not a time; ")), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_u128_round_trips(n: u128) {
            prop_assert_eq!(number(&n.to_string()), Ok(n));
        }

        #[test]
        fn exponents_are_exact(n in 0u128..1_000_000_000_000, e in 0u32..26) {
            prop_assert_eq!(number(&format!("{n}e{e}")), Ok(n * 10u128.pow(e)));
            let (whole, fraction) = (n / 1000, n % 1000);
            prop_assert_eq!(number(&format!("{whole}.{fraction:03}e{}", e + 3)), Ok(n * 10u128.pow(e)));
        }

        #[test]
        fn sums_and_differences_are_exact(a: u64, b: u64) {
            let (a, b) = (u128::from(a), u128::from(b));
            prop_assert_eq!(number(&format!("{a}+{b}")), Ok(a + b));
            prop_assert_eq!(number(&format!("{a}-{b}")), a.checked_sub(b).ok_or(Negative));
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = number(&text);
            let _ = whole(&text);
            let _ = amount(&text);
            let _ = duration(&text);
        }

        #[test]
        fn nothing_near_the_grammar_panics(text in "[-+0-9eEkMGT._^* ]{0,40}") {
            let _ = number(&text);
        }
    }
}
