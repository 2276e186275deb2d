//! Random command lines compared with a naive parser of the same grammar: nothing panics, and
//! accepted lines have the intended meaning.
//!
//! A fuzzer that runs with the ordinary tests, on stable Rust: some thousand lines, most of them
//! near the grammar of `values.rs`, where mistakes hide. This parser shares no code with that one:
//! it moves decimal points in text and multiplies step by step.

use std::ffi::OsString;

use dashu_int::UBig;
use proptest::prelude::*;

use super::{CommandLine, parse};
use crate::cli::values;
use crate::commands::Commands;
use crate::commands::integrate::Integrate;
use crate::commands::primes::range::Range;
use crate::primes::gourdon::LARGEST;

/// The number in `text`, parsed digit by digit; `None` if there is none within the limits.
fn naive(text: &str) -> Option<u128> {
    // The sum of added and of subtracted terms; one of the two is always 0.
    let (mut total, mut term, mut sign) = ((UBig::ZERO, UBig::ZERO), String::new(), '+');
    let mut letters = text.trim().chars().peekable();
    while let Some(letter) = letters.next() {
        let is_exponent_sign = term.ends_with(['e', 'E']) && !term.contains('^');
        if matches!(letter, '+' | '-') && !(is_exponent_sign || term.ends_with("^")) {
            total = joined(total, sign, naive_term(&term)?);
            sign = letter;
            term.clear();
        } else if letter == '*' && letters.peek() == Some(&'*') {
            letters.next();
            term.push('^');
        } else {
            term.push(letter);
        }
    }
    // Only the value must fit: 4^64-1 does, though 4^64 does not.
    let (added, taken) = joined(total, sign, naive_term(&term)?);
    u128::try_from(added).ok().filter(|_| taken == UBig::ZERO)
}

fn joined((mut added, mut taken): (UBig, UBig), sign: char, term: UBig) -> (UBig, UBig) {
    if sign == '+' {
        added += term;
    } else {
        taken += term;
    }
    let less = added.clone().min(taken.clone());
    (added - &less, taken - less)
}

fn naive_term(term: &str) -> Option<UBig> {
    let Some((base, power)) = term.split_once('^') else { return naive_decimal(term) };
    let (base, power) = (naive_decimal(base)?, u64::try_from(naive_decimal(power)?).ok()?);
    Some((0..power).fold(UBig::ONE, |product, _| product * &base))
}

fn naive_decimal(text: &str) -> Option<UBig> {
    let (text, thousands) = match text.trim().to_lowercase() {
        t if t.ends_with('k') => (t[..t.len() - 1].to_owned(), 3),
        t if t.ends_with('m') => (t[..t.len() - 1].to_owned(), 6),
        t if t.ends_with('g') => (t[..t.len() - 1].to_owned(), 9),
        t if t.ends_with('t') => (t[..t.len() - 1].to_owned(), 12),
        t => (t, 0),
    };
    let (mantissa, exponent) = match text.split_once('e') {
        Some((mantissa, exponent)) => (mantissa, exponent.replace('_', "").parse::<i32>().ok()?),
        None => (text.as_str(), 0),
    };
    let (before, behind) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits: Vec<char> = (before.to_owned() + behind).chars().filter(|&letter| letter != '_').collect();
    let point = before.chars().filter(|&letter| letter != '_').count() as i32 + exponent + thousands;
    // Moves the point to the right over implied zeros, or to the left over digits that must be
    // zeros.
    while (digits.len() as i32) < point.min(100) {
        digits.push('0');
    }
    let whole = point.clamp(0, digits.len() as i32) as usize;
    if digits[whole..].iter().any(|&digit| digit != '0') {
        return None;
    }
    let value =
        digits[..whole].iter().try_fold(UBig::ZERO, |value, digit| Some(value * 10_u32 + digit.to_digit(10)?))?;
    // Beyond a hundred places only zero is possible.
    (point <= 100 || value == UBig::ZERO).then_some(value)
}

#[test]
fn the_naive_reader_is_right() {
    for (text, n) in [
        ("2^127-1", (1 << 127) - 1),
        ("2^127-1+2^127", u128::MAX),
        ("5-10+20", 15),
        ("4^64-1", u128::MAX),
        ("1.5k", 1500),
        ("0e99", 0),
    ] {
        assert_eq!(naive(text), Some(n), "{text}");
    }
    assert!([naive("2^128"), naive("5-6"), naive("1.5")].iter().all(Option::is_none));
}

