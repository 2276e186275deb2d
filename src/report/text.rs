//! Helpers for the text and CSV forms: aligned lines, plurals, CSV.

use std::io::{self, Write};

use super::rounded::{integer, significant};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// Labels and values in two columns.
pub(crate) fn aligned(lines: &[(&str, String)], out: &mut dyn Write) -> io::Result<()> {
    let width = lines.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
    lines.iter().try_for_each(|(label, value)| writeln!(out, "{label:<width$}  {value}"))
}

/// Seconds in readable form: `2.5 s`, `6 min 20 s`, `81 years`. At most two units and three digits.
pub fn duration(seconds: f64) -> String {
    const MINUTE: f64 = 60.0;
    const HOUR: f64 = 60.0 * MINUTE;
    const DAY: f64 = 24.0 * HOUR;
    const YEAR: f64 = 365.25 * DAY;
    let two = |unit: f64, name: &str, smaller: f64, smaller_name: &str| {
        let whole = (seconds / smaller).round() * smaller;
        let (units, rest) = ((whole / unit).floor(), ((whole % unit) / smaller).round());
        if rest == 0.0 { format!("{units} {name}") } else { format!("{units} {name} {rest} {smaller_name}") }
    };
    match seconds {
        s if s < 0.9995 => format!("{:.0} ms", s * 1000.0),
        s if s < 9.95 => format!("{s:.1} s"),
        s if s < 59.5 => format!("{s:.0} s"),
        s if s < HOUR - 0.5 => two(MINUTE, "min", 1.0, "s"),
        s if s < DAY - MINUTE / 2.0 => two(HOUR, "h", MINUTE, "min"),
        s if s < 10.0 * DAY => two(DAY, "d", HOUR, "h"),
        s if s < 2.0 * YEAR => format!("{:.0} days", s / DAY),
        s if s < 9.995e5 * YEAR => format!("{:.0} years", s / YEAR),
        s => format!("{:.1e} years", s / YEAR),
    }
}

/// Seconds that were measured, with three digits: `0.85 ms`, `12.3 ms`, `1.30 s`, `6 min 20 s`.
pub(crate) fn measured(seconds: f64) -> String {
    match seconds {
        s if s < 0.5e-5 => "0 ms".to_owned(),
        s if s < 0.9995e-3 => format!("{:.2} ms", 1e3 * s),
        s if s < 0.9995 => format!("{} ms", significant(1e3 * s, 3)),
        s if s < 59.95 => format!("{} s", significant(s, 3)),
        s => duration(s),
    }
}

/// `1 rank`, `0 ranks`, `2,048 ranks`.
pub(crate) fn count(n: u64, one: &str) -> String {
    format!("{} {one}{}", integer(n), if n == 1 { "" } else { "s" })
}

/// A table: the first row is the header; `left` lists the columns of words (the others are
/// numbers).
pub(crate) fn table(rows: &[Vec<String>], left: &[usize], out: &mut dyn Write) -> io::Result<()> {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in rows {
        let cells: Vec<String> = (0..columns)
            .map(|column| {
                let (cell, width) = (&row[column], widths[column]);
                if left.contains(&column) { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
            })
            .collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

/// Rows of a CSV file, the first of them the header.
pub(crate) fn csv_rows(rows: &[Vec<String>], out: &mut dyn Write) -> io::Result<()> {
    let line = |row: &Vec<String>| row.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",");
    rows.iter().try_for_each(|row| writeln!(out, "{}", line(row)))
}

/// A CSV cell (RFC 4180), quoted if necessary.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

/// A number with all its digits, as in JSON but without a final `.0`; with an exponent if it is
/// tiny or huge.
pub(crate) fn number(x: f64) -> String {
    let is_usual = x == 0.0 || (1e-5..1e16).contains(&x.abs()) || !x.is_finite();
    if is_usual { x.to_string() } else { format!("{x:e}") }
}

/// A CSV cell; empty for `None`.
pub(crate) fn cell<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// Reads an integer that is a string of digits in JSON, or a number in the first edition.
///
/// # Errors
/// When it is neither.
pub fn read_integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(digits) => digits.parse().map_err(D::Error::custom),
        number => number.as_u64().ok_or_else(|| D::Error::custom("not an integer")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular_and_zero_is_not() {
        assert_eq!(count(0, "rank"), "0 ranks");
        assert_eq!(count(1, "rank"), "1 rank");
        assert_eq!(count(2, "rank"), "2 ranks");
        assert_eq!(count(2048, "rank"), "2,048 ranks");
    }

    #[test]
    fn durations_have_sane_units() {
        for (seconds, text) in [
            (0.0, "0 ms"),
            (0.0123, "12 ms"),
            (0.17, "170 ms"),
            (2.345, "2.3 s"),
            (9.96, "10 s"),
            (59.4, "59 s"),
            (59.6, "1 min"),
            (380.0, "6 min 20 s"),
            (3599.6, "1 h"),
            (11_520.0, "3 h 12 min"),
            (86_399.0, "1 d"),
            (90_000.0, "1 d 1 h"),
            (23.4 * 86_400.0, "23 days"),
            (81.2 * 365.25 * 86_400.0, "81 years"),
            (1e19, "3.2e11 years"),
        ] {
            assert_eq!(duration(seconds), text, "{seconds}");
        }
    }

    #[test]
    fn measured_times_have_three_digits() {
        for (seconds, text) in [
            (0.0, "0 ms"),
            (0.000_853, "0.85 ms"),
            (0.012_345, "12.3 ms"),
            (0.9996, "1.00 s"),
            (1.3, "1.30 s"),
            (59.94, "59.9 s"),
            (380.2, "6 min 20 s"),
        ] {
            assert_eq!(measured(seconds), text, "{seconds}");
        }
    }

    #[test]
    fn numbers_are_those_of_json() {
        let ends = [1e-5, 9.999_999e-6, 1e16, 9_999_999_999_999_998.0, 6.103e-37, -4.9e-324, f64::MAX, 0.0, -0.0, 4.0];
        for x in ends.into_iter().chain((-330..309).map(|exponent| 1.25 * 10f64.powi(exponent))) {
            let json = serde_json::to_string(&x).expect("a number").replace("e+", "e");
            assert_eq!(number(x), json.strip_suffix(".0").unwrap_or(&json));
        }
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        assert_eq!(quoted("plain text"), "plain text");
        assert_eq!(quoted(""), "");
        assert_eq!(quoted("Xeon, 2 GHz"), "\"Xeon, 2 GHz\"");
        assert_eq!(quoted("19\" rack"), "\"19\"\" rack\"");
    }

    #[test]
    fn no_lines_and_no_rows_are_no_output() {
        let mut bytes = Vec::new();
        aligned(&[], &mut bytes).expect("a Vec takes every write");
        table(&[], &[], &mut bytes).expect("a Vec takes every write");
        assert_eq!(bytes, b"");
    }
}
