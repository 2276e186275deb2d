//! Integers of any size in the syntax of the command line, evaluated exactly.
//!
//! Stands beside `values.rs`, whose values are such numbers within limits: those are checked after
//! a number has been evaluated, so 2^128-159 is below 2^128. The grammar:
//! ```text
//! number  = [ "+" ] term { ("+" | "-") term }       2^64-59, 1e12+1e10
//! term    = power { "*" power }                     3*2^189
//! power   = atom [ ("^" | "**") atom ]              2^32, 10**9
//! atom    = digits [ "." digits ] [ exponent | k | M | G | T ] | "0x" hexadecimal     1_000_000, 1.5e9, 1M, 0xff
//! ```
//! Exact: never through f64. No recursion, and no intermediate result above `MOST_BITS`, so no
//! input blows the stack or the memory.

use dashu_int::UBig;
use dashu_int::ops::BitTest;

use super::values::NumberError::{self, Negative, NotANumber, NotWhole, TooLong};
use crate::primes::any;

/// The most bits of an intermediate result: more than of any accepted number.
const MOST_BITS: usize = 2 * any::MOST_BITS;

/// Parses and evaluates `text`.
///
/// # Errors
/// [`NumberError`]; above the limit of [`any::MOST_BITS`] it names that.
///
/// ```
/// use montesieve::cli::numeral::big;
/// assert_eq!(big("2^128-159").map(|n| n.to_string()), Ok("340282366920938463463374607431768211297".to_owned()));
/// ```
pub fn big(text: &str) -> Result<UBig, NumberError> {
    let mut rest = text.trim();
    if let Some(digits) = rest.strip_prefix('-') {
        return Err(if digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') { Negative } else { NotANumber });
    }
    rest = rest.strip_prefix('+').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(rest);
    // Two totals, so that 5-10+20 is 15 and not an error in the middle.
    let (mut added, mut subtracted) = (UBig::ZERO, UBig::ZERO);
    let mut sign = b'+';
    loop {
        let end = end_of_term(rest);
        let total = if sign == b'+' { &mut added } else { &mut subtracted };
        *total += term(&rest[..end])?;
        match rest.as_bytes().get(end) {
            None => break,
            Some(&next) => sign = next,
        }
        rest = &rest[end + 1..];
    }
    if added < subtracted {
        return Err(Negative);
    }
    let value = added - subtracted;
    if value.bit_len() > any::MOST_BITS { Err(TooLong) } else { Ok(value) }
}

/// Where the first term ends: at a `+` or `-` that is not the sign of an exponent (`1e+9`).
fn end_of_term(text: &str) -> usize {
    let bytes = text.as_bytes();
    // The atom may be hexadecimal, with e as a digit.
    let is_decimal =
        |before: &str| before.rsplit(['*', '^', ' ']).next().is_none_or(|atom| hexadecimal(atom).is_none());
    let is_exponent = |i: usize| i > 0 && matches!(bytes[i - 1], b'e' | b'E') && is_decimal(&text[..i]);
    (0..bytes.len()).find(|&i| matches!(bytes[i], b'+' | b'-') && !is_exponent(i)).unwrap_or(bytes.len())
}

/// What follows 0x.
fn hexadecimal(text: &str) -> Option<&str> {
    text.strip_prefix("0x").or(text.strip_prefix("0X"))
}

fn term(text: &str) -> Result<UBig, NumberError> {
    let bytes = text.as_bytes();
    let is_times = |i: usize| bytes[i] == b'*' && bytes.get(i + 1) != Some(&b'*') && (i == 0 || bytes[i - 1] != b'*');
    let (mut product, mut start) = (UBig::ONE, 0);
    for end in (0..bytes.len()).filter(|&i| is_times(i)).chain([bytes.len()]) {
        product *= power(&text[start..end])?;
        if product.bit_len() > MOST_BITS {
            return Err(TooLong);
        }
        start = end + 1;
    }
    Ok(product)
}

fn power(text: &str) -> Result<UBig, NumberError> {
    let Some((base, exponent)) = text.split_once("**").or_else(|| text.split_once('^')) else {
        return atom(text.trim());
    };
    let (base, exponent) = (atom(base.trim())?, atom(exponent.trim())?);
    if base <= UBig::ONE {
        return Ok(if exponent == UBig::ZERO { UBig::ONE } else { base });
    }
    let exponent = usize::try_from(exponent).map_err(|_| TooLong)?;
    // A number of b bits is at least 2^(b - 1).
    if (base.bit_len() - 1).checked_mul(exponent).is_none_or(|bits| bits > MOST_BITS) {
        return Err(TooLong);
    }
    Ok(base.pow(exponent))
}

fn atom(text: &str) -> Result<UBig, NumberError> {
    if let Some(text) = hexadecimal(text) {
        let is_written = !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit());
        return match text.trim_start_matches('0') {
            _ if !is_written => Err(NotANumber),
            "" => Ok(UBig::ZERO),
            kept if kept.len() > MOST_BITS / 4 => Err(TooLong),
            kept => UBig::from_str_radix(kept, 16).map_err(|_| NotANumber),
        };
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, power_of_ten(exponent)?),
        None => suffix(text),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (digits(whole)?, digits(fraction)?),
        None => (digits(mantissa)?, String::new()),
    };
    // The number is `significant` times ten to the `shift`, with no zero at either end of
    // `significant`.
    let all = whole + &fraction;
    let kept = all.trim_end_matches('0');
    let shift = exponent - fraction.len() as i64 + (all.len() - kept.len()) as i64;
    let significant = kept.trim_start_matches('0');
    if significant.is_empty() {
        return Ok(UBig::ZERO);
    }
    let shift = usize::try_from(shift).map_err(|_| NotWhole)?;
    // Ten is at least 2^3.
    if significant.len().saturating_add(shift) > MOST_BITS / 3 {
        return Err(TooLong);
    }
    let significant = UBig::from_str_radix(significant, 10).map_err(|_| NotANumber)?;
    Ok(if shift == 0 { significant } else { significant * UBig::from(10_u8).pow(shift) })
}

