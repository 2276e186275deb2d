//! Numbers for eyes: rounded to their error, digits in groups of three, sizes in units.
//!
//! For the text form alone; JSON, CSV and `--format value` keep every digit (`value.rs`). Stands
//! beside `text.rs`, which has the lines and tables around the numbers.

use super::text::number;

/// Digits of an error.
const ERROR_DIGITS: i32 = 2;

/// Digits that an `f64` has at most.
const MOST_DIGITS: i32 = 17;

/// Groups the digits before the point in threes: `-1,234,567.891`. Exponents stay.
pub(crate) fn grouped(number: &str) -> String {
    let start = number.find(|c: char| c.is_ascii_digit()).unwrap_or(number.len());
    let (sign, rest) = number.split_at(start);
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (whole, rest) = rest.split_at(end);
    let mut text = sign.to_owned();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + rest
}

/// An integer in groups of three digits.
pub(crate) fn integer(n: impl ToString) -> String {
    grouped(&n.to_string())
}

/// The decimal exponent of a number after rounding to `digits` digits: 3 for 1234. `None` for 0
/// and for what is no number.
fn exponent(x: f64, digits: i32) -> Option<i32> {
    let text = format!("{:.*e}", (digits - 1).max(0) as usize, x);
    text.split_once('e').filter(|_| x != 0.0)?.1.parse().ok()
}

/// Rounds to `decimals` digits behind the point, or before it where that is negative.
fn to_decimals(x: f64, decimals: i32) -> String {
    let behind = decimals.max(0) as usize;
    if decimals >= 0 {
        return grouped(&format!("{x:.behind$}"));
    }
    // Through text, as powers of ten are not all exact in binary.
    let digits = exponent(x, MOST_DIGITS).map_or(0, |e| e + decimals);
    if digits < 0 {
        let place = 10f64.powi(-decimals);
        return grouped(&format!("{:.0}", (x / place).round() * place + 0.0));
    }
    let rounded = format!("{x:.*e}", digits as usize).parse().unwrap_or(x);
    grouped(&format!("{rounded:.0}"))
}

/// Whether a number is written without an exponent.
fn is_usual(x: f64) -> bool {
    x == 0.0 || (1e-5..1e15).contains(&x.abs())
}

/// To as many digits as are significant: `0.0213`, `1.27e-9`, `12,400`.
pub(crate) fn significant(x: f64, digits: i32) -> String {
    match exponent(x, digits) {
        None => number(x),
        Some(e) if is_usual(x) => to_decimals(x, digits - 1 - e),
        Some(_) => format!("{x:.*e}", (digits - 1).max(0) as usize),
    }
}

/// Rounds to the place of the second digit of its error: 3.14168 for 3.141678... +- 0.000052. All
/// digits where the error is 0 or no number.
pub(crate) fn to_error(x: f64, error: f64) -> String {
    to_place(x, error, 0)
}

/// The same with two digits more, for a number that is known better: the exact value.
pub(crate) fn beyond_error(x: f64, error: f64) -> String {
    to_place(x, error, 2)
}

fn to_place(x: f64, error: f64, more: i32) -> String {
    let Some(of_error) = exponent(error, ERROR_DIGITS).filter(|_| error.is_finite()) else { return number(x) };
    let of_x = exponent(x, MOST_DIGITS).unwrap_or(of_error);
    // The place of the last digit, as a power of ten.
    let last = (of_error - ERROR_DIGITS + 1 - more).max(of_x - MOST_DIGITS + 1);
    match x {
        0.0 if !is_usual(error) => number(x),
        x if !x.is_finite() => number(x),
        x if is_usual(x) => to_decimals(x, -last),
        x => format!("{x:.*e}", (of_x - last).max(0) as usize),
    }
}

/// An estimate and its standard error: `3.141479 +- 0.000052`.
pub(crate) fn with_error(x: f64, error: f64) -> String {
    format!("{} +- {}", to_error(x, error), significant(error, ERROR_DIGITS))
}

/// The same where the text has not said what the error is; all digits without one.
pub(crate) fn estimate(x: f64, std_error: Option<f64>) -> String {
    std_error.map_or_else(|| number(x), |error| format!("{} (standard error)", with_error(x, error)))
}

/// The two ends of an interval, to the place of the second digit of the error.
pub(crate) fn interval([low, high]: [f64; 2], error: Option<f64>) -> String {
    let error = error.unwrap_or((high - low) / 4.0);
    format!("{} to {}", to_error(low, error), to_error(high, error))
}