/// A decimal of the grammar.
fn decimal() -> impl Strategy<Value = String> {
    let digits = || prop_oneof![4 => "[0-9]{1,12}", 1 => "[0-9]{1,3}_[0-9]{1,6}", 1 => "[0-9]{15,25}"];
    let tail = prop_oneof![
        6 => Just(String::new()),
        3 => (0_u32..21).prop_map(|e| format!("e{e}")),
        1 => (0_u32..4).prop_map(|e| format!("E-{e}")),
        2 => prop::sample::select(vec!["k", "K", "M", "G", "T", "t"]).prop_map(str::to_owned),
    ];
    (digits(), proptest::option::of("[0-9]{1,6}"), tail).prop_map(|(whole, fraction, tail)| match fraction {
        Some(fraction) => format!("{whole}.{fraction}{tail}"),
        None => whole + &tail,
    })
}

/// A number of the grammar: one to three terms.
fn number() -> impl Strategy<Value = String> {
    let power = ("[0-9]{1,3}", prop::sample::select(vec!["^", "**"]), "[0-9]{1,3}");
    let term = prop_oneof![3 => decimal(), 1 => power.prop_map(|(base, sign, power)| format!("{base}{sign}{power}"))];
    let rest = proptest::collection::vec((prop::sample::select(vec!["+", "-"]), term.clone()), 0..3);
    (term, rest).prop_map(|(first, rest)| rest.into_iter().fold(first, |text, (sign, term)| text + sign + &term))
}

/// The range of `montesieve primes ...`, if it is accepted.
fn range(words: &[&str]) -> Option<Range<u128>> {
    let line = ["montesieve", "primes"].iter().chain(words).map(OsString::from);
    match parse(&CommandLine::collect(line, [])) {
        Ok(cli) => match cli.command {
            Commands::Primes(primes) => Some(primes.range),
            other => panic!("not primes: {other:?}"),
        },
        Err(_) => None,
    }
}

fn small(text: &str) -> Option<u128> {
    naive(text).filter(|&n| n <= LARGEST)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn numbers_are_read_as_a_child_would(text in number()) {
        prop_assert_eq!(naive(&text), values::number(&text).ok(), "{}", text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn ranges_are_read_as_a_child_would(a in number(), b in number()) {
        let (first, second) = (small(&a), small(&b));
        let wanted = first.zip(second).filter(|(start, stop)| start <= stop).map(|(start, stop)| Range { start, stop });
        prop_assert_eq!(range(&[&a, &b]), wanted);
        prop_assert_eq!(range(&[&b]), second.map(|stop| Range { start: 0, stop }));
        let far = first.zip(second).and_then(|(start, distance)| Some(Range { start, stop: Some(start + distance).filter(|&stop| stop <= LARGEST)? }));
        prop_assert_eq!(range(&[&a, "--dist", &b]), far);
    }

    /// Expressions, bounds and named numbers near their grammar: they are read, or refused.
    #[test]
    fn no_integral_panics(
        expression in "(if\\(|x|y|a|,|\\)| and | or |not |<|==|1|\\+|\\*){0,12}|a\\*x|if\\(x<a, b, y\\)",
        bounds in "(0|1|a|\\+|-|:|,|inf|-inf|\\(|\\)){0,8}|0\\+:1,-inf:inf",
        set in "(a|b|x|=|,|1|pi|max\\(){0,6}|a=[1-9],b=a",
    ) {
        let expression = expression + "+c";
        let words = ["montesieve", "integrate", "expr", &expression, "--bounds", &bounds, "--set", &set, "--set", "c=2"];
        let line = CommandLine::collect(words.map(OsString::from), []);
        if let Ok(cli) = parse(&line) {
            let Commands::Integrate(integrate) = cli.command else { panic!("not integrate") };
            let Integrate::Samples(samples) = integrate else { panic!("not samples") };
            prop_assert_eq!(samples.parameters.word("set"), format!("{set},c=2"));
        }
    }

    #[test]
    fn no_words_panic(words in proptest::collection::vec(any::<String>(), 0..4), near in "[-+0-9eEkMGT._^* ]{0,30}") {
        let words: Vec<&str> = words.iter().map(String::as_str).chain([near.as_str()]).collect();
        let line = ["montesieve", "primes"].iter().chain(&words).map(OsString::from);
        let _ = parse(&CommandLine::collect(line, []));
    }
}