/// `1G` is `1` and nine zeros. Powers of ten in either case, since a thousandth makes no sense
/// here.
fn suffix(text: &str) -> (&str, i64) {
    for (letters, exponent) in [(['k', 'K'], 3), (['m', 'M'], 6), (['g', 'G'], 9), (['t', 'T'], 12)] {
        if let Some(mantissa) = text.strip_suffix(letters) {
            return (mantissa, exponent);
        }
    }
    (text, 0)
}

/// The digits after an `e`, with an optional sign. Huge exponents are clamped.
fn power_of_ten(text: &str) -> Result<i64, NumberError> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = digits(text)?;
    // An exponent beyond i64 exceeds every limit. But zeros before it or after the point may still
    // cancel it, so it is clamped to a bound far above the length of any argument list.
    Ok(sign * digits.parse::<i64>().unwrap_or(i64::MAX).min(1 << 40))
}

/// A run of digits without its underscores, which stand between digits only.
fn digits(text: &str) -> Result<String, NumberError> {
    let groups = text.split('_');
    if groups.clone().all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit())) {
        Ok(groups.collect())
    } else {
        Err(NotANumber)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn limits_count_for_the_value_alone() {
        let value = |text: &str| big(text).map(|n| n.to_string());
        for (text, expected) in [
            ("2^128-159", "340282366920938463463374607431768211297"),
            ("2^128-2^128+7", "7"),
            ("10^50-10^50", "0"),
            ("+12", "12"),
            ("0x1e+5", "35"),
            ("3*0x1e+1e+1", "100"),
            ("2^0xe-1", "16383"),
            ("0xFF*2-0x0", "510"),
            ("3*2**4*5", "240"),
            ("2*3^2", "18"),
            ("0^0*7", "7"),
        ] {
            assert_eq!(value(text), Ok(expected.to_owned()), "{text}");
        }
        assert_eq!(big("2^4423-1"), Ok((UBig::ONE << 4423) - UBig::ONE));
        assert_eq!(big("10^100+267"), Ok(UBig::from(10_u8).pow(100) + UBig::from(267_u32)));
        assert_eq!(big(&"9".repeat(700)), Ok(UBig::from(10_u8).pow(700) - UBig::ONE));
    }

    #[test]
    fn what_is_too_long_is_refused_at_once() {
        let edge = format!("2^{}", any::MOST_BITS);
        assert_eq!(big(&format!("{edge}-1")).map(|n| n.bit_len()), Ok(any::MOST_BITS));
        for text in [
            &edge,
            "2^1e30",
            "1e99999999999",
            "1e40000*1e40000*1e40000",
            "(2",
            "9^9^9",
            &"9".repeat(100_000),
            "0x",
            "3**",
            "*3",
            "3*",
        ] {
            assert!(big(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn sums_and_products_are_exact(a: u128, b: u64, c: u64) {
            let expected = UBig::from(a) * UBig::from(b) + UBig::from(c);
            prop_assert_eq!(big(&format!("{a}*{b:#x}+{c}")), Ok(expected));
        }

        #[test]
        fn nothing_near_the_grammar_panics(text in "[-+0-9a-fxkMGT._^*() ]{0,40}") {
            let _ = big(&text);
        }
    }
}
