//! Checks on tallies: sentences for [`Job::check`](super::Job::check) about values that are
//! impossible.

use std::fmt::Display;
use std::ops::Range;

/// `found` of `what` must be `expected`.
///
/// # Errors
/// A sentence.
pub fn equal<N: PartialEq + Display>(what: &str, found: N, expected: N) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found} where there are {expected}")) }
}

/// `found` of `what` must be at most `most`.
///
/// # Errors
/// A sentence.
pub fn at_most<N: PartialOrd + Display>(what: &str, found: N, most: N) -> Result<(), String> {
    if found <= most { Ok(()) } else { Err(format!("{what}: {found} where there are at most {most}")) }
}

/// A condition, in words, that must hold.
///
/// # Errors
/// A sentence.
pub fn holds(what: &str, does: bool) -> Result<(), String> {
    if does { Ok(()) } else { Err(format!("it does not hold that {what}")) }
}

/// A span must have exactly one answer for each of these places, in order.
///
/// # Errors
/// A sentence.
pub fn once(what: &str, mut found: impl Iterator<Item = u64>, places: Range<u64>) -> Result<(), String> {
    for place in places {
        match found.next() {
            Some(next) if next == place => {}
            Some(next) => return Err(format!("{what}: number {next} where number {place} is due")),
            None => return Err(format!("{what}: none for number {place}")),
        }
    }
    found.next().map_or(Ok(()), |next| Err(format!("{what}: number {next} once more")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_that_does_not_hold_is_a_sentence() {
        assert_eq!([equal("pairs", 3, 3), at_most("pairs", 2, 3), at_most("pairs", 3, 3)], [Ok(()), Ok(()), Ok(())]);
        assert_eq!(equal("pairs", 2, 3), Err("pairs: 2 where there are 3".into()));
        assert_eq!(at_most("pairs", 4, 3), Err("pairs: 4 where there are at most 3".into()));
        assert_eq!(holds("one is one", true), Ok(()));
        assert_eq!(holds("one is two", false), Err("it does not hold that one is two".into()));
    }

    #[test]
    fn answers_are_one_for_each_place() {
        let of = |found: &[u64], places| once("answers", found.iter().copied(), places);
        assert_eq!((of(&[], 3..3), of(&[3, 4, 5], 3..6)), (Ok(()), Ok(())));
        for wrong in [&[][..], &[3, 4], &[4, 5], &[3, 3, 4, 5], &[3, 5, 4], &[3, 4, 5, 6], &[3, 4, 5, 5]] {
            assert!(of(wrong, 3..6).is_err(), "{wrong:?}");
        }
    }
}
