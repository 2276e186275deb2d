//! Lines of numbers: one or several on a line, decimal or hexadecimal.
//!
//! Spaces, commas and semicolons separate numbers. Empty lines and comments after `#` are skipped.
//! `0x` and colons mark a number as hexadecimal; otherwise it is decimal, unless the file contains
//! a letter from a to f.

use dashu_int::UBig;

use crate::cli::numeral;

/// Digits of the longest number of a list: 100 million bits.
const MOST_DIGITS: usize = 30_000_000;

/// The base of digits without a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Radix {
    /// As on the command line.
    Decimal,
    /// Digits, with or without colons.
    Hexadecimal,
}

/// A line that is not empty.
#[derive(Debug)]
pub(super) struct Line<'t> {
    /// Its number, from 1.
    pub(super) number: u64,
    /// Without comment.
    pub(super) content: &'t str,
    /// Its words.
    pub(super) words: Vec<&'t str>,
}

/// The lines of a text.
pub(super) fn lines(text: &str) -> Vec<Line<'_>> {
    (1..).zip(text.lines()).filter_map(|(number, line)| Line::of(number, line)).collect()
}

impl<'t> Line<'t> {
    /// Parses a line; `None` if it is empty.
    pub(super) fn of(number: u64, line: &'t str) -> Option<Line<'t>> {
        let content = line.split('#').next().unwrap_or_default().trim();
        let is_between = |c: char| c.is_whitespace() || c == ',' || c == ';';
        let words: Vec<&str> = content.split(is_between).filter(|word| !word.is_empty()).collect();
        // An operator between spaces joins its neighbours: 2^64 - 59.
        let is_one = words.iter().any(|word| ["+", "-", "*", "**", "^"].contains(word));
        let words = if is_one && !content.contains([',', ';']) { vec![content] } else { words };
        (!words.is_empty()).then_some(Line { number, content, words })
    }
}

/// The possible bases of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looks {
    /// Only digits, 0x, or not a number.
    Either,
    /// Digits and letters from a to f, or colons.
    Hexadecimal,
    /// With an operator of the command line: 2^127-1, 1e5.
    Decimal,
}

fn looks(word: &str) -> Looks {
    let is_hexadecimal = |word: &str| word.bytes().all(|b| b.is_ascii_hexdigit() || b == b':');
    let is_exponent = || {
        let parts = word.split_once(['e', 'E']);
        parts.is_some_and(|(a, b)| {
            [a, b].iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()) && !part.is_empty())
        })
    };
    match word {
        _ if word.bytes().all(|b| b.is_ascii_digit()) => Looks::Either,
        _ if word.starts_with("0x") || word.starts_with("0X") => Looks::Either,
        // Three digits of an exponent are more than any such number here needs.
        _ if is_exponent() && word.len() <= 8 => Looks::Decimal,
        _ if is_hexadecimal(word) => Looks::Hexadecimal,
        _ if word.starts_with(|c: char| c.is_ascii_digit()) && numeral::big(word).is_ok() => Looks::Decimal,
        _ => Looks::Either,
    }
}

/// The base of these lines, with a notice if a letter makes them hexadecimal.
pub(super) fn radix(lines: &[Line<'_>], asked: Option<Radix>) -> Result<(Radix, Option<&'static str>), String> {
    if let Some(radix) = asked {
        return Ok((radix, None));
    }
    let mut first = [None, None];
    for line in lines {
        for word in &line.words {
            let place = match looks(word) {
                Looks::Either => continue,
                Looks::Hexadecimal => 0,
                Looks::Decimal => 1,
            };
            first[place] = first[place].or(Some((line.number, *word)));
        }
    }
    match first {
        [None, _] => Ok((Radix::Decimal, None)),
        [Some(_), None] => Ok((Radix::Hexadecimal, Some("hexadecimal numbers"))),
        [Some((hexadecimal, a)), Some((decimal, b))] => Err(format!(
            "line {hexadecimal}: '{}' is hexadecimal, but line {decimal}: '{}' is decimal; say which with --input-format, or put 0x in front",
            super::shown(a),
            super::shown(b)
        )),
    }
}

/// The numbers of a line.
pub(super) fn numbers(line: &Line<'_>, radix: Radix) -> Result<Vec<UBig>, String> {
    line.words.iter().map(|word| number(word, radix)).collect()
}

/// Parses a word as a number.
pub(super) fn number(word: &str, radix: Radix) -> Result<UBig, String> {
    let word = word.strip_prefix('+').filter(|rest| !rest.starts_with(['+', '-'])).unwrap_or(word);
    let (explicit, digits) = match word.strip_prefix("0x").or(word.strip_prefix("0X")) {
        Some(digits) => (true, digits),
        None => (false, word),
    };
    if explicit || radix == Radix::Hexadecimal || digits.contains(':') {
        return hexadecimal(digits);
    }
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        return if digits.len() > MOST_DIGITS { Err(too_long()) } else { parsed(digits, 10) };
    }
    numeral::big(word).map_err(|error| error.to_string())
}

/// Parses hexadecimal digits with or without colons.
pub(super) fn hexadecimal(digits: &str) -> Result<UBig, String> {
    let digits: String = digits.chars().filter(|c| *c != ':').collect();
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err("not a hexadecimal number".to_owned());
    }
    if digits.len() > MOST_DIGITS { Err(too_long()) } else { parsed(&digits, 16) }
}

fn parsed(digits: &str, radix: u32) -> Result<UBig, String> {
    UBig::from_str_radix(digits, radix).map_err(|_| "not a number".to_owned())
}

fn too_long() -> String {
    format!("too large; the limit is {MOST_DIGITS} digits")
}