/// Bytes in units of powers of 1024, as limits and memory are: `950 bytes`, `248 MiB`, `1.5 GiB`.
pub(crate) fn size(bytes: u64) -> String {
    let units = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")].map(|(bits, name)| ((1u64 << bits) as f64, name));
    // 1023.6 KiB is 1 MiB.
    let unit = units.into_iter().find(|(unit, _)| bytes as f64 >= 0.9995 * unit);
    unit.map_or_else(
        || super::text::count(bytes, "byte"),
        |(unit, name)| {
            let text = significant(bytes as f64 / unit, 3);
            let whole = text.strip_suffix(".00").or(text.strip_suffix(".0")).unwrap_or(&text);
            format!("{whole} {name}")
        },
    )
}

/// A share in per cent, which is 0 or 100 only where it is nothing or all.
pub(crate) fn per_cent(part: u64, whole: u64) -> String {
    let share = 100.0 * part as f64 / whole.max(1) as f64;
    match share {
        s if part > 0 && s < 0.05 => "below 0.1 %".to_owned(),
        s if part > 0 && s < 9.95 => format!("{s:.1} %"),
        s if part < whole => format!("{:.0} %", s.min(99.0)),
        s => format!("{s:.0} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn digits_stand_in_threes() {
        for (digits, text) in [
            ("0", "0"),
            ("999", "999"),
            ("1000", "1,000"),
            ("-123456", "-123,456"),
            ("18446744073709551615", "18,446,744,073,709,551,615"),
            ("1234.56789", "1,234.56789"),
            ("1e300", "1e300"),
            ("inf", "inf"),
            ("", ""),
        ] {
            assert_eq!(grouped(digits), text);
        }
    }

    #[test]
    fn an_estimate_ends_where_its_error_does() {
        for (x, error, text) in [
            (3.141_479_432, 5.193_288e-5, "3.141479 +- 0.000052"),
            (3.1420448, 0.000_519_204, "3.14204 +- 0.00052"),
            // Rounding gives the error one digit more before the point.
            (1.5, 0.0996, "1.50 +- 0.10"),
            (1_234_567.891, 1234.5, "1,234,600 +- 1,200"),
            (12.0, 1234.5, "0 +- 1,200"),
            (0.0, 0.0123, "0.000 +- 0.012"),
            (-29.107, 10.373, "-29 +- 10"),
            (6.103_712e-37, 1.23e-40, "6.1037e-37 +- 1.2e-40"),
            (6.1e-41, 1.23e-40, "6e-41 +- 1.2e-40"),
            (0.0, 1.23e-40, "0 +- 1.2e-40"),
            (0.000_986_957_6, 9.5e-10, "0.00098695760 +- 9.5e-10"),
            (1e20, 1e16, "1.00000e20 +- 1.0e16"),
            // No more digits than there are.
            (1.0, 1e-30, "1.0000000000000000 +- 1.0e-30"),
            (2.5, 0.0, "2.5 +- 0"),
            (2.5, f64::INFINITY, "2.5 +- inf"),
            (f64::NAN, 1.0, "NaN +- 1.0"),
        ] {
            assert_eq!(with_error(x, error), text);
        }
        assert_eq!(interval([2.999_51, 3.0004], Some(0.000_51)), "2.99951 to 3.00040");
        assert_eq!(interval([2.9, 3.3], None), "2.90 to 3.30");
        assert_eq!(beyond_error(0.212_772_312_756, 0.00024), "0.2127723");
    }

    #[test]
    fn sizes_have_units() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1024, "1 KiB"),
            (8 << 20, "8 MiB"),
            ((1 << 20) - 1, "1 MiB"),
            (260_479_385, "248 MiB"),
            (3 << 29, "1.50 GiB"),
            (u64::MAX, "16,800,000 TiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn shares_are_none_or_all_only_then() {
        for (part, whole, text) in [
            (0, 7, "0 %"),
            (1, 100_000, "below 0.1 %"),
            (1, 300, "0.3 %"),
            (103, 1425, "7.2 %"),
            (999, 1000, "99 %"),
            (7, 7, "100 %"),
        ] {
            assert_eq!(per_cent(part, whole), text);
        }
    }

    proptest! {
        /// Whatever the sizes, what is shown lies within the error's last digit.
        #[test]
        fn what_is_shown_is_near(x in -1e18..1e18f64, share in -20.0..3.0f64) {
            let error = x.abs() * 10f64.powf(share);
            prop_assume!(error > 0.0);
            let shown: f64 = to_error(x, error).replace(',', "").parse().expect("a number");
            prop_assert!((shown - x).abs() <= error * 0.06 + x.abs() * 1e-15, "{x} {error} {shown}");
        }

        #[test]
        fn groups_keep_every_digit(n: i128) {
            prop_assert_eq!(integer(n).replace(',', ""), n.to_string());
        }
    }
}
