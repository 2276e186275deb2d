//! What may be set of an integrand: names and defaults as each file declares them, and the values
//! that a user gave.
//!
//! Values travel as words, exactly as they were typed, so that the report can repeat them; here
//! they become numbers.

use std::ops::RangeInclusive;

use thiserror::Error;

/// Something that may be set.
#[derive(Debug)]
pub struct Parameter {
    /// `dim` for `--dim`.
    pub name: &'static str,
    /// What the help calls its value.
    pub value_name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// Its value when nothing is said; without one it must be said. Empty: it has none, and may be
    /// left out.
    pub default: Option<&'static str>,
    /// The only values it may have; empty where any may come.
    pub choices: &'static [&'static str],
    /// Whether it stands on the command line without its name, in front of the number of samples.
    pub is_positional: bool,
    /// Whether it may be said several times; the words are then joined with commas.
    pub is_repeatable: bool,
}

impl Parameter {
    /// One with a name, a value name, a line of help and a default: the usual kind.
    pub const fn new(
        name: &'static str,
        value_name: &'static str,
        default: &'static str,
        about: &'static str,
    ) -> Parameter {
        Parameter {
            name,
            value_name,
            about,
            default: Some(default),
            choices: &[],
            is_positional: false,
            is_repeatable: false,
        }
    }
}

/// Why an integrand cannot be made; the text is for the user.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct Bad(pub String);

/// The values of all parameters of one integrand, in the order of its declaration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(&'static str, String)>);

impl Parameters {
    /// From names and words.
    pub fn new(values: impl IntoIterator<Item = (&'static str, String)>) -> Parameters {
        Parameters(values.into_iter().collect())
    }

    /// Names and words.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, word)| (*name, word.as_str()))
    }

    /// The word of one parameter; empty where it was not declared.
    pub fn word(&self, name: &str) -> &str {
        self.iter().find(|(known, _)| *known == name).map_or("", |(_, word)| word)
    }

    /// A whole number within limits.
    ///
    /// # Errors
    /// [`Bad`] when it is something else.
    pub fn whole(&self, name: &str, limits: RangeInclusive<usize>) -> Result<usize, Bad> {
        let bad = || self.bad(name, &format!("must be a whole number from {} to {}", limits.start(), limits.end()));
        self.word(name).parse().ok().filter(|n| limits.contains(n)).ok_or_else(bad)
    }

    /// A finite number.
    ///
    /// # Errors
    /// [`Bad`] when it is something else.
    pub fn finite(&self, name: &str) -> Result<f64, Bad> {
        self.number(name, f64::is_finite, "must be a finite number")
    }

    /// A finite number above 0.
    ///
    /// # Errors
    /// [`Bad`] when it is something else.
    pub fn positive(&self, name: &str) -> Result<f64, Bad> {
        self.number(name, |x| x.is_finite() && x > 0.0, "must be a finite number above 0")
    }

    fn number(&self, name: &str, is_right: impl Fn(f64) -> bool, what: &str) -> Result<f64, Bad> {
        self.word(name).parse().ok().filter(|&x| is_right(x)).ok_or_else(|| self.bad(name, what))
    }

    /// A refusal of one parameter's value.
    pub fn bad(&self, name: &str, why: &str) -> Bad {
        Bad(format!("invalid value '{}' for '--{name}': {why}", self.word(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(word: &str) -> Parameters {
        Parameters::new([("n", word.to_owned())])
    }

    #[test]
    fn whole_numbers_within_limits() {
        assert_eq!(one("2").whole("n", 2..=20), Ok(2));
        assert_eq!(one("20").whole("n", 2..=20), Ok(20));
        for word in ["1", "21", "-3", "2.5", "", "two", "99999999999999999999"] {
            let Bad(text) = one(word).whole("n", 2..=20).expect_err(word);
            assert_eq!(text, format!("invalid value '{word}' for '--n': must be a whole number from 2 to 20"));
        }
    }

    #[test]
    fn numbers_are_finite() {
        assert_eq!(one("-1e3").finite("n"), Ok(-1000.0));
        assert_eq!(one("0.2").positive("n"), Ok(0.2));
        for word in ["inf", "nan", "1e999", "", "a"] {
            assert!(one(word).finite("n").is_err() && one(word).positive("n").is_err(), "{word}");
        }
        assert!(one("0").positive("n").is_err() && one("-1").positive("n").is_err());
    }
}
